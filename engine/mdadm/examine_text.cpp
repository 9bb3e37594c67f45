// SPDX-License-Identifier: MIT
// What `mdscope examine` prints, in the layout of mdadm 4.2: labels right-aligned, then " : ".
//
// The order of the lines, their blanks and their empty lines are mdadm's, because people (and scripts) compare the two.
// Each function below is one block of that output. Numbers that mdadm computes with a sign or a wrap are computed the
// same way here, but in unsigned arithmetic, so that a hostile superblock prints nonsense and does nothing worse. Bytes
// of a name that are not printable become '?'.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <span>

#include "engine/mdadm/examine.hpp"
#include "engine/mdadm/geometry.hpp"

namespace mdscope {

namespace {

struct Named {
    std::uint32_t value;
    const char* name;
};
constexpr std::array<Named, 9> kLevels{{{~0U, "linear"},
                                        {0, "raid0"},
                                        {1, "raid1"},
                                        {4, "raid4"},
                                        {5, "raid5"},
                                        {6, "raid6"},
                                        {10, "raid10"},
                                        {~3U, "multipath"},
                                        {~4U, "faulty"}}};
constexpr std::array<Named, 2> kRaid0Layouts{{{1, "original"}, {2, "alternate"}}};
constexpr std::array<Named, 14> kParityLayouts{{{0, "left-asymmetric"},
                                                {1, "right-asymmetric"},
                                                {2, "left-symmetric"},
                                                {3, "right-symmetric"},
                                                {4, "parity-first"},
                                                {5, "parity-last"},
                                                {8, "ddf-zero-restart"},
                                                {9, "ddf-N-restart"},
                                                {10, "ddf-N-continue"},
                                                {16, "left-asymmetric-6"},
                                                {17, "right-asymmetric-6"},
                                                {18, "left-symmetric-6"},
                                                {19, "right-symmetric-6"},
                                                {20, "parity-first-6"}}};
constexpr std::uint32_t kFirstRaid6Only = 8;

const char* name_of(std::span<const Named> table, std::uint32_t value) {
    for (const Named& row : table)
        if (row.value == value) return row.name;
    return "-unknown-";
}

constexpr int kSuperWidth = 15;
constexpr int kRoleWidth = 14;
constexpr int kBitmapWidth = 16;

std::string line(const char* label, const std::string& value, int width = kSuperWidth) {
    return fmt::format("{:>{}} : {}\n", label, width, value);
}

std::string printable(std::string text) {
    for (char& c : text)
        if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = '?';
    return text;
}

std::string time_text(std::uint64_t stored) {
    const auto seconds = static_cast<std::time_t>(stored & 0xff'ffff'ffffULL);
    std::tm local{};
    std::array<char, 64> text{};
    if (localtime_r(&seconds, &local) == nullptr) return fmt::format("{} seconds after 1970", seconds);
    return {text.data(), std::strftime(text.data(), text.size(), "%a %b %e %H:%M:%S %Y", &local)};
}

std::string sectors_text(Sector sectors) {
    return fmt::format("{} sectors{}", sectors, human_size_bytes(sectors << kSectorShift));
}

// ---- the superblock

std::string layout_text(std::uint32_t level, std::uint32_t layout) {
    if (level == 0) return name_of(kRaid0Layouts, layout);
    if (level == 5 && layout >= kFirstRaid6Only) return "-unknown-";
    if (level == 5 || level == 6) return name_of(kParityLayouts, layout);
    const std::uint32_t near = layout & 255;
    const std::uint32_t far = layout >> 8 & 255;
    std::string text;
    if (near != 1) text += fmt::format("near={}", near);
    if (far != 1)
        text += fmt::format("{}{}={}", near != 1 ? ", " : "", (layout & 0x10000) != 0 ? "offset" : "far", far);
    return text.empty() ? "NO REDUNDANCY" : text;
}

// Bytes of the whole array; 0 when the level has no such number.
std::uint64_t array_bytes(const Superblock1& sb) {
    const std::uint64_t member = sb.size << kSectorShift;
    const std::uint64_t copies = std::uint64_t{sb.layout & 255} * (sb.layout >> 8 & 255);
    switch (sb.level) {
        case 1:
            return member;
        case 4:
        case 5:
            return member * (sb.raid_disks - 1);
        case 6:
            return member * (sb.raid_disks - 2);
        case 10:
            return copies == 0 ? 0 : member * sb.raid_disks / copies;
        default:
            return 0;
    }
}

std::string array_block(const Superblock1& sb) {
    const char* version = sb.super_offset <= 4 ? "1.1" : sb.super_offset <= 8 ? "1.2" : "1.0";
    return line("Magic", fmt::format("{:08x}", sb.magic)) + line("Version", version) +
           line("Feature Map", fmt::format("{:#x}", sb.feature_map)) + line("Array UUID", format_uuid(sb.set_uuid)) +
           line("Name", printable(sb.set_name)) + line("Creation Time", time_text(sb.ctime)) +
           line("Raid Level", name_of(kLevels, static_cast<std::uint32_t>(sb.level))) +
           line("Raid Devices", fmt::format("{}", static_cast<std::int32_t>(sb.raid_disks))) + "\n";
}

struct UnusedSpace {
    Sector before = 0;
    Sector after = 0;  // "negative" when the device is too small
    [[nodiscard]] bool too_small() const { return after > ~Sector{0} / 2; }
};

// How far the data could be moved, as mdadm computes it for a reshape (with its own idea of where a bitmap ends).
UnusedSpace unused_space(const Examination& examination) {
    const Superblock1& sb = examination.super->sb;
    const Sector size = sb.level <= 0 ? sb.data_size : sb.size;
    const bool has_bitmap = (sb.feature_map & MD_FEATURE_BITMAP_OFFSET) != 0;
    const bool has_log = sb.bblog_offset != 0 && sb.bblog_size != 0;
    const Sector log_at = sb.super_offset + static_cast<Sector>(std::int64_t{sb.bblog_offset});
    if (sb.data_offset < sb.super_offset) {
        Sector end = sb.super_offset;
        if (has_log) end = std::min(end, log_at);
        if (has_bitmap) end = std::min(end, sb.super_offset + static_cast<Sector>(std::int64_t{sb.bitmap_offset}));
        const Sector data_end = sb.data_offset + size;
        return {sb.data_offset, data_end < end ? end - data_end : 0};
    }
    constexpr Sector metadata = 72;
    Sector earliest = sb.super_offset + metadata;
    if (has_bitmap && sb.bitmap_offset > 0) {
        const std::uint64_t bytes = (examination.bits ? examination.bits->total + 7 : 7) / 8 + kBitmapSuperSize;
        const Sector sectors = (bytes + kPageSize - 1) / kPageSize * (kPageSize / kSectorSize);
        earliest = std::max(earliest, static_cast<Sector>(sb.bitmap_offset) + sectors);
    }
    if (has_log) earliest = std::max(earliest, log_at + sb.bblog_size);
    return {earliest < sb.data_offset ? sb.data_offset - earliest : 0, examination.sectors - size - sb.data_offset};
}

std::string unused_line(const Examination& examination, const UnusedSpace& unused) {
    const Superblock1& sb = examination.super->sb;
    Sector after = unused.after;
    bool shown = unused.before != 0 || unused.after != 0;
    if (sb.role() == MD_DISK_ROLE_JOURNAL) {  // uses whole blocks of 4 KiB, whatever the array's size
        after = (examination.sectors - sb.data_offset) % 8;
        shown = true;
    }
    constexpr Sector not_known = 1;  // mdadm's mark for "no room to move"
    if (!shown || after == not_known || (sb.feature_map & MD_FEATURE_NEW_OFFSET) != 0) return "";
    const std::string behind =
        unused.too_small() ? fmt::format("-{} sectors DEVICE TOO SMALL", ~after) : fmt::format("{} sectors", after);
    return line("Unused Space", fmt::format("before={} sectors, after={}", unused.before, behind));
}

std::string sizes_block(const Examination& examination) {
    const Superblock1& sb = examination.super->sb;
    std::string text = line("Avail Dev Size", sectors_text(sb.data_size));
    if (sb.level != 0) {
        if (const std::uint64_t bytes = array_bytes(sb); bytes != 0)
            text += line("Array Size", fmt::format("{} KiB{}", bytes >> 10, human_size_bytes(bytes)));
        if (sb.size != sb.data_size) text += line("Used Dev Size", sectors_text(sb.size));
    }
    const bool moves = (sb.feature_map & MD_FEATURE_NEW_OFFSET) != 0;
    if (sb.data_offset != 0) text += line("Data Offset", fmt::format("{} sectors", sb.data_offset));
    if (moves && sb.new_offset != 0) {
        const std::int64_t by = static_cast<std::int32_t>(sb.new_offset);
        text += line("New Offset", fmt::format("{} sectors", sb.data_offset + static_cast<Sector>(by)));
    }
    if (sb.logical_block_size != 0) text += line("Logical Block", fmt::format("{} bytes", sb.logical_block_size));
    text += line("Super Offset", fmt::format("{} sectors", sb.super_offset));
    if ((sb.feature_map & MD_FEATURE_RECOVERY_OFFSET) != 0)
        text += line("Recovery Offset", fmt::format("{} sectors", sb.recovery_offset));

    const UnusedSpace unused = unused_space(examination);
    text += unused_line(examination, unused);
    text += line("State", fmt::format("{}{}", sb.resync_offset == ~Sector{0} ? "clean" : "active",
                                      unused.too_small() ? " TRUNCATED DEVICE" : ""));
    return text + line("Device UUID", format_uuid(sb.device_uuid)) + "\n";
}

std::string reshape_block(const Superblock1& sb) {
    std::string text = line("Reshape pos'n", fmt::format("{}{}", sb.reshape_position / 2,
                                                         human_size_bytes(sb.reshape_position << kSectorShift)));
    if (sb.delta_disks != 0)
        text += line("Delta Devices",
                     fmt::format("{} ({}->{})", static_cast<std::int32_t>(sb.delta_disks),
                                 static_cast<std::int32_t>(sb.raid_disks - sb.delta_disks), sb.raid_disks));
    const auto level = static_cast<std::uint32_t>(sb.level);
    if (sb.new_level != level) text += line("New Level", name_of(kLevels, sb.new_level));
    if (sb.new_layout != sb.layout && (level == 5 || level == 6 || level == 10))
        text += line("New Layout", layout_text(level, sb.new_layout));
    if (sb.new_chunk != sb.chunksize) text += line("New Chunksize", fmt::format("{}K", sb.new_chunk / 2));
    return text + "\n";
}

std::string changing_block(const FoundSuper1& found) {
    const Superblock1& sb = found.sb;
    std::string text;
    if ((sb.feature_map & MD_FEATURE_BITMAP_OFFSET) != 0)
        text += line("Internal Bitmap", fmt::format("{} sectors from superblock", sb.bitmap_offset));
    else if ((sb.feature_map & (MD_FEATURE_PPL | MD_FEATURE_MULTIPLE_PPLS)) != 0)
        text += line("PPL", fmt::format("{} sectors at offset {} sectors from superblock",
                                        static_cast<std::uint32_t>(sb.bitmap_offset) >> 16, sb.bitmap_offset & 0xffff));
    if ((sb.feature_map & MD_FEATURE_RESHAPE_ACTIVE) != 0) text += reshape_block(sb);
    if (sb.devflags != 0)
        text += line("Flags", fmt::format("{}{}", (sb.devflags & 1) != 0 ? "write-mostly" : "",
                                          (sb.devflags & 2) == 0   ? ""
                                          : (sb.devflags & 1) != 0 ? " failfast"
                                                                   : "failfast"));
    text += line("Update Time", time_text(sb.utime));
    if (sb.bblog_size != 0 && sb.bblog_offset != 0)
        text += line(
            "Bad Block Log",
            fmt::format("{} entries available at offset {} sectors{}", sb.bblog_size * kSectorSize / 8, sb.bblog_offset,
                        (sb.feature_map & MD_FEATURE_BAD_BLOCKS) != 0 ? " - bad blocks present." : ""));
    const std::uint32_t sum = calc_sb_1_csum(found.page);
    const std::string verdict = sum == sb.sb_csum ? "correct" : fmt::format("expected {:x}", sum);
    text += line("Checksum", fmt::format("{:x} - {}", sb.sb_csum, verdict));
    return text + line("Events", fmt::format("{}", sb.events)) + "\n";
}

std::string layout_block(const Superblock1& sb) {
    std::string text;
    const bool raid0 = sb.level == 0 && (sb.feature_map & MD_FEATURE_RAID0_LAYOUT) != 0;
    if (raid0 || sb.level == 5 || sb.level == 6 || sb.level == 10)
        text += line("Layout", layout_text(static_cast<std::uint32_t>(sb.level), sb.layout));
    const bool striped = sb.level == 0 || (sb.level >= 4 && sb.level <= 6) || sb.level == 10;
    if (striped) text += line("Chunk Size", fmt::format("{}K", sb.chunksize / 2));
    if (sb.level == -1) text += line("Rounding", fmt::format("{}K", sb.chunksize / 2));
    return text + "\n";
}

std::string role_text(const Superblock1& sb) {
    const std::uint16_t role = sb.role();
    if (role >= MD_DISK_ROLE_FAULTY) return "spare";
    if (role == MD_DISK_ROLE_JOURNAL) return "Journal";
    return fmt::format("{} device {}", (sb.feature_map & MD_FEATURE_REPLACEMENT) != 0 ? "Replacement" : "Active", role);
}

std::string roles_block(const Superblock1& sb) {
    const auto delta = static_cast<std::int32_t>(sb.delta_disks);
    const bool shrinks = (sb.feature_map & MD_FEATURE_RESHAPE_ACTIVE) != 0 && delta < 0;
    const std::uint32_t slots = sb.raid_disks + (shrinks ? 0U - sb.delta_disks : 0U);
    bool inconsistent = false;
    std::string states;
    for (std::uint32_t slot = 0; slot < std::min<std::uint32_t>(slots, kMaxRoles); slot++) {
        const auto n = std::count(sb.dev_roles.begin(), sb.dev_roles.end(), slot);
        states += n == 2 && sb.level != 0 ? 'R' : n == 1 ? 'A' : n == 0 ? '.' : '?';
        inconsistent = inconsistent || states.back() == '?';
    }
    for (const std::uint16_t role : sb.dev_roles)
        inconsistent = inconsistent || (role <= MD_DISK_ROLE_MAX && role > slots);
    std::string text = line("Device Role", role_text(sb), kRoleWidth) +
                       line("Array State", states + " ('A' == active, '.' == missing, 'R' == replacing)", kRoleWidth);
    if (!inconsistent) return text;
    text += "WARNING Array state is inconsistent - each number should appear only once\n";
    for (std::size_t i = 0; i < sb.dev_roles.size(); i++)
        text += sb.dev_roles[i] >= MD_DISK_ROLE_FAULTY ? fmt::format(" {}:-", i)
                                                       : fmt::format(" {}:{}", i, sb.dev_roles[i]);
    return text + "\n";
}

// ---- the bitmap, as mdadm -X shows it

std::string bits_line(const BitmapBits& bits, int width) {
    if (!bits.counted) return line("Bitmap", fmt::format("{} bits (chunks), too many to count", bits.total), width);
    const double total = bits.total == 0 ? 1.0 : static_cast<double>(bits.total);
    return line("Bitmap",
                fmt::format("{} bits (chunks), {} dirty ({:.1f}%)", bits.total, bits.dirty,
                            100.0 * static_cast<double>(bits.dirty) / total),
                width);
}

std::string chunk_text(std::uint64_t bytes) {
    constexpr std::array<const char*, 5> units{"B", "KB", "MB", "GB", "TB"};
    std::size_t unit = 0;
    for (; bytes >> 10 != 0 && unit + 1 < units.size(); unit++) bytes >>= 10;
    return fmt::format("{} {}", bytes, units[unit]);
}

std::string bitmap_block(const Examination& examination) {
    const BitmapSuper& sb = *examination.bitmap;
    const auto row = [](const char* label, const std::string& value) { return line(label, value, kBitmapWidth); };
    std::string text = row("Filename", printable(examination.path)) + row("Magic", fmt::format("{:08x}", sb.magic)) +
                       row("Version", fmt::format("{}", static_cast<std::int32_t>(sb.version)));
    if (sb.magic == BITMAP_MAGIC) {
        const char* state = sb.state == 0 ? "OK" : sb.state == 2 ? "Out of date" : "Unknown";
        text += row("UUID", format_uuid(sb.uuid)) + row("Events", fmt::format("{}", sb.events)) +
                row("Events Cleared", fmt::format("{}", sb.events_cleared)) + row("State", state) +
                row("Chunksize", chunk_text(sb.chunksize)) +
                row("Daemon", fmt::format("{}s flush period", static_cast<std::int32_t>(sb.daemon_sleep))) +
                row("Write Mode",
                    sb.write_behind == 0 ? "Normal" : fmt::format("Allow write behind, max {}", sb.write_behind)) +
                row("Sync Size", fmt::format("{}{}", sb.sync_size / 2, human_size_bytes(sb.sync_size << kSectorShift)));
    }
    if (examination.bits) text += bits_line(*examination.bits, kBitmapWidth);
    const std::string refused = check_bitmap_super(sb);
    return refused.empty() ? text : text + row("mdscope", "refuses this bitmap: " + refused);
}

// ---- our own label, with what the sidecar beside the image adds

std::string sidecar_block(const Examination& examination) {
    if (!examination.container) return line("Sidecar", "no container.json in this folder");
    if (!*examination.container) return line("Sidecar", printable(examination.container->error().text));
    const Container& container = **examination.container;
    const LabLabel& label = **examination.label;
    if (container.uuid != label.set_uuid) return line("Sidecar", "container.json is of another array");

    const auto member = std::find_if(container.members.begin(), container.members.end(),
                                     [&label](const ContainerMember& m) { return m.uuid == label.member_uuid; });
    std::string text =
        line("Sidecar", fmt::format("container.json, generation {}", container.generation)) +
        line("Raid Devices", fmt::format("{}", container.raid_disks)) +
        line("Array Size", fmt::format("{} KiB{}", container.size / 2, human_size(container.size / 2))) +
        line("State", container.dirty ? "active" : "clean") +
        line("Device Role", member == container.members.end() ? "none: not a member any more"
                            : member->slot < 0                ? printable(member->state)
                                               : fmt::format("slot {}, {}", member->slot, member->state));
    if (container.bitmap_offset == 0) return text + line("External Bitmap", "none");
    text += line("External Bitmap", fmt::format("at sector {}, without a header", container.bitmap_offset)) +
            line("Chunksize", chunk_text(container.bitmap_chunk));
    return examination.bits ? text + bits_line(*examination.bits, kSuperWidth) : text;
}

std::string label_block(const Examination& examination) {
    const Result<LabLabel>& label = *examination.label;
    const std::string text = line("Magic", "mdscope!") + line("Version", "external:lab");
    if (!label) return text + line("mdscope", "refuses this member: " + label.error().text);
    return text + line("Array UUID", format_uuid(label->set_uuid)) +
           line("Device UUID", format_uuid(label->member_uuid)) + line("Slot", fmt::format("{}", label->slot)) +
           line("Generation", fmt::format("{} when the label was written", label->generation)) +
           line("Avail Dev Size", sectors_text(label->data_size)) +
           line("Data Offset", fmt::format("{} sectors", label->data_offset)) + sidecar_block(examination);
}

}  // namespace

std::string examination_text(const Examination& examination) {
    std::string text;
    const std::string heading = printable(examination.path) + ":\n";
    if (examination.super) {
        const FoundSuper1& found = *examination.super;
        text += heading + array_block(found.sb) + sizes_block(examination) + changing_block(found) +
                layout_block(found.sb) + roles_block(found.sb);
        if (!found.refused.empty()) text += line("mdscope", "refuses this member: " + found.refused);
    }
    if (examination.bitmap) text += bitmap_block(examination);
    if (examination.label) text += heading + label_block(examination);
    if (examination.imsm) text += heading + imsm_text_of(*examination.imsm, examination.sectors);
    return text;
}

}  // namespace mdscope
