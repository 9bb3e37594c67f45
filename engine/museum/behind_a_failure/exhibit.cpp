// SPDX-License-Identifier: MIT
// Write-behind acknowledges in spite of a failed write (read in md, 7.3.4 too; ours waits for the record).
#include <array>

#include "engine/museum/writing.hpp"

namespace mdscope {

namespace behind_a_failure {

namespace {

using namespace museum;

constexpr std::array kWrongOrder = {
    "a write goes to sda, sdb and the write-mostly sdc",
    "it ends with an error on sdb",
    "it ends well on sda; only sdc is left, and the write is acknowledged",
    "a crash: no superblock says that sdb failed",
    "sdb comes back as good, with the old data",
};
constexpr std::array kRightOrder = {
    "a write goes to sda, sdb and the write-mostly sdc",
    "it ends with an error on sdb",
    "it ends well on sda, and waits: another member has failed it",
    "the superblocks say that sdb failed",
    "the write is acknowledged",
};
constexpr std::array kQuestions = {
    Question{"Why are three members needed?",
             "With two, one of them write-mostly, the failed one is the only other: nobody "
             "has the write, so it is not acknowledged."},
    Question{"What is write-behind for?",
             "A slow member, over a network, say, must not slow down each write. So it may "
             "lag behind, by as many writes as the backlog allows."},
    Question{"What does the promise of 4.4 say here?",
             "That a failure is on record before a write returns. It was built into the end"
             " of a request; write-behind returns before that end."},
};

}  // namespace

}  // namespace behind_a_failure

const Exhibit& stop_bitmap_2021_exhibit();

const Exhibit& behind_a_failure_exhibit() {
    using namespace behind_a_failure;
    static const Exhibit exhibit = [] {
        Exhibit that = stop_bitmap_2021_exhibit();  // its tables of counters and waits are true here, too
        that.name = "behind_a_failure";
        that.title = "A write-behind acknowledged though a good member has failed it";
        that.scenario = "behind-a-failure";
        that.lesson = 0;
        that.matrix = {};
        that.act = act_of_writing("Done: the writes have ended.");
        that.recipe =
            "Three members, sdc write-mostly with a backlog: let the write to sda"
            " fail, and hold the superblocks.";
        that.page = {.number = "M14",
                     .commit = "",
                     .fix = "",
                     .kernels = "all that were read, 7.3.4 too",
                     .met_by =
                         "Read in the source of 7.3.4; the search convicts it. No "
                         "kernel was tried.",
                     .wrong =
                         "A write that fails on a member is acknowledged when that "
                         "failure is on record, since 4.4. Write-behind has its own "
                         "way to acknowledge: it asks whether one member has the write"
                         " and only write-mostly ones are left, and not whether "
                         "another member has failed it.",
                     .cost =
                         "an acknowledged write, when the machine dies before the "
                         "record, and the failed member comes first",
                     .symptom = "recorded",
                     .variant = "behind-ack",
                     .row = "md",
                     .mended = "recorded",
                     .wrong_order = kWrongOrder,
                     .right_order = kRightOrder,
                     .questions = kQuestions,
                     .found = {.states = 26870, .shortest = 23, .mended_states = 27549}};
        return that;
    }();
    return exhibit;
}

}  // namespace mdscope
