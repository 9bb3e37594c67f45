// SPDX-License-Identifier: MIT

#include "engine/md/md_ioctl.hpp"

#include <limits>

namespace mdscope {

// ---- GET_ARRAY_INFO

// Bits of mdu_array_info_t::state; md_p.h has them as shifts, beside macros that clash with our names.
static constexpr int kStateClean = 1 << 0;
static constexpr int kStateBitmap = 1 << 8;
static constexpr std::uint64_t kSeconds32 = 0xffffffffU;  // of a stored time

static void count_members(const Mddev& mddev, mdu_array_info_t& info) REQUIRES(mddev.lock) {
    for (const Rdev* rdev : mddev.disks) {
        info.nr_disks++;
        if (test_bit(Faulty, rdev->flags)) {
            info.failed_disks++;
            continue;
        }
        info.working_disks++;
        if (test_bit(In_sync, rdev->flags))
            info.active_disks++;
        else
            info.spare_disks++;
    }
}

static int get_array_info(const Mddev& mddev, mdu_array_info_t& info) {
    MD_FRAME("get_array_info");
    const SpinGuard guard(mddev.lock);  // md_clean, or the superblock's writer, may be at work
    if (mddev.raid_disks == 0 && !mddev.external) return -ENODEV;
    info = {};
    info.major_version = mddev.major_version;
    info.minor_version = mddev.minor_version;
    info.patch_version = 3;  // MD_PATCHLEVEL_VERSION
    info.ctime = static_cast<unsigned>(mddev.ctime & kSeconds32);
    info.utime = static_cast<unsigned>(mddev.utime & kSeconds32);
    info.level = mddev.level;
    const Sector kib = mddev.dev_sectors / 2;
    info.size = kib > std::numeric_limits<int>::max() ? -1 : static_cast<int>(kib);
    info.raid_disks = mddev.raid_disks;
    info.not_persistent = mddev.persistent ? 0 : 1;
    count_members(mddev, info);
    if (mddev.in_sync != 0) info.state |= kStateClean;
    if (mddev.bitmap.load() != nullptr && mddev.bitmap_info.offset != 0) info.state |= kStateBitmap;
    info.layout = mddev.layout;
    info.chunk_size = static_cast<int>(mddev.chunk_sectors << kSectorShift);
    return 0;
}

// ---- STOP_ARRAY and STOP_ARRAY_RO

static int set_closing(Mddev& mddev, bool opened_by_caller) {
    const MutexGuard guard(mddev.open_mutex);
    if (mddev.pers.load() != nullptr && mddev.openers > (opened_by_caller ? 1 : 0)) return -EBUSY;
    return test_and_set_bit(MD_CLOSING, mddev.flags) ? -EBUSY : 0;
}

// What has been let in is on its way out, and must not enter the personality after the stop's quiesce.
static int sync_blockdev(Mddev& mddev) {
    MD_FRAME("sync_blockdev");
    return mddev.on_sync_blockdev ? mddev.on_sync_blockdev() : 0;
}

static int stop_array(Mddev& mddev, unsigned command, bool opened_by_caller) {
    if (command == STOP_ARRAY) return do_md_stop(mddev, 0, opened_by_caller);
    return mddev.pers.load() != nullptr ? md_set_readonly(mddev, opened_by_caller) : 0;
}

static int close_array(Mddev& mddev, unsigned command, bool opened_by_caller) {
    if (const int err = set_closing(mddev, opened_by_caller); err != 0) return err;
    int err = sync_blockdev(mddev);
    if (err == 0) err = mddev_lock(mddev);
    if (err == 0) {
        err = stop_array(mddev, command, opened_by_caller);
        mddev_unlock(mddev);
    }
    clear_bit(MD_CLOSING, mddev.flags);  // md_clean has, of an array that is gone
    return err;
}

int md_ioctl(Mddev& mddev, unsigned command, void* arg, bool opened_by_caller) {
    MD_FRAME("md_ioctl");
    switch (command) {
        case GET_ARRAY_INFO:
            return get_array_info(mddev, *static_cast<mdu_array_info_t*>(arg));
        case STOP_ARRAY:
        case STOP_ARRAY_RO:
            return close_array(mddev, command, opened_by_caller);
        default:
            return -ENOTTY;
    }
}

}  // namespace mdscope
