// SPDX-License-Identifier: MIT
// A sync request that cannot be interrupted ("exit sync request if MD_RECOVERY_INTR is set", before 4.19): a deadlock
// of three.
#include "engine/museum/exhibit.hpp"

#include <array>

namespace mdscope {

namespace sync_barrier_2018 {

namespace {

using namespace museum;

bool is_act(const Statement& statement) {
    return statement.kind == Statement::Kind::Store && statement.attr == "sync_action";
}
constexpr std::array kFunctions = {ActFunction{"action_store", false}};

// Of who writes `idle`: it holds reconfig_mutex from the first line on.
constexpr std::array kFew = {"action_store", "md_reap_sync_thread", "md_unregister_thread", "raid1_spare_active",
                             "md_update_sb"};

constexpr std::array kWrongOrder = {
    "a write is on its way; a repair waits in raise_barrier until it has ended",
    "sdb fails; who writes `idle` takes reconfig_mutex and waits for the sync thread",
    "the write fails on sdb, and waits until the failure of sdb is on record",
    "md's thread, which writes that record, needs reconfig_mutex",
    "all three sleep for ever",
};
constexpr std::array kRightOrder = {
    "a write is on its way; a repair waits in raise_barrier until it has ended",
    "sdb fails; who writes `idle` takes reconfig_mutex and waits for the sync thread",
    "raise_barrier sees MD_RECOVERY_INTR and gives up; the sync thread ends",
    "reconfig_mutex is given back",
    "md's thread records the failure, and the write is acknowledged",
};
constexpr std::array kQuestions = {
    Question{"Which of the three could wait for something else?",
             "The sync request: nobody needs it any more, its sync is to end."},
    Question{"Why does the write not end before the failure is on record?",
             "That is the promise of M9: else a crash could bring sdb back without it."},
    Question{"Is a resync in danger, too, if nobody writes `idle`?",
             "No. Without `idle` the mutex is free: md's thread records the failure, the write ends, and the barrier "
             "is raised."},
};

}  // namespace

}  // namespace sync_barrier_2018

const Exhibit& stop_bitmap_2021_exhibit();

const Exhibit& sync_barrier_2018_exhibit() {
    using namespace sync_barrier_2018;
    static const Exhibit exhibit = [] {
        Exhibit that = stop_bitmap_2021_exhibit();  // its tables of counters and waits are true here, too
        that.name = "sync_barrier_2018";
        that.title = "A deadlock of three: a repair, a failed write, and `idle`";
        that.scenario = "deaf-barrier";
        that.lesson = 0;
        that.matrix = {};
        that.act = {.noun = "interruption",
                    .doing = "interrupting",
                    .does = "interrupts the repair",
                    .done = "ended the repair",
                    .none = "nobody interrupts the repair in this scenario",
                    .over = "Done: the repair has ended, and so has the write.",
                    .status_begun = "INTERRUPTING",
                    .status_over = "DONE",
                    .is = is_act,
                    .functions = kFunctions};
        that.tree = {kFew, that.tree.reference, {}, that.tree.notes};
        that.circle =
            "md's thread would put the failure of sdb on record, and so let the write end. For that it needs "
            "reconfig_mutex, which whoever wrote `idle` holds: it tries, and goes to sleep again.";
        that.recipe = "Hold a write, ask for a repair, fail sdb, write idle to sync_action, let the write fail.";
        that.page = {.number = "M5",
                     .commit = "",
                     .fix = "exit sync request if MD_RECOVERY_INTR is set",
                     .kernels = "before 4.19",
                     .met_by = "Fixed in 2018, for 4.19. How it was met is not known here.",
                     .wrong =
                         "A sync request waits until the users' requests have ended, and does not hear that its sync "
                         "is to end. One of these waits for the record of a failure, which needs the mutex that is "
                         "held by whoever waits for the sync thread.",
                     .cost = "the array: writers and whoever changes it sleep until a reboot",
                     .symptom = "hang",
                     .variant = "sync-barrier",
                     .row = "deaf",
                     .mended = "interrupted",
                     .wrong_order = kWrongOrder,
                     .right_order = kRightOrder,
                     .questions = kQuestions,
                     .found = {.states = 9449, .shortest = 5, .mended_states = 9569}};
        return that;
    }();
    return exhibit;
}

}  // namespace mdscope
