// SPDX-License-Identifier: MIT
// One array at one tick, with everything that sentences about it are made from. And the words they share.
#pragma once

#include <string>
#include <vector>

#include "engine/story/record/calls.hpp"
#include "engine/story/tell/narration.hpp"

namespace mdscope {

struct Scene {
    Scene(const Duel& duel, Side side, std::size_t tick, LookAhead& look_ahead);

    const Duel& duel;
    Side side;
    std::size_t tick;
    const TapeStep& step;
    Status status;
    bool has_begun;
    std::vector<Cover> covers;  // bios in flight
    std::vector<Cover> ending;  // completions that have begun
    std::vector<Wait> waits;
    Calls calls;  // of the stop, past and foreseen

    [[nodiscard]] const Exhibit& exhibit() const { return duel.exhibit(); }
    [[nodiscard]] const Tape& tape() const { return duel.tape(side); }
    [[nodiscard]] const Snapshot& snapshot() const { return step.snapshot; }
    [[nodiscard]] int value_of(std::string_view counter) const;
    // The bio that is worst off: taken before uncovered; nullptr: none is in danger.
    [[nodiscard]] const Cover* in_danger() const;
    // Whether the stop has still to enter or to leave such a function.
    [[nodiscard]] bool is_to_come(std::string_view function) const;
    // The sleep of a task that stops the array; nullptr: none sleeps for I/O or for an answer.
    [[nodiscard]] const Wait* stop_wait() const;
};

const char* side_name(Side side);  // "A"
Side other_side(Side side);
// "sda", "sda and sdb", "sda, sdb and sdc"
std::string list_of(const std::vector<std::string>& names);
std::string member_of(const std::string& bio);  // "sdb" of "sdb bitmap 1"
std::string disk_of(const std::string& bio);    // "disk sdb", "the bitmap file"
std::string capitalised(std::string text);
// "do_md_stop", or what a person would call the task: "the stop", "md's thread md0_raid1".
std::string actor_name(const Duel& duel, const std::string& task);
// What a sleeper waits for, in words where the source's are not for everybody: "the sync thread has ended".
std::string condition_words(const std::string& condition);
// The first step from `step` on in which a bio of that name is in flight; the tick of it.
std::optional<std::size_t> tick_submitted(const Duel& duel, Side side, const std::string& bio);
// How this crash is put in one clause: "super_written followed rdev->mddev, which was NULL".
std::string crash_clause(const Exhibit& exhibit, const Oops& oops);
Oops oops_of(const SnapshotOops& oops);
// Who took what the crashed completion needed; nullptr: the exhibit knows no such Oops.
const museum::Taker* taker_met(const Exhibit& exhibit, const Oops& oops);

}  // namespace mdscope
