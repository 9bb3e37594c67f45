// SPDX-License-Identifier: MIT
// A write that ends on a member that has failed already (2417b9869b81, 5.2 to 5.12): nothing notes that it was missed.
#include "engine/museum/exhibit.hpp"

#include <array>

namespace mdscope {

namespace faulty_write_2021 {

namespace {

using namespace museum;

bool is_act(const Statement& statement) {
    return statement.kind == Statement::Kind::Fail;
}
constexpr std::array kFunctions = {ActFunction{"state_store", false}};

constexpr std::array kWrongOrder = {
    "a write has marked its chunk; before its data is sent, sdb fails",
    "the part for sdb ends with an error at once",
    "raid1_end_write_request sees that sdb is Faulty, and notes nothing",
    "the write is acknowledged, and its chunk counts as equal on all members",
    "sdb is re-added; nothing is owed to it, and it is read with the old data",
};
constexpr std::array kRightOrder = {
    "a write has marked its chunk; before its data is sent, sdb fails",
    "the part for sdb ends with an error at once",
    "raid1_end_write_request notes that the write was degraded",
    "the write is acknowledged, and its chunk stays marked",
    "sdb is re-added, and the chunk is copied to it",
};
constexpr std::array kQuestions = {
    Question{"The bit of the chunk is set on disk. Why is the chunk not copied?",
             "A set bit alone says that somebody may be writing there. What is owed to a missing member has NEEDED on "
             "its counter, and a degraded write sets that when it ends."},
    Question{"Why must sdb fail in the middle of the write?",
             "A member that has failed before is left out from the beginning, and that was always noted."},
    Question{"The failure of sdb is on record before the write is acknowledged or after it: does that matter here?",
             "No. A crash in between is another bug (M11), and the search is told not to ask for it. What is lost here "
             "is lost without any crash, when sdb comes back."},
};

}  // namespace

}  // namespace faulty_write_2021

const Exhibit& stop_bitmap_2021_exhibit();

const Exhibit& faulty_write_2021_exhibit() {
    using namespace faulty_write_2021;
    static const Exhibit exhibit = [] {
        Exhibit that = stop_bitmap_2021_exhibit();  // its tables of counters and waits are true here, too
        that.name = "faulty_write_2021";
        that.title = "A write that a failed member missed, and nobody noted it";
        that.scenario = "missed-write";
        that.lesson = 0;
        that.matrix = {};
        that.act = {.noun = "failure",
                    .doing = "failing",
                    .does = "fails the member",
                    .done = "ended without harm",
                    .none = "no member fails in this scenario",
                    .over = "Done: what the member has missed is remembered.",
                    .status_begun = "FAILING",
                    .status_over = "DONE",
                    .is = is_act,
                    .functions = kFunctions};
        that.recipe = "Hold a bitmap write, fail sdb, let the write go; then remove and re-add sdb.";
        that.page = {
            .number = "M3",
            .commit = "2417b9869b81",
            .fix = "properly indicate failure when ending a failed write request",
            .kernels = "5.2 to 5.12",
            .met_by = "Fixed in 2021, for 5.13. How it was met is not known here.",
            .wrong =
                "A write that ends with an error on a member which has failed meanwhile does not count as degraded. "
                "Its chunk is not owed to that member, so nothing is copied there when the member comes back.",
            .cost = "an acknowledged write, when the member that came back is read",
            .symptom = "stale",
            .variant = "degraded-write",
            .row = "unmarked",
            .mended = "marked",
            .wrong_order = kWrongOrder,
            .right_order = kRightOrder,
            .questions = kQuestions,
            .found = {.states = 3590, .shortest = 28, .mended_states = 4474}};
        return that;
    }();
    return exhibit;
}

}  // namespace mdscope
