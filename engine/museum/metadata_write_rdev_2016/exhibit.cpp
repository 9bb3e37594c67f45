// SPDX-License-Identifier: MIT
// A metadata write without a reference to its member (ed3b98c71cd9, up to 4.10): the Oops of the stop of 2021, without
// a stop.
//
//   counted in               needs                  taken by                    who looks
//   mddev->pending_writes    the member's mddev     unbind_rdev_from_array      remove_and_add_spares, at
//   rdev->nr_pending
#include "engine/museum/exhibit.hpp"

#include <array>

namespace mdscope {

namespace metadata_write_rdev_2016 {

namespace {

using namespace museum;

constexpr const char* kWrites = "mddev->pending_writes";
constexpr const char* kReferences = "rdev->nr_pending";

bool removes(const Statement& statement) {
    return statement.kind == Statement::Kind::Remove;
}
constexpr std::array kRemovals = {ActFunction{"remove_and_add_spares", true}};

constexpr std::array kAsked = {"mddev.pending_writes == 0", "mddev->pending_writes == 0"};
constexpr std::array kCounters = {
    Counter{kWrites, Counter::Of::Array, kAsked, kReferences, "super_written",
            "super_written counts mddev->pending_writes down to 0 first, and only then lets go of the member.",
            "metadata writes of the array in flight"},
    Counter{kReferences, Counter::Of::Member, {}, kWrites, "super_written", "", "writes that hold the member"},
};
const char* counted_in(const BioName& bio, bool is_read) {
    return is_read || bio.kind == "data" || bio.kind == "resync" ? "" : kWrites;
}

bool before_the_count(const Rows& /*rows*/, bool has_counted) {
    return !has_counted;
}
bool is_null_mddev(const Oops& oops) {
    return oops.object == "rdev->mddev";
}
std::string null_mddev(const Oops& oops) {
    return oops.function + " followed rdev->mddev, which unbind_rdev_from_array had set to NULL";
}
constexpr std::array kTakers = {
    Taker{"unbind_rdev_from_array", Loss::Pointer, kWrites, before_the_count, is_null_mddev, null_mddev,
          "unbinds {member}", "unbind_rdev_from_array sets rdev->mddev of {member} to NULL",
          "{who} {has} unbound {member} while {bio} is in flight: when it ends, super_written follows a NULL pointer."},
};

// ---- the matrix

constexpr std::array kVariants = {"super-reference"};
constexpr std::array kHomes = {BitmapHome::Internal};  // md records the failure itself; mdmon is not needed
constexpr std::array kEntrances = {"remove"};

Statement statement_of(Statement::Kind kind, const char* member = "") {
    Statement statement;
    statement.kind = kind;
    statement.member = member;
    return statement;
}

// As the scenario removed-member. Two runs of the daemon in the setup bring the chunk to where a third writes its page.
Scenario removed_under_a_write(const std::string& home, const std::string& /*entrance*/, unsigned pages) {
    Statement clean = statement_of(Statement::Kind::Store);
    clean.attr = "array_state";
    clean.value = "clean";
    const Statement daemon = statement_of(Statement::Kind::Daemon);
    Scenario scenario;
    scenario.name = "removed-member";
    scenario.title = "A member is removed under its own bitmap write";
    scenario.exhibit = "metadata_write_rdev_2016";
    scenario.bitmap = home;
    scenario.setup = {statement_of(Statement::Kind::Write), daemon, daemon, clean};
    scenario.tasks = {
        {"daemon", {daemon}},
        {"remover", {statement_of(Statement::Kind::Fail, "sdb"), statement_of(Statement::Kind::Remove, "sdb")}}};
    scenario.set_pages(pages);
    return scenario;
}

constexpr std::array kFew = {"hot_remove_disk", "remove_and_add_spares", "unbind_rdev_from_array", "export_rdev"};
const trace::CallTreeSink::Names kReference = {"hot_remove_disk", "unbind_rdev_from_array", "export_rdev"};
constexpr std::array kStages = {Stage{"hot_remove_disk", "hot_remove_disk"},
                                Stage{"md_bitmap_daemon_work", "daemon_work", true}};

// The array runs: nothing but a removal unbinds a member of it.
bool is_removed(const OopsFacts& facts) {
    return facts.oops.object == "rdev->mddev" && facts.mddev.pers.peek() != nullptr;
}
std::string happened(const OopsFacts& /*facts*/) {
    return "A metadata write ended after its member was removed, and super_written followed rdev->mddev, which was "
           "NULL.";
}
std::string who(const OopsFacts& /*facts*/) {
    return "md_super_write should have held the member: remove_and_add_spares leaves a member alone while its "
           "nr_pending is not 0.";
}
std::string counter(const OopsFacts& facts) {
    return "The counter is mddev->pending_writes, now " + std::to_string(facts.pending_writes) +
           "; remove_and_add_spares looks at rdev->nr_pending.";
}
constexpr std::array kWays = {Way{is_removed, happened, who, counter}};

// ---- the page

constexpr std::array kWrongOrder = {
    "the daemon submits a bitmap page to sdb",
    "sdb fails; its removal finds rdev->nr_pending at 0",
    "unbind_rdev_from_array sets rdev->mddev to NULL",
    "the write ends, and super_written follows NULL",
};
constexpr std::array kRightOrder = {
    "the daemon takes a reference to sdb and submits a page to it",
    "sdb fails; its removal finds rdev->nr_pending at 1",
    "the removal is refused (EBUSY) until the write has ended",
    "the write ends, super_written drops the reference",
};
constexpr std::array kQuestions = {
    Question{"mddev->pending_writes is 2 the whole time. Why does the removal not look at it?",
             "It is the array's count: it does not say whose writes they are. A removal asks about one member."},
    Question{"Why did no stop crash in this way?",
             "A stop with a bitmap on the members writes the bitmap's superblock, and waits for all metadata writes."},
    Question{"What does the remover get with the fix?", "EBUSY, and tries again; the write ends in milliseconds."},
};

}  // namespace

}  // namespace metadata_write_rdev_2016

const Exhibit& metadata_write_rdev_2016_exhibit() {
    using namespace metadata_write_rdev_2016;
    static const Exhibit exhibit = {
        .name = "metadata_write_rdev_2016",
        .title = "A metadata write without a reference to its member",
        .scenario = "removed-member",
        .lesson = 0,
        .matrix = {.variants = kVariants,
                   .era = "4.11",
                   .homes = kHomes,
                   .entrances = kEntrances,
                   .scenario = removed_under_a_write},
        .act = {.noun = "removal",
                .doing = "removing",
                .does = "removes the member",
                .done = "ended the removal without harm",
                .none = "nobody removes a member in this scenario",
                .over = "Done: no member went while a write of it was on its way.",
                .status_begun = "REMOVING",
                .status_over = "DONE",
                .is = removes,
                .functions = kRemovals},
        .counters = kCounters,
        .counted_in = counted_in,
        .takers = kTakers,
        .blind_wait = {"remove_and_add_spares", kReferences, kWrites},
        .accident = {"", ""},
        .passes = {"md_bitmap_daemon_work", "", "bitmap", "{bio}"},
        .data_wait = "",
        .tree = {kFew, &kReference},
        .stages = kStages,
        .ways = kWays,
        .real_console = "Emulated.",
        .recipe = "Hold a bitmap write, fail its member and remove it, let the write go.",
        .page = {.number = "M2",
                 .commit = "ed3b98c71cd9",
                 .fix = "reference to rdev in md_super_write",
                 .kernels = "up to 4.10",
                 .met_by = "Fixed in 4.11. How it was met is not known here.",
                 .wrong = "A metadata write does not hold the member it goes to, so the member can be removed while "
                          "the write is on its way. When it ends, its completion follows a pointer that the removal "
                          "has set to NULL.",
                 .cost = "the machine",
                 .symptom = "crash",
                 .variant = "super-reference",
                 .row = "none",
                 .mended = "held",
                 .wrong_order = kWrongOrder,
                 .right_order = kRightOrder,
                 .questions = kQuestions,
                 .found = {.states = 260, .shortest = 5, .mended_states = 176}},
    };
    return exhibit;
}

}  // namespace mdscope
