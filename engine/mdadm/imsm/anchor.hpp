// SPDX-License-Identifier: MIT
// The metadata of Intel's firmware RAID (IMSM), which external:imsm containers have: bytes to values and back.
//
// Every disk of a container has a copy at its end; nothing is at its front, sector 0 is the first volume's. A disk of N
// sectors:
//
//   0 ...            the volumes' data, 1 MiB behind each for the bitmap
//   N-2-k .. N-3     bytes 512.. of the metadata block, if it is longer than a sector ("extended part")
//   N-2              the anchor: its bytes 0..511
//   N-1              a record for reshapes; zero here
//
// The metadata block ("MPB"), little-endian, summed up as words over all of its `mpb_size` bytes:
//
//   0    header, 216 bytes          signature and version, sum, size, family, generation, attributes, counts
//   216  disks, 48 bytes each       serial, size, status: all members, also failed ones, but no spares
//        volumes, 112 bytes + maps  name, size, state; one map, and a second one while the volume migrates
//        log of bad blocks          the last bbm_log_size bytes
//
// A map says where a volume is and who is in which slot: `ord`, an index into the disks, with a bit for "out of sync".
// While a volume migrates (resync, rebuild), map 0 is what it shall be, map 1 what it is. A spare has a block of its
// own, in which it is the only disk, without volumes.
//
// decode refuses what does not fit together, with what was found and expected; whatever it accepts, encode writes again
// as it was, but for the high halves of numbers that the attributes say are not used: they are read as 0, as by mdadm.
// Whether mdscope would run such a volume is another question: why_volume_is_refused.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/kernel/disk.hpp"
#include "engine/kernel/result.hpp"
#include "engine/md/format/format.hpp"

namespace mdscope {

inline constexpr std::size_t kImsmSignatureSize = 24;  // "Intel Raid ISM Cfg Sig. "
inline constexpr std::size_t kImsmSerialSize = 16;
inline constexpr std::size_t kImsmNameSize = 16;
inline constexpr std::uint32_t kImsmMostSectors = 2210;    // what mdadm keeps free for the block and its neighbours
inline constexpr std::uint32_t kImsmMemberReserve = 8192;  // ... and more of them on a member
inline constexpr std::uint64_t kImsmKept = kImsmMostSectors + kImsmMemberReserve;
inline constexpr std::uint16_t kImsmStrip = 128;  // sectors; a mirror has no strips, but mdadm says so
inline constexpr std::uint64_t kImsmStripe = 2ULL * kImsmStrip;
inline constexpr std::uint32_t kImsmBehindVolume = 2048;  // the MiB behind a volume
inline constexpr std::size_t kImsmMostBadBlocks = 254;
inline constexpr std::uint64_t kImsmCheckpointUnit = 512;       // sectors, of a mirror
inline constexpr std::uint64_t kImsmTwoTerabytes = 1ULL << 32;  // sectors
inline constexpr std::uint8_t kImsmNoDiskFailed = 0xff;
inline constexpr std::uint32_t kImsmDiskIsMissing = 0xffffffff;  // as scsi_id

using ImsmText = std::array<std::uint8_t, 16>;  // NUL padded, without one if it is full
std::string imsm_text(const ImsmText& text);    // up to the first NUL
ImsmText imsm_text(const std::string& text);    // cut to 16 bytes

enum ImsmAttribute : std::uint32_t {
    IMSM_RAID0 = 1,
    IMSM_RAID1 = 2,
    IMSM_RAID10 = 4,
    IMSM_RAID1E = 8,
    IMSM_RAID5 = 0x10,
    IMSM_RAID_CNG = 0x20,
    IMSM_EXP_STRIPE_SIZE = 0x40,
    IMSM_2TB_DISK = 0x04000000,
    IMSM_BBM = 0x08000000,
    IMSM_2TB = 0x20000000,
    IMSM_NEVER_USE2 = 0x40000000,
    IMSM_CHECKSUM_VERIFY = 0x80000000,
};
enum ImsmDiskStatus : std::uint32_t {
    IMSM_SPARE = 1,
    IMSM_CONFIGURED = 2,
    IMSM_FAILED = 4,
    IMSM_JOURNAL = 0x2000000,
};
enum class ImsmMapState : std::uint8_t { Normal, Uninitialized, Degraded, Failed };
enum class ImsmMigration : std::uint8_t { Init, Rebuild, Verify, General, StateChange, Repair };
enum class ImsmRwh : std::uint8_t { Off, Ppl, PplJournal, MultiplePpl, MultiplePplJournal, MultipleOff, Bitmap };
inline constexpr std::uint32_t IMSM_ORD_REBUILD = 1U << 24;  // of an ord: out of sync
inline constexpr std::uint32_t IMSM_DEV_REPAIRS = 0x80;      // of a volume's status: its check is a repair

struct ImsmDisk {
    ImsmText serial{};
    std::uint64_t total_blocks = 0;
    std::uint32_t scsi_id = 0;
    std::uint32_t status = 0;
    std::uint32_t owner_cfg_num = 0;
    std::array<std::uint8_t, 12> filler{};
};

struct ImsmMap {
    std::uint64_t pba_of_lba0 = 0;  // first sector on each member
    std::uint64_t blocks_per_member = 0;
    std::uint64_t num_data_stripes = 0;
    std::uint16_t blocks_per_strip = 0;
    std::uint8_t map_state = 0;   // ImsmMapState
    std::uint8_t raid_level = 1;  // with more than two members 1 is RAID10
    std::uint8_t num_domains = 2;
    std::uint8_t failed_disk_num = kImsmNoDiskFailed;  // a slot
    std::uint8_t ddf = 1;
    std::array<std::uint8_t, 16> filler{};
    std::vector<std::uint32_t> ord;  // by slot

