// SPDX-License-Identifier: MIT
// The raid1 personality: what a write leaves on every member and in the bitmap, what a failure does to it, and what a
// reader gets. Stories on an array in memory (raid1_fixture.hpp), most on the real kernel, those about order on the
// simulated one.
#include "tests/md/raid1_fixture.hpp"

using namespace mdscope;
using namespace mdscope::raid1_test;

// ---- writes

TEST_CASE("a write goes to all members, and nothing else does") {
    RealLabKernel real;
    Lab lab(real.kernel, {.members = 3});
    const auto data = pattern(8, 1);
    CHECK(lab.write(16, data) == 0);
    for (int i = 0; i < 3; i++) {
        CHECK(lab.disk(i).peek(16, 8) == data);
        CHECK(lab.disk(i).peek(24, 8) == std::vector<std::byte>(4096));
        CHECK(lab.rdev(i).nr_pending.load() == 0);
    }
    CHECK(lab.recorder.take().size() == 3);
}

TEST_CASE("the bit is on all members before the data is on any") {
    RealLabKernel real;
    Lab lab(real.kernel, {.bitmap_chunk = 65536});
    CHECK(lab.write(256, pattern(8, 1)) == 0);
    const std::vector<Event> events = lab.recorder.take();
    REQUIRE(events.size() == 4);
    CHECK(only(events, BioKind::Bitmap, BioOp::Write).size() == 2);
    CHECK(events[0].kind == BioKind::Bitmap);
    CHECK(events[1].kind == BioKind::Bitmap);
    CHECK(events[2].kind == BioKind::Data);
    CHECK(lab.chunk(2).counter == 2);
    CHECK(lab.chunk(2).bit);
    CHECK_FALSE(lab.chunk(1).bit);
}

TEST_CASE("a second write to the chunk writes no bitmap") {
    RealLabKernel real;
    Lab lab(real.kernel, {.bitmap_chunk = 65536});
    CHECK(lab.write(256, pattern(8, 1)) == 0);
    lab.recorder.take();
    CHECK(lab.write(264, pattern(8, 2)) == 0);
    CHECK(only(lab.recorder.take(), BioKind::Bitmap, BioOp::Write).empty());
}

TEST_CASE("without a plug raid1d submits the writes, the bits first as well") {
    RealLabKernel real;
    Lab lab(real.kernel, {.bitmap_chunk = 65536});
    Request request(lab.requests, BioOp::Write, 256, pattern(8, 1));
    md_submit_bio(lab.mddev, &request.bio);
    CHECK(request.finish() == 0);
    const std::vector<Event> events = lab.recorder.take();
    REQUIRE(events.size() == 4);
    CHECK(events[1].kind == BioKind::Bitmap);
    CHECK(events[2].kind == BioKind::Data);
}

TEST_CASE("a write that crosses a barrier unit goes out in two pieces and comes back as one") {
    RealLabKernel real;
    Lab lab(real.kernel, {.sectors = 2 * BARRIER_UNIT_SECTOR_SIZE, .bitmap_chunk = 65536});
    const auto data = pattern(16, 3);
    auto request = lab.start(BioOp::Write, BARRIER_UNIT_SECTOR_SIZE - 8, data);
    CHECK(request->finish() == 0);
    CHECK(request->bio.bi_sector == BARRIER_UNIT_SECTOR_SIZE - 8);
    CHECK(request->bio.bi_size == 16 * 512);
    const auto writes = only(lab.recorder.take(), BioKind::Data, BioOp::Write);
    REQUIRE(writes.size() == 4);
    for (const Event& event : writes) CHECK(event.sectors == 8);
    CHECK(lab.disk(1).peek(BARRIER_UNIT_SECTOR_SIZE - 8, 16) == data);

    std::vector<std::byte> back;
    CHECK(lab.read(BARRIER_UNIT_SECTOR_SIZE - 8, 16, &back) == 0);
    CHECK(back == data);
}

TEST_CASE("a degraded write leaves NEEDED|2 in its chunk") {
    RealLabKernel real;
    Lab lab(real.kernel, {.bitmap_chunk = 65536, .missing = {1}});
    CHECK(lab.mddev.pers.load()->status(lab.mddev) == " [2/1] [U_]");
    CHECK(lab.write(0, pattern(8, 1)) == 0);
    CHECK(lab.chunk(0).counter == (NEEDED_MASK | 2));
    CHECK(lab.chunk(0).bit);
}

