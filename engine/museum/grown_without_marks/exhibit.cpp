// SPDX-License-Identifier: MIT
// Space that an array with a bitmap has grown by (found with this engine; proven on 6.1.192 and 7.3.4).
#include "engine/museum/exhibit.hpp"

#include <array>

namespace mdscope {

namespace grown_without_marks {

namespace {

using namespace museum;

bool is_act(const Statement& statement) {
    return statement.kind == Statement::Kind::Store && statement.attr == "component_size";
}
constexpr std::array kFunctions = {ActFunction{"component_size_store", false}};

constexpr std::array kWrongOrder = {
    "a larger size is written to component_size",
    "the bitmap gets pages for it, and no mark of the new part lasts",
    "a resync begins; the marks say that nothing is owed",
    "it is done in 1.5 ms, and the array is [UU]",
    "the members hold there what was on the disks before",
};
constexpr std::array kRightOrder = {
    "a larger size is written to component_size",
    "the bitmap gets pages for it, and each chunk of the new part is marked, on disk too",
    "a resync begins at the first marked chunk",
    "the new part is copied",
    "the members are equal, and the marks go",
};
constexpr std::array kQuestions = {
    Question{"Who reads what was never written?",
             "A file system does not, as a rule. A check does, and so does whoever copies "
             "the whole disk: twice, and gets two answers."},
    Question{"What happens without a bitmap?",
             "recovery_cp is set to the old end, and the resync copies from there on."},
    Question{"What does mdstat say?",
             "[UU], and that the bitmap has no dirty page. mismatch_cnt tells, after a "
             "check."},
};

}  // namespace

}  // namespace grown_without_marks

const Exhibit& stop_bitmap_2021_exhibit();

const Exhibit& grown_without_marks_exhibit() {
    using namespace grown_without_marks;
    static const Exhibit exhibit = [] {
        Exhibit that = stop_bitmap_2021_exhibit();  // its tables of counters and waits are true here, too
        that.name = "grown_without_marks";
        that.title = "An array that grows, and whose bitmap does not mark the new space";
        that.scenario = "grown-space";
        that.lesson = 0;
        that.matrix = {};
        that.act = {.noun = "grow",
                    .doing = "growing",
                    .does = "grows the array",
                    .done = "has grown without harm",
                    .none = "nobody grows the array in this scenario",
                    .over = "Done: the members are equal.",
                    .status_begun = "GROWING",
                    .status_over = "DONE",
                    .is = is_act,
                    .functions = kFunctions};
        that.recipe =
            "Two members of random bytes and a bitmap: create with a small size, "
            "then write a larger one to component_size.";
        that.page = {.number = "M15",
                     .commit = "",
                     .fix = "",
                     .kernels = "all that were tried",
                     .met_by =
                         "Found with this engine, and then seen on the real kernels "
                         "6.1.192 and 7.3.4: 96256 of 129024 sectors differ, for "
                         "ever. Without a bitmap the new part is copied.",
                     .wrong =
                         "When an array grows, no member was ever compared in the new "
                         "part. With a bitmap the resync of that part goes by its "
                         "marks: it finds none that lasts, is done in 1.5 ms, and has "
                         "copied nothing.",
                     .cost =
                         "reads of what was never written change with the member, and "
                         "every check counts them",
                     .symptom = "equal",
                     .variant = "grown-space",
                     .row = "md",
                     .mended = "marked",
                     .wrong_order = kWrongOrder,
                     .right_order = kRightOrder,
                     .questions = kQuestions,
                     .found = {.states = 132, .shortest = 25, .mended_states = 185}};
        return that;
    }();
    return exhibit;
}

}  // namespace mdscope
