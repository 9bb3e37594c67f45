// SPDX-License-Identifier: MIT
// A spare that remembers its old slot (found with this engine; Linux has it, proven on 6.1.192 and 7.3.4).
#include "engine/museum/exhibit.hpp"

#include <array>

namespace mdscope {

namespace spare_remembers {

namespace {

using namespace museum;

bool is_act(const Statement& statement) {
    return statement.kind == Statement::Kind::ReAdd;
}
constexpr std::array kFunctions = {ActFunction{"add_bound_rdev", false}};

constexpr std::array kWrongOrder = {
    "sdb fails, and a hot spare takes its place: the array is complete again",
    "sdb is re-added; it becomes a spare, and saved_raid_disk keeps its old slot",
    "something is written, and its marks are cleared: nobody is missing",
    "the other member fails, and sdb takes its slot",
    "the recovery goes by the marks: there are none, and it is done in a millisecond",
};
constexpr std::array kRightOrder = {
    "sdb fails, and a hot spare takes its place: the array is complete again",
    "sdb is re-added beside a full array: that is refused, or its slot is forgotten",
    "something is written, and its marks are cleared",
    "the other member fails, and sdb, which was added as a new one, takes its slot",
    "the recovery copies all of it",
};
constexpr std::array kQuestions = {
    Question{"For whom does a bitmap keep its marks?",
             "For members that are missing. An array whose slots are all filled misses nobody, and clears them."},
    Question{"When does md forget the slot?",
             "When a sync is reaped and the array is complete. Here no sync ends between the re-add and the failure."},
    Question{"What does somebody see who looks at /proc/mdstat?",
             "[UU], and \"recovery done\". A check finds the difference, if somebody runs one before it is read."},
};

}  // namespace

}  // namespace spare_remembers

const Exhibit& stop_bitmap_2021_exhibit();

const Exhibit& spare_remembers_exhibit() {
    using namespace spare_remembers;
    static const Exhibit exhibit = [] {
        Exhibit that = stop_bitmap_2021_exhibit();  // its tables of counters and waits are true here, too
        that.name = "spare_remembers";
        that.title = "A spare that remembers the slot it had";
        that.scenario = "spare-remembers";
        that.lesson = 0;
        that.matrix = {};
        that.act = {.noun = "re-add",
                    .doing = "re-adding",
                    .does = "re-adds the member",
                    .done = "ended the re-add without harm",
                    .none = "nobody re-adds a member in this scenario",
                    .over = "Done: what is read is what was written last.",
                    .status_begun = "RE-ADDING",
                    .status_over = "DONE",
                    .is = is_act,
                    .functions = kFunctions};
        that.recipe = "Two members and a spare: fail sdb, re-add it when the spare is in, write, then fail the spare.";
        that.page = {
            .number = "M26",
            .commit = "",
            .fix = "",
            .kernels = "all that were tried",
            .met_by = "Found with this engine, by a user's case, and then seen on the real kernels 6.1.192 and 7.3.4.",
            .wrong =
                "A member that is re-added beside a full array becomes a spare, and keeps its old slot in mind. When "
                "it "
                "is needed, it is recovered by a bitmap that has kept no marks for it: nothing is copied, and old data "
                "is read.",
            .cost = "all that was written since, wherever sdb is read",
            .symptom = "stale",
            .variant = "absent-members",
            .row = "md",
            .mended = "kept",
            .wrong_order = kWrongOrder,
            .right_order = kRightOrder,
            .questions = kQuestions,
            .found = {.states = 294, .shortest = 35, .mended_states = 278}};
        return that;
    }();
    return exhibit;
}

}  // namespace mdscope
