// SPDX-License-Identifier: MIT
// A check that moves the checkpoint of a resync that is owed (read in md, and seen in 6.1; ours does not).
#include "engine/museum/exhibit.hpp"

#include <array>

namespace mdscope {

namespace moved_by_a_check {

namespace {

using namespace museum;

bool is_act(const Statement& statement) {
    return statement.kind == Statement::Kind::Store && statement.attr == "sync_action";
}
constexpr std::array kFunctions = {ActFunction{"action_store", false}};

constexpr std::array kWrongOrder = {
    "a crash in the middle of a write: the members may differ anywhere",
    "somebody writes check to sync_action before the resync has begun",
    "the check reads both members, and its checkpoint moves recovery_cp",
    "the check ends; the resync begins at recovery_cp",
    "what lies before it stays different, and nothing says so",
};
constexpr std::array kRightOrder = {
    "a crash in the middle of a write: the members may differ anywhere",
    "somebody writes check to sync_action before the resync has begun",
    "the check reads both members, and leaves recovery_cp where it was",
    "the check ends; the resync begins at 0",
    "the members are equal",
};
constexpr std::array kQuestions = {
    Question{"Does the check not see the difference?",
             "It does, and counts it in mismatch_cnt. But it repairs nothing."},
    Question{"Why does a check run at all while a resync is owed?",
             "The request keeps its flag CHECK while md takes the branch of the resync, so "
             "the resync that begins is a check."},
    Question{"What would `repair` have done?", "It copies, so its checkpoint may move recovery_cp."},
};

}  // namespace

}  // namespace moved_by_a_check

const Exhibit& stop_bitmap_2021_exhibit();

const Exhibit& moved_by_a_check_exhibit() {
    using namespace moved_by_a_check;
    static const Exhibit exhibit = [] {
        Exhibit that = stop_bitmap_2021_exhibit();  // its tables of counters and waits are true here, too
        that.name = "moved_by_a_check";
        that.title = "A check that calls done what it has only looked at";
        that.scenario = "moved-by-a-check";
        that.lesson = 0;
        that.matrix = {};
        that.act = {.noun = "check",
                    .doing = "checking",
                    .does = "asks for a check",
                    .done = "ended the check without harm",
                    .none = "nobody asks for a check in this scenario",
                    .over = "Done: the members are equal.",
                    .status_begun = "CHECKING",
                    .status_over = "DONE",
                    .is = is_act,
                    .functions = kFunctions};
        that.recipe =
            "No bitmap: kill the program in the middle of a write, assemble, and "
            "write check to sync_action at once.";
        that.page = {.number = "M16",
                     .commit = "",
                     .fix = "",
                     .kernels = "all that were read, 7.3.4 too",
                     .met_by =
                         "Read in the source of 6.1 and 7.3.4; on 6.1 two planted "
                         "differences survived such a check and the resync after it.",
                     .wrong =
                         "md_do_sync moves recovery_cp behind each part that it has "
                         "been through, also when it was a check, which only looks. A "
                         "resync that was owed begins there, so the part before it is "
                         "never made equal, and the array calls itself in sync.",
                     .cost = "members that differ after a crash, and stay so",
                     .symptom = "equal",
                     .variant = "check-checkpoint",
                     .row = "md",
                     .mended = "kept",
                     .wrong_order = kWrongOrder,
                     .right_order = kRightOrder,
                     .questions = kQuestions,
                     .found = {.states = 11142, .shortest = 67, .mended_states = 12492}};
        return that;
    }();
    return exhibit;
}

}  // namespace mdscope