TEST_CASE("FUA and SYNC travel with the clones, PREFLUSH is done before") {
    RealLabKernel real;
    Lab lab(real.kernel);
    CHECK(lab.start(BioOp::Write, 0, pattern(8, 1), REQ_PREFLUSH | REQ_FUA | REQ_SYNC)->finish() == 0);
    const std::vector<Event> events = lab.recorder.take();
    REQUIRE(events.size() == 4);
    CHECK(events[0].op == BioOp::Flush);
    CHECK(events[1].op == BioOp::Flush);
    CHECK(events[2].flags == (REQ_FUA | REQ_SYNC));
    CHECK(events[3].flags == (REQ_FUA | REQ_SYNC));
}

// ---- failing writes

TEST_CASE("a failed write fails its member, and is acknowledged only when that is on record") {
    RealLabKernel real;
    Lab lab(real.kernel, {.bitmap_chunk = 65536, .external = true});
    lab.fault(1).add_rule(fail_ops({BioOp::Write}, 0, 8));
    auto request = lab.start(BioOp::Write, 0, pattern(8, 1));
    REQUIRE(eventually([&] { return lab.conf().nr_queued[0] == 1 && lab.mddev.degraded == 1; }));
    CHECK_FALSE(request->ended.load());
    CHECK(test_bit(Faulty, lab.rdev(1).flags));
    CHECK(test_bit(Blocked, lab.rdev(1).flags));
    CHECK(test_bit(MD_SB_CHANGE_PENDING, lab.mddev.sb_flags));
    lab.mdmon_records();
    CHECK(request->finish() == 0);
    CHECK(lab.chunk(0).counter == (NEEDED_MASK | 2));
    CHECK(
        lab.logged("md/raid1:md0: Disk failure on sdb, disabling device.\n"
                   "md/raid1:md0: Operation continuing on 1 devices."));
    CHECK(lab.mddev.pers.load()->status(lab.mddev) == " [2/1] [U_]");
}

TEST_CASE("a write whose bit did not reach a member is acknowledged only when that failure is on record") {
    RealLabKernel real;
    Lab lab(real.kernel, {.bitmap_chunk = 65536, .external = true});
    FaultRule rule;
    rule.filter.ops = {BioOp::Write};
    rule.filter.kinds = {BioKind::Bitmap};
    rule.count = 1;
    lab.fault(1).add_rule(rule);
    // The member is Faulty before the clone is submitted: the clone is ended without having been anywhere.
    auto request = lab.start(BioOp::Write, 0, pattern(8, 1));
    REQUIRE(eventually([&] { return request->ended.load() || lab.conf().nr_queued[0] == 1; }));
    CHECK(test_bit(MD_SB_CHANGE_PENDING, lab.mddev.sb_flags));
    CHECK_FALSE(request->ended.load());
    lab.mdmon_records();
    CHECK(request->finish() == 0);
    CHECK(lab.chunk(0).counter == (NEEDED_MASK | 2));
}

TEST_CASE("with a bad-block log only the blocks that failed are recorded, and the member stays") {
    RealLabKernel real;
    Lab lab(real.kernel, {.bitmap_chunk = 65536, .external = true, .badblocks_shift = 0});
    lab.fault(1).add_rule(fail_ops({BioOp::Write}, 10, 2));
    auto request = lab.start(BioOp::Write, 0, pattern(64, 1));
    // Both blocks, so that nothing is added after mdmon has acknowledged them.
    REQUIRE(eventually([&] {
        const auto found = lab.rdev(1).badblocks.ranges();
        return found.size() == 1 && found[0].length == 2;
    }));
    CHECK_FALSE(request->ended.load());
    lab.mdmon_records();
    CHECK(request->finish() == 0);
    const auto ranges = lab.rdev(1).badblocks.ranges();
    REQUIRE(ranges.size() == 1);
    CHECK(ranges[0].start == kDataOffset + 10);
    CHECK(ranges[0].length == 2);
    CHECK(test_bit(In_sync, lab.rdev(1).flags));
    CHECK(lab.mddev.degraded.load() == 0);
    CHECK(lab.chunk(0).counter == 2);

    // From now on the place is left out on that member, and a write over it goes out in three pieces.
    lab.recorder.take();
    CHECK(lab.write(8, pattern(8, 2)) == 0);
    std::vector<Event> on_b;
    for (const Event& event : only(lab.recorder.take(), BioKind::Data, BioOp::Write))
        if (event.disk == "sdb") on_b.push_back(event);
    REQUIRE(on_b.size() == 2);
    CHECK(on_b[0].sectors == 2);
    CHECK(on_b[1].sector == 12);
    std::vector<std::byte> back;
    CHECK(lab.read(8, 8, &back) == 0);
    CHECK(back == pattern(8, 2));
}

