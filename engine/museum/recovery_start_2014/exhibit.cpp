// SPDX-License-Identifier: MIT
// A recovery that looks too early ("flush writes before starting a recovery", before 3.16).
#include "engine/museum/exhibit.hpp"

#include <array>

namespace mdscope {

namespace recovery_start_2014 {

namespace {

using namespace museum;

bool is_act(const Statement& statement) {
    return statement.kind == Statement::Kind::Store && statement.attr == "sync_action";
}
constexpr std::array kFunctions = {ActFunction{"action_store", false}};

constexpr std::array kWrongOrder = {
    "sdb is away; a write is sent to sda alone",
    "sdb comes back, and its recovery looks at the chunk: nothing is owed yet",
    "the recovery ends, and sdb is in sync",
    "the write ends and is acknowledged; only now its chunk is owed to sdb",
    "nobody looks at it any more, and sdb is read with the old data",
};
constexpr std::array kRightOrder = {
    "sdb is away; a write is sent to sda alone",
    "sdb comes back; before its recovery looks at anything it lets all requests end",
    "the write ends, is acknowledged, and its chunk is owed to sdb",
    "the recovery copies the chunk",
    "sdb is in sync, with the write",
};
constexpr std::array kQuestions = {
    Question{"The bit of the chunk was set before the data was sent. Is that not enough?",
             "A set bit says that somebody may be writing there. What is owed to a missing member is noted when the "
             "write ends (NEEDED)."},
    Question{"Why does a recovery not stay away from a chunk that is being written?",
             "It does, by a barrier, where it copies. Here it thinks that there is nothing to copy."},
    Question{"And writes that begin after sdb has come back?", "They are sent to sdb as well."},
};

}  // namespace

}  // namespace recovery_start_2014

const Exhibit& stop_bitmap_2021_exhibit();

const Exhibit& recovery_start_2014_exhibit() {
    using namespace recovery_start_2014;
    static const Exhibit exhibit = [] {
        Exhibit that = stop_bitmap_2021_exhibit();  // its tables of counters and waits are true here, too
        that.name = "recovery_start_2014";
        that.title = "A recovery that looks at a mark before an older write has made it";
        that.scenario = "early-recovery";
        that.lesson = 0;
        that.matrix = {};
        that.act = {.noun = "return of sdb",
                    .doing = "letting sdb in",
                    .does = "lets the member in",
                    .done = "let the member in",
                    .none = "nobody lets the member in in this scenario",
                    .over = "Done: the member is in sync, and has all that it missed.",
                    .status_begun = "RETURNING",
                    .status_over = "DONE",
                    .is = is_act,
                    .functions = kFunctions};
        that.recipe = "Fail and remove sdb, hold a write, re-add sdb, let the write go when the recovery is done.";
        that.page = {
            .number = "M8",
            .commit = "",
            .fix = "flush writes before starting a recovery",
            .kernels = "before 3.16",
            .met_by = "Fixed in 2014, for 3.16. How it was met is not known here.",
            .wrong =
                "A write that began while a member was away makes its chunk owed to that member when the write ends. A "
                "recovery of the member that has looked at the chunk before then passes over it.",
            .cost = "an acknowledged write, when the member that came back is read",
            .symptom = "stale",
            .variant = "recovery-start",
            .row = "at-once",
            .mended = "flushed",
            .wrong_order = kWrongOrder,
            .right_order = kRightOrder,
            .questions = kQuestions,
            .found = {.states = 16623, .shortest = 8, .mended_states = 7574}};
        return that;
    }();
    return exhibit;
}

}  // namespace mdscope
