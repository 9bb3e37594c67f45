// SPDX-License-Identifier: MIT
// The last member does not take the record that a write waits for (found by this engine; ours makes it an error).
#include <array>

#include "engine/museum/writing.hpp"

namespace mdscope {

namespace unrecorded_at_the_last {

namespace {

using namespace museum;

constexpr std::array kWrongOrder = {
    "the data of a write fails on sdb, and sdb is Faulty in memory",
    "sda is the last member now: its superblock, which says so, fails",
    "sda stays, and the failure counts as recorded",
    "the write is acknowledged",
    "a crash: both members come back in sync, and sdb has the old data",
};
constexpr std::array kRightOrder = {
    "the data of a write fails on sdb, and sdb is Faulty in memory",
    "sda is the last member now: its superblock, which says so, fails",
    "sda stays, and nothing is on record",
    "the write ends with an error",
};
constexpr std::array kQuestions = {
    Question{"Why does md not fail sda?",
             "It is the last member that has the data. An array without members is worth less than one with a doubtful "
             "one."},
    Question{"What does MD_BROKEN change?",
             "Later writes are errors. Those that were under way when sda failed are acknowledged all the same."},
    Question{"Why is an error better than an acknowledgement?",
             "Whoever wrote knows then that the data may be gone, and can write it elsewhere."},
};

}  // namespace

}  // namespace unrecorded_at_the_last

const Exhibit& stop_bitmap_2021_exhibit();

const Exhibit& unrecorded_at_the_last_exhibit() {
    using namespace unrecorded_at_the_last;
    static const Exhibit exhibit = [] {
        Exhibit that = stop_bitmap_2021_exhibit();  // its tables of counters and waits are true here, too
        that.name = "unrecorded_at_the_last";
        that.title = "A write acknowledged on a record that the last member did not take";
        that.scenario = "last-record";
        that.lesson = 0;
        that.matrix = {};
        that.act = act_of_writing("Done: the writes have ended.");
        that.recipe =
            "No bitmap: let a write fail on sdb, and the superblock that says so on sda; then kill the program.";
        that.page = {
            .number = "M27",
            .commit = "",
            .fix = "",
            .kernels = "all that were read",
            .met_by = "Found by this engine's search, while disks failed in twos. No kernel was tried.",
            .wrong =
                "A write that failed on one member waits until the superblocks say so. When the only other member does "
                "not take its superblock, md keeps that member and goes on as if the failure were on record.",
            .cost = "an acknowledged write, after a crash",
            .symptom = "recorded",
            .variant = "last-record",
            .row = "md",
            .mended = "error",
            .wrong_order = kWrongOrder,
            .right_order = kRightOrder,
            .questions = kQuestions,
            .found = {.states = 66472, .shortest = 14, .mended_states = 65150}};
        return that;
    }();
    return exhibit;
}

}  // namespace mdscope
