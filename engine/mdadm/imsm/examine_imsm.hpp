// SPDX-License-Identifier: MIT
// What `mdscope examine` says of an IMSM disk.
//
//   imsm_text_of      line for line what `mdadm -E` prints, and a line `        mdscope : ...` for each thing that
//   mdscope
//                     would refuse. (mdadm 4.2 has no way to show the bitmaps: they are in the JSON.)
//   imsm_json_of      the same facts, and the bitmaps
//   imsm_export_of    key=value, as `mdadm -E --export`
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/mdadm/bitmap_bits.hpp"
#include "engine/mdadm/imsm/anchor.hpp"

namespace mdscope {

struct ImsmBitmap {
    BitmapSuper header;
    BitmapBits bits;
};

struct ImsmExamined {
    ImsmAnchor anchor;
    std::string serial;                              // of the disk that was looked at
    std::vector<std::optional<ImsmBitmap>> bitmaps;  // by volume
};

std::string imsm_text_of(const ImsmExamined& examined, std::uint64_t disk_sectors);
nlohmann::ordered_json imsm_json_of(const ImsmExamined& examined, std::uint64_t disk_sectors);
std::vector<std::pair<std::string, std::string>> imsm_export_of(const ImsmExamined& examined);

// Which disk of the table it is, as mdadm 4.2 decides it by the serial alone.
struct ImsmOwnDisk {
    enum class Kind { Stranger, Spare, Member } kind = Kind::Stranger;  // a disk that has failed is a stranger
    std::uint32_t index = 0;                                            // of a Spare or a Member
};
ImsmOwnDisk imsm_own_disk(const ImsmExamined& examined);
// Sectors at the end of this disk that hold no data.
std::uint64_t imsm_reserved_sectors(const ImsmAnchor& anchor, const ImsmOwnDisk& own);
// Zeroes for a spare, which belongs to no container yet.
Uuid imsm_shown_uuid(const ImsmExamined& examined);
// "rebuild", "idle"; "normal"; "off": in mdadm's words.
std::string imsm_migration_text(const ImsmVolume& volume);
std::string imsm_map_state_text(const ImsmMap& map);
std::string imsm_rwh_text(std::uint8_t policy);

}  // namespace mdscope