TEST_CASE("a write to a bad block that is not on record yet waits for the record") {
    RealLabKernel real;
    Lab lab(real.kernel, {.external = true, .badblocks_shift = 0});
    set_bit(WriteErrorSeen, lab.rdev(1).flags);
    REQUIRE(lab.rdev(1).badblocks.set(kDataOffset, 8, false));
    std::unique_ptr<Request> request;
    Task* writer = real.kernel.kthread_run("writer", [&] { request = lab.start(BioOp::Write, 0, pattern(8, 1)); });
    REQUIRE(eventually([&] { return test_bit(BlockedBadBlocks, lab.rdev(1).flags); }));
    lab.mdmon_records();
    real.kernel.kthread_join(writer);
    CHECK(request->finish() == 0);
    CHECK(lab.disk(1).peek(0, 8) == std::vector<std::byte>(4096));
}

TEST_CASE("the last device is never failed: its write error goes to the caller") {
    RealLabKernel real;
    Lab lab(real.kernel, {.missing = {0}});
    lab.fault(1).add_rule(fail_ops({BioOp::Write}, 0, 8));
    CHECK(lab.write(0, pattern(8, 1)) == -EIO);
    CHECK_FALSE(test_bit(Faulty, lab.rdev(1).flags));
    CHECK(test_bit(MD_BROKEN, lab.mddev.flags));
    CHECK(lab.write(64, pattern(8, 1)) == -EIO);  // broken: no writes any more, not even to a good place
    std::vector<std::byte> back;
    CHECK(lab.read(64, 8, &back) == 0);
}

TEST_CASE("fail_last_dev lets the last device fail") {
    RealLabKernel real;
    Lab lab(real.kernel, {.missing = {0}});
    lab.mddev.fail_last_dev = true;
    lab.fault(1).add_rule(fail_ops({BioOp::Write}, 0, 8));
    CHECK(lab.write(0, pattern(8, 1)) == -EIO);
    CHECK(test_bit(Faulty, lab.rdev(1).flags));
}

// ---- failing flushes

namespace {

FaultRule fail_flushes() {
    FaultRule rule;
    rule.filter.ops = {BioOp::Flush};
    return rule;
}

// A flush as fsync sends it, from a task of its own: it may sleep.
class Fsync {
   public:
    Fsync(Kernel& kernel, Lab& lab) : kernel_(kernel), request_(lab.requests, BioOp::Flush, 0, {}) {
        request_.bio.bi_flags = REQ_PREFLUSH | REQ_SYNC;
        task_ = kernel.kthread_run("fsync", [this, &lab] { md_submit_bio(lab.mddev, &request_.bio); });
    }
    ~Fsync() { kernel_.kthread_join(task_); }
    Fsync(const Fsync&) = delete;
    Fsync& operator=(const Fsync&) = delete;
    [[nodiscard]] bool ended() const { return request_.ended; }
    int finish() { return request_.finish(); }

   private:
    Kernel& kernel_;
    Request request_;
    Task* task_;
};

}  // namespace

TEST_CASE("a flush that failed on a member is answered only when that failure is on record") {
    RealLabKernel real;
    Lab lab(real.kernel, {.external = true});
    lab.fault(1).add_rule(fail_flushes());
    Fsync first(real.kernel, lab);
    REQUIRE(eventually([&] { return first.ended() || lab.mddev.sb_wait.has_sleepers(); }));
    CHECK(test_bit(Faulty, lab.rdev(1).flags));
    CHECK_FALSE(first.ended());
    // Nor is a flush answered that came after the failure, and did not meet it itself.
    Fsync second(real.kernel, lab);
    REQUIRE(eventually([&] { return second.ended() || lab.mddev.flush_wait.has_sleepers(); }));
    CHECK_FALSE(second.ended());
    lab.mdmon_records();
    CHECK(first.finish() == 0);
    CHECK(second.finish() == 0);
}

TEST_CASE("a flush that waits for the record of a failure does not keep the array from being suspended") {
    RealLabKernel real;
    Lab lab(real.kernel, {.external = true});
    lab.fault(1).add_rule(fail_flushes());
    Fsync fsync(real.kernel, lab);
    REQUIRE(eventually([&] { return fsync.ended() || lab.mddev.sb_wait.has_sleepers(); }));
    mddev_lock_nointr(lab.mddev);
    mddev_suspend(lab.mddev);
    CHECK_FALSE(fsync.ended());
    mddev_resume(lab.mddev);
    mddev_unlock(lab.mddev);
    REQUIRE(eventually([&] { return fsync.ended() || lab.mddev.sb_wait.has_sleepers(); }));
    CHECK_FALSE(fsync.ended());  // it went round again, and found the failure still not recorded
    lab.mdmon_records();
    CHECK(fsync.finish() == 0);
}

