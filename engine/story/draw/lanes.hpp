// SPDX-License-Identifier: MIT
// Swim-lanes: a bar for each function a task is in and for each bio in flight, on one axis of ticks; and the counters
// as steps.
#pragma once

#include <string>
#include <vector>

#include "engine/story/record/duel.hpp"

namespace mdscope {

struct Bar {
    enum class Kind : std::uint8_t { Function, Sleep, Data, Superblock, Bitmap, Resync, Oops };
    std::string label;  // "md_bitmap_flush", "bitmap 2"
    std::string bio;    // its name in schedules; empty: it is none
    Kind kind = Kind::Function;
    int row = 0;            // nested functions and overlapping bios lie below each other
    std::size_t begin = 0;  // tick after which it is there
    std::size_t end = 0;    // tick after which it is not; the last tick if it still is
    bool is_open = false;   // it still is
    std::vector<std::pair<std::size_t, std::size_t>> held;  // from, to
};

struct Lane {
    std::string name;  // "stopper", "md0_raid1", "sda", "sdb"
    bool is_disk = false;
    int rows = 1;
    std::vector<Bar> bars;
};

// Tasks in the order of the scenario, then md0_raid1 and mdmon, then the members; a lane is there from the first tick
// to the last, so nothing moves.
std::vector<Lane> lanes(const Duel& duel, Side side);

struct CounterStep {
    std::size_t tick;
    int value;
};
enum class Counter : std::uint8_t { Mddev, Bitmap };  // mddev->pending_writes, bitmap->pending_writes
std::vector<CounterStep> counter_steps(const Duel& duel, Side side, Counter counter);
int counter_at(const Duel& duel, Side side, std::size_t tick, Counter counter);

}  // namespace mdscope
