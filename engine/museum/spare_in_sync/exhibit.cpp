// SPDX-License-Identifier: MIT
// A spare that the freshest superblock takes for a member in sync (since dc1cc22ed58f; found by this engine).
#include "engine/museum/exhibit.hpp"

#include <array>

namespace mdscope {

namespace spare_in_sync {

namespace {

using namespace museum;

bool is_act(const Statement& statement) {
    return statement.kind == Statement::Kind::Add;
}
constexpr std::array kFunctions = {ActFunction{"raid1_add_disk", false}};

constexpr std::array kWrongOrder = {
    "an add: both superblocks say that sdb is a spare",
    "sda gets the next one: sdb has slot 1, and is rebuilt from sector 0",
    "a crash before sdb has that one",
    "sda is the freshest: its word gives sdb slot 1",
    "sdb says nothing of a recovery, so it is in sync, and is read",
};
constexpr std::array kRightOrder = {
    "an add: both superblocks say that sdb is a spare",
    "sda gets the next one: sdb has slot 1, and is rebuilt from sector 0",
    "a crash before sdb has that one",
    "sdb does not know of slot 1 itself: it is a spare",
    "it is rebuilt from sector 0",
};
constexpr std::array kQuestions = {
    Question{"Why is a member that is one event behind let in at all?",
             "Superblocks are written side by side, so every crash in an update leaves somebody one behind. Without "
             "that a crash would cost a member."},
    Question{"Why does a recovery offset not save it?",
             "The offset is in the superblock of the member itself, and that one was not written."},
    Question{"What does [UU] mean here?",
             "That two members are in sync, by what is written. One of them holds what it held before it was added."},
};

}  // namespace

}  // namespace spare_in_sync

const Exhibit& stop_bitmap_2021_exhibit();

const Exhibit& spare_in_sync_exhibit() {
    using namespace spare_in_sync;
    static const Exhibit exhibit = [] {
        Exhibit that = stop_bitmap_2021_exhibit();  // its tables of counters and waits are true here, too
        that.name = "spare_in_sync";
        that.title = "A spare that comes in as a member in sync";
        that.scenario = "spare-role";
        that.lesson = 0;
        that.matrix = {};
        that.act = {.noun = "add",
                    .doing = "adding",
                    .does = "adds the member",
                    .done = "ended the add without harm",
                    .none = "nobody adds a member in this scenario",
                    .over = "Done: what is read is what was written last.",
                    .status_begun = "ADDING",
                    .status_over = "DONE",
                    .is = is_act,
                    .functions = kFunctions};
        that.recipe =
            "No bitmap: add a member, and kill the program when the second superblock of the add is on the other "
            "member only.";
        that.page = {.number = "M29",
                     .commit = "",
                     .fix = "",
                     .kernels = "since the freshest superblock says the roles; all that were read",
                     .met_by = "Found by this engine's crash search, in every add. No kernel was tried.",
                     .wrong =
                         "An add writes two superblocks: first the new member is a spare, then it has a slot. A crash "
                         "in between leaves it a spare, one event behind, in a slot by the word of the other; md takes "
                         "it as in sync, though nothing was copied to it.",
                     .cost = "whatever is read from it, and the good data when a resync copies from it",
                     .symptom = "durable",
                     .variant = "spare-role",
                     .row = "md",
                     .mended = "own",
                     .wrong_order = kWrongOrder,
                     .right_order = kRightOrder,
                     .questions = kQuestions,
                     .found = {.states = 2671, .shortest = 23, .mended_states = 2925}};
        return that;
    }();
    return exhibit;
}

}  // namespace mdscope
