// SPDX-License-Identifier: MIT
// end_bitmap_write counts down and then wakes, and both are in the bitmap (by reading; all kernels).
#include "engine/museum/exhibit.hpp"

#include <array>

namespace mdscope {

namespace file_woken_late {

namespace {

using namespace museum;

constexpr std::array kWrongOrder = {
    "end_bitmap_write counts bitmap->pending_writes down to 0",
    "the stop sees 0 before it is woken, and goes on",
    "md_bitmap_free frees the bitmap",
    "end_bitmap_write wakes bitmap->write_wait, which is gone",
};
constexpr std::array kRightOrder = {
    "end_bitmap_write takes a lock, and counts down to 0",
    "the stop sees 0, and waits for the lock",
    "end_bitmap_write wakes bitmap->write_wait, and lets the lock go",
    "md_bitmap_free frees the bitmap",
};
constexpr std::array kQuestions = {
    Question{"The fix of 2021 is in this kernel. Why does it not help?",
             "It waits for mddev->pending_writes. Writes to a bitmap file are counted in the bitmap itself."},
    Question{"Why is a lock enough here?",
             "Who frees takes it once after the wait: then the completion that counted to zero is through."},
    Question{"Why has nobody met it?", "Between two instructions of a completion the rest of a stop has to run."},
};

}  // namespace

}  // namespace file_woken_late

const Exhibit& stop_bitmap_2021_exhibit();

const Exhibit& file_woken_late_exhibit() {
    using namespace file_woken_late;
    static const Exhibit exhibit = [] {
        Exhibit that = stop_bitmap_2021_exhibit();  // its tables of counters and waits are true here, too
        that.name = "file_woken_late";
        that.title = "The last write to a bitmap file wakes a bitmap that is gone";
        that.scenario = "late-file";
        that.lesson = 0;
        that.matrix = {};
        that.recipe = "In fine steps: stop an array with a bitmap file while its last page is written.";
        that.page = {
            .number = "M25",
            .commit = "",
            .fix = "",
            .kernels = "all that have bitmap files",
            .met_by = "Found by this engine's search. No kernel has been seen to crash here.",
            .wrong =
                "The end of a write to a bitmap file counts bitmap->pending_writes down, and then wakes who waits for "
                "it. A stop that has seen zero frees the bitmap in between, and the queue that is woken lay in it.",
            .cost = "the machine, when an array with a bitmap file is stopped",
            .symptom = "crash",
            .variant = "file-written",
            .row = "md",
            .mended = "locked",
            .wrong_order = kWrongOrder,
            .right_order = kRightOrder,
            .questions = kQuestions,
            .found = {.states = 1486, .shortest = 502, .mended_states = 2049, .search = Figures::Search::First}};
        return that;
    }();
    return exhibit;
}

}  // namespace mdscope
