// SPDX-License-Identifier: MIT
// A suspended array and a writer that waits for a superblock (cc27b0c78c79 and 35bfc52187f6, before 4.13 and 4.15).
#include "engine/museum/exhibit.hpp"

#include <array>

namespace mdscope {

namespace suspend_record_2017 {

namespace {

using namespace museum;

bool is_act(const Statement& statement) {
    return statement.kind == Statement::Kind::Store && statement.attr == "suspend_lo";
}
constexpr std::array kFunctions = {ActFunction{"suspend_lo_store", false}};

constexpr std::array kWrongOrder = {
    "the first write to a clean array waits inside until a superblock says dirty",
    "somebody suspends the array, and waits until nobody is inside",
    "md's thread sees a suspended array, and does nothing",
    "the suspender waits for the writer, the writer for the superblock: for ever",
};
constexpr std::array kRightOrder = {
    "the first write to a clean array waits inside until a superblock says dirty",
    "somebody suspends the array, and waits until nobody is inside",
    "the writer sees that, and goes back to wait at the gate (4.13)",
    "md's thread writes superblocks meanwhile, for those who cannot go back (4.15)",
    "nobody is inside: the suspender goes on",
};
constexpr std::array kQuestions = {
    Question{
        "Why does the suspender not write the superblock?",
        "It sleeps in mddev_suspend, and holds reconfig_mutex meanwhile. It is md's thread that writes superblocks."},
    Question{"Whom does the first fix not help?",
             "A write inside that waits for the record of a failed member (md_wait_for_blocked_rdev): it is past the "
             "place where it could go back. The row `sent-back` has that hang still."},
    Question{"Which door suspends the array in this scenario?",
             "suspend_lo, a file in sysfs, as it works today. Which doors of those kernels suspended an array in this "
             "way was not looked up."},
};

}  // namespace

}  // namespace suspend_record_2017

const Exhibit& stop_bitmap_2021_exhibit();

const Exhibit& suspend_record_2017_exhibit() {
    using namespace suspend_record_2017;
    static const Exhibit exhibit = [] {
        Exhibit that = stop_bitmap_2021_exhibit();  // its tables of counters and waits are true here, too
        that.name = "suspend_record_2017";
        that.title = "A suspended array whose writer waits for a superblock";
        that.scenario = "suspended-writer";
        that.lesson = 0;
        that.matrix = {};
        that.act = {.noun = "suspension",
                    .doing = "suspending",
                    .does = "suspends the array",
                    .done = "suspended the array",
                    .none = "nobody suspends the array in this scenario",
                    .over = "Done: the array was suspended, and goes on.",
                    .status_begun = "SUSPENDING",
                    .status_over = "DONE",
                    .is = is_act,
                    .functions = kFunctions};
        that.circle =
            "md's thread would write the superblock that the writer waits for. It sees an array that is suspended, "
            "and does nothing.";
        that.recipe =
            "Let an array become clean, begin a write, and write a number to suspend_lo before the superblock is "
            "written.";
        that.page = {.number = "M6",
                     .commit = "cc27b0c78c79",
                     .fix = "fix deadlock between mddev_suspend() and md_write_start()",
                     .kernels = "before 4.13",
                     .met_by =
                         "Fixed in 2017, in two steps: 4.13, and 35bfc52187f6 in 4.15 for those whom the first did not "
                         "help. How it was met is not known here.",
                     .wrong =
                         "To suspend an array md waits until no request is inside. A writer in there may wait for a "
                         "superblock that says dirty, and md's thread, which writes superblocks, does nothing while "
                         "the array is suspended.",
                     .cost = "the array: writers and whoever suspends it sleep until a reboot",
                     .symptom = "hang",
                     .variant = "suspend-record",
                     .row = "stuck",
                     .mended = "written",
                     .wrong_order = kWrongOrder,
                     .right_order = kRightOrder,
                     .questions = kQuestions,
                     .found = {.states = 338, .shortest = 2, .mended_states = 610}};
        return that;
    }();
    return exhibit;
}

}  // namespace mdscope
