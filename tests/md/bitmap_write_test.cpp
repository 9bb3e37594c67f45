// SPDX-License-Identifier: MIT
// From cached page to disk: where a page lands, who waits for it, and that no data can overtake its bit.
//
// Goal: the rule of the write-intent log. Before a write's data goes out, the bits of its chunks are on every active
// member. Method: disks that hold what they get, so that a story can look between a submission and its completion.
#include <doctest/doctest.h>

#include "engine/md/bitmap/bitmap.hpp"
#include "tests/md/bitmap_fixture.hpp"

namespace mdscope {
namespace {

using namespace bitmap_test;

// ---- unplug

TEST_CASE("unplug returns when the bit is on both members, not before") {
    BitmapLab lab;
    lab.start().begin_write(3);
    lab.hold();
    Shared<bool> released;
    bool after_release = false;
    Task* writer = lab.kernel.kthread_run("writer", [&] {
        md_bitmap_unplug(&lab.bitmap());
        after_release = released;
    });
    REQUIRE(lab.falls_asleep("writer"));
    CHECK(lab.mddev.pending_writes == 2);
    CHECK(lab.bitmap().pending_writes == 0);
    released = true;
    lab.release();
    lab.kernel.kthread_join(writer);
    CHECK(after_release);
    CHECK(lab.disk_bit(3, 0));
    CHECK(lab.disk_bit(3, 1));
}

// md takes the DIRTY mark off first, and a second writer in the page then goes on while the first one's write is in
// flight.
TEST_CASE("a second writer in the same page waits for the page write of the first") {
    for (const std::uint64_t second_chunk : {3, 4}) {
        BitmapLab lab;
        lab.start().begin_write(3);
        lab.hold();
        Shared<bool> released;
        Task* first = lab.kernel.kthread_run("first", [&] { md_bitmap_unplug(&lab.bitmap()); });
        REQUIRE(lab.falls_asleep("first"));

        lab.begin_write(second_chunk);
        bool on_disk = false;
        bool after_release = false;
        Task* second = lab.kernel.kthread_run("second", [&] {
            md_bitmap_unplug(&lab.bitmap());
            after_release = released;
            on_disk = lab.disk_bit(second_chunk, 0) && lab.disk_bit(second_chunk, 1);
        });
        REQUIRE(lab.falls_asleep("second"));
        released = true;
        lab.release();
        lab.kernel.kthread_join(first);
        lab.kernel.kthread_join(second);
        CHECK(after_release);
        CHECK(on_disk);
    }
}

// The daemon has copied the page without the new bit; that copy must land before the one of unplug, not after it.
TEST_CASE("a page of the daemon in flight cannot wipe out a bit that is set meanwhile") {
    BitmapLab lab;
    lab.start().write(3);
    lab.daemon();
    lab.daemon();
    lab.hold();
    lab.daemon();  // submits the page with bit 3 cleared
    REQUIRE(lab.mddev.pending_writes == 2);
    lab.begin_write(3);
    Task* writer = lab.kernel.kthread_run("writer", [&] { md_bitmap_unplug(&lab.bitmap()); });
    REQUIRE(lab.falls_asleep("writer"));
    CHECK(lab.disks[0]->held.size() == 1);  // only the daemon's: unplug waits for it before it submits its own
    lab.release();
    lab.kernel.kthread_join(writer);
    CHECK(lab.disk_bit(3, 0));
    CHECK(lab.disk_bit(3, 1));
}

TEST_CASE("unplug without news writes nothing and waits for nothing") {
    BitmapLab lab;
    lab.start().write(3);
    lab.hold();
    lab.mddev.pending_writes = 1;  // a superblock in flight is none of its business
    lab.begin_write(3);
    md_bitmap_unplug(&lab.bitmap());
    CHECK(lab.disks[0]->held.empty());
    lab.mddev.pending_writes = 0;
}

// md_bitmap_unplug asks this count, not the pages: too low, and data overtakes its bit; never 0, and every write looks
// at all pages.
TEST_CASE("marks on pages are counted, whoever sets them and takes them off") {
    BitmapLab lab(Home::Internal, 2 * kBitsPerPage * kChunk);
    const Shared<int>& marks = lab.start().bitmap().marks;
    CHECK(marks == 0);
    lab.begin_write(3);
    lab.begin_write(4);
    CHECK(marks == 1);  // one page, marked twice
    lab.begin_write(kBitsPerPage);
    CHECK(marks == 2);
    md_bitmap_unplug(&lab.bitmap());
    CHECK(marks == 0);
    for (const std::uint64_t chunk : {std::uint64_t{3}, std::uint64_t{4}, std::uint64_t{kBitsPerPage}})
        lab.end_write(chunk);
    for (int run = 0; run < 4; run++) lab.daemon();
    CHECK(marks == 0);
    lab.begin_write(5);
    md_bitmap_write_all(&lab.bitmap());
    CHECK(static_cast<std::uint64_t>(marks) == 1 + lab.bitmap().storage.file_pages);
    lab.daemon();  // page 0 is DIRTY: it and what is behind it are unplug's
    md_bitmap_unplug(&lab.bitmap());
    CHECK(marks == 0);
    md_bitmap_write_all(&lab.bitmap());
    CHECK(md_bitmap_resize(&lab.bitmap(), kBitsPerPage * kChunk, kChunk * kSectorSize, true) == 0);
    CHECK(marks == 0);  // the marked pages are gone
}

TEST_CASE("all of the bitmap is on a member before it is in sync: its copy may be the one that is read next") {
    for (const Home home : {Home::External, Home::Internal}) {
        BitmapLab lab(home, 2 * kBitsPerPage * kChunk);
        lab.start();
        const std::size_t first = home == Home::Internal ? 1 : 0;  // a page with a header goes with every superblock
        md_bitmap_write_all(&lab.bitmap());
        for (auto& disk : lab.disks) disk->writes.clear();
        md_bitmap_write_rest(&lab.bitmap());
        for (std::size_t page = first; page < lab.bitmap().storage.file_pages; page++)
            CHECK_FALSE(lab.marked(BITMAP_PAGE_NEEDWRITE, page));
        for (const auto& disk : lab.disks) CHECK(disk->writes.size() == lab.bitmap().storage.file_pages - first);
    }
}

TEST_CASE("unplug takes cleared bits along and stops the daemon from writing them again") {
    BitmapLab lab;
    lab.start().write(3);
    lab.daemon();
    lab.daemon();
    REQUIRE(lab.marked(BITMAP_PAGE_PENDING));
    lab.write(4);
    CHECK_FALSE(lab.marked(BITMAP_PAGE_PENDING));
    CHECK_FALSE(lab.disk_bit(3));
    CHECK(lab.disk_bit(4));
}

TEST_CASE("the daemon leaves DIRTY pages and all behind them to unplug") {
    BitmapLab lab(Home::External, 3 * kBitsPerPage * kChunk);
    for (auto& disk : lab.disks) disk->bytes.resize(8 << 20);
    for (auto& rdev : all_rdevs_at_rest(lab.mddev)) rdev->data_offset = 4096;
    lab.start().write(2 * kBitsPerPage);  // page 2
    lab.daemon();
    lab.daemon();
    lab.begin_write(0);  // page 0 is DIRTY
    lab.daemon();
    CHECK(lab.marked(BITMAP_PAGE_NEEDWRITE, 2));
    md_bitmap_unplug(&lab.bitmap());
    CHECK_FALSE(lab.marked(BITMAP_PAGE_NEEDWRITE, 2));
}

// ---- where pages land

TEST_CASE("the last page is written up to the logical block that holds its last bit") {
    BitmapLab lab;
    std::fill(lab.disks[0]->bytes.begin() + 4096 + 512, lab.disks[0]->bytes.begin() + 8192, std::byte{0xee});
    lab.disks[1]->block_size = 4096;
    lab.start().write(3);
    REQUIRE(lab.disks[0]->writes.size() == 1);
    CHECK(lab.disks[0]->writes[0].sector == 8);
    CHECK(lab.disks[0]->writes[0].size == 512);
    CHECK(lab.disks[1]->writes[0].size == 4096);
    CHECK(lab.disks[0]->bytes[4096 + 512] == std::byte{0xee});
}

TEST_CASE("internal: pages land behind the superblock, page by page") {
    BitmapLab lab(Home::Internal, 2 * kBitsPerPage * kChunk);
    lab.start().write(kBitsPerPage);  // with the header in front, page 1
    REQUIRE(lab.disks[0]->writes.size() == 1);
    CHECK(lab.disks[0]->writes[0].sector == 16 + 8);
    CHECK(lab.disks[0]->writes[0].size == 4096);
}

TEST_CASE("a faulty member and a spare get no pages") {
    BitmapLab lab;
    lab.start();
    set_bit(Faulty, all_rdevs_at_rest(lab.mddev)[0]->flags);
    lab.write(3);
    CHECK(lab.disks[0]->writes.empty());
    CHECK(lab.disks[1]->writes.size() == 1);
    all_rdevs_at_rest(lab.mddev)[1]->raid_disk = -1;
    lab.write(4);
    CHECK(lab.disks[1]->writes.size() == 1);
    for (const auto& rdev : all_rdevs_at_rest(lab.mddev)) CHECK(rdev->nr_pending == 0);
}

TEST_CASE("a bitmap inside the data is never written: it is given up instead") {
    BitmapLab lab;
    lab.mddev.bitmap_info.offset = 4096;
    lab.start().write(0);
    CHECK(lab.disks[0]->writes.empty());
    CHECK(lab.logged("md0: disabling internal bitmap due to errors"));
    CHECK_FALSE(md_bitmap_enabled(&lab.bitmap()));
    CHECK(lab.mddev.bitmap_info.offset == 4096);
}

TEST_CASE("a member that comes gets every page") {
    BitmapLab lab(Home::Internal, 2 * kBitsPerPage * kChunk);
    lab.start();
    md_bitmap_write_all(&lab.bitmap());
    lab.daemon();
    CHECK(lab.disks[0]->writes.size() == lab.bitmap().storage.file_pages);
}

// ---- a bitmap file

TEST_CASE("file: page writes count in bitmap->pending_writes and stop at the end of the file") {
    BitmapLab lab(Home::File);
    lab.start().begin_write(3);
    lab.hold();
    Task* writer = lab.kernel.kthread_run("writer", [&] { md_bitmap_unplug(&lab.bitmap()); });
    REQUIRE(lab.falls_asleep("writer"));
    CHECK(lab.bitmap().pending_writes == 1);
    CHECK(lab.mddev.pending_writes == 0);
    REQUIRE(lab.file.held.size() == 1);
    CHECK(lab.file.held[0]->bi_size == 264);
    CHECK((lab.file.held[0]->bi_flags & REQ_META) != 0);
    lab.release();
    lab.kernel.kthread_join(writer);
    CHECK(lab.disk_bit(3));
    CHECK(lab.file.bytes.size() == 264);
}

TEST_CASE("file: a failed page write gives the file up") {
    BitmapLab lab(Home::File);
    lab.start();
    lab.file.error = -EIO;
    lab.write(3);
    CHECK(test_bit(BITMAP_WRITE_ERROR, lab.bitmap().flags));
    CHECK_FALSE(md_bitmap_enabled(&lab.bitmap()));
    CHECK(lab.logged("md0: kicking failed bitmap file /mnt/bm from array!"));
    const std::size_t writes = lab.file.writes.size();
    lab.write(4);
    CHECK(lab.file.writes.size() == writes);
}

TEST_CASE("the header follows the array: events, sizes, and the time in whole seconds") {
    BitmapLab lab(Home::Internal);
    lab.start();
    lab.mddev.events = 12;
    lab.mddev.bitmap_info.space = 100;
    lab.mddev.bitmap_info.daemon_sleep = 200 * kNsPerMs;
    md_bitmap_update_sb(&lab.bitmap());
    CHECK(lab.header().events == 12);
    CHECK(lab.header().events_cleared == 7);
    CHECK(lab.header().sync_size == kChunks * kChunk);
    CHECK(lab.header().sectors_reserved == 100);
    CHECK(lab.header().daemon_sleep == 1);
    lab.mddev.events = 5;  // it went back
    md_bitmap_update_sb(&lab.bitmap());
    CHECK(lab.header().events_cleared == 5);
    CHECK(lab.header().uuid == mddev_uuid(lab.mddev));
}

}  // namespace
}  // namespace mdscope