TEST_CASE("a member that is being rebuilt does not make a flush a success") {
    RealLabKernel real;
    Lab lab(real.kernel, {.bitmap_chunk = 65536});
    // As a re-add that waits at sync_max leaves it.
    clear_bit(In_sync, lab.rdev(1).flags);
    lab.rdev(1).recovery_offset = 0;
    lab.mddev.degraded = 1;
    lab.fault(0).add_rule(fail_flushes());
    Fsync fsync(real.kernel, lab);
    CHECK(fsync.finish() == -EIO);
    CHECK_FALSE(test_bit(Faulty, lab.rdev(0).flags));  // the last one is kept
}

// ---- reads

TEST_CASE("a read error is repaired from the other mirror") {
    RealLabKernel real;
    Lab lab(real.kernel);
    const auto data = pattern(16, 5);
    CHECK(lab.write(0, data) == 0);
    lab.disk(0).poke(8, pattern(8, 9));                       // what the bad place would give
    lab.fault(0).add_rule(fail_ops({BioOp::Read}, 8, 8, 2));  // the read, and the first try of the repair
    std::vector<std::byte> back;
    CHECK(lab.read(0, 16, &back) == 0);
    CHECK(back == data);
    CHECK(lab.disk(0).peek(0, 16) == data);
    CHECK(lab.rdev(0).corrected_errors.load() == 8);
    CHECK(lab.logged("md/raid1:md0: sda: rescheduling sector 0"));
    CHECK(lab.logged("md/raid1:md0: read error corrected (8 sectors at 264 on sda)"));
    CHECK(lab.logged("md/raid1:md0: redirecting sector 0 to other mirror: "));
    CHECK(lab.mddev.degraded.load() == 0);
    CHECK(lab.conf().array_frozen.load() == 0);
}

TEST_CASE("a place that cannot be repaired fails its member, and the reader gets the other's data") {
    RealLabKernel real;
    Lab lab(real.kernel);
    const auto data = pattern(8, 5);
    CHECK(lab.write(0, data) == 0);
    lab.fault(0).add_rule(fail_ops({BioOp::Read, BioOp::Write}, 0, 8));
    std::vector<std::byte> back;
    CHECK(lab.read(0, 8, &back) == 0);
    CHECK(back == data);
    CHECK(test_bit(Faulty, lab.rdev(0).flags));
}

TEST_CASE("what no member can give is lost, and only that") {
    RealLabKernel real;
    Lab lab(real.kernel, {.external = true, .badblocks_shift = 0});
    CHECK(lab.write(0, pattern(24, 5)) == 0);
    lab.fault(0).add_rule(fail_ops({BioOp::Read}, 8, 8));
    lab.fault(1).add_rule(fail_ops({BioOp::Read}, 8, 8));
    std::vector<std::byte> back;
    CHECK(lab.read(8, 8, &back) == -EIO);
    CHECK(lab.logged("unrecoverable I/O read error for block 8"));
    CHECK(lab.mddev.degraded.load() == 0);
    CHECK(lab.read(0, 8, &back) == 0);
    CHECK(lab.read(16, 8, &back) == 0);
    lab.mdmon_records();
}

TEST_CASE("the last device's read error goes to the caller without a retry") {
    RealLabKernel real;
    Lab lab(real.kernel, {.missing = {0}});
    lab.fault(1).add_rule(fail_ops({BioOp::Read}, 0, 8));
    std::vector<std::byte> back;
    CHECK(lab.read(0, 8, &back) == -EIO);
    CHECK_FALSE(lab.logged("rescheduling"));
    CHECK_FALSE(test_bit(Faulty, lab.rdev(1).flags));
}

TEST_CASE("a read-only array does not repair: it reads elsewhere") {
    RealLabKernel real;
    Lab lab(real.kernel);
    CHECK(lab.write(0, pattern(8, 5)) == 0);
    lab.mddev.ro = MD_RDONLY;
    lab.fault(0).add_rule(fail_ops({BioOp::Read}, 0, 8));
    lab.recorder.take();
    std::vector<std::byte> back;
    CHECK(lab.read(0, 8, &back) == 0);
    CHECK(back == pattern(8, 5));
    CHECK(only(lab.recorder.take(), BioKind::Resync, BioOp::Write).empty());
    lab.mddev.ro = MD_RDWR;
}

