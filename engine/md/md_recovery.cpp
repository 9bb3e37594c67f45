// SPDX-License-Identifier: MIT
// What needs doing, and by whom: md_check_recovery runs in the md thread at each of its wake-ups, and decides whether
// the superblock is written, whether the array may be called clean, and whether a sync thread is started or collected.
#include "engine/md/bitmap/bitmap.hpp"
#include "engine/md/md.hpp"
#include "engine/md/variants/absent_members.hpp"

namespace mdscope {

// Somebody suspended the array, holds reconfig_mutex, and waits for writers that wait for a superblock.
static void update_sb_for_suspender(Mddev& mddev) {
    if (!test_bit(MD_ALLOW_SB_UPDATE, mddev.flags) || mddev.sb_flags == 0) return;
    set_bit(MD_UPDATING_SB, mddev.flags);
    if (test_bit(MD_ALLOW_SB_UPDATE, mddev.flags)) md_update_sb(mddev, false);
    clear_bit(MD_UPDATING_SB, mddev.flags);
    wake_up(mddev.sb_wait);
}

// Immediate safe mode: the array becomes clean as soon as no write is in flight. md does not ask for the writes here,
// and so its thread turns in circles until they have ended: it takes reconfig_mutex, set_in_sync says no, and
// mddev_unlock wakes it again. md_write_end wakes it in this mode, after it has counted down, so nothing is missed by
// asking.
static bool can_become_clean_at_once(const Mddev& mddev) {
    return mddev.safemode == 2 && mddev.in_sync == 0 && mddev.recovery_cp == MaxSector && mddev.writes_pending == 0;
}

static bool anything_to_do(const Mddev& mddev) {
    const std::uint64_t pending = std::uint64_t{1} << MD_SB_CHANGE_PENDING;
    return (mddev.sb_flags & ~pending) != 0 || test_bit(MD_RECOVERY_NEEDED, mddev.recovery) ||
           test_bit(MD_RECOVERY_DONE, mddev.recovery) || (!mddev.external && mddev.safemode == 1) ||
           can_become_clean_at_once(mddev);
}

// On a read-only array failed members go and members that are in sync come back; nothing is copied.
static void check_read_only_array(Mddev& mddev) {
    if (!mddev.external && mddev.in_sync != 0)
        for (Rdev* rdev : mddev.disks) clear_bit(Blocked, rdev->flags);
    remove_and_add_spares(mddev, nullptr);
    set_bit(MD_RECOVERY_INTR, mddev.recovery);
    md_reap_sync_thread(mddev);
    clear_bit(MD_RECOVERY_RECOVER, mddev.recovery);
    clear_bit(MD_RECOVERY_NEEDED, mddev.recovery);
    clear_bit(MD_SB_CHANGE_PENDING, mddev.sb_flags);
    wake_up(mddev.sb_wait);
}

static void not_running(Mddev& mddev) {
    if (mddev.sync_thread.load() != nullptr) return;
    clear_bit(MD_RECOVERY_RUNNING, mddev.recovery);
    wake_up(mddev.resync_wait);
    if (test_and_clear_bit(MD_RECOVERY_RECOVER, mddev.recovery)) sysfs_notify(mddev.sysfs_action);
}

// Decides what the sync thread would do; false: nothing.
static bool choose_sync(Mddev& mddev, int* spares) {
    *spares = remove_and_add_spares(mddev, nullptr);
    // When no member is left to copy from, md begins a recovery, ends it with nothing done, and begins it again.
    if (*spares != 0 && mddev.degraded < mddev.raid_disks) {
        clear_bit(MD_RECOVERY_SYNC, mddev.recovery);
        clear_bit(MD_RECOVERY_CHECK, mddev.recovery);
        clear_bit(MD_RECOVERY_REQUESTED, mddev.recovery);
        set_bit(MD_RECOVERY_RECOVER, mddev.recovery);
        return true;
    }
    if (mddev.recovery_cp < MaxSector) {
        set_bit(MD_RECOVERY_SYNC, mddev.recovery);
        clear_bit(MD_RECOVERY_RECOVER, mddev.recovery);
        return true;
    }
    return test_bit(MD_RECOVERY_SYNC, mddev.recovery);
}

// md queues this as work, because starting a thread may need memory that only this array can free. Here it is done at
// once.
static void md_start_sync(Mddev& mddev) {
    MD_FRAME("md_start_sync");
    MdThread* const thread = md_register_thread(md_do_sync, mddev, "resync");
    mddev.sync_thread = thread;
    if (thread == nullptr) {
        md_log(mddev, LogLevel::Warn, mdname(mddev) + ": could not start resync thread...");
        for (const auto bit :
             {MD_RECOVERY_SYNC, MD_RECOVERY_RESHAPE, MD_RECOVERY_REQUESTED, MD_RECOVERY_CHECK, MD_RECOVERY_RUNNING})
            clear_bit(bit, mddev.recovery);
        wake_up(mddev.resync_wait);
        return;
    }
    md_wakeup_thread(mddev, mddev.sync_thread);
    sysfs_notify(mddev.sysfs_action);
    md_new_event(mddev);
}

// REQUIRES: reconfig_mutex.
static void check_recovery_locked(Mddev& mddev) {
    const bool try_set_sync = mddev.safemode != 0;
    if (!mddev.external && mddev.safemode == 1) mddev.safemode = 0;
    if (mddev.ro != MD_RDWR) {
        check_read_only_array(mddev);
        return;
    }
    if (try_set_sync && !mddev.external && mddev.in_sync == 0) set_in_sync(mddev);
    if (mddev.sb_flags != 0) md_update_sb(mddev, false);

    if (test_bit(MD_RECOVERY_RUNNING, mddev.recovery)) {
        if (!test_bit(MD_RECOVERY_DONE, mddev.recovery))
            clear_bit(MD_RECOVERY_NEEDED, mddev.recovery);
        else
            md_reap_sync_thread(mddev);
        return;
    }
    // RUNNING before NEEDED is cleared, so that sync_action never reads idle in between.
    mddev.curr_resync_completed = 0;
    {
        const SpinGuard guard(mddev.lock);
        set_bit(MD_RECOVERY_RUNNING, mddev.recovery);
    }
    clear_bit(MD_RECOVERY_INTR, mddev.recovery);
    clear_bit(MD_RECOVERY_DONE, mddev.recovery);

    int spares = 0;
    const bool needed = test_and_clear_bit(MD_RECOVERY_NEEDED, mddev.recovery);
    if (!needed || test_bit(MD_RECOVERY_FROZEN, mddev.recovery) || !choose_sync(mddev, &spares)) {
        not_running(mddev);
        return;
    }
    if (spares != 0) md_bitmap_write_all(mddev.bitmap);  // a member that comes in gets every page of the bitmap
    md_start_sync(mddev);
}

void md_check_recovery(Mddev& mddev) {
    MD_FRAME("md_check_recovery");
    update_sb_for_suspender(mddev);
    if (is_mddev_suspended(mddev)) return;
    if (mddev.bitmap.load() != nullptr) md_bitmap_daemon_work(mddev);
    if (mddev.ro != MD_RDWR && !test_bit(MD_RECOVERY_NEEDED, mddev.recovery)) return;
    if (!anything_to_do(mddev)) return;
    if (!mddev_trylock(mddev)) return;
    check_recovery_locked(mddev);
    wake_up(mddev.sb_wait);
    mddev_unlock(mddev);
}

void md_reap_sync_thread(Mddev& mddev) {
    MD_FRAME("md_reap_sync_thread");
    // As kthread_stop, which wakes a thread where it sleeps: this one may be at sync_max.
    if (!test_bit(MD_RECOVERY_DONE, mddev.recovery)) wake_up(mddev.recovery_wait);
    md_unregister_thread(mddev, mddev.sync_thread);
    if (!test_bit(MD_RECOVERY_INTR, mddev.recovery) && !test_bit(MD_RECOVERY_REQUESTED, mddev.recovery) &&
        mddev.degraded != mddev.raid_disks) {
        if (mddev.degraded != 0) mddev.variants.row<variants::absent_members>().recovered(mddev);
        if (mddev.pers->spare_active(mddev) != 0) {
            sysfs_notify(mddev.sysfs_degraded);
            sysfs_notify(mddev.sysfs_rdev);
            set_bit(MD_SB_CHANGE_DEVS, mddev.sb_flags);
        }
    }
    if (mddev.degraded == 0)
        for (Rdev* rdev : mddev.disks) rdev->saved_raid_disk = -1;

    md_update_sb(mddev, true);
    for (const RecoveryFlag bit : {MD_RECOVERY_RUNNING, MD_RECOVERY_DONE, MD_RECOVERY_SYNC, MD_RECOVERY_RESHAPE,
                                   MD_RECOVERY_REQUESTED, MD_RECOVERY_CHECK})
        clear_bit(bit, mddev.recovery);
    wake_up(mddev.resync_wait);
    set_bit(MD_RECOVERY_NEEDED, mddev.recovery);  // look once more whether anything is left
    sysfs_notify(mddev.sysfs_completed);
    sysfs_notify(mddev.sysfs_action);
    md_new_event(mddev);
}

void md_done_sync(Mddev& mddev, Sector blocks, bool ok) {
    mddev.recovery_active.sub(static_cast<std::int64_t>(blocks));
    wake_up(mddev.recovery_wait);
    if (ok) return;
    set_bit(MD_RECOVERY_INTR, mddev.recovery);
    set_bit(MD_RECOVERY_ERROR, mddev.recovery);
    md_wakeup_thread(mddev, mddev.thread);
}

}  // namespace mdscope
