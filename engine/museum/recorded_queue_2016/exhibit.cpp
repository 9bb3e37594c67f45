// SPDX-License-Identifier: MIT
// A freeze that waits for what only the freezer can end ("include bio_end_io_list in nr_queued", 4.3 and 4.4).
#include "engine/museum/exhibit.hpp"

#include <array>

namespace mdscope {

namespace recorded_queue_2016 {

namespace {

using namespace museum;

bool is_act(const Statement& statement) {
    return statement.kind == Statement::Kind::Read;
}
constexpr std::array kFunctions = {ActFunction{"raid1_read_request", false}};

constexpr std::array kWrongOrder = {
    "a write fails on one member; md's thread puts it on bio_end_io_list",
    "it counts as pending there, and not as queued",
    "a read fails; md's thread freezes the array to repair the place",
    "freeze_array waits until all that is pending is queued: for that write",
    "only md's thread takes it off the list, and md's thread sleeps",
};
constexpr std::array kRightOrder = {
    "a write fails on one member; md's thread puts it on bio_end_io_list and counts it in nr_queued",
    "a read fails; md's thread freezes the array to repair the place",
    "freeze_array finds that all that is pending is queued",
    "the place is repaired, and the array thawed",
    "md's thread ends the write when its failure is on record",
};
constexpr std::array kQuestions = {
    Question{"Which list was counted from the beginning?",
             "retry_list, on which requests wait for md's thread the first time."},
    Question{"Why are two errors needed?",
             "One puts the write on the list, the other makes md's thread freeze the array."},
    Question{"Where did the list come from?",
             "From the fix of M9, a failed write that is acknowledged too early. The mending of one bug had brought "
             "the next."},
};

}  // namespace

}  // namespace recorded_queue_2016

const Exhibit& stop_bitmap_2021_exhibit();

const Exhibit& recorded_queue_2016_exhibit() {
    using namespace recorded_queue_2016;
    static const Exhibit exhibit = [] {
        Exhibit that = stop_bitmap_2021_exhibit();  // its tables of counters and waits are true here, too
        that.name = "recorded_queue_2016";
        that.title = "A freeze that waits for a write which only the freezer can end";
        that.scenario = "frozen-for-ever";
        that.lesson = 0;
        that.matrix = {};
        that.act = {.noun = "read",
                    .doing = "reading",
                    .does = "reads from the array",
                    .done = "ended the read",
                    .none = "nobody reads in this scenario",
                    .over = "Done: the read and the write have ended.",
                    .status_begun = "READING",
                    .status_over = "DONE",
                    .is = is_act,
                    .functions = kFunctions};
        that.circle =
            "What it waits for is a write on bio_end_io_list. Only md's thread takes it off there, and md's thread is "
            "the one that sleeps.";
        that.recipe = "Let a write fail on one member and a read on the other, the write first.";
        that.page = {
            .number = "M7",
            .commit = "",
            .fix = "include bio_end_io_list in nr_queued",
            .kernels = "4.3 and 4.4",
            .met_by = "Fixed in 2016. How it was met is not known here.",
            .wrong =
                "A failed write that waits for its record was not counted as queued for md's thread. When that thread "
                "froze the array to repair a read error, it waited for this write, which nobody but itself could end.",
            .cost = "the array: it answers nothing until a reboot",
            .symptom = "hang",
            .variant = "recorded-queue",
            .row = "uncounted",
            .mended = "counted",
            .wrong_order = kWrongOrder,
            .right_order = kRightOrder,
            .questions = kQuestions,
            .found = {.states = 26571, .shortest = 10, .mended_states = 26871}};
        return that;
    }();
    return exhibit;
}

}  // namespace mdscope
