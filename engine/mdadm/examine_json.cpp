// SPDX-License-Identifier: MIT
// The same facts as examine_text.cpp prints, as one JSON object on one line, for scripts.
//
//   {"path": ..., "sectors": ..., "superblock": {...} | null, "bitmap": {...} | null, "bits": {...} | null,
//    "label": {...} | null, "sidecar": {...} | null, "imsm": {...} | null}
//
// A thing that is there but wrong has the key "refused" with the reason. Units are in the names. "No limit" (all ones)
// is the word "none", as in container.json. Text from an image that is not UTF-8 is replaced, never an exception.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "engine/mdadm/examine.hpp"

namespace mdscope {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t kSecondsMask = 0xff'ffff'ffffULL;

Json or_none(std::uint64_t value) {
    return value == ~std::uint64_t{0} ? Json("none") : Json(value);
}

// null: good.
Json refusal(const std::string& reason) {
    return reason.empty() ? Json(nullptr) : Json(reason);
}

Json roles_json(const Superblock1& sb) {
    Json roles = Json::array();
    for (std::size_t i = 0; i < sb.dev_roles.size(); i++) {
        const std::uint16_t role = sb.dev_roles[i];
        if (role == MD_DISK_ROLE_SPARE) continue;
        Json entry{{"number", i}, {"role", role}};
        if (role == MD_DISK_ROLE_FAULTY) entry["role"] = "faulty";
        if (role == MD_DISK_ROLE_JOURNAL) entry["role"] = "journal";
        roles.push_back(std::move(entry));
    }
    return roles;
}

Json super_json(const FoundSuper1& found) {
    const Superblock1& sb = found.sb;
    const std::uint32_t sum = calc_sb_1_csum(found.page);
    Json json;
    json["version"] = fmt::format("1.{}", found.minor_version);
    json["feature_map"] = sb.feature_map;
    json["array_uuid"] = format_uuid(sb.set_uuid);
    json["name"] = sb.set_name;
    json["creation_time_s"] = sb.ctime & kSecondsMask;
    json["level"] = sb.level;
    json["raid_disks"] = sb.raid_disks;
    json["data_size_sectors"] = sb.data_size;
    json["size_sectors"] = sb.size;
    json["data_offset_sectors"] = sb.data_offset;
    if (sb.logical_block_size != 0) json["logical_block_bytes"] = sb.logical_block_size;
    json["super_offset_sectors"] = sb.super_offset;
    json["resync_offset_sectors"] = or_none(sb.resync_offset);
    if ((sb.feature_map & MD_FEATURE_RECOVERY_OFFSET) != 0) json["recovery_offset_sectors"] = sb.recovery_offset;
    json["device_uuid"] = format_uuid(sb.device_uuid);
    json["device_number"] = sb.dev_number;
    json["device_role"] = sb.role() == MD_DISK_ROLE_SPARE ? Json("spare") : Json(sb.role());
    if (sb.role() == MD_DISK_ROLE_FAULTY) json["device_role"] = "faulty";
    json["write_mostly"] = (sb.devflags & 1) != 0;
    json["failfast"] = (sb.devflags & 2) != 0;
    if ((sb.feature_map & MD_FEATURE_BITMAP_OFFSET) != 0) json["bitmap_offset_sectors"] = sb.bitmap_offset;
    json["bad_block_log_offset_sectors"] = sb.bblog_offset;
    json["bad_block_log_sectors"] = sb.bblog_size;
    json["update_time_s"] = sb.utime & kSecondsMask;
    json["events"] = sb.events;
    json["checksum"] = fmt::format("{:08x}", sb.sb_csum);
    json["checksum_expected"] = fmt::format("{:08x}", sum);
    json["roles"] = roles_json(sb);
    json["refused"] = refusal(found.refused);
    return json;
}

Json bitmap_json(const BitmapSuper& sb) {
    Json json;
    json["version"] = sb.version;
    json["uuid"] = format_uuid(sb.uuid);
    json["events"] = sb.events;
    json["events_cleared"] = sb.events_cleared;
    json["state"] = sb.state;
    json["chunk_bytes"] = sb.chunksize;
    json["daemon_sleep_s"] = sb.daemon_sleep;
    json["write_behind"] = sb.write_behind;
    json["sync_size_sectors"] = sb.sync_size;
    json["sectors_reserved"] = sb.sectors_reserved;
    json["refused"] = refusal(check_bitmap_super(sb));
    return json;
}

Json label_json(const Result<LabLabel>& label) {
    if (!label) return {{"refused", label.error().text}};
    Json json;
    json["array_uuid"] = format_uuid(label->set_uuid);
    json["device_uuid"] = format_uuid(label->member_uuid);
    json["slot"] = label->slot;
    json["generation"] = label->generation;
    json["data_offset_sectors"] = label->data_offset;
    json["data_size_sectors"] = label->data_size;
    json["refused"] = nullptr;
    return json;
}

Json bits_json(const BitmapBits& bits) {
    return {{"total", bits.total}, {"dirty", bits.counted ? Json(bits.dirty) : Json(nullptr)}};
}

}  // namespace

std::string examination_json(const Examination& examination) {
    Json json;
    json["version"] = kExaminationVersion;
    json["path"] = examination.path;
    json["sectors"] = examination.sectors;
    json["superblock"] = examination.super ? super_json(*examination.super) : Json(nullptr);
    json["bitmap"] = examination.bitmap ? bitmap_json(*examination.bitmap) : Json(nullptr);
    json["bits"] = examination.bits ? bits_json(*examination.bits) : Json(nullptr);
    json["label"] = examination.label ? label_json(*examination.label) : Json(nullptr);
    json["sidecar"] = nullptr;
    if (examination.container) {
        const Result<Container>& container = *examination.container;
        json["sidecar"] =
            container ? Json::parse(container_to_json(*container)) : Json{{"refused", container.error().text}};
    }
    json["imsm"] = examination.imsm ? imsm_json_of(*examination.imsm, examination.sectors) : Json(nullptr);
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace mdscope
