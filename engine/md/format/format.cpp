// SPDX-License-Identifier: MIT
// Superblocks of version 1 (struct mdp_superblock_1): their bytes, their checksum, and what makes one unacceptable.
//
//   0    magic a92b4efc, major version 1, feature map       128  this member: where its data and superblock are,
//   16   set uuid, set name                                      its number, uuid, flags, bad-block log
//   64   the array: ctime, level, size, raid disks          192  what changes: utime, events, resync_offset
//   96   bitmap offset; 100..127 a reshape                  216  checksum, max_dev, logical block; 228..255 zero
//                                                           256  max_dev roles of 2 bytes
//
// The list in layout_of() is the layout; encoding and decoding both walk it. Judging is separate from decoding, because
// `examine` prints superblocks that assembling would refuse. check_super_1 looks in super_1_load's order first and then
// at what the kernel finds out later or not at all: nothing that passes may make arithmetic on it wrap, or data lie on
// top of metadata. It may be stricter than md, never laxer.
#include "engine/md/format/format.hpp"

#include <fmt/format.h>

#include <array>
#include <bit>

#include "engine/md/format/bytes.hpp"
#include "engine/md/md.hpp"
#include "engine/trace/frame.hpp"

namespace mdscope {

namespace {

constexpr std::size_t kRolesAt = 256;
constexpr std::size_t kNameAt = 32;
constexpr std::size_t kNameSize = 32;
constexpr std::size_t kChecksumAt = 216;
constexpr Sector kPageSectors = kPageSize / kSectorSize;

static_assert(kRolesAt + 2 * kMaxRoles == kPageSize);

template <class Super, class Visit>
void layout_of(Super& sb, const Visit& visit) {
    visit(0, sb.magic);
    visit(4, sb.major_version);
    visit(8, sb.feature_map);
    visit(12, sb.pad0);
    visit(16, sb.set_uuid);
    visit(64, sb.ctime);
    visit(72, sb.level);
    visit(76, sb.layout);
    visit(80, sb.size);
    visit(88, sb.chunksize);
    visit(92, sb.raid_disks);
    visit(96, sb.bitmap_offset);
    visit(100, sb.new_level);
    visit(104, sb.reshape_position);
    visit(112, sb.delta_disks);
    visit(116, sb.new_layout);
    visit(120, sb.new_chunk);
    visit(124, sb.new_offset);
    visit(128, sb.data_offset);
    visit(136, sb.data_size);
    visit(144, sb.super_offset);
    visit(152, sb.recovery_offset);
    visit(160, sb.dev_number);
    visit(164, sb.cnt_corrected_read);
    visit(168, sb.device_uuid);
    visit(184, sb.devflags);
    visit(185, sb.bblog_shift);
    visit(186, sb.bblog_size);
    visit(188, sb.bblog_offset);
    visit(192, sb.utime);
    visit(200, sb.events);
    visit(208, sb.resync_offset);
    visit(kChecksumAt, sb.sb_csum);
    visit(220, sb.max_dev);
    visit(224, sb.logical_block_size);
    visit(228, sb.pad3);
}

Sector superblock_sectors(const Superblock1& sb) {
    return (kRolesAt + 2 * std::size_t{sb.max_dev} + kSectorSize - 1) >> kSectorShift;
}

__extension__ typedef __int128 WideInt;

// A range of sectors, wide enough that no sum of two fields wraps.
struct SectorRange {
    using Wide = WideInt;
    Wide start;
    Wide length;
    [[nodiscard]] Wide end() const { return start + length; }
    [[nodiscard]] bool overlaps(const SectorRange& other) const {
        return length > 0 && other.length > 0 && start < other.end() && other.start < end();
    }
};

}  // namespace

std::uint32_t calc_sb_1_csum(std::span<const std::byte> page) {
    MD_FRAME("calc_sb_1_csum");
    const std::size_t max_dev = std::min<std::size_t>(get_le<std::uint32_t>(page, 220), kMaxRoles);
    const std::size_t size = kRolesAt + 2 * max_dev;
    std::uint64_t sum = 0;
    std::size_t at = 0;
    for (; at + 4 <= size; at += 4)
        if (at != kChecksumAt) sum += get_le<std::uint32_t>(page, at);
    if (at < size) sum += get_le<std::uint16_t>(page, at);
    return static_cast<std::uint32_t>(sum) + static_cast<std::uint32_t>(sum >> 32);
}

std::size_t encode_super_1(const Superblock1& sb, std::span<std::byte> page) {
    MD_CHECK(page.size() == kPageSize);
    MD_CHECK(sb.max_dev <= kMaxRoles);
    MD_CHECK(sb.set_name.size() <= kNameSize);
    std::fill(page.begin(), page.end(), std::byte{0});
    layout_of(sb, ByteWriter{page});
    for (std::size_t i = 0; i < sb.set_name.size(); i++) page[kNameAt + i] = static_cast<std::byte>(sb.set_name[i]);
    for (std::size_t i = 0; i < sb.max_dev; i++)
        put_le(page, kRolesAt + 2 * i, i < sb.dev_roles.size() ? sb.dev_roles[i] : MD_DISK_ROLE_SPARE);
    put_le(page, kChecksumAt, calc_sb_1_csum(page));
    return kRolesAt + 2 * std::size_t{sb.max_dev};
}

Superblock1 decode_super_1(std::span<const std::byte> page) {
    MD_CHECK(page.size() == kPageSize);
    Superblock1 sb;
    layout_of(sb, ByteReader{page});
    for (std::size_t i = 0; i < kNameSize && page[kNameAt + i] != std::byte{0}; i++)
        sb.set_name.push_back(std::to_integer<char>(page[kNameAt + i]));
    sb.dev_roles.resize(std::min<std::size_t>(sb.max_dev, kMaxRoles));
    for (std::size_t i = 0; i < sb.dev_roles.size(); i++)
        sb.dev_roles[i] = get_le<std::uint16_t>(page, kRolesAt + 2 * i);
    return sb;
}

bool has_super_1_magic(std::span<const std::byte> page) {
    return page.size() >= 8 && get_le<std::uint32_t>(page, 0) == MD_SB_MAGIC && get_le<std::uint32_t>(page, 4) == 1;
}

bool has_super_0_magic(std::span<const std::byte> page) {
    return page.size() >= 8 && get_le<std::uint32_t>(page, 0) == MD_SB_MAGIC && get_le<std::uint32_t>(page, 4) == 0;
}

// ---- judging

namespace {

// What super_1_load looks at before it believes any number.
std::string check_identity(const Superblock1& sb, std::span<const std::byte> page, Sector read_at) {
    if (sb.magic != MD_SB_MAGIC) return fmt::format("magic {:08x}, expected {:08x}", sb.magic, MD_SB_MAGIC);
    if (sb.major_version != 1) return fmt::format("major version {}, expected 1", sb.major_version);
    if (sb.max_dev > kMaxRoles) return fmt::format("max_dev {}, at most {} fit", sb.max_dev, kMaxRoles);
    if (sb.super_offset != read_at)
        return fmt::format("super_offset {}, but it was read from sector {}", sb.super_offset, read_at);
    if ((sb.feature_map & ~MD_FEATURE_ALL) != 0)
        return fmt::format("unknown feature bits {:#x}", sb.feature_map & ~MD_FEATURE_ALL);
    const std::uint32_t sum = calc_sb_1_csum(page);
    if (sb.sb_csum != sum) return fmt::format("checksum {:08x}, expected {:08x}", sb.sb_csum, sum);
    if (sb.data_size < 10) return fmt::format("data_size {} sectors, at least 10 are needed", sb.data_size);
    if (sb.pad0 != 0) return fmt::format("pad0 is {:#x}, expected 0", sb.pad0);
    if (sb.pad3 != decltype(sb.pad3){}) return "pad3 is not zero";
    const bool is_block = sb.logical_block_size >= kSectorSize && sb.logical_block_size <= kPageSize &&
                          std::has_single_bit(sb.logical_block_size);
    if (sb.logical_block_size != 0 && !is_block)
        return fmt::format("logical_block_size {}, expected 0 or a power of two from 512 to 4096",
                           sb.logical_block_size);
    return {};
}

// What md could run and mdscope cannot.
std::string check_supported(const Superblock1& sb) {
    struct Unsupported {
        std::uint32_t bit;
        const char* what;
    };
    static constexpr std::array<Unsupported, 7> unsupported{{
        {MD_FEATURE_BITMAP_VERSIONED, "a clustered bitmap"},
        {MD_FEATURE_JOURNAL, "a journal"},
        {MD_FEATURE_PPL, "a partial parity log"},
        {MD_FEATURE_MULTIPLE_PPLS, "partial parity logs"},
        {MD_FEATURE_RAID0_LAYOUT, "a RAID0 layout"},
        {MD_FEATURE_NEW_OFFSET, "a move of its data"},
        {MD_FEATURE_REPLACEMENT, "a replacement of a member"},
    }};
    if (sb.level != 1) return fmt::format("level {}, mdscope only does RAID1 (level 1)", sb.level);
    if ((sb.feature_map & (MD_FEATURE_RESHAPE_ACTIVE | MD_FEATURE_RESHAPE_BACKWARDS)) != 0)
        return "a reshape is active, mdscope does not reshape: let mdadm finish it";
    for (const Unsupported& row : unsupported)
        if ((sb.feature_map & row.bit) != 0)
            return fmt::format("the array has {} (feature {:#x}), mdscope does not do that", row.what, row.bit);
    if (sb.raid_disks == 0) return "raid_disks is 0";
    if (sb.raid_disks > static_cast<std::uint32_t>(kMaxMembers))
        return fmt::format("raid_disks {}, mdscope does at most {}", sb.raid_disks, kMaxMembers);
    if (sb.dev_number >= sb.max_dev)
        return fmt::format("dev_number {}, but there are {} roles", sb.dev_number, sb.max_dev);
    return {};
}

std::string check_data(const Superblock1& sb, int minor_version, Sector device_sectors) {
    const SectorRange data{sb.data_offset, sb.data_size};
    if (data.end() > SectorRange::Wide{~Sector{0}})
        return fmt::format("data_offset {} plus data_size {} wraps around", sb.data_offset, sb.data_size);
    const Sector data_limit = minor_version == 0 ? sb.super_offset : device_sectors;
    if (sb.data_offset >= data_limit)
        return fmt::format("data_offset {} is beyond the end of the space for data ({} sectors)", sb.data_offset,
                           data_limit);
    if (minor_version != 0) {
        const Sector superblock_end = sb.super_offset + superblock_sectors(sb);
        if (sb.data_offset < superblock_end)
            return fmt::format("data_offset {} is inside the superblock (sectors {} to {})", sb.data_offset,
                               sb.super_offset, superblock_end - 1);
    }
    if (data.end() > SectorRange::Wide{data_limit})
        return fmt::format("the device has {} sectors for data, its superblock says {}", data_limit - sb.data_offset,
                           sb.data_size);
    if (sb.size == 0) return "size is 0";
    if (sb.size > sb.data_size) return fmt::format("size {} is larger than data_size {}", sb.size, sb.data_size);
    if (sb.resync_offset != ~Sector{0} && sb.resync_offset > sb.size)
        return fmt::format("resync_offset {} is beyond size {}", sb.resync_offset, sb.size);
    // All ones is what a superblock says between the end of a recovery and the next one, which calls the member in
    // sync.
    const bool is_rebuilding = (sb.feature_map & MD_FEATURE_RECOVERY_OFFSET) != 0;
    if (is_rebuilding && sb.recovery_offset != ~Sector{0} && sb.recovery_offset > sb.size)
        return fmt::format("recovery_offset {} is beyond size {}", sb.recovery_offset, sb.size);
    return {};
}

// An area named by its distance from the superblock must lie on the device, and on nothing else.
std::string check_area(const char* name, const SectorRange& area, const Superblock1& sb, Sector device_sectors) {
    const auto sector = [](SectorRange::Wide at) { return static_cast<std::int64_t>(at); };
    if (area.start < 0 || area.end() > SectorRange::Wide{device_sectors})
        return fmt::format("the {} at sector {} is outside the device ({} sectors)", name, sector(area.start),
                           device_sectors);
    if (area.overlaps({sb.super_offset, superblock_sectors(sb)}))
        return fmt::format("the {} at sector {} is inside the superblock", name, sector(area.start));
    if (area.overlaps({sb.data_offset, sb.size}))
        return fmt::format("the {} at sector {} is inside the data (from sector {})", name, sector(area.start),
                           sb.data_offset);
    return {};
}

std::string check_areas(const Superblock1& sb, Sector device_sectors) {
    const bool has_bitmap = (sb.feature_map & MD_FEATURE_BITMAP_OFFSET) != 0;
    // Only the start of the bitmap is known here: its length is in its own header.
    const SectorRange bitmap{SectorRange::Wide{sb.super_offset} + sb.bitmap_offset, has_bitmap ? 1 : 0};
    if (has_bitmap)
        if (std::string wrong = check_area("bitmap", bitmap, sb, device_sectors); !wrong.empty()) return wrong;

    if (sb.bblog_size > kPageSectors)
        return fmt::format("bblog_size {} sectors, at most {} are possible", sb.bblog_size, kPageSectors);
    const bool has_log = sb.bblog_offset != 0 && sb.bblog_size != 0;
    if (!has_log && (sb.feature_map & MD_FEATURE_BAD_BLOCKS) != 0)
        return fmt::format("it has bad blocks, but no place for their log (bblog_offset {}, bblog_size {})",
                           sb.bblog_offset, sb.bblog_size);
    if (!has_log) return {};
    const SectorRange log{SectorRange::Wide{sb.super_offset} + sb.bblog_offset, sb.bblog_size};
    if (log.overlaps(bitmap)) return "the bad-block log lies on the bitmap";
    if (sb.bblog_shift > 54) return fmt::format("bblog_shift {}, at most 54 is possible", sb.bblog_shift);
    return check_area("bad-block log", log, sb, device_sectors);
}

}  // namespace

std::string check_super_1(std::span<const std::byte> page, Sector read_at, int minor_version, Sector device_sectors) {
    MD_CHECK(page.size() == kPageSize);
    const Superblock1 sb = decode_super_1(page);
    std::string wrong = check_identity(sb, page, read_at);
    if (wrong.empty()) wrong = check_supported(sb);
    if (wrong.empty()) wrong = check_data(sb, minor_version, device_sectors);
    if (wrong.empty()) wrong = check_areas(sb, device_sectors);
    return wrong;
}

Sector super_1_sector(int minor_version, Sector device_sectors) {
    if (minor_version == 1) return 0;
    if (minor_version == 2) return 8;
    return device_sectors < 16 ? 0 : (device_sectors - 16) / 8 * 8;
}

std::string format_uuid(const Uuid& uuid) {
    std::string text;
    for (std::size_t i = 0; i < uuid.size(); i++)
        text += fmt::format("{}{:02x}", i != 0 && i % 4 == 0 ? ":" : "", uuid[i]);
    return text;
}

std::string format_uuid_dashed(const Uuid& uuid) {
    std::string text;
    for (std::size_t i = 0; i < uuid.size(); i++)
        text += fmt::format("{}{:02x}", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", uuid[i]);
    return text;
}

}  // namespace mdscope
