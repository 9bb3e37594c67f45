// SPDX-License-Identifier: MIT
// A member leaves its slot under a writer that has chosen it (6.9 to 7.2).
#include "engine/museum/exhibit.hpp"

#include <array>

namespace mdscope {

namespace bare_slot_pointer {

namespace {

using namespace museum;

bool is_act(const Statement& statement) {
    return statement.kind == Statement::Kind::Remove;
}
constexpr std::array kFunctions = {ActFunction{"state_store", false}};

constexpr std::array kWrongOrder = {
    "a writer looks at the slot of sdb: it is there, and has not failed",
    "sdb fails, and is removed: nobody has counted himself on it",
    "a grace period ends at once: the writer is in no section",
    "the slot is NULL",
    "the writer counts itself on sdb, looks at the slot again, and follows NULL",
};
constexpr std::array kRightOrder = {
    "a writer looks at the slot of sdb, under rcu_read_lock",
    "sdb fails, and is removed: nobody has counted himself on it",
    "a grace period is waited for",
    "the writer counts itself, and leaves its section",
    "the count is looked at again, and sdb stays until the write has ended",
};
constexpr std::array kQuestions = {
    Question{"Why is the count not enough?",
             "It is looked at before the writer has raised it. Between the look and the "
             "count the writer is invisible."},
    Question{"What does the grace period do about that?",
             "It lasts until everyone who was in a section has left it, and the count is "
             "raised inside the section."},
    Question{"Why does a machine with few writes never meet it?",
             "The stretch is a few instructions long, and a member must fail and be removed"
             " in it. blktests fails members all the time."},
};

}  // namespace

}  // namespace bare_slot_pointer

const Exhibit& stop_bitmap_2021_exhibit();

const Exhibit& bare_slot_pointer_exhibit() {
    using namespace bare_slot_pointer;
    static const Exhibit exhibit = [] {
        Exhibit that = stop_bitmap_2021_exhibit();  // its tables of counters and waits are true here, too
        that.name = "bare_slot_pointer";
        that.title = "A member that leaves its slot under a writer";
        that.scenario = "bare-pointer";
        that.lesson = 0;
        that.matrix = {};
        that.act = {.noun = "removal",
                    .doing = "removing",
                    .does = "removes the member",
                    .done = "ended the removal without harm",
                    .none = "nobody removes a member in this scenario",
                    .over = "Done: the member has gone.",
                    .status_begun = "REMOVING",
                    .status_over = "DONE",
                    .is = is_act,
                    .functions = kFunctions};
        that.recipe =
            "In fine steps: fail and remove sdb while a writer is between its "
            "look at the slot and its count.";
        that.page = {.number = "M21",
                     .commit = "c7d34d17ea43",
                     .fix = "what a writer has chosen stays in its slot",
                     .kernels = "6.9 to 7.2",
                     .met_by = "The test md/011 of blktests meets it on 7.1.",
                     .wrong =
                         "A member leaves its slot when nobody has counted himself on "
                         "it, and then a grace period is waited for. 6.9 took "
                         "rcu_read_lock from the writers, so nobody waits for one that"
                         " has looked and not counted yet; when it looks again, the "
                         "slot is empty.",
                     .cost = "the machine, when a failed member is removed beside a write",
                     .symptom = "crash",
                     .variant = "slot-pointer",
                     .row = "bare",
                     .mended = "rcu",
                     .wrong_order = kWrongOrder,
                     .right_order = kRightOrder,
                     .questions = kQuestions,
                     .found = {.states = 3,
                               .shortest = 171,
                               .mended_states = 30000,
                               .is_whole = false,
                               .search = Figures::Search::Priorities}};
        return that;
    }();
    return exhibit;
}

}  // namespace mdscope
