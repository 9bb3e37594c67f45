// SPDX-License-Identifier: MIT
// What an array is made of, as files: level, raid_disks, layout, chunk_size, component_size, array_size,
// metadata_version, new_dev. Before the start these describe the array to be; afterwards they are requests to reshape
// it, most of which RAID1 refuses.
//
// Strings and the list of members are read and changed under mddev.lock, so that a read needs no lock that sleeps.
// Kept from md: an empty level or raid_disks reads as an empty line; component_size of an inactive array can only
// shrink, and the same value again is -ENOSPC. Different: new_dev takes the name or the path of an image instead of
// major:minor (which is -ENXIO, as for a device that is not there), because the emulator has no device numbers;
// raid_disks of a running array cannot be changed (-EINVAL, where md reshapes).
#include <limits>

#include "engine/md/sysfs/sysfs_parse.hpp"
#include "engine/md/sysfs/sysfs_tables.hpp"

namespace mdscope::sysfs {

namespace {

constexpr int LEVEL_NONE = -1000000;
constexpr std::size_t kMaxLevelName = 15;     // clevel[16] with its NUL
constexpr std::size_t kMaxMetadataType = 16;  // metadata_type[17]
constexpr std::string_view kExternal = "external:";

bool sync_is_on(const Mddev& mddev) {
    return mddev.sync_thread.load() != nullptr || test_bit(MD_RECOVERY_RUNNING, mddev.recovery);
}

// As set_capacity_and_notify: the size of the disk as its users see it.
void set_capacity_and_notify(Mddev& mddev, Sector sectors) {
    const Sector before = mddev.array_sectors.exchange(sectors);
    if (before == sectors) return;
    md_log(mddev, LogLevel::Info,
           fmt::format("{}: detected capacity change from {} to {}", mdname(mddev), before, sectors));
}

// ---- level

std::string level_show(Mddev& mddev) {
    const SpinGuard guard(mddev.lock);
    if (const MdPersonality* pers = mddev.pers; pers != nullptr) return line(pers->name);
    if (!mddev.clevel.empty()) return line(mddev.clevel);
    return mddev.level != LEVEL_NONE ? line(mddev.level.load()) : "\n";
}

bool is_raid1(std::string_view name) {
    int number = LEVEL_NONE;
    return name == "raid1" || (kstrtoint(name, &number) == 0 && number == 1);
}

// Taking over another level: there is only one personality, so either there is nothing to do or it is not loaded.
int takeover(const Mddev& mddev, std::string_view name) {
    if (mddev.ro != MD_RDWR) return -EROFS;
    if (sync_is_on(mddev)) return -EBUSY;
    if (is_raid1(name)) return 0;
    md_log(mddev, LogLevel::Warn, fmt::format("md: personality {} not loaded", name));
    return -EINVAL;
}

int level_store(Mddev& mddev, std::string_view value) {
    MD_FRAME("level_store");
    if (value.empty() || value.size() > kMaxLevelName) return -EINVAL;
    return with_mddev_lock(mddev, [&] {
        if (mddev.pers.load() != nullptr) return takeover(mddev, without_newline(value));
        const SpinGuard guard(mddev.lock);
        mddev.clevel = without_newline(value);
        // md looks for the name when it starts the array; here the one name there is becomes its number at once.
        mddev.level = is_raid1(mddev.clevel) ? 1 : LEVEL_NONE;
        return 0;
    });
}

// ---- raid_disks, layout, chunk_size

std::string raid_disks_show(Mddev& mddev) {
    const int raid_disks = mddev.raid_disks;
    return raid_disks == 0 ? "\n" : line(raid_disks);
}

// Of a running array only the value it has is accepted: RAID1 has neither a layout nor chunks, and growing or shrinking
// the number of slots while it runs is not emulated.
int reshape_to(const Mddev& mddev, std::uint64_t wanted, std::uint64_t now) {
    if (mddev.ro != MD_RDWR) return -EROFS;
    if (sync_is_on(mddev)) return -EBUSY;
    return wanted == now ? 0 : -EINVAL;
}

int raid_disks_store(Mddev& mddev, std::string_view value) {
    MD_FRAME("raid_disks_store");
    unsigned count = 0;
    if (const int err = kstrtouint(value, &count); err != 0) return err;
    if (count > static_cast<unsigned>(kMaxMembers)) return -EINVAL;  // md's own limit is 1920 slots
    return with_mddev_lock(mddev, [&] {
        if (mddev.pers.load() != nullptr) return reshape_to(mddev, count, static_cast<unsigned>(mddev.raid_disks));
        mddev.raid_disks = static_cast<int>(count);
        return 0;
    });
}

std::string layout_show(Mddev& mddev) {
    const SpinGuard guard(mddev.lock);
    return line(mddev.layout.load());
}

int layout_store(Mddev& mddev, std::string_view value) {
    MD_FRAME("layout_store");
    unsigned layout = 0;
    if (const int err = kstrtouint(value, &layout); err != 0) return err;
    return with_mddev_lock(mddev, [&] {
        if (mddev.pers.load() != nullptr) return reshape_to(mddev, layout, static_cast<unsigned>(mddev.layout));
        mddev.layout = static_cast<int>(layout);
        return 0;
    });
}

std::string chunk_size_show(Mddev& mddev) {
    const SpinGuard guard(mddev.lock);
    return line(std::uint64_t{mddev.chunk_sectors} << kSectorShift);
}

int chunk_size_store(Mddev& mddev, std::string_view value) {
    MD_FRAME("chunk_size_store");
    std::uint64_t bytes = 0;
    if (const int err = kstrtoull(value, &bytes); err != 0) return err;
    const std::uint64_t sectors = bytes >> kSectorShift;
    if (sectors > std::numeric_limits<unsigned>::max()) return -EINVAL;
    return with_mddev_lock(mddev, [&] {
        if (mddev.pers.load() != nullptr) return reshape_to(mddev, sectors, mddev.chunk_sectors);
        mddev.chunk_sectors = static_cast<unsigned>(sectors);
        return 0;
    });
}

// ---- sizes, in KiB

std::string component_size_show(Mddev& mddev) {
    const SpinGuard guard(mddev.lock);
    return line(mddev.dev_sectors / 2);
}

// Makes every member give `sectors` to the array; 0: as much as the smallest has.
int update_size(Mddev& mddev, Sector sectors) {
    MD_FRAME("update_size");
    const MdPersonality* pers = mddev.pers;
    if (pers->resize == nullptr) return -EINVAL;
    if (sync_is_on(mddev)) return -EBUSY;
    if (mddev.ro != MD_RDWR) return -EROFS;
    const bool fit = sectors == 0;
    for (const Rdev* rdev : mddev.disks) {
        if (fit && (sectors == 0 || sectors > rdev->sectors)) sectors = rdev->sectors;
        if (rdev->sectors < sectors) return -ENOSPC;
    }
    return pers->resize(mddev, sectors);
}

int resize_running(Mddev& mddev, Sector sectors) {
    const int err = update_size(mddev, sectors);
    if (err == 0) md_update_sb(mddev, true);
    return err;
}

int store_component_size(Mddev& mddev, Sector sectors) {
    if (mddev.pers.load() != nullptr) return resize_running(mddev, sectors);
    if (mddev.dev_sectors != 0 && mddev.dev_sectors <= sectors) return -ENOSPC;
    mddev.dev_sectors = sectors;
    return 0;
}

// External metadata: nobody may write to the new part before it is recorded that the array has one. So while it grows
// its disk keeps its size, as it does for somebody who has written array_size, and gets the new one after that.
// (mdadm --grow goes the same way, by hand. On Linux this store alone is forgotten at the next start.)
int resize_recorded(Mddev& mddev, Sector sectors) {
    Sector before = 0;
    bool was_pinned = false;
    int err = with_mddev_lock(mddev, [&] {
        if (mddev.pers.load() == nullptr) return store_component_size(mddev, sectors);
        before = mddev.dev_sectors;
        was_pinned = mddev.external_size;
        const bool grows = sectors == 0 || sectors > before;
        if (grows) mddev.external_size = true;
        const int refused = resize_running(mddev, sectors);
        if (refused != 0) mddev.external_size = was_pinned;
        sectors = mddev.dev_sectors;
        return refused;
    });
    if (err != 0 || before == 0) return err;
    err = mddev.on_component_size(sectors);
    mddev_lock_nointr(mddev);
    const bool is_as_before = mddev.pers.load() != nullptr && mddev.dev_sectors == sectors;
    // Refused, too, while the new part is being resynced: then the disk alone stays as large as it was.
    const bool is_undone = is_as_before && err != 0 && update_size(mddev, before) == 0;
    if (is_as_before && (err == 0 || is_undone)) {
        mddev.external_size = was_pinned;
        md_set_array_sectors(mddev, mddev.dev_sectors);
    }
    mddev_unlock(mddev);
    return err;
}

int component_size_store(Mddev& mddev, std::string_view value) {
    MD_FRAME("size_store");
    Sector sectors = 0;
    if (const int err = strict_blocks_to_sectors(value, &sectors); err != 0) return err;
    if (mddev.external && mddev.on_component_size) return resize_recorded(mddev, sectors);
    return with_mddev_lock(mddev, [&] { return store_component_size(mddev, sectors); });
}

std::string array_size_show(Mddev& mddev) {
    return mddev.external_size ? line(mddev.array_sectors / 2) : "default\n";
}

int array_size_store(Mddev& mddev, std::string_view value) {
    MD_FRAME("array_size_store");
    return with_mddev_lock(mddev, [&] {
        const bool running = mddev.pers.load() != nullptr;
        Sector sectors = 0;
        if (value.starts_with("default")) {
            sectors = running ? mddev.dev_sectors : mddev.array_sectors.load();
            mddev.external_size = false;
        } else {
            if (strict_blocks_to_sectors(value, &sectors) != 0) return -EINVAL;
            if (running && mddev.dev_sectors < sectors) return -E2BIG;
            mddev.external_size = true;
        }
        if (running)
            set_capacity_and_notify(mddev, sectors);
        else
            mddev.array_sectors = sectors;
        return 0;
    });
}

// ---- metadata_version

std::string metadata_version_show(Mddev& mddev) {
    const SpinGuard guard(mddev.lock);
    if (mddev.persistent) return fmt::format("{}.{}\n", mddev.major_version.load(), mddev.minor_version.load());
    return mddev.external ? fmt::format("external:{}\n", mddev.metadata_type) : "none\n";
}

struct MetadataKind {
    bool persistent;
    bool external;
    int major;
    int minor;
    std::string_view type;
};

void set_metadata(Mddev& mddev, const MetadataKind& kind) {
    const SpinGuard guard(mddev.lock);
    mddev.persistent = kind.persistent;
    mddev.external = kind.external;
    mddev.major_version = kind.major;
    mddev.minor_version = kind.minor;
    if (kind.external) mddev.metadata_type = kind.type.substr(0, kMaxMetadataType);
}

int metadata_store_locked(Mddev& mddev, std::string_view value) {
    const bool to_external = value.starts_with(kExternal);
    if (!(mddev.external && to_external) && !mddev.disks.empty()) return -EBUSY;
    if (to_external) {
        set_metadata(mddev, {false, true, 0, 90, value.substr(kExternal.size())});
        return 0;
    }
    if (value == "none") {
        set_metadata(mddev, {false, false, 0, 90, ""});
        return 0;
    }
    std::uint64_t major = 0;
    std::uint64_t minor = 0;
    if (!simple_strtoull(&value, &major) || !value.starts_with('.')) return -EINVAL;
    value.remove_prefix(1);
    if (!simple_strtoull(&value, &minor) || !value.empty()) return -EINVAL;
    // Superblocks of version 0.90 are not read by the emulator, so that number is as unknown to it as 2.0 is.
    if (major != 1) return -ENOENT;
    set_metadata(mddev, {true, false, 1, static_cast<int>(minor & 0xff), ""});
    return 0;
}

int metadata_version_store(Mddev& mddev, std::string_view value) {
    MD_FRAME("metadata_store");
    return with_mddev_lock(mddev, [&] { return metadata_store_locked(mddev, without_newline(value)); });
}

// ---- new_dev

bool is_device_number(std::string_view text) {
    std::uint64_t number = 0;
    if (!simple_strtoull(&text, &number) || !text.starts_with(':')) return false;
    text.remove_prefix(1);
    return simple_strtoull(&text, &number) && text.empty();
}

int new_dev_store(Mddev& mddev, std::string_view value) {
    MD_FRAME("new_dev_store");
    const std::string_view image = without_newline(value);
    if (image.empty()) return -EINVAL;
    if (is_device_number(image)) return -ENXIO;
    if (!mddev.on_new_dev) return -EINVAL;
    const int err = with_mddev_lock(mddev, [&] { return mddev.on_new_dev(image); });
    if (err == 0) md_new_event(mddev);
    return err;
}

constexpr MdAttr kGeometryAttrs[] = {
    {"level", 0644, level_show, level_store, false, nullptr},
    {"layout", 0644, layout_show, layout_store, false, nullptr},
    {"raid_disks", 0644, raid_disks_show, raid_disks_store, false, nullptr},
    {"chunk_size", 0644, chunk_size_show, chunk_size_store, false, nullptr},
    {"component_size", 0644, component_size_show, component_size_store, false, nullptr},
    {"metadata_version", 0644, metadata_version_show, metadata_version_store, false, nullptr},
    {"new_dev", 0200, nullptr, new_dev_store, false, nullptr},
    {"array_size", 0644, array_size_show, array_size_store, false, nullptr},
};

}  // namespace

std::span<const MdAttr> md_geometry_attrs() {
    return kGeometryAttrs;
}

}  // namespace mdscope::sysfs
