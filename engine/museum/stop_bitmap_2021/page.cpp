// SPDX-License-Identifier: MIT
// What the museum tells of the stop of 2021.
#include <array>

#include "engine/museum/stop_bitmap_2021/tables.hpp"

namespace mdscope::stop_bitmap_2021 {

namespace {

using museum::Question;

constexpr std::array kWrongOrder = {
    "md_bitmap_flush submits the last pages",
    "md_bitmap_free finds bitmap->pending_writes at 0",
    "unbind_rdev_from_array sets rdev->mddev to NULL",
    "the write ends, and super_written follows NULL",
};
constexpr std::array kRightOrder = {
    "md_bitmap_flush submits the last pages",
    "md_super_wait sleeps until mddev->pending_writes is 0",
    "the write ends, and super_written wakes the stop up",
    "unbind_rdev_from_array sets rdev->mddev to NULL",
};
constexpr std::array kQuestions = {
    Question{"A flush has three daemon passes. Why are only the last one's writes left over?",
             "Each pass first waits for the writes of the one before it. Nobody comes after the last."},
    Question{"Why did an array with its bitmap on the members never crash?",
             "Its stop has the bitmap's header to write, and waits for that on the same counter: by accident."},
    Question{"The fix is one call. Why does it hold only if super_written counts down last?",
             "At zero the stop goes on. What the completion touches after that may be gone already."},
};

}  // namespace

museum::Page page() {
    return {.number = "M23",
            .commit = "404a8ef51258",
            .fix = "md/bitmap: wait for external bitmap writes to complete during tear down",
            .kernels = "up to 5.12",
            .met_by =
                "A server panicked at its shutdown in April 2021. Its array had its metadata kept outside, and a "
                "bitmap that was written in the last moment.",
            .wrong =
                "A stop flushes the bitmap and submits the last pages without waiting for them: it looks at "
                "bitmap->pending_writes, but they are counted in mddev->pending_writes. The members are unbound "
                "while the writes are on their way, and a completion follows a NULL pointer.",
            .cost = "the machine, at its shutdown",
            .symptom = "crash",
            .variant = "fix",
            .row = "none",
            .mended = "upstream",
            .wrong_order = kWrongOrder,
            .right_order = kRightOrder,
            .questions = kQuestions,
            .found = {.states = 37, .shortest = 5, .mended_states = 20}};
}

}  // namespace mdscope::stop_bitmap_2021
