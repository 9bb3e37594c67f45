// SPDX-License-Identifier: MIT
// The files under md/, against what Linux 6.1.192 answered (the rows are copied from a machine's output).
//
// Goal: a script written for the kernel's sysfs sees the same words, values and errors here. Method: each array is made
// and driven through the files alone, on a simulated kernel; a row says what was written and what came back.
#include "engine/md/bitmap/bitmap.hpp"
#include "tests/md/sysfs_lab.hpp"

namespace mdscope::sysfs_test {

namespace {

// Each "file=value" as show() prints it, blank-separated in the row because no value here has a blank.
void check_files(SysfsLab& lab, const std::string& row) {
    std::size_t start = 0;
    while (start < row.size()) {
        const std::size_t end = std::min(row.find(' ', start), row.size());
        const std::string pair = row.substr(start, end - start);
        const std::size_t equals = pair.find('=');
        const std::string file = pair.substr(0, equals);
        CHECK_MESSAGE(lab.show(file) == pair.substr(equals + 1), file);
        start = end + 1;
    }
}

void check_dev_files(SysfsLab& lab, const std::string& dev, const std::map<std::string, std::string>& files) {
    for (const auto& file : files) CHECK_MESSAGE(lab.show_dev(dev, file.first) == file.second, file.first);
}

// "echo VALUE > FILE: RESULT" for each row.
struct Echo {
    std::string value;
    std::string file;
    std::string result;
};
void check_echoes(SysfsLab& lab, const std::vector<Echo>& echoes) {
    for (const Echo& echo : echoes) {
        CAPTURE(echo.file);
        CAPTURE(echo.value);
        CHECK(errno_word(lab.store(echo.file, echo.value)) == echo.result);
    }
}

}  // namespace

// ---- attributes at rest

TEST_CASE("a device that is not configured shows what a fresh md device shows") {
    SysfsLab lab;
    check_files(lab,
                "array_size=default array_state=clear chunk_size=0 component_size=0 consistency_policy=unknown "
                "fail_last_dev=0 layout=0 level= max_read_errors=0 metadata_version=none new_dev=EACCES raid_disks= "
                "reshape_direction=forwards reshape_position=none resync_start=0 safe_mode_delay=0.000 "
                "serialize_policy=n/a uuid=00000000-0000-0000-0000-000000000000");
    check_files(lab, "sync_action=ENOENT degraded=ENOENT sync_completed=ENOENT suspend_lo=ENOENT");
}

TEST_CASE("an external array is made by hand, shows inactive, and starts") {
    SysfsLab lab;
    lab.external();
    CHECK(lab.show("array_state") == "inactive");
    CHECK(lab.show("metadata_version") == "external:lab");
    CHECK(lab.store("new_dev", "sda") == -EEXIST);
    lab.start();
    check_files(lab,
                "array_state=clean component_size=61440 consistency_policy=bitmap degraded=0 last_sync_action=none "
                "level=raid1 metadata_version=external:lab mismatch_cnt=0 raid_disks=2 resync_start=none "
                "safe_mode_delay=0.204 sync_action=idle sync_completed=none sync_max=max sync_min=0");
    check_dev_files(lab, "sda",
                    {{"bad_blocks", ""},
                     {"errors", "0"},
                     {"new_offset", "2048"},
                     {"offset", "2048"},
                     {"ppl_sector", "0"},
                     {"ppl_size", "0"},
                     {"recovery_start", "none"},
                     {"size", "61440"},
                     {"slot", "0"},
                     {"state", "in_sync"},
                     {"unacknowledged_bad_blocks", ""}});
}

TEST_CASE("the idle native array shows what mdadm's array showed") {
    SysfsLab lab;
    lab.native().start();
    check_files(lab,
                "array_size=default array_state=clean bitmap_set_bits=EACCES chunk_size=0 component_size=64512 "
                "consistency_policy=bitmap degraded=0 fail_last_dev=0 last_sync_action=none layout=0 level=raid1 "
                "max_read_errors=20 metadata_version=1.2 mismatch_cnt=0 new_dev=EACCES raid_disks=2 "
                "reshape_direction=forwards reshape_position=none resync_start=none safe_mode_delay=0.204 "
                "serialize_policy=0 suspend_hi=0 suspend_lo=0 sync_action=idle sync_completed=none "
                "sync_force_parallel=0 sync_max=max sync_min=0 sync_speed=none "
                "uuid=5a5a5a5a-5a5a-5a5a-5a5a-5a5a5a5a5a5a");
    CHECK(lab.show("sync_speed_max") == "200000 (system)");
    CHECK(lab.show("sync_speed_min") == "1000 (system)");
}

TEST_CASE("a trailing newline belongs to the word, two do not") {
    SysfsLab lab;
    lab.external().start();
    CHECK(lab.store("array_state", "clean\n") == 0);
    CHECK(lab.store("array_state", "clean\n\n\n") == -EINVAL);
    CHECK(lab.store("sync_min", "8\n") == 0);
    CHECK(lab.store("sync_min", " 8") == -EINVAL);
    CHECK(lab.store("sync_min", "8 ") == -EINVAL);
}

TEST_CASE("writing goes where md's files go: ENOENT, EACCES") {
    SysfsLab lab;
    lab.native();
    CHECK(lab.store("nothing", "1") == -ENOENT);
    CHECK(lab.store("sync_action", "check") == -ENOENT);
    CHECK(lab.store("uuid", "x") == -EACCES);
    lab.start();
    CHECK(lab.store("degraded", "0") == -EACCES);
    CHECK(lab.store("sync_action", "idle") == 0);
}

// ---- array files

TEST_CASE("the array files of a running array accept and refuse what md's do") {
    SysfsLab lab("md0");
    lab.native().start();
    check_echoes(lab, {{"raid5", "level", "EINVAL"},
                       {"raid1", "level", "ok"},
                       {"1", "layout", "EINVAL"},
                       {"65536", "chunk_size", "EINVAL"},
                       {"1000", "component_size", "ok"},
                       {"99999999", "component_size", "ENOSPC"},
                       {"1000", "array_size", "ok"},
                       {"default", "array_size", "ok"},
                       {"99999999", "array_size", "E2BIG"},
                       {"1.0", "metadata_version", "EBUSY"},
                       {"external:x", "metadata_version", "EBUSY"},
                       {"1.5", "safe_mode_delay", "ok"},
                       {"bogus", "safe_mode_delay", "EINVAL"},
                       {"7", "max_read_errors", "ok"},
                       {"bogus", "max_read_errors", "EINVAL"},
                       {"ppl", "consistency_policy", "EBUSY"},
                       {"2", "fail_last_dev", "EINVAL"},
                       {"1", "serialize_policy", "ok"},
                       {"0", "serialize_policy", "ok"},
                       {"0", "suspend_lo", "ok"},
                       {"0", "suspend_hi", "ok"},
                       {"bogus", "suspend_hi", "EINVAL"},
                       {"bogus", "new_dev", "EINVAL"},
                       {"1:99", "new_dev", "ENXIO"},
                       {"sda", "new_dev", "EBUSY"},
                       {"x", "uuid", "EACCES"},
                       {"broken", "array_state", "EINVAL"},
                       {"0", "resync_start", "EBUSY"}});
    check_files(lab,
                "array_size=default component_size=1000 safe_mode_delay=1.500 max_read_errors=7 resync_start=none");
    CHECK(lab.store("safe_mode_delay", "0.2") == 0);
    CHECK(lab.show("safe_mode_delay") == "0.200");
}

TEST_CASE("raid_disks of a running array stays what it is: reshaping is not emulated") {
    SysfsLab lab;
    lab.native().start();
    CHECK(lab.store("raid_disks", "2") == 0);
    CHECK(lab.store("raid_disks", "3") == -EINVAL);
    CHECK(lab.store("raid_disks", "bogus") == -EINVAL);
    CHECK(lab.show("raid_disks") == "2");
}

TEST_CASE("an inactive external array refuses and accepts what md does") {
    SysfsLab lab;
    lab.external();
    CHECK(errno_word(lab.store_dev("sda", "size", "70000")) == "ok");
    CHECK(errno_word(lab.store_dev("sda", "size", "100")) == "EINVAL");
    CHECK(errno_word(lab.store_dev("sda", "slot", "1")) == "ok");
    CHECK(errno_word(lab.store_dev("sda", "slot", "5")) == "ENOSPC");
    CHECK(errno_word(lab.store_dev("sda", "offset", "4096")) == "EBUSY");
    check_echoes(lab, {{"61441", "component_size", "ENOSPC"},
                       {"61440", "component_size", "ENOSPC"},
                       {"external:other", "metadata_version", "ok"},
                       {"1.2", "metadata_version", "EBUSY"}});
    CHECK(lab.show("metadata_version") == "external:other");
}

TEST_CASE("metadata_version takes none, external:TEXT and M.m, and cuts a long text") {
    SysfsLab lab;
    check_echoes(lab, {{"1.2", "metadata_version", "ok"},
                       {"2.0", "metadata_version", "ENOENT"},
                       {"1", "metadata_version", "EINVAL"},
                       {"1.", "metadata_version", "EINVAL"},
                       {"1.2x", "metadata_version", "EINVAL"},
                       {"bogus", "metadata_version", "EINVAL"}});
    CHECK(lab.show("metadata_version") == "1.2");
    CHECK(lab.store("metadata_version", "external:0123456789abcdefXYZ") == 0);
    CHECK(lab.show("metadata_version") == "external:0123456789abcdef");
    CHECK(lab.store("metadata_version", "none") == 0);
    CHECK(lab.show("metadata_version") == "none");
}

// ---- sync files

TEST_CASE("sync_action takes its words, and freezes and thaws") {
    SysfsLab lab;
    lab.native().start();
    CHECK(lab.store("sync_max", "16384") == 0);
    check_echoes(lab, {{"frozen", "sync_action", "ok"}});
    CHECK(lab.show("sync_action") == "frozen");
    CHECK(lab.store("sync_action", "check") == 0);
    lab.settle();  // a check that has not begun would survive being frozen
    CHECK(lab.show("sync_action") == "check");
    CHECK(lab.store("sync_action", "frozen") == 0);
    CHECK(lab.show("sync_action") == "frozen");
    CHECK(lab.show("sync_completed") == "none");
    CHECK(lab.store("sync_action", "idle") == 0);
    lab.settle();
    CHECK(lab.show("sync_action") == "idle");
    check_echoes(lab, {{"resync", "sync_action", "ok"},
                       {"recover", "sync_action", "ok"},
                       {"reshape", "sync_action", "EINVAL"},
                       {"bogus", "sync_action", "EINVAL"},
                       {"idle", "sync_action", "ok"}});
    lab.settle();
    CHECK(lab.show("sync_action") == "idle");
    CHECK(lab.show("last_sync_action") == "check");
}

TEST_CASE("a check waits at sync_max, and meanwhile other words are EBUSY") {
    SysfsLab lab;
    lab.native().start();
    CHECK(lab.store("sync_max", "16384") == 0);
    CHECK(lab.store("sync_action", "check") == 0);
    CHECK(lab.until([&] { return lab.show("sync_completed") == "16384 / 129024"; }));
    check_files(lab, "sync_action=check sync_min=0 sync_max=16384 last_sync_action=check mismatch_cnt=0");
    for (const char* word : {"check", "repair", "resync", "recover", "reshape", "bogus"})
        CHECK_MESSAGE(lab.store("sync_action", word) == -EBUSY, word);
    check_echoes(lab, {{"8", "sync_min", "EBUSY"},
                       {"8192", "sync_max", "EBUSY"},
                       {"32768", "sync_max", "ok"},
                       {"0", "resync_start", "EBUSY"}});
    CHECK(lab.until([&] { return lab.show("sync_completed") == "32768 / 129024"; }));
    CHECK(lab.store("sync_action", "frozen") == 0);
    check_files(lab, "sync_action=frozen sync_completed=none sync_min=32768");
    CHECK(lab.store("sync_action", "idle") == 0);
    CHECK(lab.store("sync_action", "check") == 0);
    CHECK(lab.store("sync_max", "max") == 0);
    CHECK(lab.until([&] { return lab.show("sync_action") == "idle"; }));
    check_files(lab, "sync_completed=none sync_min=0 sync_max=max mismatch_cnt=0");
}

TEST_CASE("the sync files accept and refuse what md's do") {
    SysfsLab lab;
    lab.native().start();
    const auto row = [&](const char* file, const char* value, const char* result, const char* after) {
        CAPTURE(value);
        CHECK(errno_word(lab.store(file, value)) == result);
        CHECK(lab.show(file) == after);
    };
    row("sync_min", "8", "ok", "8");
    row("sync_min", "9", "ok", "8");
    row("sync_min", "200000", "ok", "200000");
    row("sync_min", "bogus", "EINVAL", "200000");
    row("sync_max", "4", "EINVAL", "max");
    row("sync_min", "0", "ok", "0");
    row("sync_max", "4", "ok", "4");
    row("sync_min", "8", "EINVAL", "0");
    row("sync_max", "max", "ok", "max");
    row("sync_max", "bogus", "EINVAL", "max");
    row("sync_speed_min", "0", "EINVAL", "1000 (system)");
    row("sync_speed_min", "bogus", "EINVAL", "1000 (system)");
    row("sync_speed_min", "5", "ok", "5 (local)");
    row("sync_speed_min", "system", "ok", "1000 (system)");
    row("sync_speed_max", "7", "ok", "7 (local)");
    row("sync_speed_max", "system", "ok", "200000 (system)");
    row("sync_force_parallel", "1", "ok", "1");
    row("sync_force_parallel", "2", "EINVAL", "1");
    row("sync_force_parallel", "0", "ok", "0");
    row("resync_start", "0", "EBUSY", "none");
}

TEST_CASE("bitmap_set_bits marks chunks, stops silently at junk, and `idle` starts the resync") {
    SysfsLab lab;
    lab.native().start();
    CHECK(lab.store("bitmap_set_bits", "3 5-7 bogus 9") == 0);
    lab.settle();
    std::uint64_t marked = 0;
    for (const BitmapChunkInfo& info : md_bitmap_chunks(*lab.mddev.bitmap, 0, 63))
        if (NEEDED(info.counter)) marked |= std::uint64_t{1} << info.chunk;
    CHECK(marked == 0xe8);
    check_files(lab, "resync_start=6144 sync_action=idle");
    CHECK(lab.store("sync_action", "idle") == 0);
    CHECK(lab.until([&] { return lab.show("resync_start") == "none"; }));
    CHECK(lab.show("last_sync_action") == "resync");
    CHECK(lab.store("bitmap_set_bits", "999999-99999999999") == 0);
}

TEST_CASE("resync_start can be set while frozen, and the next idle starts that resync") {
    SysfsLab lab;
    lab.native().start();
    CHECK(lab.store("sync_action", "frozen") == 0);
    CHECK(lab.store("resync_start", "4096") == 0);
    check_files(lab, "resync_start=4096 array_state=clean");
    CHECK(lab.store("sync_action", "idle") == 0);
    CHECK(lab.until([&] { return lab.show("resync_start") == "none"; }));
    CHECK(lab.show("last_sync_action") == "resync");
}

TEST_CASE("writes into the suspended window wait, others do not") {
    SysfsLab lab;
    lab.native().start();
    CHECK(lab.store("suspend_hi", "4096") == 0);
    CHECK(lab.store("suspend_lo", "2048") == 0);
    const Process& inside = lab.begin_write(1);
    CHECK(lab.write(3) == 0);
    CHECK(!inside.done);
    CHECK(lab.store("suspend_lo", "0") == 0);
    CHECK(lab.store("suspend_hi", "0") == 0);
    CHECK(lab.until([&] { return inside.done; }));
    CHECK(inside.result == 0);
}

// ---- members

TEST_CASE("every word written to the state of an in-sync member is answered as md answers it") {
    struct Row {
        const char* word;
        const char* result;
        const char* after;
    };
    const std::vector<Row> rows = {
        {"bogus", "EINVAL", "in_sync"},         {"in_sync", "EINVAL", "in_sync"},
        {"+in_sync", "EINVAL", "in_sync"},      {"writemostly", "ok", "in_sync,write_mostly"},
        {"-writemostly", "ok", "in_sync"},      {"failfast", "ok", "in_sync,failfast"},
        {"-failfast", "ok", "in_sync"},         {"blocked", "ok", "in_sync,blocked"},
        {"-blocked", "ok", "in_sync"},          {"write_error", "ok", "in_sync,write_error"},
        {"-write_error", "ok", "in_sync"},      {"external_bbl", "EINVAL", "in_sync"},
        {"-external_bbl", "EINVAL", "in_sync"}, {"insync", "EINVAL", "in_sync"},
        {"-insync", "EINVAL", "in_sync"},       {"re-add", "EBUSY", "in_sync"},
        {"remove", "EBUSY", "in_sync"},         {"replacement", "EBUSY", "in_sync"},
        {"-replacement", "EBUSY", "in_sync"},   {"want_replacement", "ok", "in_sync,want_replacement"},
        {"-want_replacement", "ok", "in_sync"},
    };
    SysfsLab lab;
    lab.native().start();
    for (const Row& row : rows) {
        CAPTURE(row.word);
        CHECK(errno_word(lab.store_dev("sdb", "state", row.word)) == row.result);
        CHECK(lab.show_dev("sdb", "state") == row.after);
    }
}

TEST_CASE("the other files of an in-sync member accept and refuse what md's do") {
    SysfsLab lab;
    lab.native().start();
    const std::vector<Echo> rows = {
        {"0", "slot", "EBUSY"},
        {"none", "slot", "EBUSY"},
        {"bogus", "slot", "EINVAL"},
        {"5", "slot", "EBUSY"},
        {"4096", "offset", "EBUSY"},
        {"100", "size", "EBUSY"},
        {"99999999", "size", "ok"},
        {"5", "errors", "ok"},
        {"bogus", "errors", "EINVAL"},
        {"0", "recovery_start", "EBUSY"},
        {"none", "recovery_start", "EBUSY"},
        {"bogus", "bad_blocks", "EINVAL"},
        {"0", "new_offset", "E2BIG"},
        {"1", "ppl_sector", "ok"},
    };
    for (const Echo& row : rows) {
        CAPTURE(row.file);
        CAPTURE(row.value);
        CHECK(errno_word(lab.store_dev("sdb", row.file, row.value)) == row.result);
    }
    CHECK(lab.show_dev("sdb", "slot") == "1");
    CHECK(lab.show_dev("sdb", "state") == "in_sync");
    CHECK(lab.show_dev("sdb", "errors") == "5");
    CHECK(lab.show_dev("sdb", "size") == "64512");
    CHECK(lab.show("degraded") == "0");
}

TEST_CASE("an external member fails: active lets no writer go, -blocked does, then the slot empties and re-add works") {
    SysfsLab lab;
    lab.external().start();
    CHECK(lab.store_dev("sdb", "state", "faulty") == 0);
    CHECK(lab.show_dev("sdb", "state") == "faulty,blocked");
    CHECK(lab.show_dev("sda", "state") == "in_sync");
    CHECK(lab.show_dev("sdb", "slot") == "1");
    check_files(lab, "degraded=1 array_state=write-pending");
    const Process& writer = lab.begin_write(3);
    lab.settle();
    CHECK(lab.store("array_state", "active") == 0);
    lab.settle();
    CHECK(!writer.done);
    CHECK(lab.store_dev("sdb", "state", "-blocked") == 0);
    CHECK(lab.until([&] { return writer.done; }));
    CHECK(writer.result == 0);
    CHECK(lab.show_dev("sdb", "state") == "faulty");
    CHECK(lab.bits("sda") == 8);
    CHECK(lab.bits("sdb") == 0);
    lab.settle();
    CHECK(lab.show_dev("sdb", "slot") == "none");
    CHECK(lab.store_dev("sdb", "state", "re-add") == 0);
    CHECK(lab.store_dev("sdb", "state", "remove") == -EBUSY);
    CHECK(lab.until([&] { return lab.show_dev("sdb", "state") == "in_sync"; }));
    CHECK(lab.show("degraded") == "0");
}

TEST_CASE("an external member is removed and added as a new device") {
    SysfsLab lab;
    lab.external().start();
    CHECK(lab.store_dev("sdb", "state", "faulty") == 0);
    CHECK(lab.store("array_state", "active") == 0);
    CHECK(lab.store_dev("sdb", "state", "remove") == 0);
    CHECK(lab.store_dev("sdb", "state", "-blocked") == -ENOENT);
    CHECK(lab.write(6) == 0);
    CHECK(lab.store("new_dev", "sdc") == 0);
    check_dev_files(lab, "sdc",
                    {{"state", "spare"}, {"slot", "none"}, {"offset", "0"}, {"size", "0"}, {"recovery_start", "0"}});
    CHECK(lab.store_dev("sdc", "offset", "2048") == 0);
    CHECK(lab.store_dev("sdc", "size", "61440") == 0);
    CHECK(lab.store_dev("sdc", "recovery_start", "0") == 0);
    CHECK(lab.store_dev("sdc", "slot", "1") == 0);
    CHECK(lab.store_dev("sdc", "slot", "0") == -EBUSY);
    CHECK(lab.show_dev("sdc", "state") == "spare");
    CHECK(lab.show_dev("sdc", "slot") == "1");
    CHECK(lab.show("sync_action") == "idle");
    CHECK(lab.store("sync_action", "recover") == 0);
    CHECK(lab.until([&] { return lab.show_dev("sdc", "state") == "in_sync"; }));
    check_files(lab, "degraded=0 last_sync_action=recovery");
}

TEST_CASE("an unbound member answers ENODEV, and its files can still be looked at") {
    SysfsLab lab;
    lab.external().start();
    Rdev& rdev = *lab.find("sdb");
    CHECK(lab.store_dev("sdb", "state", "faulty") == 0);
    CHECK(lab.store("array_state", "active") == 0);
    CHECK(lab.store_dev("sdb", "state", "remove") == 0);
    CHECK(rdev_attr_store(rdev, "state", "-blocked") == -ENODEV);
    for (const RdevAttr& attr : rdev_attrs()) (void)attr.show(rdev);
    CHECK(!lab.kernel.halted());
}

TEST_CASE("failing the last member by hand is refused, and nothing has happened") {
    for (const bool external : {false, true}) {
        CAPTURE(external);
        SysfsLab lab;
        (external ? lab.external() : lab.native()).start();
        CHECK(lab.store_dev("sdb", "state", "faulty") == 0);
        CHECK(lab.store("array_state", "active") == 0);
        if (external) CHECK(lab.store_dev("sdb", "state", "-blocked") == 0);
        CHECK(lab.store_dev("sda", "state", "faulty") == -EBUSY);
        CHECK(!test_bit(MD_BROKEN, lab.mddev.flags));
        const Process& writer = lab.begin_write(1);
        if (external) CHECK(lab.until([&] { return lab.show("array_state") == "write-pending"; }));
        if (external) CHECK(lab.store("array_state", "active") == 0);
        CHECK(lab.until([&] { return writer.done; }));
        CHECK(writer.result == 0);
    }
}

TEST_CASE("failing the last member by hand as md does it: refused, and no write is possible any more") {
    SysfsLab lab;
    lab.native().start();
    REQUIRE(lab.mddev.variants.choose("fail-last", "md"));
    CHECK(lab.store_dev("sdb", "state", "faulty") == 0);
    CHECK(lab.store_dev("sda", "state", "faulty") == -EBUSY);
    CHECK(test_bit(MD_BROKEN, lab.mddev.flags));
    CHECK(lab.write(1) == -EIO);
}

TEST_CASE("all files answer while a stop sleeps") {
    SysfsLab lab;
    lab.external().start();
    CHECK(lab.store_dev("sda", "state", "blocked") == 0);
    CHECK(lab.store("sync_action", "frozen") == 0);
    // The external `readonly` sleeps until somebody writes `active`, with reconfig_mutex let go but FROZEN set.
    set_bit(MD_RECOVERY_RUNNING, lab.mddev.recovery);
    const Process& stop = lab.begin_store("array_state", "inactive");
    lab.settle();
    CHECK(!stop.done);
    for (const MdAttr& attr : md_attrs())
        if (attr.show != nullptr) CHECK_MESSAGE(!attr.show(lab.mddev).empty(), attr.name);
    for (const MdAttr& attr : md_bitmap_attrs())
        if (attr.show != nullptr) CHECK_MESSAGE(!attr.show(lab.mddev).empty(), attr.name);
    for (const RdevAttr& attr : rdev_attrs()) (void)attr.show(*lab.find("sda"));
    CHECK(lab.stat().starts_with("Personalities"));
    clear_bit(MD_RECOVERY_RUNNING, lab.mddev.recovery);
    wake_up(lab.mddev.resync_wait);
    CHECK(lab.until([&] { return stop.done; }));
    CHECK(stop.result == 0);
    CHECK(lab.show("array_state") == "inactive");
}

}  // namespace mdscope::sysfs_test
