// SPDX-License-Identifier: MIT
// Each structure is written down once, as a function `..._fields(structure, visit)`, which ByteReader and ByteWriter
// walk. Lengths and indexes are checked before they are followed: whoever made the block chose all of them.
#include "engine/mdadm/imsm/anchor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "engine/kernel/shown.hpp"
#include "engine/md/format/bytes.hpp"

namespace mdscope {

namespace {

constexpr std::string_view kSignature = "Intel Raid ISM Cfg Sig. ";
constexpr std::size_t kHeaderSize = 216, kDiskSize = 48, kVolumeSize = 112, kMapSize = 48, kOrdSize = 4;
constexpr std::size_t kSumAt = 0x20, kSizeAt = 0x24, kDisksAt = 0x38, kVolumesAt = 0x39, kLogSizeAt = 0x48;
constexpr std::size_t kMigratesAt = 88, kMembersAt = 16;
constexpr std::size_t kLogHeader = 8, kLogEntry = 8;
constexpr std::uint32_t kLogSignature = 0xabadb10c;
static_assert(kSignature.size() == kImsmSignatureSize);

// ---- the layout

// A number whose halves are apart.
template <class Visit>
void wide(Visit& visit, std::size_t low_at, std::size_t high_at, std::uint64_t& number) {
    auto low = static_cast<std::uint32_t>(number);
    auto high = static_cast<std::uint32_t>(number >> 32);
    visit(low_at, low);
    visit(high_at, high);
    number = std::uint64_t{high} << 32 | low;
}

template <class Visit>
void header_fields(ImsmAnchor& anchor, Visit visit) {
    visit(0x18, anchor.version);
    visit(0x28, anchor.family_num);
    visit(0x2c, anchor.generation_num);
    visit(0x30, anchor.error_log_size);
    visit(0x34, anchor.attributes);
    visit(0x3a, anchor.error_log_pos);
    visit(0x3c, anchor.cache_size);
    visit(0x40, anchor.orig_family_num);
    visit(0x44, anchor.pwr_cycle_count);
    visit(0x4c, anchor.num_raid_devs_created);
    visit(0x4e, anchor.fill);
    visit(0x50, anchor.creation_time);
    visit(0x58, anchor.filler);
}

template <class Visit>
void disk_fields(ImsmDisk& disk, Visit visit) {
    visit(0, disk.serial);
    wide(visit, 16, 32, disk.total_blocks);
    visit(20, disk.scsi_id);
    visit(24, disk.status);
    visit(28, disk.owner_cfg_num);
    visit(36, disk.filler);
}

template <class Visit>
void volume_fields(ImsmVolume& volume, Visit visit) {
    visit(0, volume.name);
    wide(visit, 16, 20, volume.size);
    visit(24, volume.status);
    visit(28, volume.reserved_blocks);
    visit(32, volume.caching);
    visit(40, volume.volume_id);
    visit(42, volume.nv_cache);
    visit(50, volume.rwh_policy);
    visit(51, volume.filler);
    wide(visit, 80, 96, volume.curr_migr_unit);
    visit(84, volume.checkpoint_id);
    visit(89, volume.migr_type);
    visit(90, volume.dirty);
    visit(91, volume.vol_state);
    visit(100, volume.vol_filler);
}

template <class Visit>
void map_fields(ImsmMap& map, Visit visit) {
    wide(visit, 0, 20, map.pba_of_lba0);
    wide(visit, 4, 24, map.blocks_per_member);
    wide(visit, 8, 28, map.num_data_stripes);
    visit(12, map.blocks_per_strip);
    visit(14, map.map_state);
    visit(15, map.raid_level);
    visit(17, map.num_domains);
    visit(18, map.failed_disk_num);
    visit(19, map.ddf);
    visit(32, map.filler);
}

// ---- reading

Error refused(std::string text) {
    return {EINVAL, "IMSM metadata: " + std::move(text)};
}

// What is left of the block; a piece is taken off its front if it is all there.
struct Rest {
    std::span<const std::byte> bytes;

