// SPDX-License-Identifier: MIT
// Stopping. The whole tree of do_md_stop, by its kernel names; this is the story the project exists to tell.
//
//   do_md_stop
//     __md_stop_writes      quiet the writers, md_bitmap_flush, superblock if it says dirty
//     __md_stop             destroy the bitmap, end the md thread, free the personality (and with some the bio pools)
//     export_array          mode 0 only: unbind every member: rdev->mddev = NULL
//
// Where somebody waits for the bitmap writes that md_bitmap_flush leaves in flight is a row of variants/fix.hpp.
#include <fmt/format.h>

#include "engine/md/bitmap/bitmap.hpp"
#include "engine/md/md.hpp"
#include "engine/md/variants/fix.hpp"
#include "engine/md/variants/pools.hpp"
#include "engine/md/variants/stop_order.hpp"

namespace mdscope {

static void stop_writes_locked(Mddev& mddev) {
    MD_FRAME("__md_stop_writes");
    set_bit(MD_RECOVERY_FROZEN, mddev.recovery);
    if (mddev.sync_thread.load() != nullptr) {
        set_bit(MD_RECOVERY_INTR, mddev.recovery);
        md_reap_sync_thread(mddev);
    }
    mddev.kernel.del_timer_sync(mddev.safemode_timer);

    const MdPersonality* pers = mddev.pers;
    if (pers != nullptr) {
        pers->quiesce(mddev, 1);  // all data I/O has ended, so every bitmap counter is where its last write left it
        pers->quiesce(mddev, 0);
    }
    md_bitmap_flush(mddev);

    if (mddev.ro == MD_RDWR && (mddev.in_sync == 0 || mddev.sb_flags != 0)) {
        mddev.in_sync = 1;  // mark the array as shut down cleanly
        md_update_sb(mddev, true);
    }
    mddev.serialize_policy = false;
}

void mddev_detach(Mddev& mddev) {
    MD_FRAME("mddev_detach");
    md_bitmap_wait_behind_writes(mddev);
    const MdPersonality* pers = mddev.pers;
    if (pers != nullptr && !is_mddev_suspended(mddev)) {
        pers->quiesce(mddev, 1);
        pers->quiesce(mddev, 0);
    }
    md_unregister_thread(mddev, mddev.thread);
    mddev.variants.row<variants::fix>().after_detach(mddev);
}

static void md_stop_locked(Mddev& mddev) {
    MD_FRAME("__md_stop");
    const MdPersonality* pers = mddev.pers;
    const StopOrder& order = mddev.variants.row<variants::stop_order>();
    order.first(mddev);
    order.second(mddev);
    void* priv = nullptr;
    {
        const SpinGuard guard(mddev.lock);
        mddev.pers = nullptr;
        priv = std::exchange(mddev.priv, nullptr);
    }
    if (priv != nullptr) pers->free(mddev, priv);
    mddev.kernel.del_timer_sync(mddev.safemode_timer);  // a write that ended late has set it again
    clear_bit(MD_RECOVERY_FROZEN, mddev.recovery);
    mddev.variants.row<variants::pools>().at_md_stop(mddev);
}

static void export_array(Mddev& mddev) {
    MD_FRAME("export_array");
    while (!mddev.disks.empty()) md_kick_rdev_from_array(*mddev.disks.front());
    mddev.variants.row<variants::fix>().after_export(mddev);
    const SpinGuard guard(mddev.lock);
    mddev.raid_disks = 0;
    mddev.major_version = 0;
}

// Everything but bitmap_info.external goes back to how a fresh mddev is. md leaves that one, and so do we.
void md_clean(Mddev& mddev) {
    MD_FRAME("md_clean");
    const SpinGuard guard(mddev.lock);
    mddev.array_sectors = 0;
    mddev.external_size = false;
    mddev.dev_sectors = 0;
    mddev.raid_disks = 0;
    mddev.recovery_cp = 0;
    mddev.resync_min = 0;
    mddev.resync_max = MaxSector;
    mddev.external = false;
    mddev.persistent = false;
    mddev.level = -1000000;
    mddev.clevel.clear();
    mddev.flags = 0;
    mddev.sb_flags = 0;
    mddev.ro = MD_RDWR;
    mddev.metadata_type.clear();
    mddev.chunk_sectors = 0;
    mddev.ctime = mddev.utime = 0;
    mddev.layout = 0;
    mddev.max_disks = 0;
    mddev.events = 0;
    mddev.can_decrease_events = false;
    mddev.curr_resync = 0;
    mddev.resync_mismatches = 0;
    mddev.suspend_lo = 0;
    mddev.suspend_hi = 0;
    mddev.sync_speed_min = 0;
    mddev.sync_speed_max = 0;
    mddev.recovery = 0;
    mddev.in_sync = 0;
    mddev.degraded = 0;
    mddev.safemode = 0;
    mddev.safemode_delay = 0;
    mddev.uuid = {};
    mddev.bitmap_info.offset = 0;
    mddev.bitmap_info.default_offset = 0;
    mddev.bitmap_info.default_space = 0;
    mddev.bitmap_info.chunksize = 0;
    mddev.bitmap_info.daemon_sleep = 0;
    mddev.bitmap_info.max_write_behind = 0;
    mddev.bitmap_info.file = nullptr;
    mddev.bitmap_info.file_path.clear();
}

// ---- the way in: freeze the sync, wait for it, see who is there ----

// True if this call froze it.
static bool freeze_recovery(Mddev& mddev) {
    bool did_freeze = false;
    if (!test_bit(MD_RECOVERY_FROZEN, mddev.recovery)) {
        did_freeze = true;
        set_bit(MD_RECOVERY_FROZEN, mddev.recovery);
        md_wakeup_thread(mddev, mddev.thread);
    }
    if (test_bit(MD_RECOVERY_RUNNING, mddev.recovery)) set_bit(MD_RECOVERY_INTR, mddev.recovery);
    wake_up(mddev.recovery_wait);  // the sync thread may sleep at sync_max
    md_wakeup_thread(mddev, mddev.sync_thread);
    return did_freeze;
}

static void unfreeze_recovery(Mddev& mddev) {
    clear_bit(MD_RECOVERY_FROZEN, mddev.recovery);
    set_bit(MD_RECOVERY_NEEDED, mddev.recovery);
    md_wakeup_thread(mddev, mddev.thread);
}

static bool still_in_use(const Mddev& mddev, bool opened_by_caller) {
    return (mddev.pers.load() != nullptr && mddev.openers > (opened_by_caller ? 1 : 0)) ||
           mddev.sync_thread.load() != nullptr || test_bit(MD_RECOVERY_RUNNING, mddev.recovery);
}

// The running part of the stop; open_mutex is held, so nobody can open the disk meanwhile.
static void stop_running_array(Mddev& mddev) {
    stop_writes_locked(mddev);
    md_stop_locked(mddev);
    sysfs_notify(mddev.sysfs_state);  // "inactive" can be read from here on; mdmon wakes up
    md_log(mddev, LogLevel::Info,
           fmt::format("{}: detected capacity change from {} to 0", mdname(mddev), mddev.array_sectors.load()));
}

static void forget_bitmap_place(Mddev& mddev) {
    const SpinGuard guard(mddev.lock);  // mdstat may be printing it
    mddev.bitmap_info.file = nullptr;
    mddev.bitmap_info.file_path.clear();
    mddev.bitmap_info.offset = 0;
}

int do_md_stop(Mddev& mddev, int mode, bool opened_by_caller) {
    MD_FRAME("do_md_stop");
    const bool did_freeze = freeze_recovery(mddev);
    mddev_unlock(mddev);
    wait_event(mddev.resync_wait,
               mddev.sync_thread.load() == nullptr && !test_bit(MD_RECOVERY_RUNNING, mddev.recovery));
    mddev_lock_nointr(mddev);

    {
        const MutexGuard guard(mddev.open_mutex);
        if (still_in_use(mddev, opened_by_caller)) {
            md_log(mddev, LogLevel::Warn, fmt::format("md: {} still in use.", mdname(mddev)));
            if (did_freeze) unfreeze_recovery(mddev);
            return -EBUSY;
        }
        if (mddev.pers.load() != nullptr) stop_running_array(mddev);
    }
    mddev.ro = MD_RDWR;

    if (mode == 0) {
        md_log(mddev, LogLevel::Info, fmt::format("md: {} stopped.", mdname(mddev)));
        forget_bitmap_place(mddev);
        export_array(mddev);
        md_clean(mddev);
    }
    md_new_event(mddev);
    sysfs_notify(mddev.sysfs_state);
    return 0;
}

int md_set_readonly(Mddev& mddev, bool opened_by_caller) {
    MD_FRAME("md_set_readonly");
    if (mddev.external && test_bit(MD_SB_CHANGE_PENDING, mddev.sb_flags)) return -EBUSY;
    const bool did_freeze = freeze_recovery(mddev);
    mddev_unlock(mddev);
    wait_event(mddev.resync_wait, !test_bit(MD_RECOVERY_RUNNING, mddev.recovery));
    wait_event(mddev.sb_wait, !test_bit(MD_SB_CHANGE_PENDING, mddev.sb_flags));
    mddev_lock_nointr(mddev);

    const MutexGuard guard(mddev.open_mutex);
    int err = 0;
    if (still_in_use(mddev, opened_by_caller)) {
        md_log(mddev, LogLevel::Warn, fmt::format("md: {} still in use.", mdname(mddev)));
        err = -EBUSY;
    } else if (mddev.pers.load() != nullptr) {
        stop_writes_locked(mddev);
        if (mddev.ro == MD_RDONLY)
            err = -ENXIO;
        else
            mddev.ro = MD_RDONLY;
    }
    if ((mddev.pers.load() != nullptr && err == 0) || did_freeze) {
        unfreeze_recovery(mddev);
        sysfs_notify(mddev.sysfs_state);
    }
    return err;
}

// The machine goes down with the array open: writes are stopped and the array is marked clean; nothing is freed, so a
// late completion finds everything where it was.
void md_notify_reboot(Mddev& mddev) {
    MD_FRAME("md_notify_reboot");
    if (!mddev_trylock(mddev)) return;
    if (mddev.pers.load() != nullptr) stop_writes_locked(mddev);
    if (mddev.persistent) mddev.safemode = 2;
    mddev_unlock(mddev);
}

}  // namespace mdscope
