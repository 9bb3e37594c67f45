// SPDX-License-Identifier: MIT
// What a bitmap is when an array starts: header, bits, and which chunks must be resynced; and hostile headers.
//
// Goal: after a crash exactly the marked chunks are copied, after a clean stop none, and for a missing member's return
// none is forgotten. Method: bits are put on the members by hand, then md_bitmap_create and md_bitmap_load run.
#include <doctest/doctest.h>

#include "engine/md/bitmap/bitmap.hpp"
#include "tests/md/bitmap_fixture.hpp"

namespace mdscope {
namespace {

using namespace bitmap_test;

// ---- which chunks are NEEDED

TEST_CASE("a clean array: set bits are only cleaned") {
    BitmapLab lab;
    lab.set_disk_bit(3);
    lab.start();
    CHECK(lab.counter(3) == 2);
    CHECK(lab.counter(4) == 0);
    for (int run = 0; run < 3; run++) lab.daemon();
    CHECK_FALSE(lab.disk_bit(3));
}

TEST_CASE("a dirty array: every set bit is resynced, and no other chunk") {
    BitmapLab lab;
    lab.mddev.recovery_cp = 0;
    for (const std::uint64_t chunk : {3, 10, 11}) lab.set_disk_bit(chunk);
    lab.start();
    for (const std::uint64_t chunk : {3, 10, 11}) CHECK(lab.counter(chunk) == (NEEDED_MASK | 2));
    CHECK(lab.counter(20) == 0);
    CHECK(test_bit(MD_RECOVERY_NEEDED, lab.mddev.recovery));
}

TEST_CASE("resync_start 20480: the chunk that ends exactly there is still copied, an earlier one is not") {
    BitmapLab lab;
    lab.mddev.recovery_cp = 20480;
    for (const std::uint64_t chunk : {3, 9, 10, 11}) lab.set_disk_bit(chunk);
    lab.start();
    CHECK(lab.counter(3) == 2);
    CHECK(lab.counter(9) == (NEEDED_MASK | 2));
    CHECK(lab.counter(10) == (NEEDED_MASK | 2));
    CHECK(lab.counter(11) == (NEEDED_MASK | 2));
}

TEST_CASE("a bit that any member in sync has is set") {
    BitmapLab lab;
    lab.mddev.recovery_cp = 0;
    lab.set_disk_bit(3, 0);
    lab.set_disk_bit(9, 1);
    lab.start();
    CHECK(lab.counter(3) == (NEEDED_MASK | 2));
    CHECK(lab.counter(9) == (NEEDED_MASK | 2));
    CHECK(lab.counter(20) == 0);
}

TEST_CASE("the bits are read from the member bound last, and the others' are overwritten") {
    BitmapLab lab;
    REQUIRE(lab.mddev.variants.choose("bitmap-read", "md"));
    lab.mddev.recovery_cp = 0;
    lab.set_disk_bit(3, 0);
    lab.set_disk_bit(9, 1);
    lab.start();
    CHECK(lab.counter(3) == 0);
    CHECK(lab.counter(9) == (NEEDED_MASK | 2));
    lab.write(20);
    CHECK_FALSE(lab.disk_bit(3, 0));
    CHECK(lab.disk_bit(9, 0));
}

TEST_CASE("bits are not read from a member that is faulty, not in sync, or back after an absence") {
    for (const RdevFlag flag : {Faulty, In_sync, Bitmap_sync}) {
        BitmapLab lab;
        lab.mddev.recovery_cp = 0;
        lab.set_disk_bit(3, 0);
        lab.set_disk_bit(9, 1);
        Rdev& last = *lab.mddev.disks.front();
        if (flag == In_sync)
            clear_bit(In_sync, last.flags);
        else
            set_bit(flag, last.flags);
        lab.start();
        CHECK(lab.counter(3) == (NEEDED_MASK | 2));
        CHECK(lab.counter(9) == 0);
    }
}

TEST_CASE("a degraded array keeps its marks for the member's return") {
    for (const Home home : {Home::External, Home::Internal}) {
        BitmapLab lab(home);
        lab.set_disk_bit(3);
        lab.mddev.degraded = 1;
        lab.mddev.events = home == Home::External ? 0 : 7;
        if (home == Home::Internal) {
            lab.put_header(std::span(lab.disks[1]->bytes).subspan(lab.bitmap_byte()), 8);  // read from sdb
            BitmapSuper sb = decode_bitmap_super(std::span(lab.disks[1]->bytes).subspan(lab.bitmap_byte()));
            sb.events_cleared = 5;  // the member left at 5; 7 writes later bits are still kept for it
            encode_bitmap_super(sb, std::span(lab.disks[1]->bytes).subspan(lab.bitmap_byte()));
        }
        lab.start();
        CHECK(lab.counter(3) == (NEEDED_MASK | 2));
    }
}

// Started without a member whose last superblock is the same: what was in flight then is marked, and is owed to it.
TEST_CASE("internal and degraded, and nothing happened since bits were last cleared: kept all the same, not as in md") {
    for (const char* row : {"kept", "md"}) {
        BitmapLab lab(Home::Internal);
        REQUIRE(lab.mddev.variants.choose("absent-members", row));
        lab.set_disk_bit(3);
        lab.mddev.degraded = 1;
        lab.start();
        CHECK(lab.counter(3) == (std::string(row) == "md" ? 2 : NEEDED_MASK | 2));
    }
}

TEST_CASE("a bitmap that is out of date: a degraded array owes every chunk, though nothing is dirty") {
    for (const char* row : {"kept", "md"}) {
        BitmapLab lab(Home::Internal);
        REQUIRE(lab.mddev.variants.choose("absent-members", row));
        lab.mddev.events = 9;
        lab.mddev.degraded = 1;
        lab.start();
        CHECK(lab.counter(0) == (std::string(row) == "md" ? 2 : NEEDED_MASK | 2));
        CHECK(lab.counter(kChunks - 1) == (std::string(row) == "md" ? 2 : NEEDED_MASK | 2));
    }
}

// ---- the header

TEST_CASE("a header that is behind the array makes all chunks marked, in memory and on disk") {
    BitmapLab lab(Home::Internal);
    lab.mddev.events = 9;
    lab.mddev.recovery_cp = 0;
    lab.start();
    CHECK(lab.logged("md0: bitmap file is out of date (7 < 9) -- forcing full recovery"));
    CHECK(lab.logged("md0: bitmap file is out of date, doing full recovery"));
    CHECK(lab.counter(0) == (NEEDED_MASK | 2));
    CHECK(lab.counter(kChunks - 1) == (NEEDED_MASK | 2));
    CHECK(lab.disk_bit(0, 0));
    CHECK(lab.disk_bit(kChunks - 1, 1));
    CHECK(lab.header().events == 9);
    CHECK(lab.header().events_cleared == 9);
    CHECK(lab.header().state == 0);  // it is not stale any more
    CHECK(md_bitmap_enabled(&lab.bitmap()));
}

TEST_CASE("a header marked stale is treated as one that is behind") {
    BitmapLab lab(Home::File);
    BitmapSuper sb = lab.header();
    sb.state = 2;
    encode_bitmap_super(sb, lab.file.bytes);
    lab.mddev.recovery_cp = 0;
    lab.start();
    CHECK(lab.counter(7) == (NEEDED_MASK | 2));
    CHECK(lab.disk_bit(7));
}

TEST_CASE("what the header says becomes what the array does") {
    BitmapLab lab(Home::Internal);
    lab.mddev.bitmap_info.chunksize = 0;
    lab.mddev.bitmap_info.daemon_sleep = 0;
    lab.mddev.bitmap_info.space = 40;
    BitmapSuper sb = lab.header();
    sb.chunksize = 65536;
    sb.daemon_sleep = 7;
    sb.write_behind = 256;
    sb.sectors_reserved = 16;
    encode_bitmap_super(sb, std::span(lab.disks[1]->bytes).subspan(lab.bitmap_byte()));
    lab.start();
    CHECK(lab.mddev.bitmap_info.chunksize == 65536);
    CHECK(lab.mddev.bitmap_info.daemon_sleep == 7 * HZ);
    CHECK(lab.mddev.bitmap_info.max_write_behind == 256);
    CHECK(lab.mddev.bitmap_info.space == 16);
    CHECK(lab.bitmap().counts.chunks == kChunks * 16);
}

void refused(const std::string& reason, void (*spoil)(BitmapSuper&), int err = -EINVAL) {
    CAPTURE(reason);
    BitmapLab lab(Home::File);
    BitmapSuper sb = lab.header();
    spoil(sb);
    encode_bitmap_super(sb, lab.file.bytes);
    CHECK(md_bitmap_create(lab.mddev) == err);
    CHECK(lab.logged("md0: " + reason));
    CHECK(lab.mddev.bitmap.load() == nullptr);
}

TEST_CASE("headers that are refused, in md's words") {
    const std::string invalid = "invalid bitmap file superblock: ";
    refused(invalid + "bad magic", [](BitmapSuper& sb) { sb.magic = 1; });
    refused(invalid + "unrecognized superblock version", [](BitmapSuper& sb) { sb.version = 7; });
    refused(invalid + "a lockless bitmap (llbitmap), which mdscope does not do",
            [](BitmapSuper& sb) { sb.version = 6; });
    refused(invalid + "bitmap chunksize too small", [](BitmapSuper& sb) { sb.chunksize = 256; });
    refused(invalid + "bitmap chunksize not a power of 2", [](BitmapSuper& sb) { sb.chunksize = 1000; });
    refused(invalid + "daemon sleep period out of range", [](BitmapSuper& sb) { sb.daemon_sleep = 0; });
    refused(invalid + "write-behind limit out of range (0 - 16383)", [](BitmapSuper& sb) { sb.write_behind = 16384; });
    refused("bitmap superblock UUID mismatch", [](BitmapSuper& sb) { sb.uuid[3] ^= 1; });
    refused(
        "Could not setup cluster service (-2)",
        [](BitmapSuper& sb) {
            sb.version = 5;
            sb.nodes = 4;
        },
        -ENOENT);
}

TEST_CASE("an unreadable header and a dead member") {
    BitmapLab lab(Home::Internal);
    lab.disks[1]->error = -EIO;
    CHECK(md_bitmap_create(lab.mddev) == 0);  // from the other member
    md_bitmap_destroy(lab.mddev);
    lab.disks[0]->error = -EIO;
    CHECK(md_bitmap_create(lab.mddev) == -EIO);
    CHECK(lab.mddev.bitmap.load() == nullptr);
}

TEST_CASE("external: chunksize and time_base must be set first, and no header is looked for") {
    BitmapLab lab;
    lab.mddev.bitmap_info.daemon_sleep = 0;
    CHECK(md_bitmap_create(lab.mddev) == -EINVAL);
    lab.mddev.bitmap_info.daemon_sleep = kSleep;
    CHECK(md_bitmap_create(lab.mddev) == 0);
    CHECK_FALSE(lab.bitmap().storage.has_sb_page);
}

// ---- room

TEST_CASE("a bitmap file that is too short for its array is refused when the bits are read") {
    BitmapLab lab(Home::File);
    lab.file.bytes.resize(260);
    CHECK(md_bitmap_create(lab.mddev) == 0);
    CHECK(md_bitmap_load(lab.mddev) == -ENOSPC);
    CHECK(lab.logged("md0: bitmap file too short 260 < 264"));
    CHECK(lab.logged("md0: bitmap initialisation failed: -28"));
}

TEST_CASE("a bitmap file that is no longer than a header, or not even that") {
    BitmapLab lab(Home::File);
    lab.file.bytes.resize(200);
    CHECK(md_bitmap_create(lab.mddev) == -EINVAL);
    lab.file.bytes.clear();
    CHECK(md_bitmap_create(lab.mddev) == -EINVAL);
}

TEST_CASE("chunk sizes that ask for absurd amounts of memory are refused") {
    for (const Home home : {Home::External, Home::Internal, Home::File}) {
        BitmapLab lab(home, Sector{1} << 45);
        lab.mddev.bitmap_info.chunksize = 512;
        BitmapSuper sb;
        sb.uuid = mddev_uuid(lab.mddev);
        sb.events = 7;
        sb.chunksize = 512;
        if (home == Home::File)
            encode_bitmap_super(sb, lab.file.bytes);
        else if (home == Home::Internal)
            encode_bitmap_super(sb, std::span(lab.disks[1]->bytes).subspan(lab.bitmap_byte()));
        CHECK(md_bitmap_create(lab.mddev) == -EINVAL);
        CHECK(lab.mddev.bitmap.load() == nullptr);
    }
}

TEST_CASE("a bitmap larger than its space, or than the rest of the member, is refused") {
    BitmapLab lab;
    lab.mddev.bitmap_info.space = 1;
    lab.mddev.bitmap_info.chunksize = 512;  // 122880 bits: 15 KiB
    CHECK(md_bitmap_create(lab.mddev) == -EINVAL);
    lab.mddev.bitmap_info.space = 0;
    lab.mddev.bitmap_info.offset = (4 << 20) / 512 - 8;  // 4 KiB before the end
    CHECK(md_bitmap_create(lab.mddev) == -EINVAL);
}

TEST_CASE("bits behind the last chunk mean nothing and are kept") {
    BitmapLab lab;
    for (std::size_t member = 0; member < 2; member++)
        for (std::uint64_t bit = kChunks; bit < 128; bit++) lab.set_disk_bit(bit, member);
    lab.mddev.recovery_cp = 0;
    lab.start();
    lab.write(0);
    CHECK(lab.disk_bit(kChunks));
    CHECK(lab.disk_bit(127));
    CHECK(md_bitmap_chunks(lab.bitmap(), 0, 1000).size() == kChunks);
}

// ---- resize

const MdPersonality kQuietPersonality = [] {
    MdPersonality pers{};
    pers.name = "raid1";
    pers.quiesce = [](Mddev&, int) {};
    return pers;
}();

TEST_CASE("a larger array: marks are kept, new space is needed, all of it on disk") {
    BitmapLab lab(Home::Internal);
    lab.mddev.pers = &kQuietPersonality;
    lab.start().write(3, false);
    lab.write(4);
    lab.mddev.resync_max_sectors = 80 * kChunk;
    REQUIRE(md_bitmap_resize(&lab.bitmap(), 80 * kChunk, 0, false) == 0);
    CHECK(lab.bitmap().counts.chunks == 80);
    CHECK(lab.counter(3) == (NEEDED_MASK | 2));
    CHECK(lab.counter(4) == 0);
    CHECK(lab.counter(60) == (NEEDED_MASK | 2));
    CHECK(lab.disk_bit(3));
    CHECK_FALSE(lab.disk_bit(4));
    CHECK(lab.disk_bit(79));
    CHECK(lab.header().magic == BITMAP_MAGIC);
    lab.mddev.pers = nullptr;
}

TEST_CASE("a bitmap whose space nobody told keeps to the sectors it has when the array grows") {
    BitmapLab lab(Home::Internal);
    lab.mddev.pers = &kQuietPersonality;
    // What may lie there: the bad-block log.
    const std::size_t after = lab.bitmap_byte() + kPageSize;
    for (auto& disk : lab.disks) std::fill_n(disk->bytes.begin() + static_cast<long>(after), 4096, std::byte{0xee});
    lab.start();
    lab.mddev.resync_max_sectors = 100000 * kChunk;
    REQUIRE(md_bitmap_resize(&lab.bitmap(), 100000 * kChunk, 0, false) == 0);
    CHECK(lab.mddev.bitmap_info.space == 1);
    CHECK(lab.mddev.bitmap_info.chunksize == 64 << 20);  // 1563 bits and the header
    for (const auto& disk : lab.disks)
        CHECK(std::all_of(disk->bytes.begin() + static_cast<long>(after),
                          disk->bytes.begin() + static_cast<long>(after) + 4096,
                          [](std::byte byte) { return byte == std::byte{0xee}; }));
    lab.mddev.pers = nullptr;
}

TEST_CASE("a resize doubles the chunk until the bits fit; a file cannot be resized") {
    BitmapLab lab(Home::Internal);
    lab.mddev.pers = &kQuietPersonality;
    lab.mddev.bitmap_info.space = 1;
    lab.start();
    REQUIRE(md_bitmap_resize(&lab.bitmap(), 10000 * kChunk, 0, false) == 0);
    CHECK(lab.mddev.bitmap_info.chunksize == 8 << 20);
    CHECK(lab.bitmap().counts.chunks == 1250);
    lab.mddev.pers = nullptr;

    BitmapLab with_file(Home::File);
    with_file.start();
    CHECK(md_bitmap_resize(&with_file.bitmap(), 80 * kChunk, 0, false) == -EINVAL);
}

TEST_CASE("an external bitmap grows as far as there is room before the data, and never with larger chunks") {
    BitmapLab lab;
    lab.mddev.pers = &kQuietPersonality;
    lab.mddev.bitmap_info.space = 1;
    lab.start();
    const std::uint64_t chunk = lab.mddev.bitmap_info.chunksize;
    const std::uint64_t chunks = lab.bitmap().counts.chunks;
    CHECK(md_bitmap_resize(&lab.bitmap(), 10000 * kChunk, 0, false) == -ENOSPC);
    CHECK(lab.mddev.bitmap_info.chunksize == chunk);
    CHECK(lab.bitmap().counts.chunks == chunks);
    REQUIRE(md_bitmap_resize(&lab.bitmap(), 4000 * kChunk, 0, false) == 0);
    CHECK(lab.mddev.bitmap_info.chunksize == chunk);
    lab.mddev.pers = nullptr;
}

}  // namespace
}  // namespace mdscope