TEST_CASE("a read over bad blocks takes each piece from a member that has it") {
    RealLabKernel real;
    Lab lab(real.kernel, {.badblocks_shift = 0});
    const auto data = pattern(32, 6);
    CHECK(lab.write(0, data) == 0);
    REQUIRE(lab.rdev(0).badblocks.set(kDataOffset + 8, 8, true));
    REQUIRE(lab.rdev(1).badblocks.set(kDataOffset + 24, 8, true));
    std::vector<std::byte> back;
    CHECK(lab.read(0, 32, &back) == 0);
    CHECK(back == data);
}

TEST_CASE("a good write over a bad block clears it") {
    RealLabKernel real;
    Lab lab(real.kernel, {.badblocks_shift = 0});
    REQUIRE(lab.rdev(1).badblocks.set(kDataOffset, 8, true));  // no write error seen: the write is tried
    CHECK(lab.write(0, pattern(8, 1)) == 0);
    CHECK(lab.rdev(1).badblocks.count.load() == 0);
    CHECK(lab.rdev(1).nr_pending.load() == 0);
}

// ---- write-behind

TEST_CASE("a write-behind is acknowledged while the write-mostly member is still writing, in any slot") {
    for (const int slow : {0, 1}) {
        CAPTURE(slow);
        RealLabKernel real;
        Lab lab(real.kernel, {.bitmap_chunk = 65536, .write_mostly = {slow}, .max_write_behind = 4});
        BioFilter filter;
        filter.kinds = {BioKind::Data};
        lab.pause(slow).hold(filter);
        auto request = lab.start(BioOp::Write, 0, pattern(8, 1));
        CHECK(request->finish() == 0);
        request->data = pattern(8, 2);  // the caller's buffer is the caller's again
        CHECK(lab.mddev.bitmap.load()->behind_writes.load() == 1);
        CHECK(lab.chunk(0).counter == 3);
        lab.pause(slow).lift();
        CHECK(lab.pause(slow).release_all() == 1);
        CHECK(lab.disk(slow).peek(0, 8) == pattern(8, 1));
        CHECK(lab.chunk(0).counter == 2);
        CHECK(lab.mddev.bitmap.load()->behind_writes.load() == 0);
    }
}

TEST_CASE("a write does not overtake a write-behind to the same place") {
    RealLabKernel real;
    Lab lab(real.kernel, {.bitmap_chunk = 65536, .write_mostly = {1}, .max_write_behind = 4});
    BioFilter filter;
    filter.kinds = {BioKind::Data};
    lab.pause(1).hold(filter);
    CHECK(lab.write(0, pattern(8, 1)) == 0);
    lab.pause(1).lift();
    int second = 1;
    Task* writer = real.kernel.kthread_run("writer", [&] { second = lab.write(4, pattern(8, 2)); });
    REQUIRE(eventually([&] { return lab.conf().serial_wait.has_sleepers(); }));
    CHECK(lab.write(64, pattern(8, 3)) == 0);  // elsewhere nobody waits
    CHECK(lab.pause(1).release_all() == 1);
    real.kernel.kthread_join(writer);
    CHECK(second == 0);
    CHECK(lab.disk(1).peek(4, 8) == pattern(8, 2));
}

TEST_CASE("a read from a write-mostly member waits for writes that are behind") {
    RealLabKernel real;
    Lab lab(real.kernel, {.bitmap_chunk = 65536, .badblocks_shift = 0, .write_mostly = {1}, .max_write_behind = 4});
    BioFilter filter;
    filter.kinds = {BioKind::Data};
    lab.pause(1).hold(filter);
    CHECK(lab.write(64, pattern(8, 1)) == 0);
    lab.pause(1).lift();
    REQUIRE(lab.rdev(0).badblocks.set(kDataOffset + 64, 8, true));  // so only the write-mostly member can be read
    std::vector<std::byte> back;
    int status = 1;
    Task* reader = real.kernel.kthread_run("reader", [&] { status = lab.read(64, 8, &back); });
    REQUIRE(eventually([&] { return lab.mddev.bitmap->behind_wait.has_sleepers(); }));
    CHECK(lab.pause(1).release_all() == 1);
    real.kernel.kthread_join(reader);
    CHECK(status == 0);
    CHECK(back == pattern(8, 1));
}
