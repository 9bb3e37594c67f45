// SPDX-License-Identifier: MIT
#include "engine/mdadm/imsm/state.hpp"

#include <algorithm>

#include "engine/md/check.hpp"
#include "engine/mdadm/imsm/bitmap.hpp"
#include "engine/mdadm/imsm/choose.hpp"

namespace mdscope {

namespace {

constexpr Sector kAllRecovered = ContainerMember::MaxRecovery;

// ---- reading

Sector checkpoint_of(const ImsmVolume& volume) {
    return volume.is_dirty() ? 0 : volume.curr_migr_unit * kImsmCheckpointUnit;
}

bool migrates_as(const ImsmVolume& volume, ImsmMigration type) {
    return volume.migrates && volume.migration() == static_cast<std::uint8_t>(type);
}

bool resyncs(const ImsmVolume& volume) {
    return migrates_as(volume, ImsmMigration::Init) || migrates_as(volume, ImsmMigration::Repair);
}

ContainerMember member_in(const ImsmAnchor& anchor, const ImsmVolume& volume, std::size_t slot) {
    const ImsmDisk& disk = anchor.disks[volume.map.disk_of(slot)];
    ContainerMember member;
    const std::string serial = imsm_text(disk.serial);
    member.name = sidecar_name(serial.starts_with("/dev/") ? serial.substr(5) : serial);
    member.uuid = disk.serial;
    member.slot = static_cast<int>(slot);
    if ((disk.status & IMSM_FAILED) != 0) {
        member.state = "faulty";
    } else if (volume.map.out_of_sync(slot) || volume.now().out_of_sync(slot)) {
        member.state = "rebuilding";
        const bool has_checkpoint = migrates_as(volume, ImsmMigration::Rebuild) && !volume.map.out_of_sync(slot);
        member.recovery_start = has_checkpoint ? checkpoint_of(volume) : 0;
    } else {
        member.state = "in_sync";
    }
    return member;
}

Sector resync_start_of(const ImsmVolume& volume, bool is_complete) {
    if (resyncs(volume)) return checkpoint_of(volume);
    const bool is_initialized = volume.map.map_state != static_cast<std::uint8_t>(ImsmMapState::Uninitialized);
    if (!is_initialized) return 0;
    return volume.is_dirty() && is_complete ? 0 : kAllRecovered;
}

// ---- writing

void set_state(ImsmMap& map, ImsmMapState state) {
    map.map_state = static_cast<std::uint8_t>(state);
}

std::vector<ImsmMap*> maps_of(ImsmVolume& volume) {
    std::vector<ImsmMap*> maps{&volume.map};
    if (volume.present) maps.push_back(&*volume.present);
    return maps;
}

void end_migration(ImsmVolume& volume) {
    volume.migrates = false;
    volume.migr_type = 0;
    volume.curr_migr_unit = 0;
    volume.status &= ~std::uint32_t{IMSM_DEV_REPAIRS};
    volume.present.reset();
}

// Map 0 becomes the goal; what is now goes into map 1.
void begin_migration(ImsmVolume& volume, ImsmMigration type, ImsmMapState now) {
    if (migrates_as(volume, type)) return;
    end_migration(volume);
    volume.migrates = true;
    volume.migr_type = static_cast<std::uint8_t>(type == ImsmMigration::Repair ? ImsmMigration::Verify : type);
    if (type == ImsmMigration::Repair) volume.status |= IMSM_DEV_REPAIRS;
    volume.present = volume.map;
    set_state(*volume.present, now);
    set_state(volume.map, ImsmMapState::Normal);
}

void set_ord(ImsmMap& map, std::size_t slot, std::uint32_t disk, bool out_of_sync) {
    map.ord[slot] = disk | (out_of_sync ? IMSM_ORD_REBUILD : 0);
}

// How many slots are good decides what the map says; nobody migrates any more.
void settle_degraded(ImsmVolume& volume) {
    end_migration(volume);
    std::size_t good = 0;
    for (std::size_t slot = 0; slot < volume.map.ord.size(); slot++) good += volume.map.out_of_sync(slot) ? 0 : 1;
    set_state(volume.map, good == 0 ? ImsmMapState::Failed : ImsmMapState::Degraded);
}

void fail_in_volume(ImsmVolume& volume, std::uint32_t disk) {
    const auto slot = volume.map.slot_of(disk);
    if (!slot) return;
    for (ImsmMap* map : maps_of(volume))
        if (const auto place = map->slot_of(disk)) map->ord[*place] |= IMSM_ORD_REBUILD;
    if (volume.map.failed_disk_num == kImsmNoDiskFailed) volume.map.failed_disk_num = static_cast<std::uint8_t>(*slot);
}

// A mirror ends its resync or rebuild there. What else there is, and goes on, is not ours to end.
void settle_failed(ImsmVolume& volume, std::uint64_t disk_sectors) {
    if (!why_volume_is_refused(volume, disk_sectors).empty()) return;
    // Who is being filled is no more in sync than the map of now says.
    for (std::size_t slot = 0; slot < volume.map.ord.size(); slot++)
        if (volume.now().out_of_sync(slot)) volume.map.ord[slot] |= IMSM_ORD_REBUILD;
    settle_degraded(volume);
}

void fail_disk(ImsmAnchor& anchor, std::uint32_t index, bool is_absent) {
    ImsmDisk& disk = anchor.disks[index];
    if ((disk.status & IMSM_FAILED) != 0) return;
    const std::string serial = imsm_text(disk.serial);
    disk.status |= IMSM_FAILED;
    disk.serial = imsm_text(is_absent ? imsm_missing_serial(serial) : imsm_failed_serial(serial));
    if (is_absent) disk.scsi_id = kImsmDiskIsMissing;
    for (ImsmVolume& volume : anchor.volumes) {
        if (!volume.map.slot_of(index)) continue;
        fail_in_volume(volume, index);
        settle_failed(volume, disk.total_blocks);
    }
    std::erase_if(anchor.bad_blocks, [&](const ImsmBadBlock& bad) { return bad.disk == index; });
}

std::optional<std::uint32_t> table_index(const ImsmAnchor& anchor, const Uuid& serial) {
    const auto found = std::ranges::find(anchor.disks, serial, &ImsmDisk::serial);
    if (found == anchor.disks.end()) return std::nullopt;
    return static_cast<std::uint32_t>(found - anchor.disks.begin());
}

bool is_used(const ImsmAnchor& anchor, std::uint32_t disk) {
    return std::ranges::any_of(anchor.volumes, [&](const ImsmVolume& volume) {
        return volume.map.slot_of(disk) || volume.now().slot_of(disk);
    });
}

// Whoever is behind it in the table moves up.
void drop_disk(ImsmAnchor& anchor, std::uint32_t index) {
    anchor.disks.erase(anchor.disks.begin() + index);
    for (ImsmVolume& volume : anchor.volumes)
        for (ImsmMap* map : maps_of(volume))
            for (std::size_t slot = 0; slot < map->ord.size(); slot++)
                if (map->disk_of(slot) > index) set_ord(*map, slot, map->disk_of(slot) - 1, map->out_of_sync(slot));
    for (ImsmBadBlock& bad : anchor.bad_blocks)
        if (bad.disk > index) bad.disk--;
}

// A spare takes the slot; nothing: nobody knows it.
std::optional<std::uint32_t> take_spare(ImsmAnchor& anchor, ImsmVolume& volume, std::size_t slot, const Uuid& serial,
                                        const ImsmChange& change) {
    const auto spare = std::ranges::find(change.new_disks, serial, &ImsmNewDisk::serial);
    if (spare == change.new_disks.end()) return std::nullopt;
    auto index = static_cast<std::uint32_t>(anchor.disks.size());
    ImsmDisk& disk = anchor.disks.emplace_back();
    disk.serial = serial;
    disk.total_blocks = spare->sectors;
    disk.status = IMSM_CONFIGURED;
    const std::uint32_t victim = volume.map.disk_of(slot);
    for (ImsmMap* map : maps_of(volume)) set_ord(*map, slot, index, true);
    if (!is_used(anchor, victim)) {
        drop_disk(anchor, victim);
        index--;
    }
    anchor.family_num += change.random != 0 ? change.random : 1;
    return index;
}

void set_rebuild(ImsmVolume& volume, std::size_t slot, std::uint32_t disk, Sector recovery_start) {
    begin_migration(volume, ImsmMigration::Rebuild, ImsmMapState::Degraded);
    set_ord(volume.map, slot, disk, false);
    set_ord(*volume.present, slot, disk, true);
    volume.curr_migr_unit = recovery_start / kImsmCheckpointUnit;
}

// All slots are in sync; the mirror may owe a resync.
void set_whole(ImsmVolume& volume, Sector resync_start) {
    const bool was_uninitialized = volume.now().map_state == static_cast<std::uint8_t>(ImsmMapState::Uninitialized);
    for (ImsmMap* map : maps_of(volume))
        for (std::size_t slot = 0; slot < map->ord.size(); slot++) set_ord(*map, slot, map->disk_of(slot), false);
    volume.map.failed_disk_num = kImsmNoDiskFailed;
    if (resync_start == kAllRecovered) {
        end_migration(volume);
        set_state(volume.map, ImsmMapState::Normal);
        return;
    }
    begin_migration(volume, was_uninitialized ? ImsmMigration::Init : ImsmMigration::Repair,
                    was_uninitialized ? ImsmMapState::Uninitialized : ImsmMapState::Normal);
    volume.curr_migr_unit = resync_start / kImsmCheckpointUnit;
}

// The slot that is this member's, if it has one of the volume's.
std::optional<std::size_t> slot_in(const ImsmVolume& volume, const ContainerMember& member) {
    if (member.slot < 0 || static_cast<std::size_t>(member.slot) >= volume.map.ord.size()) return std::nullopt;
    return static_cast<std::size_t>(member.slot);
}

// A spare may have been filled before anybody looked: it is seen first when it is in sync.
void take_filled(ImsmAnchor& anchor, std::uint32_t volume_number, const Container& state, const ImsmChange& change) {
    ImsmVolume& volume = anchor.volumes[volume_number];
    for (const ContainerMember& member : state.members) {
        const auto slot = slot_in(volume, member);
        if (slot && member.state == "in_sync" && !table_index(anchor, member.uuid))
            (void)take_spare(anchor, volume, *slot, member.uuid, change);
    }
}

// Before anybody fails: the last one of two that are in sync may have become so just now.
void clear_in_sync(ImsmAnchor& anchor, std::uint32_t volume_number, const Container& state) {
    ImsmVolume& volume = anchor.volumes[volume_number];
    for (const ContainerMember& member : state.members) {
        const auto disk = member.state == "in_sync" ? table_index(anchor, member.uuid) : std::nullopt;
        if (!disk) continue;
        for (ImsmMap* map : maps_of(volume))
            if (const auto slot = map->slot_of(*disk)) set_ord(*map, *slot, *disk, false);
        const auto slot = volume.map.slot_of(*disk);
        if (slot && volume.map.failed_disk_num == *slot) volume.map.failed_disk_num = kImsmNoDiskFailed;
    }
}

void fail_faulty(ImsmAnchor& anchor, const Container& state, const ImsmChange& change) {
    for (const ContainerMember& member : state.members) {
        const auto index = member.state == "faulty" ? table_index(anchor, member.uuid) : std::nullopt;
        if (index) fail_disk(anchor, *index, change.absent.contains(member.uuid));
    }
}

void set_slots(ImsmAnchor& anchor, std::uint32_t volume_number, const Container& state, const ImsmChange& change) {
    ImsmVolume& volume = anchor.volumes[volume_number];
    std::size_t in_sync = 0;
    for (const ContainerMember& member : state.members) {
        const auto slot = slot_in(volume, member);
        if (!slot) continue;
        const auto known = table_index(anchor, member.uuid);
        if (member.state == "in_sync" && known) in_sync++;
        if (member.state != "rebuilding") continue;
        const auto disk = known ? known : take_spare(anchor, volume, *slot, member.uuid, change);
        if (disk) set_rebuild(volume, *slot, *disk, std::min(member.recovery_start, state.size));
    }
    if (in_sync == volume.map.ord.size()) set_whole(volume, state.resync_start);
}

void set_bad_block_attribute(ImsmAnchor& anchor) {
    if (anchor.bad_blocks.empty()) anchor.has_bad_block_log = false;
    anchor.attributes &= ~std::uint32_t{IMSM_BBM};
    if (anchor.has_bad_block_log) anchor.attributes |= IMSM_BBM;
}

}  // namespace

Container imsm_state(const ImsmAnchor& anchor, std::uint32_t volume_number) {
    const ImsmVolume& volume = anchor.volumes.at(volume_number);
    Container state;
    state.uuid = imsm_volume_uuid(anchor, volume_number);
    state.generation = anchor.generation_num;
    state.raid_disks = static_cast<int>(volume.map.ord.size());
    state.size = volume.component_sectors();
    state.data_offset = volume.map.pba_of_lba0;
    state.bitmap_offset = 0;
    if (has_imsm_bitmap(volume)) {
        state.bitmap_offset = static_cast<std::int64_t>(imsm_bitmap_area(volume) + kImsmBitmapBits);
        state.bitmap_chunk = kImsmBitmapChunk;
        state.bitmap_daemon_sleep_ms = kImsmBitmapPeriod * std::uint64_t{1000};
    }
    state.dirty = volume.is_dirty();
    for (std::size_t slot = 0; slot < volume.map.ord.size(); slot++)
        state.members.push_back(member_in(anchor, volume, slot));
    const bool is_complete =
        std::ranges::all_of(state.members, [](const ContainerMember& member) { return member.state == "in_sync"; });
    state.resync_start = resync_start_of(volume, is_complete);
    return state;
}

ImsmAnchor imsm_with_state(ImsmAnchor anchor, std::uint32_t volume, const Container& state, const ImsmChange& change) {
    MD_CHECK(volume < anchor.volumes.size());
    take_filled(anchor, volume, state, change);
    clear_in_sync(anchor, volume, state);
    fail_faulty(anchor, state, change);
    set_slots(anchor, volume, state, change);
    std::uint8_t& dirty = anchor.volumes.at(volume).dirty;
    dirty = static_cast<std::uint8_t>((dirty & ~1) | (state.dirty ? 1 : 0));
    set_bad_block_attribute(anchor);
    return anchor;
}

ImsmAnchor imsm_spare_record(const ImsmNewDisk& new_disk) {
    ImsmAnchor anchor;
    const std::string version = "1.0.00";
    std::copy(version.begin(), version.end(), anchor.version.begin());
    anchor.generation_num = 1;
    if (new_disk.sectors >= kImsmTwoTerabytes) anchor.attributes |= IMSM_2TB_DISK;
    ImsmDisk& disk = anchor.disks.emplace_back();
    disk.serial = new_disk.serial;
    disk.total_blocks = new_disk.sectors;
    disk.status = IMSM_SPARE;
    // Its family is the sum of the rest, so that two spares are hardly ever of one.
    const Result<ImsmAnchor> summed = decode_imsm(encode_imsm(anchor));
    MD_CHECK(static_cast<bool>(summed));
    anchor.family_num = summed->check_sum;
    return anchor;
}

}  // namespace mdscope
