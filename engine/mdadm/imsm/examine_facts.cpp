// SPDX-License-Identifier: MIT
// What the text and the JSON have in common: whose disk it is, what is kept free on it, and mdadm's words.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/mdadm/imsm/examine_imsm.hpp"

namespace mdscope {

namespace {

template <std::size_t N>
std::string word_of(const std::array<const char*, N>& words, std::uint8_t value) {
    return value < N ? words[value] : fmt::format("<unknown:{}>", value);
}

// Where the last volume on this disk ends, without the MiB behind it.
std::uint64_t end_of_volumes(const ImsmAnchor& anchor, std::uint32_t disk) {
    std::uint64_t start = 0;
    std::uint64_t end = 0;
    for (const ImsmVolume& volume : anchor.volumes) {
        const ImsmMap& map = volume.map;
        if (!map.slot_of(disk) || (end != 0 && map.pba_of_lba0 < start)) continue;
        const std::uint64_t copies = map.raid_level == 1 ? 2 : 1;  // a stripe has a strip on each of two disks
        start = map.pba_of_lba0;
        end = start + map.num_data_stripes * map.blocks_per_strip * copies;
    }
    return end;
}

}  // namespace

ImsmOwnDisk imsm_own_disk(const ImsmExamined& examined) {
    const std::optional<std::uint32_t> index = examined.anchor.disk_of(examined.serial);
    if (!index) return {};
    const std::uint32_t status = examined.anchor.disks[*index].status;
    if ((status & IMSM_FAILED) != 0) return {};
    const bool is_spare = (status & (IMSM_SPARE | IMSM_JOURNAL)) != 0;
    return {is_spare ? ImsmOwnDisk::Kind::Spare : ImsmOwnDisk::Kind::Member, *index};
}

std::uint64_t imsm_reserved_sectors(const ImsmAnchor& anchor, const ImsmOwnDisk& own) {
    if (own.kind == ImsmOwnDisk::Kind::Spare) return kImsmMostSectors;
    const std::uint64_t end = own.kind == ImsmOwnDisk::Kind::Member ? end_of_volumes(anchor, own.index) : 0;
    if (end == 0) return kImsmKept;
    // An older mdadm left less behind the last volume: then that is it, but never less than the block itself.
    const std::uint64_t left = (anchor.disks[own.index].total_blocks - end) & ~std::uint64_t{1};
    const std::uint64_t block = (std::uint64_t{anchor.mpb_size} + kSectorSize - 1) / kSectorSize;
    return std::min(kImsmKept, std::max(left, block));
}

Uuid imsm_shown_uuid(const ImsmExamined& examined) {
    const bool is_spare = imsm_own_disk(examined).kind == ImsmOwnDisk::Kind::Spare;
    return is_spare && examined.anchor.volumes.empty() ? Uuid{} : imsm_container_uuid(examined.anchor);
}

std::string imsm_migration_text(const ImsmVolume& volume) {
    static constexpr std::array<const char*, 6> kWords{"initialize",        "rebuild",      "check",
                                                       "general migration", "state change", "repair"};
    return volume.migrates ? word_of(kWords, volume.migration()) : "idle";
}

std::string imsm_map_state_text(const ImsmMap& map) {
    static constexpr std::array<const char*, 4> kWords{"normal", "uninitialized", "degraded", "failed"};
    return word_of(kWords, map.map_state);
}

std::string imsm_rwh_text(std::uint8_t policy) {
    static constexpr std::array<const char*, 7> kWords{"off",
                                                       "PPL distributed",
                                                       "PPL journaling drive",
                                                       "Multiple distributed PPLs",
                                                       "Multiple PPLs on journaling drive",
                                                       "off",
                                                       "Write-intent bitmap"};
    return word_of(kWords, policy);
}

}  // namespace mdscope
