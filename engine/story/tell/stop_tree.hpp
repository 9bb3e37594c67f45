// SPDX-License-Identifier: MIT
// The call tree of the stop, as far as it has come and as it will go on, beside that of the other array: what one of
// them calls and the other does not is a line of its own, so an absence can be seen.
//
//   Done     array_state_store
//   Done       do_md_stop
//   Done         md_bitmap_flush
//   Done           md_bitmap_daemon_work      waited, 2 writes submitted
//   Missing        md_super_wait              only with the other kernel: nobody waits here
//   Now          unbind_rdev_from_array
//   ToCome     ...
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/story/record/duel.hpp"
#include "engine/story/record/look_ahead.hpp"

namespace mdscope {

struct TreeLine {
    enum class State : std::uint8_t {
        Done,
        Now,     // the innermost function a task is in
        Asleep,  // the same, and it sleeps there
        Inside,  // entered, not left; something deeper is Now or Asleep
        ToCome,
        Missing,  // the other array calls it here, this one does not
        Never,    // would have come, but an Oops came first
        Oops,     // it was in here when the kernel halted
    };
    std::string name;  // "md_bitmap_daemon_work"
    int depth = 0;
    State state = State::ToCome;
    std::string note;  // "2 writes submitted", "1 left: sleeps", "external: returns"; empty: nothing to say
    int number = 0;    // of calls by this name, from 1: which daemon run; 0: it is the only one
    std::optional<std::size_t> entered, left;  // ticks
    bool operator==(const TreeLine&) const = default;
};

// What a person wants to follow: functions of the call trees that were watched on a real Linux.
enum class TreeDetail : std::uint8_t { Short, Reference, Every };

// Of all tasks that stop the array, one after the other. Nothing moves when time does: a line keeps its place while
// what will come comes as foreseen.
std::vector<TreeLine> stop_tree(const Duel& duel, Side side, std::size_t tick, LookAhead& own, LookAhead& other,
                                TreeDetail detail);

}  // namespace mdscope
