// SPDX-License-Identifier: MIT
// A recovery that goes on at its checkpoint after a crash (read in md; ours starts over).
#include <array>

#include "engine/museum/writing.hpp"

namespace mdscope {

namespace past_the_checkpoint {

namespace {

using namespace museum;

constexpr std::array kWrongOrder = {
    "sdb is rebuilt up to sector 128, and its superblock says so",
    "a write to sector 0 goes to both members",
    "a crash: sda has it, sdb has not",
    "the array is assembled, degraded: no resync is owed",
    "the recovery goes on at sector 128, and sdb is in sync",
};
constexpr std::array kRightOrder = {
    "sdb is rebuilt up to sector 128, and its superblock says so",
    "a write to sector 0 goes to both members",
    "a crash: sda has it, sdb has not",
    "the array was not stopped in order: the checkpoint is forgotten",
    "the recovery begins at sector 0, and sdb is in sync",
};
constexpr std::array kQuestions = {
    Question{"Why is there no resync after this crash?",
             "With two members, one of which is being rebuilt, there is one that is in "
             "sync. There is nothing to compare it with."},
    Question{"What would a bitmap change?",
             "The chunk of the write is marked, and a recovery by the bitmap begins with "
             "the marks, not with the checkpoint."},
    Question{"Would a clean stop be safe?",
             "Yes: no write is in flight then, and both members have all that lies below "
             "the checkpoint."},
};

}  // namespace

}  // namespace past_the_checkpoint

const Exhibit& stop_bitmap_2021_exhibit();

const Exhibit& past_the_checkpoint_exhibit() {
    using namespace past_the_checkpoint;
    static const Exhibit exhibit = [] {
        Exhibit that = stop_bitmap_2021_exhibit();  // its tables of counters and waits are true here, too
        that.name = "past_the_checkpoint";
        that.title = "A recovery that goes on past a write in flight below its checkpoint";
        that.scenario = "past-checkpoint";
        that.lesson = 0;
        that.matrix = {};
        that.act = act_of_writing("Done: the members are equal.");
        that.recipe =
            "No bitmap: add a member, write to the part that has been rebuilt, "
            "kill the program in the middle, and assemble.";
        that.page = {.number = "M17",
                     .commit = "",
                     .fix = "",
                     .kernels = "all that were read",
                     .met_by =
                         "Found while md's start of a recovery was read for this "
                         "engine; the search convicts it. No kernel was tried.",
                     .wrong =
                         "What lies below the checkpoint of a recovery is written to "
                         "both members, and a write in flight there may reach one of "
                         "them only. After a crash the array is degraded, so there is "
                         "no resync, and the recovery begins above that place.",
                     .cost =
                         "two members that differ for ever, and reads that change with "
                         "the member",
                     .symptom = "equal",
                     .variant = "recovery-checkpoint",
                     .row = "md",
                     .mended = "from-start",
                     .wrong_order = kWrongOrder,
                     .right_order = kRightOrder,
                     .questions = kQuestions,
                     .found = {.states = 4387, .shortest = 39, .mended_states = 5086}};
        return that;
    }();
    return exhibit;
}

}  // namespace mdscope
