// SPDX-License-Identifier: MIT
// The bytes of superblocks. The vectors were accepted by the real mdadm 4.2 (-E prints "correct", -X reads the header);
// every way in which a superblock can be wrong has a message of its own, found by changing one field of a good one.
#include "engine/md/format/format.hpp"

#include <doctest/doctest.h>

#include <functional>

#include "engine/md/format/bytes.hpp"

namespace mdscope {
namespace {

constexpr Sector k100MiB = 204800;
using PageBytes = std::array<std::byte, kPageSize>;

// "emu:demo": two members of 100 MiB, version 1.2, internal bitmap.
Superblock1 demo(unsigned number) {
    Superblock1 sb;
    sb.feature_map = MD_FEATURE_BITMAP_OFFSET;
    for (std::size_t i = 0; i < 16; i++) sb.set_uuid[i] = static_cast<std::uint8_t>(0x10 + i);
    sb.set_name = "emu:demo";
    sb.ctime = 1700000000;
    sb.size = 202752;
    sb.raid_disks = 2;
    sb.bitmap_offset = 8;
    sb.data_offset = 2048;
    sb.data_size = 202752;
    sb.super_offset = 8;
    sb.dev_number = number;
    sb.device_uuid.fill(static_cast<std::uint8_t>(0xd0 + number));
    sb.bblog_size = 8;
    sb.bblog_offset = 16;
    sb.utime = 1700000100;
    sb.events = 17;
    sb.resync_offset = ~0ULL;
    sb.max_dev = 128;
    sb.dev_roles.assign(128, MD_DISK_ROLE_SPARE);
    sb.dev_roles[0] = 0;
    sb.dev_roles[1] = 1;
    return sb;
}

// The same array without bitmap and log, dirty, as version 1.0 and 1.1.
Superblock1 plain_demo(Sector super_offset, Sector data_offset, Sector data_size) {
    Superblock1 sb = demo(0);
    sb.feature_map = 0;
    sb.bitmap_offset = 0;
    sb.bblog_size = 0;
    sb.bblog_offset = 0;
    sb.size = 200000;
    sb.events = 3;
    sb.resync_offset = 0;
    sb.super_offset = super_offset;
    sb.data_offset = data_offset;
    sb.data_size = data_size;
    return sb;
}

PageBytes encode(const Superblock1& sb) {
    PageBytes page{};
    encode_super_1(sb, page);
    return page;
}

std::string check(const Superblock1& sb, int minor_version = 2, Sector device_sectors = k100MiB) {
    return check_super_1(encode(sb), sb.super_offset, minor_version, device_sectors);
}

TEST_CASE("superblocks have the checksums that mdadm calls correct") {
    CHECK(calc_sb_1_csum(encode(demo(0))) == 0xc568dc7c);
    CHECK(calc_sb_1_csum(encode(demo(1))) == 0xc96ce081);
    CHECK(decode_super_1(encode(demo(1))).sb_csum == 0xc96ce081);
    CHECK(calc_sb_1_csum(encode(plain_demo(204784, 0, 204784))) == 0xc563f16d);
    CHECK(calc_sb_1_csum(encode(plain_demo(0, 2048, 202752))) == 0xc560d18d);
}

TEST_CASE("an odd number of roles ends the checksum with 16 bits, not with 32") {
    Superblock1 sb = demo(0);
    sb.max_dev = 3;
    const PageBytes odd = encode(sb);
    PageBytes longer = odd;
    longer[256 + 2 * 3] = std::byte{0x55};  // behind the last role: not summed
    CHECK(calc_sb_1_csum(longer) == calc_sb_1_csum(odd));
    longer[256 + 2 * 2] = std::byte{0x55};  // the last role: summed
    CHECK(calc_sb_1_csum(longer) != calc_sb_1_csum(odd));
}

TEST_CASE("the first bytes are where mdadm looks for them") {
    const PageBytes page = encode(demo(0));
    const std::array<unsigned, 16> expected{0xfc, 0x4e, 0x2b, 0xa9, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0};
    for (std::size_t i = 0; i < expected.size(); i++) CHECK(std::to_integer<unsigned>(page[i]) == expected[i]);
    CHECK(get_le<std::uint64_t>(page, 80) == 202752);  // size
    CHECK(get_le<std::uint64_t>(page, 128) == 2048);   // data_offset
    CHECK(get_le<std::uint64_t>(page, 200) == 17);     // events
    CHECK(get_le<std::uint16_t>(page, 256 + 2) == 1);  // role of the second member
    CHECK(get_le<std::uint16_t>(page, 256 + 4) == 0xffff);
    CHECK(has_super_1_magic(page));
    Superblock1 sb = demo(0);
    PageBytes again{};
    CHECK(encode_super_1(sb, again) == 512);
    sb.max_dev = 384;
    CHECK(encode_super_1(sb, again) == 1024);
}

TEST_CASE("what is encoded is decoded, field by field") {
    Superblock1 sb = demo(1);
    sb.set_name = "a name of exactly thirty-two by.";
    REQUIRE(sb.set_name.size() == 32);
    sb.bitmap_offset = -16;
    sb.bblog_offset = -8;
    sb.level = -1;
    sb.devflags = 3;
    sb.bblog_shift = 9;
    sb.reshape_position = 0x1122334455667788;
    sb.new_offset = 0xffffff00;
    sb.recovery_offset = 12345;
    sb.cnt_corrected_read = 99;
    const PageBytes page = encode(sb);
    const Superblock1 back = decode_super_1(page);
    CHECK(encode(back) == page);
    CHECK(back.set_name == sb.set_name);
    CHECK(back.bitmap_offset == -16);
    CHECK(back.level == -1);
    CHECK(back.device_uuid == sb.device_uuid);
    CHECK(back.recovery_offset == 12345);
    CHECK(back.role() == 1);
}

TEST_CASE("decoding a page of any bytes is safe") {
    PageBytes page{};
    page.fill(std::byte{0xff});
    const Superblock1 sb = decode_super_1(page);
    CHECK(sb.max_dev == 0xffffffff);
    CHECK(sb.dev_roles.size() == kMaxRoles);
    CHECK(sb.set_name.size() == 32);  // not terminated
    CHECK(sb.role() == MD_DISK_ROLE_SPARE);
    CHECK(check_super_1(page, 8, 2, k100MiB) == "magic ffffffff, expected a92b4efc");
}

TEST_CASE("good superblocks are good") {
    CHECK(check(demo(0)) == "");
    CHECK(check(plain_demo(204784, 0, 204784), 0) == "");
    CHECK(check(plain_demo(0, 2048, 202752), 1) == "");
    Superblock1 sb = demo(0);
    sb.set_name = std::string(32, 'x');  // not terminated: tolerated, as in md
    sb.events = ~0ULL;
    CHECK(check(sb) == "");
    sb.resync_offset = sb.size;
    CHECK(check(sb) == "");
    for (const std::uint32_t block : {512U, 1024U, 2048U, 4096U}) {  // written since Linux 6.19
        sb.logical_block_size = block;
        CHECK(check(sb) == "");
        CHECK(decode_super_1(encode(sb)).logical_block_size == block);
    }
    sb.feature_map |= MD_FEATURE_RECOVERY_OFFSET;
    sb.recovery_offset = ~0ULL;  // recovered, and not yet called in sync
    CHECK(check(sb) == "");
}

struct Wrong {
    const char* reason;
    std::function<void(Superblock1&)> change;
};
const std::vector<Wrong>& wrongs() {
    static const std::vector<Wrong> table = {
        {"magic a92b4efd, expected a92b4efc", [](auto& sb) { sb.magic++; }},
        {"major version 2, expected 1", [](auto& sb) { sb.major_version = 2; }},
        {"unknown feature bits 0x2000", [](auto& sb) { sb.feature_map |= 8192; }},
        {"pad0 is 0x1, expected 0", [](auto& sb) { sb.pad0 = 1; }},
        {"pad3 is not zero", [](auto& sb) { sb.pad3[27] = 1; }},
        {"logical_block_size 8192, expected 0 or a power of two from 512 to 4096",
         [](auto& sb) { sb.logical_block_size = 8192; }},
        {"logical_block_size 256, expected 0 or a power of two from 512 to 4096",
         [](auto& sb) { sb.logical_block_size = 256; }},
        {"logical_block_size 1536, expected 0 or a power of two from 512 to 4096",
         [](auto& sb) { sb.logical_block_size = 1536; }},
        {"data_size 9 sectors, at least 10 are needed", [](auto& sb) { sb.data_size = 9; }},
        {"level 5, mdscope only does RAID1 (level 1)", [](auto& sb) { sb.level = 5; }},
        {"a reshape is active, mdscope does not reshape: let mdadm finish it",
         [](auto& sb) { sb.feature_map |= MD_FEATURE_RESHAPE_ACTIVE; }},
        {"the array has a journal (feature 0x200), mdscope does not do that",
         [](auto& sb) { sb.feature_map |= MD_FEATURE_JOURNAL; }},
        {"the array has a replacement of a member (feature 0x10), mdscope does not do that",
         [](auto& sb) { sb.feature_map |= MD_FEATURE_REPLACEMENT; }},
        {"the array has a clustered bitmap (feature 0x100), mdscope does not do that",
         [](auto& sb) { sb.feature_map |= MD_FEATURE_BITMAP_VERSIONED; }},
        {"raid_disks is 0", [](auto& sb) { sb.raid_disks = 0; }},
        {"raid_disks 4294967295, mdscope does at most 8", [](auto& sb) { sb.raid_disks = ~0U; }},
        {"dev_number 128, but there are 128 roles", [](auto& sb) { sb.dev_number = 128; }},
        {"data_offset 8 is inside the superblock (sectors 8 to 8)", [](auto& sb) { sb.data_offset = 8; }},
        {"the bitmap at sector 16 is inside the data (from sector 16)", [](auto& sb) { sb.data_offset = 16; }},
        {"the bad-block log at sector 24 is inside the data (from sector 24)", [](auto& sb) { sb.data_offset = 24; }},
        {"data_offset 204800 is beyond the end of the space for data (204800 sectors)",
         [](auto& sb) { sb.data_offset = k100MiB; }},
        {"data_offset 2048 plus data_size 18446744073709551612 wraps around",
         [](auto& sb) { sb.data_size = ~0ULL - 3; }},
        {"the device has 202752 sectors for data, its superblock says 202753", [](auto& sb) { sb.data_size = 202753; }},
        {"size 202753 is larger than data_size 202752", [](auto& sb) { sb.size = 202753; }},
        {"size is 0", [](auto& sb) { sb.size = 0; }},
        {"resync_offset 202753 is beyond size 202752", [](auto& sb) { sb.resync_offset = 202753; }},
        {"recovery_offset 202753 is beyond size 202752",
         [](auto& sb) {
             sb.feature_map |= MD_FEATURE_RECOVERY_OFFSET;
             sb.recovery_offset = 202753;
         }},
        {"bblog_size 9 sectors, at most 8 are possible", [](auto& sb) { sb.bblog_size = 9; }},
        {"it has bad blocks, but no place for their log (bblog_offset 0, bblog_size 8)",
         [](auto& sb) {
             sb.feature_map |= MD_FEATURE_BAD_BLOCKS;
             sb.bblog_offset = 0;
         }},
        {"bblog_shift 55, at most 54 is possible", [](auto& sb) { sb.bblog_shift = 55; }},
        {"the bad-block log lies on the bitmap", [](auto& sb) { sb.bblog_offset = 8; }},
        {"the bad-block log at sector -2147483640 is outside the device (204800 sectors)",
         [](auto& sb) { sb.bblog_offset = -2147483648; }},
        {"the bad-block log at sector 1 is inside the superblock", [](auto& sb) { sb.bblog_offset = -7; }},
        {"the bitmap at sector 8 is inside the superblock", [](auto& sb) { sb.bitmap_offset = 0; }},
        {"the bitmap at sector 204800 is outside the device (204800 sectors)",
         [](auto& sb) { sb.bitmap_offset = 204792; }},
        {"the bitmap at sector -1 is outside the device (204800 sectors)", [](auto& sb) { sb.bitmap_offset = -9; }},
        {"the bitmap at sector 2048 is inside the data (from sector 2048)", [](auto& sb) { sb.bitmap_offset = 2040; }},
    };
    return table;
}

TEST_CASE("each thing that can be wrong with a superblock has its message") {
    for (const Wrong& wrong : wrongs()) {
        Superblock1 sb = demo(0);
        wrong.change(sb);
        CHECK(check(sb) == wrong.reason);
    }
}

TEST_CASE("a superblock with a damaged byte, in the wrong place, or with too many roles is refused") {
    PageBytes page = encode(demo(0));
    page[40] ^= std::byte{1};
    CHECK(check_super_1(page, 8, 2, k100MiB) == "checksum c568dc7c, expected c568dc7d");
    CHECK(check_super_1(encode(demo(0)), 0, 1, k100MiB) == "super_offset 8, but it was read from sector 0");
    PageBytes many = encode(demo(0));
    put_le<std::uint32_t>(many, 220, 1921);
    CHECK(check_super_1(many, 8, 2, k100MiB) == "max_dev 1921, at most 1920 fit");
    put_le<std::uint32_t>(many, 220, 0xffffffff);
    CHECK(check_super_1(many, 8, 2, k100MiB) == "max_dev 4294967295, at most 1920 fit");
}

TEST_CASE("a device that shrank is refused, one that grew is not") {
    CHECK(check(demo(0), 2, k100MiB - 8) == "the device has 202744 sectors for data, its superblock says 202752");
    CHECK(check(demo(0), 2, k100MiB * 2) == "");
    CHECK(check(demo(0), 2, 2048) == "data_offset 2048 is beyond the end of the space for data (2048 sectors)");
    CHECK(check(demo(0), 2, 0) != "");
}

TEST_CASE("data of version 1.0 ends before its superblock") {
    Superblock1 sb = plain_demo(204784, 0, 204785);
    CHECK(check(sb, 0) == "the device has 204784 sectors for data, its superblock says 204785");
    sb = plain_demo(204784, 204790, 10);
    CHECK(check(sb, 0) == "data_offset 204790 is beyond the end of the space for data (204784 sectors)");
}

TEST_CASE("no single damaged field gets past the checksum, and none of any value crashes a check") {
    std::uint64_t seed = 1;
    const auto next = [&seed] { return seed = seed * 6364136223846793005ULL + 1442695040888963407ULL; };
    for (int round = 0; round < 20000; round++) {
        PageBytes page = encode(demo(0));
        const std::size_t at = (next() >> 33) % 512;
        const auto byte = static_cast<std::byte>(1 + (next() >> 33) % 255);
        page[at] ^= byte;
        REQUIRE(check_super_1(page, 8, 2, k100MiB) != "");
        // Once more with the checksum put right, as somebody who means it would: any answer, but no fault.
        if (get_le<std::uint32_t>(page, 220) <= kMaxRoles) put_le(page, 216, calc_sb_1_csum(page));
        (void)check_super_1(page, 8, 2, k100MiB);
    }
}

TEST_CASE("the bitmap header reads and writes as mdadm's") {
    std::array<std::byte, kPageSize> page{};
    page.fill(std::byte{0xff});
    BitmapSuper sb;
    sb.uuid = demo(0).set_uuid;
    sb.events = 17;
    sb.events_cleared = 16;
    sb.sync_size = 202752;
    sb.chunksize = 67108864;
    sb.sectors_reserved = 8;
    encode_bitmap_super(sb, page);
    CHECK(get_le<std::uint32_t>(page, 0) == 0x6d746962);
    CHECK(std::to_integer<char>(page[0]) == 'b');
    CHECK(get_le<std::uint32_t>(page, 4) == 4);
    CHECK(get_le<std::uint64_t>(page, 24) == 17);
    CHECK(get_le<std::uint64_t>(page, 32) == 16);
    CHECK(get_le<std::uint64_t>(page, 40) == 202752);
    CHECK(get_le<std::uint32_t>(page, 52) == 67108864);
    CHECK(get_le<std::uint32_t>(page, 56) == 5);
    CHECK(get_le<std::uint32_t>(page, 64) == 8);
    CHECK(page[255] == std::byte{0});
    CHECK(page[256] == std::byte{0xff});  // the bits are not its business
    const BitmapSuper back = decode_bitmap_super(page);
    CHECK(back.uuid == sb.uuid);
    CHECK(back.events_cleared == 16);
    CHECK(check_bitmap_super(back) == "");
}

TEST_CASE("a bitmap header is judged in the kernel's order and words") {
    BitmapSuper sb;
    sb.magic = 0;
    sb.version = 7;
    sb.chunksize = 256;
    sb.daemon_sleep = 0;
    sb.write_behind = 16384;
    CHECK(check_bitmap_super(sb) == "bad magic");
    sb.magic = BITMAP_MAGIC;
    CHECK(check_bitmap_super(sb) == "unrecognized superblock version");
    sb.version = 2;
    CHECK(check_bitmap_super(sb) == "unrecognized superblock version");
    sb.version = 6;
    CHECK(check_bitmap_super(sb) == "a lockless bitmap (llbitmap), which mdscope does not do");
    sb.version = 3;
    CHECK(check_bitmap_super(sb) == "bitmap chunksize too small");
    sb.chunksize = 513;
    CHECK(check_bitmap_super(sb) == "bitmap chunksize not a power of 2");
    sb.chunksize = 512;
    CHECK(check_bitmap_super(sb) == "daemon sleep period out of range");
    sb.daemon_sleep = 1;
    CHECK(check_bitmap_super(sb) == "write-behind limit out of range (0 - 16383)");
    sb.write_behind = 16383;
    CHECK(check_bitmap_super(sb) == "");
}

TEST_CASE("a uuid prints as mdadm and as sysfs print it") {
    CHECK(format_uuid(demo(0).set_uuid) == "10111213:14151617:18191a1b:1c1d1e1f");
    CHECK(format_uuid_dashed(demo(0).set_uuid) == "10111213-1415-1617-1819-1a1b1c1d1e1f");
}

}  // namespace
}  // namespace mdscope
