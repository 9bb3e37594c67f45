// SPDX-License-Identifier: MIT
// Members: binding and unbinding, failing, bad blocks, spares.
//
// unbind_rdev_from_array is where the pointer of the crash becomes NULL. Nobody on that path looks at nr_pending or at
// pending_writes: that everything is quiet by then is what the stop before it has to have made sure of.
#include <fmt/format.h>

#include <algorithm>

#include "engine/kernel/trace.hpp"
#include "engine/md/bitmap/bitmap.hpp"
#include "engine/md/md.hpp"
#include "engine/md/variants/absent_members.hpp"

namespace mdscope {

void md_error(Mddev& mddev, Rdev& rdev) {
    MD_FRAME("md_error");
    if (test_bit(Faulty, rdev.flags)) return;
    const MdPersonality* pers = mddev.pers;
    if (pers == nullptr || pers->error_handler == nullptr) return;
    pers->error_handler(mddev, rdev);

    if (mddev.degraded != 0 && !test_bit(MD_BROKEN, mddev.flags)) set_bit(MD_RECOVERY_RECOVER, mddev.recovery);
    sysfs_notify(mddev.sysfs_rdev);
    set_bit(MD_RECOVERY_INTR, mddev.recovery);
    if (!test_bit(MD_BROKEN, mddev.flags)) {
        set_bit(MD_RECOVERY_NEEDED, mddev.recovery);
        md_wakeup_thread(mddev, mddev.thread);
    }
    sysfs_notify(mddev.sysfs_state);
    md_new_event(mddev);
}

// The caller's nr_pending goes first: a member that waits for its metadata handler must not be kept from being removed.
void md_wait_for_blocked_rdev(Rdev& rdev, Mddev& mddev) {
    MD_FRAME("md_wait_for_blocked_rdev");
    (void)wait_event_timeout(rdev.blocked_wait,
                             !test_bit(Blocked, rdev.flags) && !test_bit(BlockedBadBlocks, rdev.flags), 5 * HZ);
    rdev_dec_pending(rdev, mddev);
}

// ---- bad blocks: sectors here are of the data, the table holds sectors of the device ----

int is_badblock(Rdev& rdev, Sector s, Sector sectors, Sector* first_bad, Sector* bad_sectors) {
    if (rdev.badblocks.count == 0) [[likely]]
        return 0;
    const int answer = rdev.badblocks.check(s + rdev.data_offset, sectors, first_bad, bad_sectors);
    if (answer != 0) *first_bad -= rdev.data_offset;
    return answer;
}

bool rdev_set_badblocks(Rdev& rdev, Sector s, Sector sectors, bool is_new) {
    Mddev* mddev = rdev.mddev.get();
    const Sector offset = is_new ? rdev.new_data_offset : rdev.data_offset;
    if (!rdev.badblocks.set(s + offset, sectors, false)) return false;
    // Writers wait for this update: the block must not be read before the log says it is bad.
    if (test_bit(ExternalBbl, rdev.flags)) sysfs_notify(rdev.mddev.checked(mddev)->sysfs_rdev);
    set_bit(MD_SB_CHANGE_CLEAN, rdev.mddev.checked(mddev)->sb_flags);
    set_bit(MD_SB_CHANGE_PENDING, mddev->sb_flags);
    md_wakeup_thread(*mddev, mddev->thread);
    return true;
}

bool rdev_clear_badblocks(Rdev& rdev, Sector s, Sector sectors, bool is_new) {
    const Sector offset = is_new ? rdev.new_data_offset : rdev.data_offset;
    return rdev.badblocks.clear(s + offset, sectors);
}

// ---- binding ----

Rdev* md_find_rdev_nr(Mddev& mddev, int nr) {
    for (Rdev* rdev : mddev.disks)
        if (rdev->desc_nr == nr) return rdev;
    return nullptr;
}

static int first_free_desc_nr(Mddev& mddev) {
    int choice = 0;
    while (md_find_rdev_nr(mddev, choice) != nullptr) choice++;
    return choice;
}

int bind_rdev_to_array(Rdev& rdev, Mddev& mddev) {
    MD_FRAME("bind_rdev_to_array");
    for (const Rdev* other : mddev.disks)
        if (other->name == rdev.name) return -EEXIST;

    // The first member decides the size; a later, smaller one cannot be taken while the array runs or has a size.
    if (rdev.sectors != 0 && (mddev.dev_sectors == 0 || rdev.sectors < mddev.dev_sectors)) {
        if (mddev.pers.load() != nullptr) {
            if (mddev.level > 0) return -ENOSPC;
        } else {
            mddev.dev_sectors = rdev.sectors;
        }
    }
    if (rdev.desc_nr < 0)
        rdev.desc_nr = first_free_desc_nr(mddev);
    else if (md_find_rdev_nr(mddev, rdev.desc_nr) != nullptr)
        return -EBUSY;
    if (mddev.max_disks != 0 && rdev.desc_nr >= mddev.max_disks) {
        md_log(mddev, LogLevel::Warn,
               fmt::format("md: {}: array is limited to {} devices", mdname(mddev), mddev.max_disks.load()));
        return -EBUSY;
    }
    rdev.mddev = &mddev;
    rdev.variants = &mddev.variants;
    {
        const SpinGuard guard(mddev.lock);
        mddev.disks.insert(mddev.disks.begin(), &rdev);  // newest first, as md's list
    }
    mddev.recovery_disabled.inc();  // more than one failed recovery is worth another try with a new member
    return 0;
}

void unbind_rdev_from_array(Rdev& rdev) {
    MD_FRAME("unbind_rdev_from_array");
    Mddev& mddev = *rdev.mddev;
    {
        const SpinGuard guard(mddev.lock);
        std::erase(mddev.disks, &rdev);
    }
    rdev.mddev = nullptr;  // a completion that comes now finds NULL
    TRACE(rdev.kernel, member_unbound, rdev.name, rdev.nr_pending.peek());
    rdev.badblocks.count = 0;
    // The window is as wide as a grace period: this sleeps, and the store above has been made.
    rdev.kernel.synchronize_rcu();
}

void export_rdev(Rdev& rdev, Mddev& mddev) {
    MD_FRAME("export_rdev");
    if (mddev.on_export) mddev.on_export(rdev);
}

// In the kernel this is work that is queued by the unbinding and runs some time later: the member's kobject goes, and
// with its last reference the member. Its memory stays here, so that a completion that is later still is caught and not
// undefined.
void rdev_delayed_delete(Rdev& rdev) {
    MD_FRAME("rdev_delayed_delete");
    rdev.freed = true;
}

void md_kick_rdev_from_array(Rdev& rdev) {
    Mddev& mddev = *rdev.mddev;
    unbind_rdev_from_array(rdev);
    export_rdev(rdev, mddev);
}

// ---- spares ----

static bool rdev_removeable(const Rdev& rdev) {
    if (rdev.raid_disk < 0) return false;
    if (rdev.nr_pending != 0) return false;
    if (test_bit(Blocked, rdev.flags)) return false;
    return test_bit(Faulty, rdev.flags) || !test_bit(In_sync, rdev.flags);
}

static bool rdev_is_spare(const Rdev& rdev) {
    return !test_bit(Faulty, rdev.flags) && rdev.raid_disk >= 0 && !test_bit(In_sync, rdev.flags);
}

static bool rdev_addable(const Mddev& mddev, const Rdev& rdev) {
    if (rdev.raid_disk >= 0 || test_bit(Faulty, rdev.flags)) return false;
    if (mddev.ro == MD_RDWR) return true;
    return rdev.saved_raid_disk >= 0 && !test_bit(Bitmap_sync, rdev.flags);
}

static int remove_members(Mddev& mddev, const Rdev* only) {
    bool remove_some = false;
    for (Rdev* rdev : mddev.disks) {
        if ((only == nullptr || rdev == only) && rdev->raid_disk >= 0 && !test_bit(Blocked, rdev->flags) &&
            test_bit(Faulty, rdev->flags) && rdev->nr_pending == 0) {
            // Such a member is never used again, so one grace period serves them all.
            remove_some = true;
            set_bit(RemoveSynchronized, rdev->flags);
        }
    }
    if (remove_some) mddev.kernel.synchronize_rcu();
    int removed = 0;
    for (Rdev* rdev : mddev.disks) {
        if ((only == nullptr || rdev == only) &&
            (test_bit(RemoveSynchronized, rdev->flags) || rdev_removeable(*rdev))) {
            if (mddev.pers->hot_remove_disk(mddev, *rdev) == 0) {
                rdev->saved_raid_disk = rdev->raid_disk.load();
                rdev->raid_disk = -1;
                removed++;
            }
        }
        if (remove_some) clear_bit(RemoveSynchronized, rdev->flags);
    }
    return removed;
}

static int add_members(Mddev& mddev, const Rdev* only) {
    int spares = 0;
    for (Rdev* rdev : mddev.disks) {
        if (only != nullptr && only != rdev) continue;
        if (rdev_is_spare(*rdev)) spares++;
        if (!rdev_addable(mddev, *rdev)) continue;
        rdev->recovery_offset = 0;
        if (mddev.pers->hot_add_disk(mddev, *rdev) == 0) {
            spares++;
            mddev.variants.row<variants::absent_members>().slot_given(mddev, *rdev);
            md_new_event(mddev);
            sysfs_notify(mddev.sysfs_rdev);
            set_bit(MD_SB_CHANGE_DEVS, mddev.sb_flags);
        }
    }
    return spares;
}

int remove_and_add_spares(Mddev& mddev, Rdev* only) {
    MD_FRAME("remove_and_add_spares");
    if (only != nullptr && test_bit(MD_RECOVERY_RUNNING, mddev.recovery)) return 0;
    const int removed = remove_members(mddev, only);
    if (removed != 0) {
        sysfs_notify(mddev.sysfs_degraded);
        sysfs_notify(mddev.sysfs_rdev);
        set_bit(MD_SB_CHANGE_DEVS, mddev.sb_flags);
    }
    if (only != nullptr && removed != 0) return 0;
    return add_members(mddev, only);
}

// A member that was just bound to a running array: gets its slot if it may, and recovery is looked at.
int add_bound_rdev(Rdev& rdev) {
    MD_FRAME("add_bound_rdev");
    Mddev& mddev = *rdev.mddev;
    mddev.variants.row<variants::absent_members>().bound(mddev, rdev);
    sysfs_notify(mddev.sysfs_rdev);
    set_bit(MD_SB_CHANGE_DEVS, mddev.sb_flags);
    if (mddev.degraded != 0) set_bit(MD_RECOVERY_RECOVER, mddev.recovery);
    set_bit(MD_RECOVERY_NEEDED, mddev.recovery);
    md_new_event(mddev);
    md_wakeup_thread(mddev, mddev.thread);
    return 0;
}

int hot_remove_disk(Mddev& mddev, Rdev& rdev) {
    MD_FRAME("hot_remove_disk");
    if (mddev.pers.load() == nullptr) return -ENODEV;
    if (rdev.raid_disk >= 0) {
        clear_bit(Blocked, rdev.flags);
        remove_and_add_spares(mddev, &rdev);
    }
    if (rdev.raid_disk >= 0) return -EBUSY;
    md_kick_rdev_from_array(rdev);
    set_bit(MD_SB_CHANGE_DEVS, mddev.sb_flags);
    if (mddev.thread.load() != nullptr)
        md_wakeup_thread(mddev, mddev.thread);
    else
        md_update_sb(mddev, true);
    md_new_event(mddev);
    sysfs_notify(mddev.sysfs_rdev);
    return 0;
}

}  // namespace mdscope