    std::optional<std::span<const std::byte>> take(std::size_t size) {
        if (bytes.size() < size) return std::nullopt;
        const std::span<const std::byte> piece = bytes.first(size);
        bytes = bytes.subspan(size);
        return piece;
    }
};

Error cut_off(const std::string& what, std::size_t needed, const Rest& rest) {
    return refused(fmt::format("{} needs {} bytes, {} are left of the block", what, needed, rest.bytes.size()));
}

std::optional<Error> check_block(std::span<const std::byte> block) {
    if (block.size() < kSectorSize) return refused(fmt::format("{} bytes are no sector", block.size()));
    if (!has_imsm_signature(block)) return refused("the signature is not there");
    const auto size = get_le<std::uint32_t>(block, kSizeAt);
    if (size < kHeaderSize || size > block.size() || size % sizeof(std::uint32_t) != 0)
        return refused(fmt::format("its size is {} bytes, expected a multiple of 4 from {} to {}", size, kHeaderSize,
                                   block.size()));
    const auto stored = get_le<std::uint32_t>(block, kSumAt);
    const std::uint32_t sum = imsm_checksum(block.first(size));
    if (stored != sum) return refused(fmt::format("its checksum is {:08x}, expected {:08x}", stored, sum));
    return {};
}

std::optional<Error> read_map(Rest& rest, const std::string& what, std::size_t disks, ImsmMap& map) {
    const auto fixed = rest.take(kMapSize);
    if (!fixed) return cut_off(what, kMapSize, rest);
    map_fields(map, ByteReader{*fixed});
    const auto members = get_le<std::uint8_t>(*fixed, kMembersAt);
    if (members == 0) return refused(what + " has no members");
    const auto table = rest.take(kOrdSize * members);
    if (!table) return cut_off(fmt::format("{} of {} members", what, members), kOrdSize * members, rest);
    for (std::size_t slot = 0; slot < members; slot++) {
        map.ord.push_back(get_le<std::uint32_t>(*table, kOrdSize * slot));
        if (map.disk_of(slot) >= disks)
            return refused(
                fmt::format("{} has disk {} in slot {}, there are {}", what, map.disk_of(slot), slot, disks));
    }
    if (map.map_state > static_cast<std::uint8_t>(ImsmMapState::Failed))
        return refused(fmt::format("{} is in state {}, expected 0 to 3", what, map.map_state));
    return {};
}

std::optional<Error> read_volume(Rest& rest, std::size_t index, std::size_t disks, ImsmVolume& volume) {
    const std::string what = fmt::format("volume {}", index);
    const auto fixed = rest.take(kVolumeSize);
    if (!fixed) return cut_off(what, kVolumeSize, rest);
    volume_fields(volume, ByteReader{*fixed});
    const auto migrates = get_le<std::uint8_t>(*fixed, kMigratesAt);
    if (migrates > 1) return refused(fmt::format("{} has migration state {}, expected 0 or 1", what, migrates));
    volume.migrates = migrates == 1;
    if (auto error = read_map(rest, "the map of " + what, disks, volume.map)) return error;
    if (!volume.migrates) return {};
    return read_map(rest, "the second map of " + what, disks, volume.present.emplace());
}

std::optional<Error> read_log(std::span<const std::byte> log, ImsmAnchor& anchor) {
    anchor.has_bad_block_log = true;
    const auto signature = get_le<std::uint32_t>(log, 0);
    const auto count = get_le<std::uint32_t>(log, 4);
    if (signature != kLogSignature)
        return refused(fmt::format("its bad block log begins with {:08x}, expected {:08x}", signature, kLogSignature));
    if (count > kImsmMostBadBlocks)
        return refused(
            fmt::format("its bad block log has {} entries, at most {} are possible", count, kImsmMostBadBlocks));
    if (log.size() != kLogHeader + kLogEntry * count)
        return refused(fmt::format("its bad block log of {} entries has {} bytes, expected {}", count, log.size(),
                                   kLogHeader + kLogEntry * count));
    for (std::size_t i = 0; i < count; i++) {
        const std::span<const std::byte> entry = log.subspan(kLogHeader + kLogEntry * i, kLogEntry);
        ImsmBadBlock bad;
        bad.sectors = get_le<std::uint8_t>(entry, 0) + 1U;
        bad.disk = get_le<std::uint8_t>(entry, 1);
        bad.sector = std::uint64_t{get_le<std::uint32_t>(entry, 4)} << 16 | get_le<std::uint16_t>(entry, 2);
        if (bad.disk >= anchor.disks.size())
            return refused(fmt::format("entry {} of its bad block log is of disk {}, there are {}", i, bad.disk,
                                       anchor.disks.size()));
        anchor.bad_blocks.push_back(bad);
    }
    return {};
}

// Takes the log off the end of the block.
std::optional<Error> split_log(std::span<const std::byte> block, Rest& rest, std::span<const std::byte>& log) {
    const auto size = get_le<std::uint32_t>(block, kLogSizeAt);
    if (size == 0) return {};
    if (size < kLogHeader || size > rest.bytes.size())
        return refused(
            fmt::format("its bad block log has {} bytes, expected 0 or {} to {}", size, kLogHeader, rest.bytes.size()));
    log = rest.bytes.last(size);
    rest.bytes = rest.bytes.first(rest.bytes.size() - size);
    return {};
}

void drop_unused_halves(ImsmAnchor& anchor) {
    if ((anchor.attributes & IMSM_2TB_DISK) != 0) return;
    const auto cut = [](std::uint64_t& number) { number &= 0xffffffff; };
    const auto cut_map = [&](ImsmMap& map) {
        cut(map.pba_of_lba0);
        cut(map.blocks_per_member);
        cut(map.num_data_stripes);
    };
    for (ImsmDisk& disk : anchor.disks) cut(disk.total_blocks);
    for (ImsmVolume& volume : anchor.volumes) {
        cut_map(volume.map);
        if (volume.present) cut_map(*volume.present);
    }
}

// ---- writing

void append(std::vector<std::byte>& block, std::size_t size) {
    block.resize(block.size() + size);
}

void write_map(std::vector<std::byte>& block, ImsmMap map) {
    const std::size_t at = block.size();
    append(block, kMapSize + kOrdSize * map.ord.size());
    const std::span<std::byte> bytes = std::span(block).subspan(at);
    map_fields(map, ByteWriter{bytes});
    put_le(bytes, kMembersAt, static_cast<std::uint8_t>(map.ord.size()));
    for (std::size_t slot = 0; slot < map.ord.size(); slot++) put_le(bytes, kMapSize + kOrdSize * slot, map.ord[slot]);
}

void write_volume(std::vector<std::byte>& block, ImsmVolume volume) {
    const std::size_t at = block.size();
    append(block, kVolumeSize);
    const std::span<std::byte> bytes = std::span(block).subspan(at);
    volume_fields(volume, ByteWriter{bytes});
    put_le<std::uint8_t>(bytes, kMigratesAt, volume.migrates ? 1 : 0);
    write_map(block, volume.map);
    if (volume.migrates) write_map(block, volume.now());
}

void write_log(std::vector<std::byte>& block, const ImsmAnchor& anchor) {
    const std::size_t at = block.size();
    append(block, anchor.log_size());
    if (anchor.log_size() == 0) return;
    const std::span<std::byte> log = std::span(block).subspan(at);
    put_le(log, 0, kLogSignature);
    put_le(log, 4, static_cast<std::uint32_t>(anchor.bad_blocks.size()));
    for (std::size_t i = 0; i < anchor.bad_blocks.size(); i++) {
        const ImsmBadBlock& bad = anchor.bad_blocks[i];
        const std::span<std::byte> entry = log.subspan(kLogHeader + kLogEntry * i, kLogEntry);
        put_le(entry, 0, static_cast<std::uint8_t>(bad.sectors - 1));
        put_le(entry, 1, bad.disk);
        put_le(entry, 2, static_cast<std::uint16_t>(bad.sector));
        put_le(entry, 4, static_cast<std::uint32_t>(bad.sector >> 16));
    }
}

}  // namespace

bool has_imsm_signature(std::span<const std::byte> sector) {
    return sector.size() >= kSignature.size() &&
           std::equal(kSignature.begin(), kSignature.end(), sector.begin(),
                      [](char expected, std::byte found) { return static_cast<std::byte>(expected) == found; });
}

std::uint32_t imsm_checksum(std::span<const std::byte> block) {
    std::uint32_t sum = 0;
    for (std::size_t at = 0; at + sizeof(sum) <= block.size(); at += sizeof(sum))
        if (at != kSumAt) sum += get_le<std::uint32_t>(block, at);
    return sum;
}

Result<std::uint32_t> imsm_extended_sectors(std::span<const std::byte> anchor, std::uint64_t disk_sectors) {
    MD_CHECK(has_imsm_signature(anchor) && anchor.size() >= kSectorSize);
    const auto size = get_le<std::uint32_t>(anchor, kSizeAt);
    const std::uint64_t most =
        std::min<std::uint64_t>(kImsmMostSectors, disk_sectors < 2 ? 0 : disk_sectors - 1) * kSectorSize;
    if (size < kHeaderSize || size > most)
        return refused(fmt::format("its size is {} bytes, expected {} to {}", size, kHeaderSize, most));
    return (size - 1) / static_cast<std::uint32_t>(kSectorSize);
}

ImsmAnchor decode_imsm_header(std::span<const std::byte> block) {
    MD_CHECK(has_imsm_signature(block) && block.size() >= kSectorSize);
    ImsmAnchor anchor;
    anchor.mpb_size = get_le<std::uint32_t>(block, kSizeAt);
    anchor.check_sum = get_le<std::uint32_t>(block, kSumAt);
    header_fields(anchor, ByteReader{block});
    return anchor;
}

Result<ImsmAnchor> decode_imsm(std::span<const std::byte> block) {
    if (auto error = check_block(block)) return *error;
    ImsmAnchor anchor = decode_imsm_header(block);
    Rest rest{block.first(anchor.mpb_size).subspan(kHeaderSize)};
    std::span<const std::byte> log;
    if (auto error = split_log(block, rest, log)) return *error;

    const auto disks = get_le<std::uint8_t>(block, kDisksAt);
    for (std::size_t i = 0; i < disks; i++) {
        const auto bytes = rest.take(kDiskSize);
        if (!bytes) return cut_off(fmt::format("disk {} of {}", i, disks), kDiskSize, rest);
        disk_fields(anchor.disks.emplace_back(), ByteReader{*bytes});
    }
    const auto volumes = get_le<std::uint8_t>(block, kVolumesAt);
    for (std::size_t i = 0; i < volumes; i++)
        if (auto error = read_volume(rest, i, disks, anchor.volumes.emplace_back())) return *error;
    anchor.behind_volumes.assign(rest.bytes.begin(), rest.bytes.end());
    if (!log.empty())
        if (auto error = read_log(log, anchor)) return *error;
    drop_unused_halves(anchor);
    return anchor;
}

std::vector<std::byte> encode_imsm(const ImsmAnchor& anchor) {
    ImsmAnchor copy = anchor;  // the visitors take what they may not change, too
    std::vector<std::byte> block(kHeaderSize);
    for (std::size_t i = 0; i < kSignature.size(); i++) block[i] = static_cast<std::byte>(kSignature[i]);
    header_fields(copy, ByteWriter{block});
    put_le(std::span(block), kDisksAt, static_cast<std::uint8_t>(anchor.disks.size()));
    put_le(std::span(block), kVolumesAt, static_cast<std::uint8_t>(anchor.volumes.size()));
    put_le(std::span(block), kLogSizeAt, anchor.log_size());
    for (ImsmDisk& disk : copy.disks) {
        append(block, kDiskSize);
        disk_fields(disk, ByteWriter{std::span(block).last(kDiskSize)});
    }
    for (const ImsmVolume& volume : anchor.volumes) write_volume(block, volume);
    block.insert(block.end(), anchor.behind_volumes.begin(), anchor.behind_volumes.end());
    write_log(block, anchor);
    put_le(std::span(block), kSizeAt, static_cast<std::uint32_t>(block.size()));
    put_le(std::span(block), kSumAt, imsm_checksum(block));
    append(block, (kSectorSize - block.size() % kSectorSize) % kSectorSize);
    return block;
}

}  // namespace mdscope
