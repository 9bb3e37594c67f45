// SPDX-License-Identifier: MIT
// The facts of examine_imsm.cpp for scripts. Units are in the names, as in examine_json.cpp; "refused" is why mdscope
// would not use the thing, or null.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/mdadm/imsm/bitmap.hpp"
#include "engine/mdadm/imsm/examine_imsm.hpp"

namespace mdscope {

namespace {

using ImsmJson = nlohmann::ordered_json;

constexpr std::uint64_t kCheckpointSectors = 512;

ImsmJson null_or(const std::string& text) {
    return text.empty() ? ImsmJson(nullptr) : ImsmJson(text);
}

ImsmJson imsm_disk_json(const ImsmDisk& disk) {
    ImsmJson json;
    json["serial"] = imsm_text(disk.serial);
    json["size_sectors"] = disk.total_blocks;
    json["scsi_id"] = fmt::format("{:08x}", disk.scsi_id);
    json["spare"] = (disk.status & IMSM_SPARE) != 0;
    json["configured"] = (disk.status & IMSM_CONFIGURED) != 0;
    json["failed"] = (disk.status & IMSM_FAILED) != 0;
    return json;
}

ImsmJson imsm_map_json(const ImsmMap& map) {
    ImsmJson json;
    json["state"] = imsm_map_state_text(map);
    json["level"] = map.level();
    json["offset_sectors"] = map.pba_of_lba0;
    json["per_member_sectors"] = map.blocks_per_member;
    json["stripes"] = map.num_data_stripes;
    json["strip_sectors"] = map.blocks_per_strip;
    json["failed_slot"] = map.failed_disk_num == kImsmNoDiskFailed ? ImsmJson(nullptr) : ImsmJson(map.failed_disk_num);
    json["slots"] = ImsmJson::array();
    for (std::size_t slot = 0; slot < map.ord.size(); slot++)
        json["slots"].push_back({{"disk", map.disk_of(slot)}, {"in_sync", !map.out_of_sync(slot)}});
    return json;
}

ImsmJson imsm_bitmap_json(const ImsmExamined& examined, std::uint32_t volume) {
    if (volume >= examined.bitmaps.size() || !examined.bitmaps[volume]) return nullptr;
    const ImsmBitmap& bitmap = *examined.bitmaps[volume];
    const std::uint64_t area = imsm_bitmap_area(examined.anchor.volumes[volume]);
    return {{"offset_sectors", area + kImsmBitmapBits},
            {"chunk_bytes", kImsmBitmapChunk},
            {"bits", bitmap.bits.total},
            {"dirty", bitmap.bits.counted ? ImsmJson(bitmap.bits.dirty) : ImsmJson(nullptr)},
            {"refused", null_or(why_imsm_bitmap_is_refused(bitmap.header, examined.anchor, volume))}};
}

ImsmJson imsm_volume_json(const ImsmExamined& examined, std::uint32_t index, std::uint64_t disk_sectors) {
    const ImsmVolume& volume = examined.anchor.volumes[index];
    ImsmJson json;
    json["name"] = imsm_text(volume.name);
    json["uuid"] = imsm_uuid_text(imsm_volume_uuid(examined.anchor, index));
    json["volume_id"] = volume.volume_id;
    json["size_sectors"] = volume.size;
    json["component_sectors"] = volume.component_sectors();
    json["dirty"] = volume.is_dirty();
    json["rwh_policy"] = imsm_rwh_text(volume.rwh_policy);
    json["migration"] = volume.migrates ? ImsmJson(imsm_migration_text(volume)) : ImsmJson(nullptr);
    const bool mirror = volume.migrates && volume.map.level() == 1;
    json["checkpoint_sectors"] = mirror ? ImsmJson(volume.curr_migr_unit * kCheckpointSectors) : ImsmJson(nullptr);
    json["map"] = imsm_map_json(volume.map);
    json["present_map"] = volume.present ? imsm_map_json(*volume.present) : ImsmJson(nullptr);
    json["bitmap"] = imsm_bitmap_json(examined, index);
    json["refused"] = null_or(why_volume_is_refused(volume, disk_sectors));
    return json;
}

}  // namespace

ImsmJson imsm_json_of(const ImsmExamined& examined, std::uint64_t disk_sectors) {
    const ImsmAnchor& anchor = examined.anchor;
    const ImsmOwnDisk own = imsm_own_disk(examined);
    ImsmJson json;
    json["version"] = anchor.version_text();
    json["container_uuid"] = imsm_uuid_text(imsm_shown_uuid(examined));
    json["orig_family"] = fmt::format("{:08x}", anchor.orig_family_num);
    json["family"] = fmt::format("{:08x}", anchor.family_num);
    json["generation"] = anchor.generation_num;
    json["creation_time_s"] = anchor.creation_time;
    json["attributes"] = fmt::format("{:08x}", anchor.attributes);
    json["checksum"] = fmt::format("{:08x}", anchor.check_sum);
    json["size_bytes"] = anchor.mpb_size;
    json["serial"] = examined.serial;
    json["disk"] = own.kind == ImsmOwnDisk::Kind::Member ? ImsmJson(own.index) : ImsmJson(nullptr);
    if (own.kind == ImsmOwnDisk::Kind::Spare) json["disk"] = "spare";
    json["usable_sectors"] = disk_sectors - std::min(disk_sectors, imsm_reserved_sectors(anchor, own));
    json["disks"] = ImsmJson::array();
    for (const ImsmDisk& disk : anchor.disks) json["disks"].push_back(imsm_disk_json(disk));
    json["volumes"] = ImsmJson::array();
    for (std::uint32_t i = 0; i < anchor.volumes.size(); i++)
        json["volumes"].push_back(imsm_volume_json(examined, i, disk_sectors));
    json["bad_blocks"] = ImsmJson::array();
    for (const ImsmBadBlock& bad : anchor.bad_blocks)
        json["bad_blocks"].push_back({{"disk", bad.disk}, {"sector", bad.sector}, {"sectors", bad.sectors}});
    json["refused"] = null_or(why_imsm_is_refused(anchor));
    return json;
}

std::vector<std::pair<std::string, std::string>> imsm_export_of(const ImsmExamined& examined) {
    return {{"MD_METADATA", "imsm"},
            {"MD_LEVEL", "container"},
            {"MD_UUID", imsm_uuid_text(imsm_shown_uuid(examined))},
            {"MD_DEVICES", std::to_string(examined.anchor.disks.size())},
            {"MD_CREATION_TIME", std::to_string(examined.anchor.creation_time)}};
}

}  // namespace mdscope
