// SPDX-License-Identifier: MIT
// external:lab, the small external metadata format of a lab: what mdmon keeps where md keeps superblocks.
//
//   member image:  sector 0 label (512 bytes)   sector 8.. bitmap bits, no header   data_offset (as 1.2): data
//   LAB/container.json: the sidecar, written by the mdmon task alone, replaced durably
//
// The label recognises a stale or foreign image, by a number that each use of the array leaves there (label_stamp.hpp).
// A member is who its uuid says, in its label and in the sidecar. Names are those of files, which people change: the
// sidecar follows them (take_name), and nothing is looked up by them.
// The sidecar says dirty before `active` is written to array_state, a member faulty before the write that failed is
// acknowledged, and clean only after `clean` or `inactive` was seen.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/kernel/bio.hpp"
#include "engine/kernel/kernel.hpp"
#include "engine/kernel/result.hpp"
#include "engine/md/format/format.hpp"

namespace mdscope {

// On-disk layout of the label: 0 magic "mdscope!", 8 version u32 = 1, 12 slot u32, 16 set uuid, 32 member uuid,
// 48 generation u64, 56 data_offset u64, 64 data size u64 (sectors), 508 crc32 of bytes 0..507. Little-endian.
struct LabLabel {
    Uuid set_uuid{};
    Uuid member_uuid{};
    std::uint32_t slot = 0;
    std::uint64_t generation = 0;  // of the sidecar when the label was written
    Sector data_offset = 0;
    Sector data_size = 0;
};
inline constexpr std::size_t kLabLabelSize = 512;
void encode_label(const LabLabel& label, std::span<std::byte> sector);
Result<LabLabel> decode_label(std::span<const std::byte> sector);  // error: what is wrong with it
bool has_label_magic(std::span<const std::byte> sector);

struct ContainerMember {
    std::string name;  // "sda": of the image when it was used last
    Uuid uuid{};
    int slot = -1;                        // -1: spare or removed
    std::string state;                    // "in_sync", "faulty", "spare", "rebuilding"
    Sector recovery_start = MaxRecovery;  // sectors; MaxRecovery: all of it
    bool write_mostly = false;
    bool failfast = false;
    // The generation that its label has, and the one that is being written there: while that is so, either may be
    // found. 0 and 0: not known, as in a sidecar of before. See label_stamp.hpp.
    std::uint64_t label = 0;
    std::uint64_t label_next = 0;
    static constexpr Sector MaxRecovery = ~Sector{0};
    bool operator==(const ContainerMember&) const = default;
};

struct Container {
    int version = 1;
    Uuid uuid{};
    std::uint64_t generation = 0;  // grows at each write
    int raid_disks = 0;
    Sector size = 0;  // sectors used per member
    Sector data_offset = 0;
    std::int64_t bitmap_offset = 8;  // sectors, absolute; 0: no bitmap
    std::uint64_t bitmap_chunk = 0;  // bytes
    std::uint64_t bitmap_daemon_sleep_ms = 5000;
    std::uint64_t bitmap_backlog = 0;  // write-behind requests at most
    bool dirty = false;
    Sector resync_start = ~Sector{0};  // checkpoint of a resync; all ones: none owed
    std::vector<ContainerMember> members;
    bool operator==(const Container&) const = default;
};
// The entry of this uuid; nullptr: there is none.
[[nodiscard]] ContainerMember* find_member(Container& container, const Uuid& uuid);
[[nodiscard]] const ContainerMember* find_member(const Container& container, const Uuid& uuid);
// The member's image has this name now. Whoever had it gets the member's old one: names stay apart, and two images that
// were exchanged are right again.
void take_name(Container& container, const Uuid& uuid, const std::string& file_name);
// A file's name as the sidecar can hold it.
[[nodiscard]] std::string sidecar_name(std::string name);
std::string container_to_json(const Container& container);
// The same as the sidecar holds it: padded with blanks to whole pages, so that the next one fits into the blocks of the
// last, and a failure can be recorded on a full disk.
std::string container_file_text(const Container& container);
Result<Container> container_from_json(const std::string& text);  // every field checked; error names the field
// What Kernel::replace_file writes before it changes names; made with the lab, so that its blocks are there.
inline std::string container_spare_path(const std::string& lab) {
    return lab + "/container.json.new";
}
inline std::string container_path(const std::string& lab) {
    return lab + "/container.json";
}

}  // namespace mdscope
