// SPDX-License-Identifier: MIT
// Running an array whose members are bound, and its way back from read-only.
#include <fmt/format.h>

#include "engine/md/bitmap/bitmap.hpp"
#include "engine/md/md.hpp"
#include "engine/md/raid1/raid1.hpp"
#include "engine/md/variants/spare_role.hpp"

namespace mdscope {

// DEFAULT_SAFEMODE_DELAY: 200 ms and one jiffy of a machine with HZ=250.
static constexpr std::uint64_t kDefaultSafemodeDelay = 204 * kNsPerMs;

static Rdev* freshest_member(Mddev& mddev) {
    Rdev* freshest = nullptr;
    for (auto it = mddev.disks.rbegin(); it != mddev.disks.rend();) {
        Rdev* rdev = *it++;
        switch (super_1_load(*rdev, freshest, mddev.minor_version)) {
            case 1:
                freshest = rdev;
                break;
            case 0:
                break;
            default:
                md_log(mddev, LogLevel::Warn,
                       fmt::format("md: fatal superblock inconsistency in {} -- removing from array", rdev->name));
                md_kick_rdev_from_array(*rdev);
                it = mddev.disks.rbegin();
                freshest = nullptr;
        }
    }
    return freshest;
}

// Takes the array's description from the freshest superblock and each member's place from its own; a member that is too
// old goes.
static int analyze_sbs(Mddev& mddev) {
    MD_FRAME("analyze_sbs");
    Rdev* freshest = freshest_member(mddev);
    if (freshest == nullptr) {
        md_log(mddev, LogLevel::Warn, "md: cannot find a valid disk");
        return -EINVAL;
    }
    if (super_1_validate(mddev, nullptr, *freshest) != 0) return -EINVAL;
    const std::vector<Rdev*> members = mddev.disks;
    for (Rdev* rdev : members) {
        if (rdev != freshest && super_1_validate(mddev, freshest, *rdev) != 0) {
            md_log(mddev, LogLevel::Warn, fmt::format("md: kicking non-fresh {} from array!", rdev->name));
            md_kick_rdev_from_array(*rdev);
            continue;
        }
        if (rdev->raid_disk >= mddev.raid_disks) {
            rdev->raid_disk = -1;
            clear_bit(In_sync, rdev->flags);
        }
    }
    return 0;
}

// Data and superblock of a member must not overlap; where the bitmap lies is checked when it is written.
static int check_layout(Mddev& mddev, const Rdev& rdev) {
    if (rdev.data_offset < rdev.sb_start) {
        if (mddev.dev_sectors != 0 && rdev.data_offset + mddev.dev_sectors > rdev.sb_start) {
            md_log(mddev, LogLevel::Warn, fmt::format("md: {}: data overlaps metadata", mdname(mddev)));
            return -EINVAL;
        }
    } else if (rdev.sb_start + rdev.sb_size / kSectorSize > rdev.data_offset) {
        md_log(mddev, LogLevel::Warn, fmt::format("md: {}: metadata overlaps data", mdname(mddev)));
        return -EINVAL;
    }
    return 0;
}

static int check_members(Mddev& mddev) {
    mddev.has_superblocks = false;
    for (Rdev* rdev : mddev.disks) {
        if (test_bit(Faulty, rdev->flags)) continue;
        if (mddev.ro == MD_RDWR && rdev->bdev->read_only()) mddev.ro = MD_RDONLY;
        mddev.has_superblocks = true;  // every member has a page for one, external metadata or not
        if (const int err = check_layout(mddev, *rdev); err != 0) return err;
    }
    return 0;
}

// safemode_timer: the array has been idle for a while. Native arrays become clean; for external ones mdmon is told.
static void md_safemode_timeout(Mddev& mddev) {
    MD_FRAME("md_safemode_timeout");
    mddev.safemode = 1;
    if (mddev.external) sysfs_notify(mddev.sysfs_state);
    md_wakeup_thread(mddev, mddev.thread);
}

static int create_bitmap(Mddev& mddev) {
    if (mddev.bitmap_info.file == nullptr && mddev.bitmap_info.offset == 0) return 0;
    const int err = md_bitmap_create(mddev);
    if (err != 0) md_log(mddev, LogLevel::Warn, fmt::format("{}: failed to create bitmap ({})", mdname(mddev), err));
    return err;
}

// The thread first: it looks at what is freed then.
static void undo_run(Mddev& mddev, const MdPersonality& pers) {
    md_unregister_thread(mddev, mddev.thread);
    void* priv = nullptr;
    {
        const SpinGuard guard(mddev.lock);
        mddev.pers = nullptr;
        priv = std::exchange(mddev.priv, nullptr);
    }
    md_bitmap_destroy(mddev);
    if (priv != nullptr) pers.free(mddev, priv);
}

int md_run(Mddev& mddev) {
    MD_FRAME("md_run");
    if (mddev.disks.empty()) return -EINVAL;
    if (mddev.pers.load() != nullptr) return -EBUSY;
    if (mddev.raid_disks == 0) {
        if (!mddev.persistent) return -EINVAL;
        if (analyze_sbs(mddev) != 0) return -EINVAL;
    }
    if (mddev.level != raid1_personality.level) {
        md_log(mddev, LogLevel::Warn, fmt::format("md: personality for level {} is not loaded!", mddev.level.load()));
        return -EINVAL;
    }
    if (const int err = check_members(mddev); err != 0) return err;
    mddev.bio_set.init();
    mddev.sync_set.init();
    mddev.recovery = 0;
    mddev.resync_max_sectors = mddev.dev_sectors.load();
    mddev.safemode_timer.function = [&mddev] { md_safemode_timeout(mddev); };

    if (int err = raid1_personality.run(mddev); err != 0) {
        md_log(mddev, LogLevel::Warn, "md: pers->run() failed ...");
        return err;
    }
    if (const int err = create_bitmap(mddev); err != 0) {
        undo_run(mddev, raid1_personality);
        return err;
    }
    mddev.safemode = 0;
    mddev.safemode_delay = kDefaultSafemodeDelay;
    mddev.max_read_errors = 20;
    mddev.in_sync = 1;
    {
        const SpinGuard guard(mddev.lock);
        mddev.clevel = raid1_personality.name;
        mddev.pers = &raid1_personality;
    }
    if (mddev.degraded != 0 && mddev.ro == MD_RDWR) set_bit(MD_RECOVERY_RECOVER, mddev.recovery);
    set_bit(MD_RECOVERY_NEEDED, mddev.recovery);
    if (mddev.sb_flags != 0) md_update_sb(mddev, false);
    md_new_event(mddev);
    return 0;
}

int do_md_run(Mddev& mddev) {
    MD_FRAME("do_md_run");
    set_bit(MD_NOT_READY, mddev.flags);
    int err = md_run(mddev);
    if (err == 0) {
        err = md_bitmap_load(mddev);
        if (err != 0) undo_run(mddev, raid1_personality);
    }
    if (err == 0) mddev.variants.row<variants::spare_role>().started(mddev);
    clear_bit(MD_NOT_READY, mddev.flags);
    if (err != 0) return err;
    md_wakeup_thread(mddev, mddev.thread);
    md_log(mddev, LogLevel::Info,
           fmt::format("{}: detected capacity change from 0 to {}", mdname(mddev), mddev.array_sectors.load()));
    sysfs_notify(mddev.sysfs_state);
    sysfs_notify(mddev.sysfs_action);
    sysfs_notify(mddev.sysfs_degraded);
    return 0;
}

int restart_array(Mddev& mddev) {
    MD_FRAME("restart_array");
    if (mddev.disks.empty()) return -ENXIO;
    if (mddev.pers.load() == nullptr) return -EINVAL;
    if (mddev.ro == MD_RDWR) return -EBUSY;
    for (const Rdev* rdev : mddev.disks)
        if (!test_bit(Faulty, rdev->flags) && rdev->bdev->read_only()) return -EROFS;
    mddev.safemode = 0;
    mddev.ro = MD_RDWR;
    set_bit(MD_RECOVERY_NEEDED, mddev.recovery);
    md_wakeup_thread(mddev, mddev.thread);
    md_wakeup_thread(mddev, mddev.sync_thread);
    sysfs_notify(mddev.sysfs_state);
    return 0;
}

}  // namespace mdscope