    [[nodiscard]] std::uint32_t disk_of(std::size_t slot) const { return ord[slot] & (IMSM_ORD_REBUILD - 1); }
    [[nodiscard]] bool out_of_sync(std::size_t slot) const { return (ord[slot] & IMSM_ORD_REBUILD) != 0; }
    [[nodiscard]] std::optional<std::size_t> slot_of(std::uint32_t disk) const;
    [[nodiscard]] int level() const { return raid_level == 1 && ord.size() > 2 ? 10 : raid_level; }
};

struct ImsmVolume {
    ImsmText name{};
    std::uint64_t size = 0;  // sectors of the volume
    std::uint32_t status = 0;
    std::uint32_t reserved_blocks = 0;
    std::array<std::uint8_t, 8> caching{};  // priority, sub volumes, tid, master disk, cache policy, cng states
    std::uint16_t volume_id = 0;
    std::array<std::uint8_t, 8> nv_cache{};
    std::uint8_t rwh_policy = 0;  // ImsmRwh
    std::array<std::uint8_t, 29> filler{};
    std::uint64_t curr_migr_unit = 0;
    std::uint32_t checkpoint_id = 0;
    bool migrates = false;
    std::uint8_t migr_type = 0;  // ImsmMigration; a Verify with IMSM_DEV_REPAIRS is a Repair
    std::uint8_t dirty = 0;      // bit 0: dirty; bit 1: the record of a PPL is valid
    std::array<std::uint8_t, 5> vol_state{};
    std::array<std::uint8_t, 12> vol_filler{};
    ImsmMap map;
    std::optional<ImsmMap> present;  // map 1; there if it migrates

    [[nodiscard]] bool is_dirty() const { return (dirty & 1) != 0; }
    [[nodiscard]] std::uint8_t migration() const;
    // What it is, as opposed to what it shall be.
    [[nodiscard]] const ImsmMap& now() const { return present ? *present : map; }
    // Sectors of the volume on each member, as mdadm tells the kernel.
    [[nodiscard]] std::uint64_t component_sectors() const;
};

struct ImsmBadBlock {
    std::uint8_t disk = 0;
    std::uint64_t sector = 0;   // of the disk
    std::uint32_t sectors = 0;  // 1..256
};

struct ImsmAnchor {
    std::array<std::uint8_t, 8> version{};  // "1.1.00"
    std::uint32_t family_num = 0;
    std::uint32_t generation_num = 0;
    std::uint32_t error_log_size = 0;
    std::uint32_t attributes = IMSM_CHECKSUM_VERIFY;
    std::array<std::uint8_t, 2> error_log_pos{};
    std::uint32_t cache_size = 0;
    std::uint32_t orig_family_num = 0;
    std::uint32_t pwr_cycle_count = 1;
    std::uint16_t num_raid_devs_created = 0;
    std::uint16_t fill = 0;
    std::uint64_t creation_time = 0;  // seconds since 1970
    std::array<std::uint8_t, 128> filler{};
    std::vector<ImsmDisk> disks;
    std::vector<ImsmVolume> volumes;
    std::vector<std::byte> behind_volumes;  // what others have put there
    bool has_bad_block_log = false;         // an empty one can be there
    std::vector<ImsmBadBlock> bad_blocks;
    std::uint32_t check_sum = 0;  // as stored; encode() computes it
    std::uint32_t mpb_size = 0;   // as stored; encode() computes it

    [[nodiscard]] std::string version_text() const;
    [[nodiscard]] std::uint32_t log_size() const;
    // Index of the disk of this serial.
    [[nodiscard]] std::optional<std::uint32_t> disk_of(const std::string& serial) const;
};

[[nodiscard]] bool has_imsm_signature(std::span<const std::byte> sector);
// How many sectors of it lie in front of the anchor, on a disk of so many sectors. REQUIRES: the signature is there.
Result<std::uint32_t> imsm_extended_sectors(std::span<const std::byte> anchor, std::uint64_t disk_sectors);
// Of the whole block: the anchor, and the extended part behind it. What follows the block is not looked at.
Result<ImsmAnchor> decode_imsm(std::span<const std::byte> block);
// What the first sector says before its disks, whatever the sum is. REQUIRES: the signature is there, at least a
// sector.
ImsmAnchor decode_imsm_header(std::span<const std::byte> block);
// Whole sectors, with zeroes behind the block; sum and size are computed.
std::vector<std::byte> encode_imsm(const ImsmAnchor& anchor);
std::uint32_t imsm_checksum(std::span<const std::byte> block);  // REQUIRES: at least 36 bytes, a multiple of 4

// Why mdscope would not use anything of it, or not run this volume; empty: it would. Of a disk of so many sectors.
[[nodiscard]] std::string why_imsm_is_refused(const ImsmAnchor& anchor);
[[nodiscard]] std::string why_volume_is_refused(const ImsmVolume& volume, std::uint64_t disk_sectors);

// As the bitmap's header has them. mdadm prints each group of four bytes from its last to its first.
Uuid imsm_container_uuid(const ImsmAnchor& anchor);
Uuid imsm_volume_uuid(const ImsmAnchor& anchor, std::uint32_t volume);
std::string imsm_uuid_text(const Uuid& uuid);

}  // namespace mdscope
