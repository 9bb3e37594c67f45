// SPDX-License-Identifier: MIT
// The calls of one task, put together from recorded frames: those that were made up to a step, and those that are
// foreseen. What stop_tree, who_waits and narration read of a stop.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/story/record/duel.hpp"
#include "engine/story/record/look_ahead.hpp"

namespace mdscope {

struct Call {
    const char* name;
    const char* passed;  // why it returned at once and is no line of a real call tree; nullptr: it is one
    int depth;
    std::optional<std::size_t> entered, left;  // steps of the tape
    std::string task;
    // When it is entered and left among all that happens, past and foreseen; kNever: it is not, as far as one can see.
    static constexpr std::uint64_t kNever = ~std::uint64_t{0};
    std::uint64_t from = 0, until = kNever;

    [[nodiscard]] bool is(std::string_view other) const { return name == other; }
    [[nodiscard]] bool is_open() const { return entered && !left; }
    [[nodiscard]] bool is_past() const { return left.has_value(); }
};
using Calls = std::vector<Call>;

// In the order in which they are entered; those to come have no `entered`. `past` of a task ends at `step`.
Calls past_calls(const Tape& tape, const std::string& task, std::size_t step);
Calls whole_calls(const Tape& tape, const std::string& task, std::size_t step, LookAhead& look_ahead);
// Of all tasks that stop the array, one after the other.
Calls stop_calls(const Duel& duel, Side side, std::size_t tick, LookAhead& look_ahead);
Calls past_stop_calls(const Duel& duel, Side side, std::size_t tick);

// Of the snapshot after that step; nullptr: the task has ended.
const SnapshotTask* find_task(const Snapshot& snapshot, int pid);
// The step at which this life began: the last cut up to there, or the beginning.
std::size_t life_begins(const Tape& tape, std::size_t step);

int pid_of(const Tape& tape, const std::string& task);  // of the scenario's; 0: it has none of that name
bool is_asleep(const SnapshotTask& task);
bool is_in(const SnapshotTask& task, std::string_view function);
bool is_completion(const SnapshotTask& task);  // a context that ends a write of the metadata
// Whether the step was one of this task: it went on, or something it waited for let it.
bool is_step_of(const TapeStep& step, const std::string& task);

// The bio that this context, which is in a completion after that step, is ending.
std::string bio_of_completion(const Tape& tape, std::size_t step, int pid);
// The bio that ended in that step, or whose completion went on; empty: something else happened.
std::string bio_of_step(const Tape& tape, std::size_t step);
// The bio whose completion crashed; empty: it did not crash, or not in a completion.
std::string crashed_bio(const Duel& duel, Side side);

// Whether a bio that is in flight after that step reads; what is not in flight is taken for a write.
bool is_read(const TapeStep& step, std::string_view bio);

// Bios that are in flight after a step and were not before.
std::vector<std::string> new_bios(const Tape& tape, std::size_t step);
// The member whose pointer to the array became NULL in that step; empty: none.
std::vector<std::string> unbound_members(const Tape& tape, std::size_t step);

}  // namespace mdscope
