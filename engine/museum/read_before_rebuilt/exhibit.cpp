// SPDX-License-Identifier: MIT
// A read from a member that is still being rebuilt (6.9 and 6.10).
#include "engine/museum/exhibit.hpp"

#include <array>

namespace mdscope {

namespace read_before_rebuilt {

namespace {

using namespace museum;

bool is_act(const Statement& statement) {
    return statement.kind == Statement::Kind::Read;
}
constexpr std::array kFunctions = {ActFunction{"raid1_read_request", false}};

constexpr std::array kWrongOrder = {
    "sda is write-mostly, sdb is being rebuilt",
    "a read looks for the best member: sda is slow, sdb has not got so far",
    "it looks for one that is bad in parts: sdb has no bad block",
    "sdb is read, with the old data",
};
constexpr std::array kRightOrder = {
    "sda is write-mostly, sdb is being rebuilt",
    "a read looks for the best member: sda is slow, sdb has not got so far",
    "it looks for one that is bad in parts, and asks again: sdb has not got so far",
    "it looks for a slow one: sda is read",
};
constexpr std::array kQuestions = {
    Question{"What is a slow disk in md?", "One that is write-mostly. Nobody measures anything."},
    Question{"Why did the second round not ask?",
             "Three searches were made of one loop. The question stood at the beginning of "
             "the loop, and went with the first."},
    Question{"Is the data lost?",
             "Not yet: sda has it. But who reads a block, changes a part of it, and writes "
             "it back, makes the old part new."},
};

}  // namespace

}  // namespace read_before_rebuilt

const Exhibit& stop_bitmap_2021_exhibit();

const Exhibit& read_before_rebuilt_exhibit() {
    using namespace read_before_rebuilt;
    static const Exhibit exhibit = [] {
        Exhibit that = stop_bitmap_2021_exhibit();  // its tables of counters and waits are true here, too
        that.name = "read_before_rebuilt";
        that.title = "A read from a member that is still being rebuilt";
        that.scenario = "slow-read";
        that.lesson = 0;
        that.matrix = {};
        that.act = {.noun = "read",
                    .doing = "reading",
                    .does = "reads the array",
                    .done = "ended its reads without harm",
                    .none = "nobody reads in this scenario",
                    .over = "Done: what was read is what was written last.",
                    .status_begun = "READING",
                    .status_over = "DONE",
                    .is = is_act,
                    .functions = kFunctions};
        that.recipe =
            "Make sda write-mostly, fail sdb, write, re-add sdb with sync_max 0, "
            "and read.";
        that.page = {.number = "M22",
                     .commit = "c916ca35308d",
                     .fix = "ask in each search how far a member has been rebuilt",
                     .kernels = "6.9 and 6.10",
                     .met_by = "How it was met is not known here.",
                     .wrong =
                         "A slow member is read only if no other can be. Since 6.9 the"
                         " search for another asks in its first round alone how far a "
                         "member has been rebuilt: the second round finds the one that"
                         " is being rebuilt, and takes it.",
                     .cost = "old data is read, and may be written back",
                     .symptom = "stale",
                     .variant = "slow-read",
                     .row = "unasked",
                     .mended = "asked",
                     .wrong_order = kWrongOrder,
                     .right_order = kRightOrder,
                     .questions = kQuestions,
                     .found = {.states = 1907, .shortest = 4, .mended_states = 2000}};
        return that;
    }();
    return exhibit;
}

}  // namespace mdscope
