// SPDX-License-Identifier: MIT
// The counters, row by row of their state machine, and the life of a chunk from its first write to its cleared bit.
//
// Goal: what is on disk is never cleaner than what a crash would leave, and no chunk is forgotten. Method: one array in
// one thread; each story makes the moves of writers, daemon and resync by hand and looks at counter, cached bit, page
// marks and the bytes on the members.
#include "engine/md/bitmap/bitmap.hpp"

#include <doctest/doctest.h>

#include <array>

#include "engine/md/sysfs/sysfs.hpp"
#include "tests/md/bitmap_fixture.hpp"

namespace mdscope {
namespace {

using namespace bitmap_test;

constexpr std::array<Home, 3> kHomes = {Home::External, Home::Internal, Home::File};

// ---- writes

TEST_CASE("the first write to a chunk sets its bit and counts itself") {
    BitmapLab lab;
    lab.start().begin_write(3);
    CHECK(lab.counter(3) == 3);
    CHECK(lab.cached_bit(3));
    CHECK(lab.marked(BITMAP_PAGE_DIRTY));
    CHECK_FALSE(lab.disk_bit(3));
}

TEST_CASE("a write to an idle chunk goes up from 2, one from a cleaner chunk from 1, and neither dirties the page") {
    BitmapLab lab;
    lab.start().write(3);
    lab.begin_write(3);
    CHECK(lab.counter(3) == 3);
    lab.end_write(3);
    lab.daemon();
    REQUIRE(lab.counter(3) == 1);
    lab.begin_write(3);
    CHECK(lab.counter(3) == 3);
    CHECK_FALSE(lab.marked(BITMAP_PAGE_DIRTY));
}

TEST_CASE("writes in flight are counted one by one, over chunk borders too") {
    BitmapLab lab;
    lab.start();
    md_bitmap_startwrite(&lab.bitmap(), kChunk - 4, 8, false);  // the end of chunk 0 and the start of chunk 1
    lab.begin_write(0);
    CHECK(lab.counter(0) == 4);
    CHECK(lab.counter(1) == 3);
    md_bitmap_endwrite(&lab.bitmap(), kChunk - 4, 8, true, false);
    CHECK(lab.counter(0) == 3);
    CHECK(lab.counter(1) == 2);
}

TEST_CASE("the end of a write leaves work for the daemon, a failed one NEEDED") {
    BitmapLab lab;
    lab.start().daemon();
    REQUIRE(lab.bitmap().allclean);
    lab.begin_write(3);
    CHECK(lab.bitmap().allclean);  // the start of a write leaves no work
    lab.end_write(3);
    CHECK(lab.counter(3) == 2);
    CHECK_FALSE(lab.bitmap().allclean);
    lab.write(4, false);
    CHECK(lab.counter(4) == (NEEDED_MASK | 2));
}

TEST_CASE("a full counter makes the next writer wait for the end of a write") {
    BitmapLab lab;
    lab.start();
    for (int i = 3; i <= COUNTER_MAX; i++) lab.begin_write(0);
    REQUIRE(lab.counter(0) == COUNTER_MAX);
    Shared<bool> ended;
    bool started_after_end = false;
    Task* writer = lab.kernel.kthread_run("writer", [&] {
        lab.begin_write(0);
        started_after_end = ended;
    });
    ended = true;
    lab.end_write(0);
    lab.kernel.kthread_join(writer);
    CHECK(started_after_end);
    CHECK(lab.counter(0) == COUNTER_MAX);
}

TEST_CASE("a write past the end of the array is nobody's chunk") {
    BitmapLab lab(Home::External, PAGE_COUNTER_RATIO * kChunk);
    lab.start();
    CHECK(md_bitmap_startwrite(&lab.bitmap(), PAGE_COUNTER_RATIO * kChunk, 8, false) == 0);
    md_bitmap_endwrite(&lab.bitmap(), PAGE_COUNTER_RATIO * kChunk, 8, true, false);
    CHECK(lab.bitmap().allclean == false);
}

TEST_CASE("without a bitmap everything is allowed and everything is resynced") {
    Sector blocks = 0;
    CHECK(md_bitmap_startwrite(nullptr, 0, 8, false) == 0);
    md_bitmap_endwrite(nullptr, 0, 8, true, false);
    md_bitmap_unplug(nullptr);
    CHECK(md_bitmap_start_sync(nullptr, 0, &blocks, false));
    CHECK(blocks == 1024);
}

TEST_CASE("write-behind requests are counted with their high-water mark") {
    BitmapLab lab;
    Bitmap& bitmap = lab.start().bitmap();
    md_bitmap_startwrite(&bitmap, 0, 8, true);
    md_bitmap_startwrite(&bitmap, 0, 8, true);
    md_bitmap_endwrite(&bitmap, 0, 8, true, true);
    CHECK(bitmap.behind_writes == 1);
    CHECK(bitmap.behind_writes_used == 2);
    md_bitmap_endwrite(&bitmap, 0, 8, true, true);
    md_bitmap_wait_behind_writes(lab.mddev);
}

// ---- the life of a chunk

TEST_CASE("the life of a chunk, in every home") {
    for (const Home home : kHomes) {
        CAPTURE(static_cast<int>(home));
        BitmapLab lab(home);
        lab.start().begin_write(5);
        CHECK(lab.counter(5) == 3);
        CHECK_FALSE(lab.disk_bit(5));
        md_bitmap_unplug(&lab.bitmap());
        CHECK(lab.disk_bit(5));
        CHECK_FALSE(lab.marked(BITMAP_PAGE_DIRTY));
        lab.end_write(5);
        CHECK(lab.counter(5) == 2);
        lab.daemon();
        CHECK(lab.counter(5) == 1);
        CHECK(lab.disk_bit(5));
        lab.daemon();
        CHECK(lab.counter(5) == 0);
        CHECK_FALSE(lab.cached_bit(5));
        CHECK(lab.marked(BITMAP_PAGE_PENDING));
        CHECK(lab.disk_bit(5));
        lab.daemon();
        CHECK_FALSE(lab.disk_bit(5));
        CHECK_FALSE(lab.marked(BITMAP_PAGE_NEEDWRITE));
        lab.daemon();
        CHECK(lab.bitmap().allclean);
    }
}

TEST_CASE("a counter page comes with its first chunk and goes with its last") {
    BitmapLab lab;
    lab.start();
    CHECK(md_bitmap_status(lab.mddev) == "bitmap: 0/1 pages [0KB], 1024KB chunk");
    lab.write(0);
    lab.write(59);
    CHECK(md_bitmap_status(lab.mddev) == "bitmap: 1/1 pages [4KB], 1024KB chunk");
    lab.daemon();
    lab.daemon();
    CHECK(md_bitmap_status(lab.mddev) == "bitmap: 0/1 pages [0KB], 1024KB chunk");
}

TEST_CASE("the daemon does nothing before its period has passed") {
    BitmapLab lab;
    lab.start().write(0);
    md_bitmap_daemon_work(lab.mddev);
    CHECK(lab.counter(0) == 2);
}

TEST_CASE("a chunk that is written again is not cleared") {
    BitmapLab lab;
    lab.start().write(0);
    lab.daemon();
    lab.begin_write(0);
    lab.daemon();
    CHECK(lab.counter(0) == 3);
    lab.end_write(0);
    CHECK(lab.disk_bit(0));
}

TEST_CASE("NEEDED and RESYNC keep a chunk from being cleared") {
    BitmapLab lab;
    lab.start().write(0, false);
    for (int run = 0; run < 4; run++) lab.daemon();
    CHECK(lab.counter(0) == (NEEDED_MASK | 2));
    Sector blocks = 0;
    CHECK(md_bitmap_start_sync(&lab.bitmap(), 0, &blocks, false));
    for (int run = 0; run < 4; run++) lab.daemon();
    CHECK(lab.counter(0) == (RESYNC_MASK | 2));
    CHECK(lab.disk_bit(0));
}

// ---- events_cleared and need_sync

TEST_CASE("internal: the first good write of an event count stops clearing until the header says so") {
    BitmapLab lab(Home::Internal);
    lab.start();
    lab.mddev.events = 9;
    const std::uint64_t announced = lab.mddev.sysfs_can_clear.generation;
    lab.write(0);
    CHECK(lab.bitmap().need_sync);
    CHECK(lab.bitmap().events_cleared == 9);
    CHECK(lab.mddev.sysfs_can_clear.generation == announced + 1);
    CHECK(lab.header().events_cleared == 7);
    lab.daemon();
    CHECK_FALSE(lab.bitmap().need_sync);
    CHECK(lab.header().events_cleared == 9);
}

TEST_CASE("a failed write, or one to a degraded array, does not move events_cleared") {
    BitmapLab lab(Home::Internal);
    lab.start();
    lab.mddev.events = 9;
    lab.write(0, false);
    lab.mddev.degraded = 1;
    lab.write(1);
    CHECK(lab.bitmap().events_cleared == 7);
    CHECK_FALSE(lab.bitmap().need_sync);
}

TEST_CASE("external: can_clear false holds the bits until somebody writes true") {
    BitmapLab lab;
    lab.start();
    REQUIRE(md_attr_store(lab.mddev, "bitmap/can_clear", "false") == 0);
    lab.write(0);
    for (int run = 0; run < 6; run++) lab.daemon();
    CHECK(lab.counter(0) == 1);
    CHECK(lab.disk_bit(0));
    REQUIRE(md_attr_store(lab.mddev, "bitmap/can_clear", "true") == 0);
    for (int run = 0; run < 3; run++) lab.daemon();
    CHECK_FALSE(lab.disk_bit(0));
}

// ---- resync

TEST_CASE("start_sync takes NEEDED to RESYNC, or only looks when degraded") {
    BitmapLab lab;
    lab.start().write(2, false);
    Sector blocks = 0;
    CHECK(md_bitmap_start_sync(&lab.bitmap(), 2 * kChunk, &blocks, true));
    CHECK(lab.counter(2) == (NEEDED_MASK | 2));
    CHECK(md_bitmap_start_sync(&lab.bitmap(), 2 * kChunk, &blocks, false));
    CHECK(lab.counter(2) == (RESYNC_MASK | 2));
    CHECK(md_bitmap_start_sync(&lab.bitmap(), 2 * kChunk, &blocks, false));  // running: still yes
    CHECK(blocks == kChunk);
    CHECK_FALSE(md_bitmap_start_sync(&lab.bitmap(), 3 * kChunk, &blocks, false));
}

TEST_CASE("end_sync: done, aborted, and failed meanwhile") {
    BitmapLab lab;
    lab.start();
    Sector blocks = 0;
    for (const std::uint64_t chunk : {0, 1, 2}) {
        lab.write(chunk, false);
        md_bitmap_start_sync(&lab.bitmap(), chunk * kChunk, &blocks, false);
    }
    lab.write(2, false);
    md_bitmap_end_sync(&lab.bitmap(), 0, &blocks, false);
    md_bitmap_end_sync(&lab.bitmap(), kChunk, &blocks, true);
    md_bitmap_end_sync(&lab.bitmap(), 2 * kChunk, &blocks, false);
    md_bitmap_end_sync(&lab.bitmap(), 3 * kChunk, &blocks, false);  // no resync ran there
    CHECK(lab.counter(0) == 2);
    CHECK(lab.counter(1) == (NEEDED_MASK | 2));
    CHECK(lab.counter(2) == (NEEDED_MASK | 2));
    CHECK(lab.counter(3) == 0);
}

TEST_CASE("close_sync ends every chunk") {
    BitmapLab lab;
    lab.start();
    Sector blocks = 0;
    for (const std::uint64_t chunk : {0, 31, 59}) {
        lab.write(chunk, false);
        md_bitmap_start_sync(&lab.bitmap(), chunk * kChunk, &blocks, false);
    }
    md_bitmap_close_sync(&lab.bitmap());
    for (const std::uint64_t chunk : {0, 31, 59}) CHECK(lab.counter(chunk) == 2);
}

TEST_CASE("cond_end_sync ends whole chunks below the position, not more often than the daemon runs") {
    BitmapLab lab;
    lab.start();
    Sector blocks = 0;
    for (const std::uint64_t chunk : {0, 1}) {
        lab.write(chunk, false);
        md_bitmap_start_sync(&lab.bitmap(), chunk * kChunk, &blocks, false);
    }
    md_bitmap_cond_end_sync(&lab.bitmap(), 0, false);
    md_bitmap_cond_end_sync(&lab.bitmap(), kChunk + 8, false);
    CHECK(lab.counter(0) == (RESYNC_MASK | 2));
    md_bitmap_cond_end_sync(&lab.bitmap(), kChunk + 8, true);
    CHECK(lab.counter(0) == 2);
    CHECK(lab.counter(1) == (RESYNC_MASK | 2));
    CHECK(lab.mddev.curr_resync_completed == kChunk + 8);
    CHECK(test_bit(MD_SB_CHANGE_CLEAN, lab.mddev.sb_flags));
}

TEST_CASE("an empty counter page answers for all its chunks, small chunks for a whole page") {
    BitmapLab lab(Home::External, 3 * PAGE_COUNTER_RATIO);
    lab.mddev.bitmap_info.chunksize = 512;  // one sector
    lab.start();
    Sector blocks = 0;
    CHECK_FALSE(md_bitmap_start_sync(&lab.bitmap(), 100, &blocks, false));
    CHECK(blocks == PAGE_COUNTER_RATIO - 100);
    md_bitmap_startwrite(&lab.bitmap(), 5, 1, false);
    md_bitmap_endwrite(&lab.bitmap(), 5, 1, false, false);
    CHECK(md_bitmap_start_sync(&lab.bitmap(), 0, &blocks, false));  // sector 5 is among these 8
    CHECK(blocks == 8);
}

TEST_CASE("dirty_bits marks chunks as needed, in memory and in the page, and pulls recovery_cp back") {
    BitmapLab lab;
    lab.start();
    md_bitmap_dirty_bits(&lab.bitmap(), 3, 5);
    md_bitmap_dirty_bits(&lab.bitmap(), 59, ~std::uint64_t{0});
    md_bitmap_unplug(&lab.bitmap());
    CHECK(lab.counter(4) == (NEEDED_MASK | 2));
    CHECK(lab.disk_bit(3));
    CHECK(lab.disk_bit(5));
    CHECK(lab.disk_bit(59));
    CHECK(lab.mddev.recovery_cp == 3 * kChunk);
}

// ---- faults

TEST_CASE("a freed bitmap that is used again is a fault, not a crash") {
    BitmapLab lab;
    Bitmap* stale = &lab.start().bitmap();
    md_bitmap_destroy(lab.mddev);
    CHECK(lab.mddev.bitmap.load() == nullptr);
    CHECK(md_bitmap_chunks(*stale, 0, 1).empty());
    CHECK_THROWS_AS(md_bitmap_startwrite(stale, 0, 8, false), Halted);
    REQUIRE(lab.kernel.first_oops() != nullptr);
    CHECK(lab.kernel.first_oops()->object == "bitmap");
    CHECK(lab.kernel.first_oops()->what == "use after free");
}

}  // namespace
}  // namespace mdscope
