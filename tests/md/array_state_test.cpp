// SPDX-License-Identifier: MIT
// md/array_state: every word in every state, against what Linux 6.1.192 answered (the tables are copied from a
// machine's output).
//
// Goal: scripts, mdadm and mdmon that start and stop arrays through this file find here what they find there. Method:
// each cell is an array of its own, brought into the state through the files on a simulated kernel; then the word is
// written, and what came back and what the state became is compared with the row.
#include "tests/md/sysfs_lab.hpp"

namespace mdscope::sysfs_test {

// ---- array_state: word=result->state afterwards; no state: unchanged. "open": another process holds the device open.

namespace {

using Prepare = void (*)(SysfsLab&);

void to_clear(SysfsLab&) {}
void to_inactive(SysfsLab& lab) {
    lab.external();
}
void to_clean(SysfsLab& lab) {
    lab.external().start();
}
void to_active(SysfsLab& lab) {
    lab.external().start();
    CHECK(lab.store("safe_mode_delay", "0") == 0);
    CHECK(lab.write(0) == 0);
}
void to_active_idle(SysfsLab& lab) {
    lab.external().start();
    CHECK(lab.write(0) == 0);
    lab.pass(1000);
}
void to_write_pending(SysfsLab& lab) {
    lab.external().start();
    lab.begin_write(0);
    lab.settle();
}
void to_readonly(SysfsLab& lab) {
    lab.external().start("readonly");
}
void to_read_auto(SysfsLab& lab) {
    lab.external().start("read-auto");
}
void to_native_inactive(SysfsLab& lab) {
    lab.native();
}
void to_native_clean(SysfsLab& lab) {
    lab.native().start();
}
void to_native_active(SysfsLab& lab) {
    lab.native().start();
    CHECK(lab.store("safe_mode_delay", "0") == 0);
    CHECK(lab.write(0) == 0);
}
void to_native_readonly(SysfsLab& lab) {
    lab.native().start("readonly");
}
void to_native_read_auto(SysfsLab& lab) {
    lab.native().start("read-auto");
}

struct StateRow {
    const char* state;
    Prepare prepare;
    bool open;
    const char* answers;
};

constexpr const char* kOpenClean = "clear=EBUSY inactive=EBUSY readonly=EBUSY read-auto=EBUSY clean=ok active=ok";
constexpr const char* kOpenActive =
    "clear=EBUSY inactive=EBUSY readonly=EBUSY read-auto=EBUSY clean=ok->clean active=ok";
constexpr const char* kIdleClean =
    "clear=ok->clear inactive=ok->inactive readonly=ok->readonly read-auto=ok->read-auto clean=ok active=ok";
constexpr const char* kIdleActive =
    "clear=ok->clear inactive=ok->inactive readonly=ok->readonly read-auto=ok->read-auto clean=ok->clean active=ok";
constexpr const char* kInactive =
    "clear=ok->clear inactive=ok readonly=ok->readonly read-auto=ok->read-auto clean=EINVAL active=ok->clean";
constexpr const char* kReadonly =
    "clear=ok->clear inactive=ok->inactive readonly=ENXIO read-auto=ok->read-auto clean=ok->clean active=ok->clean";
constexpr const char* kOpenReadonly =
    "clear=EBUSY inactive=EBUSY readonly=EBUSY read-auto=ok->read-auto clean=ok->clean active=ok->clean";
constexpr const char* kReadAuto =
    "clear=ok->clear inactive=ok->inactive readonly=ok->readonly read-auto=EINVAL clean=ok->clean active=ok->clean";
constexpr const char* kOpenReadAuto =
    "clear=EBUSY inactive=EBUSY readonly=EBUSY read-auto=EINVAL clean=ok->clean active=ok->clean";

const std::vector<StateRow> kStateRows = {
    {"clear", to_clear, false, "clear=ok inactive=ok readonly=EINVAL read-auto=EINVAL clean=EINVAL active=EINVAL"},
    {"inactive", to_inactive, false, kInactive},
    {"clean", to_clean, false, kIdleClean},
    {"clean", to_clean, true, kOpenClean},
    {"active", to_active, false, kIdleActive},
    {"active", to_active, true, kOpenActive},
    {"active-idle", to_active_idle, false, kIdleActive},
    {"active-idle", to_active_idle, true, kOpenActive},
    {"write-pending", to_write_pending, false,  // open by its writer
     "clear=EBUSY inactive=EBUSY readonly=EBUSY read-auto=EBUSY clean=EBUSY active=ok->active"},
    {"readonly", to_readonly, false, kReadonly},
    {"readonly", to_readonly, true, kOpenReadonly},
    {"read-auto", to_read_auto, false, kReadAuto},
    {"read-auto", to_read_auto, true, kOpenReadAuto},
    {"inactive", to_native_inactive, false, kInactive},
    {"clean", to_native_clean, false, kIdleClean},
    {"clean", to_native_clean, true, kOpenClean},
    {"active", to_native_active, false, kIdleActive},
    {"active", to_native_active, true, kOpenActive},
    {"readonly", to_native_readonly, false, kReadonly},
    {"readonly", to_native_readonly, true, kOpenReadonly},
    {"read-auto", to_native_read_auto, false, kReadAuto},
    {"read-auto", to_native_read_auto, true, kOpenReadAuto},
};

std::string answer_of(const StateRow& row, const std::string& word) {
    SysfsLab lab;
    row.prepare(lab);
    if (row.open) lab.open();
    const std::string before = lab.show("array_state");
    CHECK(before == row.state);
    const int result = lab.store("array_state", word);
    const std::string after = lab.show("array_state");
    return word + "=" + errno_word(result) + (after != before ? "->" + after : "");
}

}  // namespace

TEST_CASE("every word written to array_state in every state is answered as md answers it") {
    for (const StateRow& row : kStateRows) {
        CAPTURE(row.state);
        CAPTURE(row.open);
        std::string answers;
        for (const char* word : {"clear", "inactive", "readonly", "read-auto", "clean", "active"})
            answers += (answers.empty() ? "" : " ") + answer_of(row, word);
        CHECK(answers == row.answers);
        for (const char* word : {"write-pending", "active-idle", "suspended", "broken", "bogus", ""})
            CHECK(answer_of(row, word) == std::string(word) + "=EINVAL");
    }
}

// ---- array_state while something syncs

namespace {

// A resync (from 0) or a check that has come to sector 8192 and waits there.
void to_syncing(SysfsLab& lab, bool native, bool check) {
    if (native)
        lab.native(check ? MaxSector : 0);
    else
        lab.external();
    if (!check && !native) CHECK(lab.store("resync_start", "0") == 0);
    lab.mark_all_chunks(native);
    lab.start("readonly");
    CHECK(lab.store("sync_max", "8192") == 0);
    CHECK(lab.store("array_state", "active") == 0);
    if (check) CHECK(lab.store("sync_action", "check") == 0);
    CHECK(lab.until([&] { return lab.show("sync_completed").starts_with("8192 / "); }));
}

struct SyncRow {
    bool native;
    bool check;
    bool open;
    std::string answers;
};

// Refused words interrupt the sync, too: a resync starts again by itself, a check is lost. With external metadata its
// end sets PENDING, so `readonly` and `read-auto` sleep until somebody writes `active` ("asleep").
const std::vector<SyncRow> kSyncRows = {
    {false, false, false,
     "clear=ok->clear,ENOENT inactive=ok->inactive,ENOENT readonly=asleep,ok->readonly,idle "
     "read-auto=asleep,ok->read-auto,idle clean=ok->clean,resync active=ok->clean,resync"},
    {false, false, true,
     "clear=EBUSY->write-pending,resync inactive=EBUSY->write-pending,resync readonly=asleep,EBUSY->clean,resync "
     "read-auto=asleep,EBUSY->clean,resync clean=ok->clean,resync active=ok->clean,resync"},
    {false, true, false,
     "clear=ok->clear,ENOENT inactive=ok->inactive,ENOENT readonly=asleep,ok->readonly,idle "
     "read-auto=asleep,ok->read-auto,idle clean=ok->clean,check active=ok->clean,check"},
    {false, true, true,
     "clear=EBUSY->write-pending,idle inactive=EBUSY->write-pending,idle readonly=asleep,EBUSY->clean,idle "
     "read-auto=asleep,EBUSY->clean,idle clean=ok->clean,check active=ok->clean,check"},
    {true, false, false,
     "clear=ok->clear,ENOENT inactive=ok->inactive,ENOENT readonly=ok->readonly,idle read-auto=ok->read-auto,idle "
     "clean=ok->clean,resync active=ok->clean,resync"},
    {true, false, true,
     "clear=EBUSY->clean,resync inactive=EBUSY->clean,resync readonly=EBUSY->clean,resync "
     "read-auto=EBUSY->clean,resync clean=ok->clean,resync active=ok->clean,resync"},
    {true, true, false,
     "clear=ok->clear,ENOENT inactive=ok->inactive,ENOENT readonly=ok->readonly,idle read-auto=ok->read-auto,idle "
     "clean=ok->clean,check active=ok->clean,check"},
    {true, true, true,
     "clear=EBUSY->clean,idle inactive=EBUSY->clean,idle readonly=EBUSY->clean,idle read-auto=EBUSY->clean,idle "
     "clean=ok->clean,check active=ok->clean,check"},
};

std::string syncing_answer(const SyncRow& row, const std::string& word) {
    SysfsLab lab;
    to_syncing(lab, row.native, row.check);
    if (row.open) lab.open();
    const Process& process = lab.begin_store("array_state", word);
    lab.pass(3000);
    const bool slept = !process.done;
    if (slept) CHECK(lab.store("array_state", "active") == 0);
    CHECK(lab.until([&] { return process.done; }));
    lab.settle();
    return word + "=" + (slept ? "asleep," : "") + errno_word(process.result) + "->" + lab.show("array_state") + "," +
           lab.show("sync_action");
}

}  // namespace

TEST_CASE("every word written to array_state during a resync or a check is answered as md answers it") {
    for (const SyncRow& row : kSyncRows) {
        CAPTURE(row.native);
        CAPTURE(row.check);
        CAPTURE(row.open);
        std::string answers;
        for (const char* word : {"clear", "inactive", "readonly", "read-auto", "clean", "active"})
            answers += (answers.empty() ? "" : " ") + syncing_answer(row, word);
        CHECK(answers == row.answers);
    }
}

TEST_CASE("`active` lets the writer go that waits for the array to become dirty") {
    SysfsLab lab;
    lab.external().start();
    const Process& writer = lab.begin_write(0);
    lab.settle();
    CHECK(lab.show("array_state") == "write-pending");
    CHECK(!writer.done);
    CHECK(lab.bits("sda") == 0);
    CHECK(lab.store("array_state", "active") == 0);
    CHECK(lab.until([&] { return writer.done; }));
    CHECK(writer.result == 0);
    CHECK(lab.show("array_state") == "active");
    CHECK(lab.bits("sda") == 1);
    CHECK(lab.bits("sdb") == 1);
    lab.pass(1000);
    CHECK(lab.show("array_state") == "active-idle");
    CHECK(lab.store("array_state", "clean") == 0);
    CHECK(lab.show("array_state") == "clean");
    CHECK(lab.store("array_state", "active") == 0);
    CHECK(lab.show("array_state") == "clean");
}

TEST_CASE("mdmon's answer does not start an array that was stopped since mdmon looked") {
    for (const char* word : {"active", "clean", "read-auto"}) {
        CAPTURE(std::string(word));
        SysfsLab lab;
        to_inactive(lab);
        CHECK(lab.answer(word) == -ENODEV);
        CHECK(lab.show("array_state") == "inactive");
    }
    SysfsLab lab;
    to_inactive(lab);
    CHECK(lab.answer("clear") == 0);
    CHECK(lab.show("array_state") == "clear");
}

TEST_CASE("a word refused with EBUSY is logged, and the array goes on") {
    SysfsLab lab;
    lab.native().start();
    lab.open();
    CHECK(lab.store("array_state", "clear") == -EBUSY);
    bool logged = false;
    for (const LogLine& line : lab.kernel.log()) logged = logged || line.text == "md: md1 still in use.";
    CHECK(logged);
    lab.close();
    CHECK(lab.write(1) == 0);
}

}  // namespace mdscope::sysfs_test
