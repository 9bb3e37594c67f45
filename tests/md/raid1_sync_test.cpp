// SPDX-License-Identifier: MIT
// Resync, recovery, check and repair: what is copied, what is counted, and what happens when a member cannot be read or
// written meanwhile.
#include "tests/md/raid1_fixture.hpp"

using namespace mdscope;
using namespace mdscope::raid1_test;

namespace {

constexpr std::uint64_t kChunkBytes = 65536;  // 128 sectors
const std::initializer_list<RecoveryFlag> kCheck = {MD_RECOVERY_SYNC, MD_RECOVERY_REQUESTED, MD_RECOVERY_CHECK};
const std::initializer_list<RecoveryFlag> kRepair = {MD_RECOVERY_SYNC, MD_RECOVERY_REQUESTED};

void differ(Lab& lab, int slot, Sector sector, Sector sectors = 8) {
    lab.disk(slot).poke(sector, pattern(sectors, 77 + slot));
}

bool equal(Lab& lab, Sector sector, Sector sectors = 8) {
    return lab.disk(0).peek(sector, sectors) == lab.disk(1).peek(sector, sectors);
}

}  // namespace

TEST_CASE("a resync copies exactly the chunks that are needed") {
    RealLabKernel real;
    Lab lab(real.kernel, {.bitmap_chunk = kChunkBytes});
    differ(lab, 1, 3 * 128);
    differ(lab, 1, 9 * 128 + 120);
    differ(lab, 1, 20 * 128);  // not marked: stays
    md_bitmap_dirty_bits(lab.mddev.bitmap, 3, 3);
    md_bitmap_dirty_bits(lab.mddev.bitmap, 9, 9);
    lab.recorder.take();
    lab.sync({});
    const auto events = lab.recorder.take();
    const auto reads = only(events, BioKind::Resync, BioOp::Read);
    const auto writes = only(events, BioKind::Resync, BioOp::Write);
    REQUIRE(reads.size() == 2);
    REQUIRE(writes.size() == 2);
    CHECK(reads[0].sector == 3 * 128);
    CHECK(reads[0].sectors == 128);
    CHECK(reads[0].disk == "sda");
    CHECK(writes[1].sector == 9 * 128);
    CHECK(writes[1].disk == "sdb");
    CHECK(equal(lab, 3 * 128));
    CHECK(equal(lab, 9 * 128 + 120));
    CHECK_FALSE(equal(lab, 20 * 128));
    CHECK(lab.chunk(3).counter == 2);
    CHECK(lab.mddev.recovery_cp.load() == MaxSector);
    CHECK(lab.logged("md: resync of RAID array md0"));
    CHECK(lab.logged("md: md0: resync done."));
}

TEST_CASE("a chunk smaller than a request ends the request") {
    RealLabKernel real;
    Lab lab(real.kernel, {.bitmap_chunk = 4096});
    md_bitmap_dirty_bits(lab.mddev.bitmap, 5, 6);
    lab.recorder.take();
    lab.sync({});
    const auto reads = only(lab.recorder.take(), BioKind::Resync, BioOp::Read);
    REQUIRE(reads.size() == 1);
    CHECK(reads[0].sector == 40);
    CHECK(reads[0].sectors == 16);
}

TEST_CASE("an array that was not clean is resynced as a whole at its start") {
    RealLabKernel real;
    Lab lab(real.kernel, {.recovery_cp = 0});
    CHECK(lab.logged("md/raid1:md0: not clean -- starting background reconstruction"));
    CHECK(lab.logged("md/raid1:md0: active with 2 out of 2 mirrors"));
    CHECK(lab.logged("md: md0: resync done."));
    CHECK(lab.mddev.recovery_cp.load() == MaxSector);
}

TEST_CASE("a check counts all sectors of a request per member that differs, and changes nothing") {
    RealLabKernel real;
    Lab lab(real.kernel, {.members = 3});
    differ(lab, 1, 0);
    differ(lab, 1, 64);  // the same request
    lab.sync(kCheck);
    CHECK(lab.mddev.resync_mismatches.load() == 128);
    differ(lab, 1, 1024);
    differ(lab, 2, 1032);
    lab.sync(kCheck);
    CHECK(lab.mddev.resync_mismatches.load() == 128 + 2 * 128);
    CHECK_FALSE(equal(lab, 0));
    CHECK(only(lab.recorder.take(), BioKind::Resync, BioOp::Write).empty());
    CHECK(lab.logged("md: data-check of RAID array md0"));
}

TEST_CASE("a repair counts the same and makes the members equal to the first") {
    RealLabKernel real;
    Lab lab(real.kernel, {.members = 3});
    CHECK(lab.write(0, pattern(8, 1)) == 0);
    differ(lab, 1, 0);
    differ(lab, 2, 4096);
    lab.recorder.take();
    lab.sync(kRepair);
    CHECK(lab.mddev.resync_mismatches.load() == 256);
    CHECK(lab.disk(1).peek(0, 8) == pattern(8, 1));
    CHECK(lab.disk(2).peek(4096, 8) == std::vector<std::byte>(4096));
    CHECK(only(lab.recorder.take(), BioKind::Resync, BioOp::Write).size() == 2);
    lab.sync(kCheck);
    CHECK(lab.mddev.resync_mismatches.load() == 0);
    for (int i = 0; i < 3; i++) CHECK(lab.rdev(i).nr_pending.load() == 0);
}

