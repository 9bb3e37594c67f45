// SPDX-License-Identifier: MIT
// A degraded array with an external bitmap, assembled again: both event counts are 0 (read in md; ours keeps all
// marks).
#include "engine/museum/exhibit.hpp"

#include <array>

namespace mdscope {

namespace zero_events_equal {

namespace {

using namespace museum;

bool is_act(const Statement& statement) {
    return statement.kind == Statement::Kind::ReAdd;
}
constexpr std::array kFunctions = {ActFunction{"add_bound_rdev", false}};

constexpr std::array kWrongOrder = {
    "sdb fails; a write goes to sda, and its chunk stays marked",
    "the machine dies, and the array is assembled without sdb",
    "events_cleared and events are compared: 0 and 0, so the marks of a clean array are stale",
    "sdb is re-added; nothing is owed to it",
    "sdb is in sync, and is read with the old data",
};
constexpr std::array kRightOrder = {
    "sdb fails; a write goes to sda, and its chunk stays marked",
    "the machine dies, and the array is assembled without sdb",
    "it is degraded: each mark is needed, whatever the counts are",
    "sdb is re-added, and the marked chunk is copied",
    "sdb is in sync, and is read with the new data",
};
constexpr std::array kQuestions = {
    Question{"Why does md compare two event counts when it loads a bitmap?",
             "A member with an older count may come back by the bitmap only if nothing was "
             "cleared since. If the counts are equal, nobody can be owed anything."},
    Question{"Why are both 0 here?",
             "They are fields of the superblock and of the bitmap header. With external "
             "metadata there is neither."},
    Question{"Does it need a crash?",
             "No: an orderly stop and start of the degraded array is enough, as the counts "
             "are compared at each start."},
};

}  // namespace

}  // namespace zero_events_equal

const Exhibit& stop_bitmap_2021_exhibit();

const Exhibit& zero_events_equal_exhibit() {
    using namespace zero_events_equal;
    static const Exhibit exhibit = [] {
        Exhibit that = stop_bitmap_2021_exhibit();  // its tables of counters and waits are true here, too
        that.name = "zero_events_equal";
        that.title = "A degraded array that forgets what its missing member owes";
        that.scenario = "zero-events";
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
        that.recipe =
            "External bitmap: fail sdb, write, kill the program, assemble, and "
            "re-add sdb.";
        that.page = {.number = "M18",
                     .commit = "",
                     .fix = "",
                     .kernels = "all that were read",
                     .met_by =
                         "Found while md's loading of a bitmap was read for this "
                         "engine; the search convicts it. No kernel was tried.",
                     .wrong =
                         "A degraded array keeps the marks of its bitmap when it is "
                         "assembled, unless the event count at which marks were last "
                         "cleared is the one it has now. With external metadata both "
                         "counts are 0, so the marks go, and the missing member comes "
                         "back without what was written meanwhile.",
                     .cost =
                         "all that was written while the member was away, wherever that"
                         " member is read",
                     .symptom = "durable",
                     .variant = "absent-members",
                     .row = "md",
                     .mended = "kept",
                     .wrong_order = kWrongOrder,
                     .right_order = kRightOrder,
                     .questions = kQuestions,
                     .found = {.states = 228, .shortest = 23, .mended_states = 2936}};
        return that;
    }();
    return exhibit;
}

}  // namespace mdscope
