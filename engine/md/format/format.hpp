// SPDX-License-Identifier: MIT
// What is on disk, as values: superblocks of version 1, and the bitmap superblock. Pure functions on bytes; nothing
// here does I/O. All fields little-endian; offsets in the tables of format.cpp.
//
// v1.2 member, sectors:   0      8 superblock   16 bitmap (header 256 B, then bits)   +8 bad-block log    data_offset:
// data v1.1: superblock at 0.  v1.0: superblock 8-12 KiB before the end, bitmap before it, data at 0.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/kernel/bio.hpp"
#include "engine/kernel/result.hpp"

namespace mdscope {

inline constexpr std::uint32_t MD_SB_MAGIC = 0xa92b4efc;
inline constexpr std::uint32_t BITMAP_MAGIC = 0x6d746962;
inline constexpr unsigned kMaxRoles = 1920;
inline constexpr std::uint16_t MD_DISK_ROLE_SPARE = 0xffff;
inline constexpr std::uint16_t MD_DISK_ROLE_FAULTY = 0xfffe;
inline constexpr std::uint16_t MD_DISK_ROLE_JOURNAL = 0xfffd;
inline constexpr std::uint16_t MD_DISK_ROLE_MAX = 0xff00;

enum FeatureBit : std::uint32_t {
    MD_FEATURE_BITMAP_OFFSET = 1,
    MD_FEATURE_RECOVERY_OFFSET = 2,
    MD_FEATURE_RESHAPE_ACTIVE = 4,
    MD_FEATURE_BAD_BLOCKS = 8,
    MD_FEATURE_REPLACEMENT = 16,
    MD_FEATURE_RESHAPE_BACKWARDS = 32,
    MD_FEATURE_NEW_OFFSET = 64,
    MD_FEATURE_RECOVERY_BITMAP = 128,
    MD_FEATURE_BITMAP_VERSIONED = 256,
    MD_FEATURE_JOURNAL = 512,
    MD_FEATURE_PPL = 1024,
    MD_FEATURE_MULTIPLE_PPLS = 2048,
    MD_FEATURE_RAID0_LAYOUT = 4096,
};
inline constexpr std::uint32_t MD_FEATURE_ALL = 8191;

using Uuid = std::array<std::uint8_t, 16>;

struct Superblock1 {  // struct mdp_superblock_1
    std::uint32_t magic = MD_SB_MAGIC;
    std::uint32_t major_version = 1;
    std::uint32_t feature_map = 0;
    std::uint32_t pad0 = 0;
    Uuid set_uuid{};
    std::string set_name;     // at most 32 bytes
    std::uint64_t ctime = 0;  // seconds | microseconds << 40
    std::int32_t level = 1;
    std::uint32_t layout = 0;
    std::uint64_t size = 0;       // sectors used per member
    std::uint32_t chunksize = 0;  // sectors
    std::uint32_t raid_disks = 0;
    std::int32_t bitmap_offset = 0;  // sectors from the superblock
    std::uint32_t new_level = 0;
    std::uint64_t reshape_position = 0;
    std::uint32_t delta_disks = 0, new_layout = 0, new_chunk = 0, new_offset = 0;
    std::uint64_t data_offset = 0;  // sectors
    std::uint64_t data_size = 0;
    std::uint64_t super_offset = 0;
    std::uint64_t recovery_offset = 0;
    std::uint32_t dev_number = 0;
    std::uint32_t cnt_corrected_read = 0;
    Uuid device_uuid{};
    std::uint8_t devflags = 0;  // 1 write-mostly, 2 failfast
    std::uint8_t bblog_shift = 0;
    std::uint16_t bblog_size = 0;   // sectors
    std::int32_t bblog_offset = 0;  // sectors from the superblock; 0: no log
    std::uint64_t utime = 0;
    std::uint64_t events = 0;
    std::uint64_t resync_offset = 0;       // all ones: clean
    std::uint32_t sb_csum = 0;             // as stored; encode() computes it
    std::uint32_t max_dev = 0;             // entries of dev_roles
    std::uint32_t logical_block_size = 0;  // bytes; 0 before Linux 6.19
    std::array<std::uint8_t, 28> pad3{};
    std::vector<std::uint16_t> dev_roles;  // max_dev entries

    // Role of this member: a slot, or MD_DISK_ROLE_*.
    [[nodiscard]] std::uint16_t role() const {
        return dev_number < dev_roles.size() ? dev_roles[dev_number] : MD_DISK_ROLE_SPARE;
    }
};

// calc_sb_1_csum over the first 256 + 2*max_dev bytes with sb_csum taken as 0. page: 4096 bytes.
std::uint32_t calc_sb_1_csum(std::span<const std::byte> page);
// Fills `page` (4096 bytes, zeroed first) and returns the bytes in use, 256 + 2*max_dev.
std::size_t encode_super_1(const Superblock1& sb, std::span<std::byte> page);
// Reads the fields without judging them (dev_roles is cut at what fits into 4096 bytes).
Superblock1 decode_super_1(std::span<const std::byte> page);
// Every check of super_1_load that needs only this page and the size of its device (sectors). nullptr-like empty
// string: good; else the reason in one clause ("checksum 1234abcd, expected 5678cdef"). `read_at` is the sector it was
// read from.
std::string check_super_1(std::span<const std::byte> page, Sector read_at, int minor_version, Sector device_sectors);
bool has_super_1_magic(std::span<const std::byte> page);
bool has_super_0_magic(std::span<const std::byte> page);  // version 0.90, of a little-endian machine

// Where version 1.minor (0, 1, 2) puts its superblock.
Sector super_1_sector(int minor_version, Sector device_sectors);

struct BitmapSuper {  // bitmap_super_t, 256 bytes
    std::uint32_t magic = BITMAP_MAGIC;
    std::uint32_t version = 4;
    Uuid uuid{};
    std::uint64_t events = 0;
    std::uint64_t events_cleared = 0;
    std::uint64_t sync_size = 0;  // sectors
    std::uint32_t state = 0;
    std::uint32_t chunksize = 0;     // bytes
    std::uint32_t daemon_sleep = 5;  // seconds
    std::uint32_t write_behind = 0;
    std::uint32_t sectors_reserved = 0;
    std::uint32_t nodes = 0;
    std::array<std::uint8_t, 64> cluster_name{};
};
inline constexpr std::size_t kBitmapSuperSize = 256;
inline constexpr std::uint64_t kLargestChunk = 1ULL << 31;                   // bytes: the header has 32 bits for it
void encode_bitmap_super(const BitmapSuper& sb, std::span<std::byte> page);  // writes bytes 0..255 only
BitmapSuper decode_bitmap_super(std::span<const std::byte> page);
// The kernel's checks in its order, with its words for the log ("bad magic"); empty: good.
std::string check_bitmap_super(const BitmapSuper& sb);

std::string format_uuid(const Uuid& uuid);         // 10111213:14151617:18191a1b:1c1d1e1f
std::string format_uuid_dashed(const Uuid& uuid);  // as sysfs `uuid`

}  // namespace mdscope
