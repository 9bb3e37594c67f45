// SPDX-License-Identifier: MIT
// The lines of `mdadm -E`, a function for each of its blocks: the header, a disk, the log of bad blocks, a volume.
#include "engine/mdadm/imsm/examine_imsm.hpp"

#include <fmt/format.h>

#include <array>
#include <ctime>

#include "engine/kernel/shown.hpp"
#include "engine/mdadm/geometry.hpp"

namespace mdscope {

namespace {

constexpr std::uint64_t kMirrorUnit = 512;  // sectors that a checkpoint counts as one

std::string imsm_row(const char* label, const std::string& value) {
    return fmt::format("{:>15} : {}\n", label, value);
}

std::string imsm_size(std::uint64_t sectors) {
    return fmt::format("{}{}", sectors, human_size_bytes(sectors << kSectorShift));
}

std::string imsm_time(std::uint64_t seconds) {
    const auto since_1970 = static_cast<std::time_t>(seconds);
    std::tm local{};
    std::array<char, 64> text{};
    if (seconds == 0 || localtime_r(&since_1970, &local) == nullptr) return "Unknown";
    const std::size_t length = std::strftime(text.data(), text.size(), "%a %b %e %H:%M:%S %Y", &local);
    return std::string(text.data(), length).substr(0, 24);
}

std::string imsm_header(const ImsmExamined& examined) {
    const ImsmAnchor& anchor = examined.anchor;
    return imsm_row("Magic", "Intel Raid ISM Cfg Sig.") + imsm_row("Version", shown(anchor.version_text())) +
           imsm_row("Orig Family", fmt::format("{:08x}", anchor.orig_family_num)) +
           imsm_row("Family", fmt::format("{:08x}", anchor.family_num)) +
           imsm_row("Generation", fmt::format("{:08x}", anchor.generation_num)) +
           imsm_row("Creation Time", imsm_time(anchor.creation_time)) +
           imsm_row("Attributes", why_imsm_is_refused(anchor).empty() ? "All supported" : "not supported") +
           imsm_row("UUID", imsm_uuid_text(imsm_shown_uuid(examined))) +
           imsm_row("Checksum", fmt::format("{:08x} correct", anchor.check_sum)) +
           imsm_row("MPB Sectors", fmt::format("{}", (anchor.mpb_size + kSectorSize - 1) / kSectorSize)) +
           imsm_row("Disks", fmt::format("{}", anchor.disks.size())) +
           imsm_row("RAID Devices", fmt::format("{}", anchor.volumes.size()));
}

std::string imsm_disk_block(const ImsmDisk& disk, const std::string& label, std::uint64_t reserved) {
    const auto word = [&](ImsmDiskStatus bit, const char* text) { return (disk.status & bit) != 0 ? text : ""; };
    return "\n" + imsm_row(label.c_str(), shown(imsm_text(disk.serial))) +
           fmt::format("          State :{}{}{}{}\n", word(IMSM_SPARE, " spare"), word(IMSM_CONFIGURED, " active"),
                       word(IMSM_FAILED, " failed"), word(IMSM_JOURNAL, " journal")) +
           imsm_row("Id", fmt::format("{:08x}", disk.scsi_id)) +
           imsm_row("Usable Size", imsm_size(disk.total_blocks - reserved));
}

std::string imsm_log_block(const ImsmAnchor& anchor) {
    if (anchor.bad_blocks.empty()) return {};
    return "\nBad Block Management Log:\n" + imsm_row("Log Size", fmt::format("{}", anchor.log_size())) +
           imsm_row("Signature", "abadb10c") + imsm_row("Entry Count", fmt::format("{}", anchor.bad_blocks.size()));
}

std::string imsm_slots(const ImsmMap& map) {
    std::string slots = "[";
    for (std::size_t slot = 0; slot < map.ord.size(); slot++) slots += map.out_of_sync(slot) ? '_' : 'U';
    return slots + "]";
}

std::string this_slot(const ImsmVolume& volume, const ImsmOwnDisk& own) {
    if (own.kind != ImsmOwnDisk::Kind::Member) return "?";
    const std::optional<std::size_t> slot = volume.map.slot_of(own.index);
    if (!slot) return "?";
    const bool known = *slot < volume.now().ord.size();
    return fmt::format("{}{}", *slot, known && volume.now().out_of_sync(*slot) ? " (out-of-sync)" : "");
}

std::string checkpoint(const ImsmVolume& volume) {
    if (volume.migration() == static_cast<std::uint8_t>(ImsmMigration::General))
        return fmt::format("{} (N/A)", volume.curr_migr_unit);
    const std::uint8_t type = volume.migration();
    const bool copies = type != static_cast<std::uint8_t>(ImsmMigration::StateChange) &&
                        type <= static_cast<std::uint8_t>(ImsmMigration::Repair);
    return fmt::format("{} ({})", volume.curr_migr_unit, copies && volume.map.level() == 1 ? kMirrorUnit : 0);
}

// "1", or "1 <-- 1" while it migrates: what it shall be, what it is.
template <class Text>
std::string both(const ImsmVolume& volume, Text text) {
    return volume.present ? fmt::format("{} <-- {}", text(volume.map), text(*volume.present)) : text(volume.map);
}

std::string imsm_volume_block(const ImsmAnchor& anchor, std::uint32_t index, const ImsmOwnDisk& own) {
    const ImsmVolume& volume = anchor.volumes[index];
    const ImsmMap& map = volume.map;
    const auto level = [](const ImsmMap& m) { return fmt::format("{}", m.level()); };
    const auto members = [](const ImsmMap& m) { return fmt::format("{}", m.ord.size()); };
    const auto chunk = [](const ImsmMap& m) { return fmt::format("{} KiB", m.blocks_per_strip / 2); };
    const bool none_failed = map.failed_disk_num == kImsmNoDiskFailed;
    std::string text = fmt::format("\n[{}]:\n", shown(imsm_text(volume.name)));
    text +=
        imsm_row("Subarray", fmt::format("{}", index)) +
        imsm_row("UUID", imsm_uuid_text(imsm_volume_uuid(anchor, index))) +
        imsm_row("RAID Level", both(volume, level)) + imsm_row("Members", both(volume, members)) +
        imsm_row("Slots", both(volume, imsm_slots)) +
        imsm_row("Failed disk", none_failed ? "none" : fmt::format("{}", map.failed_disk_num)) +
        imsm_row("This Slot", this_slot(volume, own)) + imsm_row("Sector Size", fmt::format("{}", kSectorSize)) +
        imsm_row("Array Size", imsm_size(volume.size)) + imsm_row("Per Dev Size", imsm_size(map.blocks_per_member)) +
        imsm_row("Sector Offset", fmt::format("{}", map.pba_of_lba0)) +
        imsm_row("Num Stripes", fmt::format("{}", map.num_data_stripes)) + imsm_row("Chunk Size", both(volume, chunk)) +
        imsm_row("Reserved", fmt::format("{}", static_cast<std::int32_t>(volume.reserved_blocks))) +
        imsm_row("Migrate State", imsm_migration_text(volume)) +
        imsm_row("Map State", both(volume, imsm_map_state_text));
    if (volume.migrates) text += imsm_row("Checkpoint", checkpoint(volume));
    return text + imsm_row("Dirty State", volume.is_dirty() ? "dirty" : "clean") +
           imsm_row("RWH Policy", imsm_rwh_text(volume.rwh_policy)) +
           imsm_row("Volume ID", fmt::format("{}", volume.volume_id));
}

std::string what_is_refused(const ImsmExamined& examined, std::uint64_t disk_sectors) {
    std::string text;
    if (const std::string why = why_imsm_is_refused(examined.anchor); !why.empty())
        text += imsm_row("mdscope", "refuses this disk: " + why);
    for (std::size_t i = 0; i < examined.anchor.volumes.size(); i++)
        if (const std::string why = why_volume_is_refused(examined.anchor.volumes[i], disk_sectors); !why.empty())
            text += imsm_row("mdscope", fmt::format("refuses volume {}: {}", i, why));
    return text;
}

}  // namespace

std::string imsm_text_of(const ImsmExamined& examined, std::uint64_t disk_sectors) {
    const ImsmAnchor& anchor = examined.anchor;
    const ImsmOwnDisk own = imsm_own_disk(examined);
    const std::uint64_t reserved = imsm_reserved_sectors(anchor, own);
    const auto listed = [&](std::size_t i) {
        return imsm_disk_block(anchor.disks[i], fmt::format("Disk{:02} Serial", i), reserved);
    };
    const bool is_member = own.kind == ImsmOwnDisk::Kind::Member;
    std::string text = imsm_header(examined);
    if (is_member) text += listed(own.index);
    text += imsm_log_block(anchor);
    for (std::uint32_t i = 0; i < anchor.volumes.size(); i++) text += imsm_volume_block(anchor, i, own);
    for (std::size_t i = 0; i < anchor.disks.size(); i++)
        if (!is_member || i != own.index) text += listed(i);
    if (own.kind == ImsmOwnDisk::Kind::Spare) text += imsm_disk_block(anchor.disks[own.index], "Disk Serial", reserved);
    return text + what_is_refused(examined, disk_sectors);
}

}  // namespace mdscope
