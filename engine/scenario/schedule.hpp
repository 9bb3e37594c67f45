// SPDX-License-Identifier: MIT
// A schedule in words: who acts next, and what a person wished on the way. The words mean the same in every array that
// is run by it, so one schedule drives two kernels, and they read the same in a scenario file, in the window and on the
// command line.
//
//   start stopper          the task, which waited for it, may run from here on
//   stopper x14            the task goes on, 14 steps
//   sdb bitmap 2           the second bitmap bio that sdb was given since the tasks began ends well
//   sdb bitmap 2 fails     ... with -EIO
//   hold bitmap sdb        new bitmap bios of sdb stay in flight; `hold bitmap`, `hold sdb bitmap 2`
//   release all            what was held is let go, and nothing new is held; `release bitmap`, `release sdb bitmap 2`
//   due sdb bitmap 2 44    it shall end at tick 44
//   timer 3                the third timer that was armed fires
//   md0_raid1 times out    its sleep ends
//   grace of stopper       the grace period it waits for ends
//   cut                    the power is cut, or the program killed, as the scenario's `crash` says: what was not
//   durable
//                          is gone; `cut keeps sda` (or `sda:2048`, a sector of the image): but for what sda was given
//
// `on A` or `on B` at the end: only in the first or second array of a comparison.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/kernel/result.hpp"
#include "engine/kernel/sim/chooser.hpp"

namespace mdscope {

struct Order {
    enum class Kind : std::uint8_t { Step, Start, Hold, Release, Due };
    static constexpr unsigned kBoth = 3;

    Kind kind = Kind::Step;
    Choice::Kind how = Choice::Kind::Run;  // of a step
    // A task's comm, a bio ("sdb bitmap 2"), a timer ("timer 3") or a cut ("cut keeps sda"); of Hold and Release also
    // kinds ("bitmap", "bitmap sdb") and "all".
    std::string name;
    std::uint64_t tick = 0;  // of Due
    unsigned sides = kBoth;  // bit 0: A, bit 1: B
    int line = 0;            // where it stood in a file, 0: in none; not a part of what it says
    bool operator==(const Order& other) const {
        return kind == other.kind && how == other.how && name == other.name && tick == other.tick &&
               sides == other.sides;
    }
};
using Schedule = std::vector<Order>;

inline constexpr std::size_t kMostOrders = 100'000;

// "sdb bitmap 2"; false: it does not have that form.
struct BioName {
    std::string member, kind;
    std::uint64_t number = 0;
};
bool read_bio_name(std::string_view text, BioName* name);

// Appends what one statement says (several steps for `x14`). Empty, or what is wrong with it.
std::string read_order(std::string_view text, Schedule& schedule, int line = 0);
inline bool is_cut(const Order& order) {
    return order.how == Choice::Kind::Cut;
}
// Whether a statement that begins so is not a step of a task by that name.
bool is_schedule_word(std::string_view word);
std::string order_text(const Order& order);
// Equal steps in a row become one line. Each line ends with a newline and begins with `indent`.
std::string schedule_text(const Schedule& schedule, std::string_view indent = "");

}  // namespace mdscope
