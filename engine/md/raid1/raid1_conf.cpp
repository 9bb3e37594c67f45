// SPDX-License-Identifier: MIT
// The personality as md sees it: starting and freeing, members coming and going, failing one, /proc/mdstat's part.
//
//   md_run -> raid1_run -> setup_conf       slots from rdev->raid_disk, the thread md0_raid1 (raid1d)
//   __md_stop -> raid1_free                 pools emptied; the R1conf itself stays with the mddev
//   md_error -> raid1_error                 the one place where a member becomes Faulty
//   remove_and_add_spares -> raid1_remove_disk, raid1_add_disk;  md_reap_sync_thread -> raid1_spare_active
//
// An R1conf outlives its array, because the last completion counts down and then wakes: between the two the stop may
// have gone on to free it. The kernel has the same window and is saved by how short it is; here it is a row of
// variants/conf_life.hpp.
//
// All but raid1_error and raid1_status are called with reconfig_mutex held. raid1_error runs in any context.
#include <fmt/format.h>

#include "engine/md/bitmap/bitmap.hpp"
#include "engine/md/raid1/raid1.hpp"
#include "engine/md/variants/conf_life.hpp"
#include "engine/md/variants/recovery_checkpoint.hpp"

namespace mdscope {

R1conf::R1conf(Mddev& owner)
    : mddev(owner),
      raid_disks(owner.raid_disks),
      wait_barrier(owner.kernel, "conf->wait_barrier"),
      serial_wait(owner.kernel, "rdev->serial_io_wait") {}

R1conf::~R1conf() = default;

bool RateLimit::allows(Kernel& kernel) {
    const std::uint64_t now_ns = kernel.ktime_ns();
    if (begin_ns == 0 || now_ns - begin_ns >= 5 * kNsPerSec) {
        begin_ns = now_ns;
        printed = 0;
    }
    return printed.inc_return() <= 10;
}

// ---- run

static Sector raid1_size(const Mddev& mddev, Sector sectors) {
    return sectors != 0 ? sectors : mddev.dev_sectors;
}

static std::unique_ptr<R1conf> setup_conf(Mddev& mddev) {
    MD_FRAME("setup_conf");
    auto conf = std::make_unique<R1conf>(mddev);
    for (Rdev* rdev : rdev_list(mddev)) {
        const int slot = rdev->raid_disk;
        if (slot < 0 || slot >= conf->raid_disks) continue;
        Raid1Info& mirror = conf->mirrors[static_cast<std::size_t>(slot)];
        if (mirror.rdev.load() != nullptr) return nullptr;  // two members for one slot
        mirror.rdev = rdev;
        mirror.seq_start = MaxSector;
        // A member that was never part of the array has nothing the bitmap could speak about: copy all. (md trusts
        // saved_raid_disk also where there is no bitmap, and then copies nothing.)
        const bool has_bitmap = mddev.bitmap_info.file != nullptr || mddev.bitmap_info.offset != 0;
        if (!test_bit(In_sync, rdev->flags) && (rdev->saved_raid_disk < 0 || !has_bitmap)) conf->fullsync = true;
    }
    conf->recovery_disabled = mddev.recovery_disabled - 1;
    return conf;
}

static int count_degraded(const R1conf& conf) {
    int degraded = 0;
    for (int i = 0; i < conf.raid_disks; i++) {
        const Rdev* rdev = conf.mirrors[static_cast<std::size_t>(i)].rdev;
        if (rdev == nullptr || !test_bit(In_sync, rdev->flags) || test_bit(Faulty, rdev->flags)) degraded++;
    }
    return degraded;
}

// A write that was in flight below a recovery's checkpoint may have reached one member only. Nor is a checkpoint
// believed that is older than the freshest superblock: a recovery that started over after a crash may have been killed
// again when the others said clean already, and this member had not yet said how far it was.
static void forget_doubtful_checkpoints(Mddev& mddev) {
    if (mddev.variants.row<variants::recovery_checkpoint>().goes_on_after_crash) return;
    // Both homes of the metadata say 0 of an array that was not stopped cleanly.
    const bool is_dirty = mddev.recovery_cp == 0;
    for (Rdev* rdev : rdev_list(mddev)) {
        const bool is_behind = !mddev.external && rdev->sb_events < mddev.events;
        if (rdev->raid_disk >= 0 && !test_bit(In_sync, rdev->flags) && (is_dirty || is_behind))
            rdev->recovery_offset = 0;
    }
}

static void raid1_free(Mddev& mddev, void* priv);

static int raid1_run(Mddev& mddev) {
    MD_FRAME("raid1_run");
    Kernel& kernel = mddev.kernel;
    if (mddev.level != 1) {
        kernel.printk(LogLevel::Warn, fmt::format("md/raid1:{}: raid level not set to mirroring ({})", mdname(mddev),
                                                  mddev.level.load()));
        return -EIO;
    }
    if (mddev.raid_disks < 1 || mddev.raid_disks > kMaxMembers) return -EINVAL;
    std::unique_ptr<R1conf> conf = setup_conf(mddev);
    if (!conf) return -EINVAL;

    forget_doubtful_checkpoints(mddev);
    mddev.degraded = count_degraded(*conf);
    const int working = conf->raid_disks - mddev.degraded;
    if (working < 1) return -EINVAL;
    if (working == 1) mddev.recovery_cp = MaxSector;  // Nothing to resync it with.
    if (mddev.recovery_cp != MaxSector)
        kernel.printk(LogLevel::Info,
                      fmt::format("md/raid1:{}: not clean -- starting background reconstruction", mdname(mddev)));
    kernel.printk(LogLevel::Info, fmt::format("md/raid1:{}: active with {} out of {} mirrors", mdname(mddev), working,
                                              conf->raid_disks));
    mddev.priv = conf.release();  // Before the thread can be found, and woken.
    mddev.thread = md_register_thread(raid1d, mddev, "raid1");
    if (mddev.thread.peek() == nullptr) {
        raid1_free(mddev, mddev.priv);
        mddev.priv = nullptr;
        return -ENOMEM;
    }
    md_set_array_sectors(mddev, raid1_size(mddev, 0));
    return 0;
}

// What is not in use is given back; the rest of the R1conf stays, see above.
static void raid1_free(Mddev& mddev, void* priv) {
    MD_FRAME("raid1_free");
    std::shared_ptr<R1conf> conf(static_cast<R1conf*>(priv));
    conf->r1bio_pool.shrink();
    conf->r1buf_pool.shrink();
    conf->split_pool.shrink();
    mddev.variants.row<variants::conf_life>().at_free(*conf);
    mddev.dead_privates.push_back(std::move(conf));
}

// ---- failing a member

void raid1_error(Mddev& mddev, Rdev& rdev) {
    MD_FRAME("raid1_error");
    R1conf& conf = r1conf_of(mddev);
    int working = 0;
    {
        const SpinGuard guard(conf.device_lock);
        if (test_bit(In_sync, rdev.flags) && conf.raid_disks - mddev.degraded == 1) {
            // The last one is kept, whatever its errors: it is all there is. Writes fail from now on.
            set_bit(MD_BROKEN, mddev.flags);
            if (!mddev.fail_last_dev) {
                conf.recovery_disabled = mddev.recovery_disabled.load();
                return;
            }
        }
        set_bit(Blocked, rdev.flags);
        if (test_and_clear_bit(In_sync, rdev.flags)) mddev.degraded.inc();
        set_bit(Faulty, rdev.flags);
        working = conf.raid_disks - mddev.degraded;
        // Under the lock, other than in raid1.c: end_recorded_writes takes it, so who saw Faulty finds this pending.
        md_set_sb_flags(mddev, 1ULL << MD_SB_CHANGE_DEVS | 1ULL << MD_SB_CHANGE_PENDING);
    }
    set_bit(MD_RECOVERY_INTR, mddev.recovery);
    mddev.kernel.printk(LogLevel::Crit, fmt::format("md/raid1:{0}: Disk failure on {1}, disabling device.\n"
                                                    "md/raid1:{0}: Operation continuing on {2} devices.",
                                                    mdname(mddev), rdev.name, working));
}

void raid1_note_write_error(Mddev& mddev, Rdev& rdev) {
    set_bit(WriteErrorSeen, rdev.flags);
    if (!test_and_set_bit(WantReplacement, rdev.flags)) set_bit(MD_RECOVERY_NEEDED, mddev.recovery);
}

// ---- members

// A member with a slot of its own goes there, one that comes back prefers the slot it had.
static int raid1_add_disk(Mddev& mddev, Rdev& rdev) {
    MD_FRAME("raid1_add_disk");
    R1conf& conf = r1conf_of(mddev);
    if (mddev.recovery_disabled == conf.recovery_disabled) return -EBUSY;
    int first = 0;
    int last = conf.raid_disks - 1;
    const int slot = rdev.raid_disk;
    const int saved = rdev.saved_raid_disk;
    if (slot >= conf.raid_disks) return -EINVAL;
    if (slot >= 0) first = last = slot;
    if (saved >= first && saved < conf.raid_disks && conf.mirrors[static_cast<std::size_t>(saved)].rdev == nullptr)
        first = last = saved;

    for (int i = first; i <= last; i++) {
        Raid1Info& mirror = conf.mirrors[static_cast<std::size_t>(i)];
        if (mirror.rdev != nullptr) continue;
        mirror.head_position = 0;
        rdev.raid_disk = i;
        // It knows nothing of this array, or there is none: the bitmap cannot help.
        if (saved < 0 || mddev.bitmap.load() == nullptr) conf.fullsync = true;
        mirror.rdev = &rdev;  // Last: readers find it from here on.
        return 0;
    }
    return -EEXIST;
}

static int raid1_remove_disk(Mddev& mddev, Rdev& rdev) {
    MD_FRAME("raid1_remove_disk");
    R1conf& conf = r1conf_of(mddev);
    const int slot = rdev.raid_disk;
    if (slot < 0 || slot >= conf.raid_disks) return 0;
    Raid1Info& mirror = conf.mirrors[static_cast<std::size_t>(slot)];
    if (mirror.rdev != &rdev) return 0;

    if (test_bit(In_sync, rdev.flags) || rdev.nr_pending != 0) return -EBUSY;
    // A good member that waits for its recovery is removed only when there can be none.
    if (!test_bit(Faulty, rdev.flags) && mddev.recovery_disabled != conf.recovery_disabled &&
        mddev.degraded < conf.raid_disks)
        return -EBUSY;
    mirror.rdev = nullptr;
    if (!test_bit(RemoveSynchronized, rdev.flags)) {
        mddev.kernel.synchronize_rcu();
        if (rdev.nr_pending != 0) {  // A reader had just found it: try again later.
            mirror.rdev = &rdev;
            return -EBUSY;
        }
    }
    clear_bit(WantReplacement, rdev.flags);
    return 0;
}

// Members whose recovery is complete become In_sync. The lock keeps In_sync and `degraded` consistent for read errors.
static int raid1_spare_active(Mddev& mddev) {
    MD_FRAME("raid1_spare_active");
    R1conf& conf = r1conf_of(mddev);
    int count = 0;
    {
        const SpinGuard guard(conf.device_lock);
        for (int i = 0; i < conf.raid_disks; i++) {
            Rdev* rdev = conf.mirrors[static_cast<std::size_t>(i)].rdev;
            if (rdev != nullptr && rdev->recovery_offset == MaxSector && !test_bit(Faulty, rdev->flags) &&
                !test_and_set_bit(In_sync, rdev->flags))
                count++;
        }
        mddev.degraded.sub(count);
    }
    if (count != 0) sysfs_notify(mddev.sysfs_rdev);
    return count;
}

// ---- size and shape

static int raid1_resize(Mddev& mddev, Sector sectors) {
    MD_FRAME("raid1_resize");
    const Sector newsize = raid1_size(mddev, sectors);
    if (mddev.external_size && mddev.array_sectors > newsize) return -EINVAL;
    if (Bitmap* bitmap = mddev.bitmap; bitmap != nullptr) {
        const int err = md_bitmap_resize(bitmap, newsize, 0, false);
        if (err != 0) return err;
    }
    md_set_array_sectors(mddev, newsize);
    if (sectors > mddev.dev_sectors && mddev.recovery_cp > mddev.dev_sectors) {
        mddev.recovery_cp = mddev.dev_sectors;  // The new part was never synced.
        set_bit(MD_RECOVERY_NEEDED, mddev.recovery);
    }
    mddev.dev_sectors = sectors;
    mddev.resync_max_sectors = sectors;
    return 0;
}

// Only "nothing changes" is granted: the number of disks of a running array is fixed here, as are level and layout.
static int raid1_reshape(Mddev& mddev) {
    MD_FRAME("raid1_reshape");
    const bool same = mddev.level == 1 && mddev.layout == 0 && mddev.chunk_sectors == 0 &&
                      mddev.raid_disks == r1conf_of(mddev).raid_disks;
    return same ? 0 : -EINVAL;
}

static std::string raid1_status(const Mddev& mddev) {
    const R1conf& conf = r1conf_of(mddev);
    std::string text = fmt::format(" [{}/{}] [", conf.raid_disks, conf.raid_disks - mddev.degraded);
    for (int i = 0; i < conf.raid_disks; i++) {  // No rcu: rdevs stay in memory, and snapshots run outside of tasks.
        const Rdev* rdev = conf.mirrors[static_cast<std::size_t>(i)].rdev;
        text += rdev != nullptr && test_bit(In_sync, rdev->flags) ? 'U' : '_';
    }
    return text + "]";
}

const MdPersonality raid1_personality = {
    .name = "raid1",
    .level = 1,
    .make_request = raid1_make_request,
    .run = raid1_run,
    .free = raid1_free,
    .status = raid1_status,
    .error_handler = raid1_error,
    .hot_add_disk = raid1_add_disk,
    .hot_remove_disk = raid1_remove_disk,
    .spare_active = raid1_spare_active,
    .sync_request = raid1_sync_request,
    .quiesce = raid1_quiesce,
    .resize = raid1_resize,
    .check_reshape = raid1_reshape,
};

}  // namespace mdscope
