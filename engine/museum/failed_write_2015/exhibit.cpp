// SPDX-License-Identifier: MIT
// A failed write that is acknowledged too early (55ce74d4bfe1, before 4.4).
#include "engine/museum/exhibit.hpp"

#include <array>

namespace mdscope {

namespace failed_write_2015 {

namespace {

using namespace museum;

bool is_act(const Statement& statement) {
    return statement.kind == Statement::Kind::Write;
}
constexpr std::array kFunctions = {ActFunction{"handle_write_finished", false}};

constexpr std::array kWrongOrder = {
    "a write reaches sda, and fails on sdb",
    "md's thread fails sdb in memory",
    "the write is acknowledged",
    "a crash: on disk sdb is as good as sda",
    "the array is assembled of both, and sdb is read with the old data",
};
constexpr std::array kRightOrder = {
    "a write reaches sda, and fails on sdb",
    "md's thread fails sdb in memory, and puts the write on bio_end_io_list",
    "the failure is written down, by md or by mdmon",
    "the write is acknowledged",
    "a crash: sdb is left out, and sda has the write",
};
constexpr std::array kQuestions = {
    Question{"The write is on sda. How can it be lost?",
             "After the crash both members count as good: sdb may be read, and a resync may copy it over sda."},
    Question{"Does the bitmap not help?", "It says that the chunk may differ, not who is right."},
    Question{"Who writes the failure down in this scenario?",
             "mdmon, as the metadata is external. With superblocks on the members it is md's own thread."},
};

}  // namespace

}  // namespace failed_write_2015

const Exhibit& stop_bitmap_2021_exhibit();

const Exhibit& failed_write_2015_exhibit() {
    using namespace failed_write_2015;
    static const Exhibit exhibit = [] {
        Exhibit that = stop_bitmap_2021_exhibit();  // its tables of counters and waits are true here, too
        that.name = "failed_write_2015";
        that.title = "A failed write acknowledged before its failure is on record";
        that.scenario = "acknowledged-too-early";
        that.lesson = 0;
        that.matrix = {};
        that.act = {.noun = "write",
                    .doing = "writing",
                    .does = "writes to the array",
                    .done = "written",
                    .none = "nobody writes in this scenario",
                    .over = "Done: the write is acknowledged, and what failed is on record.",
                    .status_begun = "WRITING",
                    .status_over = "DONE",
                    .is = is_act,
                    .functions = kFunctions};
        that.recipe = "Let a write fail on one member and kill the program before the failure is recorded.";
        that.page = {.number = "M9",
                     .commit = "55ce74d4bfe1",
                     .fix = "ensure device failure recorded before write request returns",
                     .kernels = "before 4.4",
                     .met_by = "Fixed in 2015, for 4.4. How it was met is not known here.",
                     .wrong =
                         "A write fails on one member, and is acknowledged as soon as md's thread has failed that "
                         "member in memory. After a crash the member comes back as a good one, without the write.",
                     .cost = "an acknowledged write, after a crash",
                     .symptom = "recorded",
                     .variant = "failed-write",
                     .row = "at-once",
                     .mended = "recorded",
                     .wrong_order = kWrongOrder,
                     .right_order = kRightOrder,
                     .questions = kQuestions,
                     .found = {.states = 2809, .shortest = 9, .mended_states = 2635}};
        return that;
    }();
    return exhibit;
}

}  // namespace mdscope
