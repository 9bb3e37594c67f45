// SPDX-License-Identifier: MIT
// What follows from a block that was read: names, UUIDs, and whether mdscope would run it.
#include <fmt/format.h>
#include <sha1.h>

#include <algorithm>

#include "engine/kernel/shown.hpp"
#include "engine/mdadm/imsm/anchor.hpp"

namespace mdscope {

namespace {

// What mdadm 4.2 takes, and the one bit that it does not look at.
constexpr std::uint32_t kKnownAttributes = IMSM_RAID0 | IMSM_RAID1 | IMSM_RAID10 | IMSM_RAID5 | IMSM_EXP_STRIPE_SIZE |
                                           IMSM_2TB_DISK | IMSM_BBM | IMSM_2TB | IMSM_NEVER_USE2 | IMSM_CHECKSUM_VERIFY;
constexpr std::uint64_t kMostDifference = 2048;  // sectors by which a volume and its stripes may differ

void append_word(std::vector<std::byte>& message, std::uint32_t word) {
    for (unsigned i = 0; i < 4; i++) message.push_back(static_cast<std::byte>(word >> 8 * i & 0xff));
}

std::vector<std::byte> family_message(const ImsmAnchor& anchor) {
    std::vector<std::byte> message;
    for (const char c : std::string("Intel Raid ISM Cfg Sig. ")) message.push_back(static_cast<std::byte>(c));
    append_word(message, anchor.orig_family_num != 0 ? anchor.orig_family_num : anchor.family_num);
    return message;
}

Uuid uuid_of(const std::vector<std::byte>& message) {
    SHA1_CTX sha1;
    SHA1Init(&sha1);
    SHA1Update(&sha1, reinterpret_cast<const std::uint8_t*>(message.data()), message.size());
    std::array<std::uint8_t, SHA1_DIGEST_LENGTH> digest{};
    SHA1Final(digest.data(), &sha1);
    Uuid uuid{};
    std::copy_n(digest.begin(), uuid.size(), uuid.begin());
    return uuid;
}

std::string why_map_is_refused(const ImsmMap& map, std::uint64_t disk_sectors) {
    if (map.level() != 1) return fmt::format("its level is {}, mdscope runs RAID1 only", map.level());
    if (map.ord.size() != 2) return fmt::format("it has {} members, a RAID1 of IMSM has 2", map.ord.size());
    if (map.disk_of(0) == map.disk_of(1)) return fmt::format("disk {} is in both slots", map.disk_of(0));
    const std::uint64_t most = disk_sectors < 2 ? 0 : disk_sectors - 2;
    if (map.blocks_per_member > most || map.pba_of_lba0 > most - map.blocks_per_member)
        return fmt::format("it lies at sectors {} to {} of disks that have {} before their metadata", map.pba_of_lba0,
                           map.pba_of_lba0 + map.blocks_per_member, most);
    return {};
}

}  // namespace

std::string imsm_text(const ImsmText& text) {
    const auto* const end = std::find(text.begin(), text.end(), 0);
    return {text.begin(), end};
}

ImsmText imsm_text(const std::string& text) {
    ImsmText bytes{};
    for (std::size_t i = 0; i < std::min(text.size(), bytes.size()); i++) bytes[i] = static_cast<std::uint8_t>(text[i]);
    return bytes;
}

std::string ImsmAnchor::version_text() const {
    const auto* const end = std::find(version.begin(), version.end(), 0);
    return {version.begin(), end};
}

std::uint32_t ImsmAnchor::log_size() const {
    return has_bad_block_log ? 8 + 8 * static_cast<std::uint32_t>(bad_blocks.size()) : 0;
}

std::optional<std::uint32_t> ImsmAnchor::disk_of(const std::string& serial) const {
    const auto is_it = [wanted = imsm_text(serial)](const ImsmDisk& disk) {
        return imsm_text(disk.serial) == imsm_text(wanted);
    };
    const auto found = std::find_if(disks.begin(), disks.end(), is_it);
    if (found == disks.end()) return std::nullopt;
    return static_cast<std::uint32_t>(found - disks.begin());
}

std::optional<std::size_t> ImsmMap::slot_of(std::uint32_t disk) const {
    for (std::size_t slot = 0; slot < ord.size(); slot++)
        if (disk_of(slot) == disk) return slot;
    return std::nullopt;
}

std::uint8_t ImsmVolume::migration() const {
    const bool repairs =
        migr_type == static_cast<std::uint8_t>(ImsmMigration::Verify) && (status & IMSM_DEV_REPAIRS) != 0;
    return repairs ? static_cast<std::uint8_t>(ImsmMigration::Repair) : migr_type;
}

std::uint64_t ImsmVolume::component_sectors() const {
    // 2^64 cannot be reached: 64 KiB strips of a hostile block are 2^16 sectors at most, its stripes 2^64.
    std::uint64_t striped = 0;
    if (__builtin_mul_overflow(map.num_data_stripes, std::uint64_t{map.blocks_per_strip} * 2, &striped)) return size;
    const std::uint64_t difference = striped > size ? striped - size : size - striped;
    return difference > kMostDifference ? size : striped;
}

std::string why_imsm_is_refused(const ImsmAnchor& anchor) {
    const std::uint32_t unknown = anchor.attributes & ~kKnownAttributes;
    if (unknown == 0) return {};
    return fmt::format("its attributes are {:08x}, of which {:08x} is not known", anchor.attributes, unknown);
}

std::string why_volume_is_refused(const ImsmVolume& volume, std::uint64_t disk_sectors) {
    for (const ImsmMap* map : {&volume.map, &volume.now()})
        if (std::string why = why_map_is_refused(*map, disk_sectors); !why.empty()) return why;
    if (volume.migrates && volume.migration() == static_cast<std::uint8_t>(ImsmMigration::General))
        return "it is being reshaped";
    if (volume.migrates && volume.migr_type >= static_cast<std::uint8_t>(ImsmMigration::StateChange))
        return fmt::format("its migration is of type {}, mdscope knows initialize, rebuild and check",
                           volume.migr_type);
    const std::uint64_t room = volume.map.blocks_per_member;
    if (volume.size == 0 || volume.component_sectors() > room)
        return fmt::format("its size is {} sectors, expected 1 to {}, what it has of each member", volume.size, room);
    if (volume.migrates && volume.curr_migr_unit > volume.component_sectors() / kImsmCheckpointUnit)
        return fmt::format("its checkpoint is unit {} of 512 sectors, beyond its {} sectors", volume.curr_migr_unit,
                           volume.component_sectors());
    return {};
}

Uuid imsm_container_uuid(const ImsmAnchor& anchor) {
    return uuid_of(family_message(anchor));
}

Uuid imsm_volume_uuid(const ImsmAnchor& anchor, std::uint32_t volume) {
    std::vector<std::byte> message = family_message(anchor);
    append_word(message, volume);
    for (const std::uint8_t c : anchor.volumes.at(volume).name) message.push_back(static_cast<std::byte>(c));
    return uuid_of(message);
}

std::string imsm_uuid_text(const Uuid& uuid) {
    Uuid swapped{};
    for (std::size_t i = 0; i < uuid.size(); i++) swapped[i] = uuid[i / 4 * 4 + 3 - i % 4];
    return format_uuid(swapped);
}

}  // namespace mdscope