TEST_CASE("a check ignores the bitmap, a member it cannot read counts as different and is written") {
    RealLabKernel real;
    Lab lab(real.kernel, {.bitmap_chunk = kChunkBytes});
    lab.fault(1).add_rule(fail_ops({BioOp::Read}, 256, 8));
    lab.sync(kCheck);
    CHECK(lab.mddev.resync_mismatches.load() == 128);
    const auto writes = only(lab.recorder.take(), BioKind::Resync, BioOp::Write);
    REQUIRE(writes.size() == 1);
    CHECK(writes[0].disk == "sdb");
    CHECK(writes[0].sector == 256);
}

TEST_CASE("a resync reads a bad place from another member and repairs it") {
    RealLabKernel real;
    Lab lab(real.kernel, {.bitmap_chunk = kChunkBytes});
    CHECK(lab.write(128, pattern(128, 4)) == 0);
    differ(lab, 0, 136);
    md_bitmap_dirty_bits(lab.mddev.bitmap, 1, 1);
    lab.fault(0).add_rule(fail_ops({BioOp::Read}, 136, 8, 2));  // the request, and its page
    lab.sync({});
    CHECK(lab.disk(0).peek(128, 128) == pattern(128, 4));
    CHECK(lab.disk(1).peek(128, 128) == pattern(128, 4));
    CHECK(lab.rdev(0).corrected_errors.load() == 8);
    CHECK(lab.mddev.degraded.load() == 0);
}

TEST_CASE("a sync write that fails keeps the chunk needed and fails the member") {
    RealLabKernel real;
    Lab lab(real.kernel, {.bitmap_chunk = kChunkBytes});
    md_bitmap_dirty_bits(lab.mddev.bitmap, 1, 1);
    lab.fault(1).add_rule(fail_ops({BioOp::Write}, 128, 8));
    lab.sync({});
    CHECK(test_bit(Faulty, lab.rdev(1).flags));
    CHECK(NEEDED(lab.chunk(1).counter));
    CHECK(lab.conf().nr_sync_pending.load() == 0);
}

TEST_CASE("a page nobody can read is recorded as bad on all members, and the resync goes on") {
    RealLabKernel real;
    Lab lab(real.kernel, {.bitmap_chunk = kChunkBytes, .external = true, .badblocks_shift = 0});
    CHECK(lab.write(128, pattern(128, 4)) == 0);
    md_bitmap_dirty_bits(lab.mddev.bitmap, 1, 1);
    lab.fault(0).add_rule(fail_ops({BioOp::Read}, 136, 8));
    lab.fault(1).add_rule(fail_ops({BioOp::Read}, 136, 8));
    lab.sync({});
    for (int i = 0; i < 2; i++) {
        REQUIRE(lab.rdev(i).badblocks.count.load() == 1);
        CHECK(lab.rdev(i).badblocks.ranges()[0].start == kDataOffset + 136);
    }
    CHECK(lab.disk(1).peek(144, 8) == lab.disk(0).peek(144, 8));
    CHECK(lab.logged("unrecoverable I/O read error for block 128"));
    CHECK(lab.mddev.degraded.load() == 0);
    lab.mdmon_records();
}

TEST_CASE("a member that comes back gets only what it missed; a new one gets everything") {
    for (const bool known : {true, false}) {
        CAPTURE(known);
        RealLabKernel real;
        Lab lab(real.kernel, {.bitmap_chunk = kChunkBytes, .missing = {1}});
        CHECK(lab.write(5 * 128, pattern(8, 1)) == 0);
        CHECK(lab.chunk(5).counter == (NEEDED_MASK | 2));
        lab.recorder.take();
        Rdev& back = lab.rdev(1);
        if (known) back.saved_raid_disk = 1;
        mddev_lock_nointr(lab.mddev);
        REQUIRE(bind_rdev_to_array(back, lab.mddev) == 0);
        REQUIRE(add_bound_rdev(back) == 0);
        mddev_unlock(lab.mddev);
        lab.settle();
        CHECK(test_bit(In_sync, back.flags));
        CHECK(lab.mddev.degraded.load() == 0);
        CHECK(equal(lab, 5 * 128));
        const auto writes = only(lab.recorder.take(), BioKind::Resync, BioOp::Write);
        CHECK(writes.size() == (known ? 1 : 8192 / 128));
        CHECK(lab.mddev.pers.load()->status(lab.mddev) == " [2/2] [UU]");
        CHECK(lab.chunk(5).counter == 2);
    }
}

TEST_CASE("writes go on during a resync, and the members are equal after it") {
    RealLabKernel real;
    Lab lab(real.kernel, {.sectors = 65536, .bitmap_chunk = kChunkBytes});
    for (Sector sector = 0; sector < 65536; sector += 512) differ(lab, 1, sector);
    md_bitmap_dirty_bits(lab.mddev.bitmap, 0, 511);
    Task* sync = real.kernel.kthread_run("sync", [&] { lab.sync({}); });
    for (int i = 0; i < 500; i++) CHECK(lab.write(static_cast<Sector>(i * 7919 % 8191) * 8, pattern(8, i)) == 0);
    real.kernel.kthread_join(sync);
    for (Sector sector = 0; sector < 65536; sector += 1024) CHECK(equal(lab, sector, 1024));
    CHECK(lab.conf().nr_sync_pending.load() == 0);
}

TEST_CASE("the same resync on the simulated kernel") {
    SimKernel kernel;
    kernel.run_task("test", [&] {
        Lab lab(kernel, {.bitmap_chunk = kChunkBytes});
        differ(lab, 1, 3 * 128);
        md_bitmap_dirty_bits(lab.mddev.bitmap, 3, 3);
        lab.sync({});
        CHECK(equal(lab, 3 * 128));
        differ(lab, 1, 3 * 128);
        lab.sync(kRepair);
        CHECK(equal(lab, 3 * 128));
        CHECK(lab.mddev.resync_mismatches.load() == 128);
    });
    CHECK(kernel.first_oops() == nullptr);
}
