// SPDX-License-Identifier: MIT
// A recovery whose target fails ("don't clear bitmap bits on interrupted recovery", 4.11 to 4.20): the bits of what was
// not copied are cleared.
#include "engine/museum/exhibit.hpp"

#include <array>

namespace mdscope {

namespace sync_abort_2019 {

namespace {

using namespace museum;

bool is_act(const Statement& statement) {
    return statement.kind == Statement::Kind::Fail;
}
constexpr std::array kFunctions = {ActFunction{"state_store", false}};

constexpr std::array kWrongOrder = {
    "a recovery reads a chunk that is owed to sdb, and turns its mark from NEEDED into RESYNC",
    "sdb fails before the copy is sent to it",
    "sync_request_write passes over sdb, and the request ends well",
    "the recovery ends, and all RESYNC marks go",
    "sdb is re-added; nothing is owed to it, and it is read with the old data",
};
constexpr std::array kRightOrder = {
    "a recovery reads a chunk that is owed to sdb, and turns its mark from NEEDED into RESYNC",
    "sdb fails before the copy is sent to it",
    "sync_request_write gives the request up: RESYNC turns into NEEDED again",
    "the recovery ends, and the mark stays",
    "sdb is re-added, and the chunk is copied to it",
};
constexpr std::array kQuestions = {
    Question{"The recovery was interrupted. Does that not keep the mark?",
             "It keeps that of the chunk it was in. By the time sdb fails, the recovery is past this one."},
    Question{"What if the copy had been sent, and had failed?",
             "Then end_sync_write gives the bits of the request up. Here there was nothing to fail."},
    Question{"When does somebody notice?",
             "Not while sdb is out, nor when it comes back: the recovery is done in no time. A reader gets the old "
             "data, now and then."},
};

}  // namespace

}  // namespace sync_abort_2019

const Exhibit& stop_bitmap_2021_exhibit();

const Exhibit& sync_abort_2019_exhibit() {
    using namespace sync_abort_2019;
    static const Exhibit exhibit = [] {
        Exhibit that = stop_bitmap_2021_exhibit();  // its tables of counters and waits are true here, too
        that.name = "sync_abort_2019";
        that.title = "A recovery whose target fails clears the bits all the same";
        that.scenario = "recovery-target-fails";
        that.lesson = 0;
        that.matrix = {};
        that.act = {.noun = "failure",
                    .doing = "failing",
                    .does = "fails the member",
                    .done = "ended without harm",
                    .none = "no member fails in this scenario",
                    .over = "Done: what is owed to the member is remembered.",
                    .status_begun = "FAILING",
                    .status_over = "DONE",
                    .is = is_act,
                    .functions = kFunctions};
        that.recipe =
            "Hold a read of a recovery, fail the member that it is for, let the read go; then remove and re-add the "
            "member.";
        that.page = {.number = "M4",
                     .commit = "",
                     .fix = "don't clear bitmap bits on interrupted recovery",
                     .kernels = "4.11 to 4.20",
                     .met_by = "Fixed in 2019. How it was met is not known here.",
                     .wrong =
                         "A recovery has read a chunk when the member that it is for fails. The copy is not sent, but "
                         "the request ends as if it had been, and the mark of the chunk goes.",
                     .cost = "what was owed to a member: after its next re-add it is read with old data",
                     .symptom = "stale",
                     .variant = "sync-abort",
                     .row = "silent",
                     .mended = "aborted",
                     .wrong_order = kWrongOrder,
                     .right_order = kRightOrder,
                     .questions = kQuestions,
                     .found = {.states = 7144, .shortest = 28, .mended_states = 8028}};
        return that;
    }();
    return exhibit;
}

}  // namespace mdscope
