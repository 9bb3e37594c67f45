// SPDX-License-Identifier: MIT
// Who waits for whom, and for whom nobody does.
//
// For a bio in flight: the counter it is counted in; what its completion will touch; the step of the stop that takes
// that away; and whether on the way there somebody waits for that counter. A write that is counted where nobody looks
// is the bug, and it can be seen before it crashes.
#pragma once

#include <string>
#include <vector>

#include "engine/story/tell/stop_tree.hpp"

namespace mdscope {

struct Cover {
    std::string bio;      // "sdb bitmap 2"
    std::string counter;  // "mddev->pending_writes"; empty: it is counted nowhere that a stop could look
    int count = 0;        // its value
    bool covered = true;
    std::string wait;        // who will wait for it: "md_super_wait"; empty: nobody
    std::string takes;       // what takes away what it needs: "unbind_rdev_from_array"; empty: nothing in sight
    bool is_taken = false;   // that has happened: its completion crashes
    bool is_waited = false;  // somebody sleeps until it ends
    bool is_read = false;    // for words: it reads
    // Its completion has begun, in fine steps, and has counted down: no wait for the counter is a wait for it.
    bool has_counted = false;
};

// Every bio in flight after that tick, oldest first.
std::vector<Cover> who_waits(const Duel& duel, Side side, std::size_t tick, LookAhead& look_ahead);
// Every bio whose completion has begun and is not done. It is no longer in flight, and can crash all the same.
std::vector<Cover> completions(const Duel& duel, Side side, std::size_t tick, LookAhead& look_ahead);

// A task that sleeps, in words with values.
struct Wait {
    std::string task;                 // "stopper"
    std::string function;             // "md_super_wait"
    std::string queue;                // "mddev->sb_wait"
    std::string condition;            // "mddev.pending_writes == 0"
    std::string values;               // "2 == 0: false"; empty: not a condition whose values are known
    std::vector<std::string> wakers;  // bios whose end will wake it
};
std::vector<Wait> waits(const Duel& duel, Side side, std::size_t tick);

// Whether a function is entered, or was, that stops the array: a stop that only waits for the lock has not begun.
bool stop_has_begun(const Duel& duel, Side side, std::size_t tick);

// One word for an array, with a shape beside it in the window.
// Broken: a rule of a judge does not hold, and no kernel has noticed (Moment::Violation).
enum class Status : std::uint8_t { Running, Stopping, Waiting, InDanger, Stopped, Oops, Hung, Off, Broken };
Status status_of(const Duel& duel, Side side, std::size_t tick, LookAhead& look_ahead);
const char* status_word(const Exhibit& exhibit, Status status);  // "IN DANGER"

}  // namespace mdscope
