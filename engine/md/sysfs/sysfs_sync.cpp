// SPDX-License-Identifier: MIT
// md/sync_action and the other files about resync, recovery, check and repair. They are there only while the array
// runs.
//
// sync_action shows what runs, or what is about to: NEEDED on a read-write array already counts. Every accepted word
// sets NEEDED, `idle` too, so it starts whatever was pending. While something runs only `idle` and `frozen` are
// accepted, and an unknown word is then -EBUSY like any other.
//
// sync_min and sync_max are the window of a check, in sectors, under mddev.lock. suspend_lo and suspend_hi make writes
// into the window wait; changing them suspends and resumes the array once, so that no write is half-way past the gate.
#include <algorithm>

#include "engine/md/bitmap/bitmap.hpp"
#include "engine/md/sysfs/sysfs_parse.hpp"
#include "engine/md/sysfs/sysfs_tables.hpp"

namespace mdscope {

const char* sync_action_word(const Mddev& mddev) {
    const std::uint64_t recovery = mddev.recovery;
    const auto has = [&](RecoveryFlag flag) { return ((recovery >> flag) & 1U) != 0; };
    if (has(MD_RECOVERY_FROZEN)) return "frozen";
    const bool on = has(MD_RECOVERY_RUNNING) || (mddev.ro == MD_RDWR && has(MD_RECOVERY_NEEDED));
    if (!on) return "idle";
    if (has(MD_RECOVERY_RESHAPE)) return "reshape";
    if (has(MD_RECOVERY_SYNC)) {
        if (!has(MD_RECOVERY_REQUESTED)) return "resync";
        return has(MD_RECOVERY_CHECK) ? "check" : "repair";
    }
    return has(MD_RECOVERY_RECOVER) ? "recover" : "idle";
}

namespace sysfs {

namespace {

// ---- sync_action

std::string action_show(Mddev& mddev) {
    return line(sync_action_word(mddev));
}

// Ends what runs, and takes the thread down before the word returns.
void stop_sync(Mddev& mddev) {
    if (!test_bit(MD_RECOVERY_RUNNING, mddev.recovery) || mddev_lock(mddev) != 0) return;
    if (mddev.sync_thread.load() != nullptr) {
        set_bit(MD_RECOVERY_INTR, mddev.recovery);
        md_reap_sync_thread(mddev);
    }
    mddev_unlock(mddev);
}

// Sets the flags that a word other than idle and frozen stands for.
int request_action(Mddev& mddev, std::string_view word) {
    const bool check = cmd_match(word, "check");
    if (cmd_match(word, "recover")) {
        set_bit(MD_RECOVERY_RECOVER, mddev.recovery);
    } else if (check || cmd_match(word, "repair")) {
        if (check) set_bit(MD_RECOVERY_CHECK, mddev.recovery);
        set_bit(MD_RECOVERY_REQUESTED, mddev.recovery);
        set_bit(MD_RECOVERY_SYNC, mddev.recovery);
    } else if (!cmd_match(word, "resync")) {
        return -EINVAL;  // `reshape` as well: RAID1 has no start_reshape
    }
    clear_bit(MD_RECOVERY_FROZEN, mddev.recovery);
    return 0;
}

int action_store(Mddev& mddev, std::string_view value) {
    MD_FRAME("action_store");
    const MdPersonality* pers = mddev.pers;
    if (pers == nullptr || pers->sync_request == nullptr) return -EINVAL;
    if (cmd_match(value, "frozen")) {
        set_bit(MD_RECOVERY_FROZEN, mddev.recovery);
        stop_sync(mddev);
    } else if (cmd_match(value, "idle")) {
        clear_bit(MD_RECOVERY_FROZEN, mddev.recovery);
        stop_sync(mddev);
    } else if (test_bit(MD_RECOVERY_RUNNING, mddev.recovery)) {
        return -EBUSY;
    } else if (const int err = request_action(mddev, value); err != 0) {
        return err;
    }
    if (mddev.ro == MD_AUTO_READ) {
        mddev.ro = MD_RDWR;  // asking for a sync is reason enough to write
        md_wakeup_thread(mddev, mddev.sync_thread);
    }
    set_bit(MD_RECOVERY_NEEDED, mddev.recovery);
    md_wakeup_thread(mddev, mddev.thread);
    sysfs_notify(mddev.sysfs_action);
    return 0;
}

std::string last_sync_action_show(Mddev& mddev) {
    return line(mddev.last_sync_action.load());
}

std::string mismatch_cnt_show(Mddev& mddev) {
    return line(mddev.resync_mismatches.load());
}

std::string degraded_show(Mddev& mddev) {
    return line(mddev.degraded.load());
}

// ---- speed, KiB/s

std::string speed_limit(int in_force, int local) {
    return fmt::format("{} ({})\n", in_force, local != 0 ? "local" : "system");
}

std::string sync_speed_min_show(Mddev& mddev) {
    return speed_limit(speed_min(mddev), mddev.sync_speed_min);
}

std::string sync_speed_max_show(Mddev& mddev) {
    return speed_limit(speed_max(mddev), mddev.sync_speed_max);
}

int store_speed_limit(Shared<int>& limit, std::string_view value) {
    unsigned speed = 0;
    if (!value.starts_with("system")) {
        if (const int err = kstrtouint(value, &speed); err != 0) return err;
        if (speed == 0 || speed > 0x7fffffffU) return -EINVAL;
    }
    limit = static_cast<int>(speed);
    return 0;
}

int sync_speed_min_store(Mddev& mddev, std::string_view value) {
    return store_speed_limit(mddev.sync_speed_min, value);
}

int sync_speed_max_store(Mddev& mddev, std::string_view value) {
    return store_speed_limit(mddev.sync_speed_max, value);
}

std::string sync_speed_show(Mddev& mddev) {
    if (mddev.curr_resync == 0) return "none\n";
    const auto done = static_cast<std::int64_t>(mddev.curr_mark_cnt.load()) - mddev.recovery_active;
    const std::int64_t since_mark = done - static_cast<std::int64_t>(mddev.resync_mark_cnt.load());
    const std::uint64_t seconds = std::max<std::uint64_t>((mddev.kernel.ktime_ns() - mddev.resync_mark) / kNsPerSec, 1);
    return line(static_cast<std::uint64_t>(std::max<std::int64_t>(since_mark, 0)) / seconds / 2);
}

std::string sync_force_parallel_show(Mddev& mddev) {
    return line(mddev.parallel_resync ? 1 : 0);
}

int sync_force_parallel_store(Mddev& mddev, std::string_view value) {
    int parallel = 0;
    if (kstrtoint(value, &parallel) != 0 || (parallel != 0 && parallel != 1)) return -EINVAL;
    mddev.parallel_resync = parallel == 1;
    if (mddev.sync_thread.load() != nullptr) wake_up(mddev.resync_wait);
    return 0;
}

// ---- progress and window

std::string sync_completed_show(Mddev& mddev) {
    if (!test_bit(MD_RECOVERY_RUNNING, mddev.recovery)) return "none\n";
    const Sector position = mddev.curr_resync;
    if (position == MD_RESYNC_YIELDED || position == MD_RESYNC_DELAYED) return "delayed\n";
    const SpinGuard guard(mddev.lock);
    const bool whole_array =
        test_bit(MD_RECOVERY_SYNC, mddev.recovery) || test_bit(MD_RECOVERY_RESHAPE, mddev.recovery);
    const Sector range = whole_array ? mddev.resync_max_sectors : mddev.dev_sectors;
    return fmt::format("{} / {}\n", mddev.curr_resync_completed.load(), range);
}

std::string min_sync_show(Mddev& mddev) {
    return line(mddev.resync_min.load());
}

int min_sync_store(Mddev& mddev, std::string_view value) {
    Sector min = 0;
    if (kstrtoull(value, &min) != 0) return -EINVAL;
    const SpinGuard guard(mddev.lock);
    if (min > mddev.resync_max) return -EINVAL;
    if (test_bit(MD_RECOVERY_RUNNING, mddev.recovery)) return -EBUSY;
    mddev.resync_min = min & ~Sector{7};  // whole pages
    return 0;
}

std::string max_sync_show(Mddev& mddev) {
    return sectors_or(mddev.resync_max, "max");
}

int set_max_sync(Mddev& mddev, std::string_view value) {
    const SpinGuard guard(mddev.lock);
    Sector max = MaxSector;
    if (!value.starts_with("max")) {
        if (kstrtoull(value, &max) != 0 || max < mddev.resync_min) return -EINVAL;
        const bool running = mddev.ro == MD_RDWR && test_bit(MD_RECOVERY_RUNNING, mddev.recovery);
        if (max < mddev.resync_max && running) return -EBUSY;
    }
    mddev.resync_max = max;
    return 0;
}

int max_sync_store(Mddev& mddev, std::string_view value) {
    const int err = set_max_sync(mddev, value);
    if (err == 0) wake_up(mddev.recovery_wait);  // the sync may be waiting at the old limit
    return err;
}

std::string suspend_lo_show(Mddev& mddev) {
    return line(mddev.suspend_lo.load());
}

std::string suspend_hi_show(Mddev& mddev) {
    return line(mddev.suspend_hi.load());
}

int store_suspend(Mddev& mddev, Shared<Sector>& edge, std::string_view value) {
    Sector sector = 0;
    if (const int err = kstrtoull(value, &sector); err != 0) return err;
    return with_mddev_lock(mddev, [&] {
        const MdPersonality* pers = mddev.pers;
        if (pers == nullptr || pers->quiesce == nullptr) return -EINVAL;
        mddev_suspend(mddev);
        edge = sector;
        mddev_resume(mddev);
        return 0;
    });
}

int suspend_lo_store(Mddev& mddev, std::string_view value) {
    MD_FRAME("suspend_lo_store");
    return store_suspend(mddev, mddev.suspend_lo, value);
}

int suspend_hi_store(Mddev& mddev, std::string_view value) {
    MD_FRAME("suspend_hi_store");
    return store_suspend(mddev, mddev.suspend_hi, value);
}

// ---- bitmap_set_bits

bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

// Takes "N" or "N-M" off the front of *text. False at the end and at junk, which is not an error.
bool take_chunks(std::string_view* text, std::uint64_t* first, std::uint64_t* last) {
    std::string_view rest = *text;
    if (!simple_strtoull(&rest, first)) return false;
    *last = *first;
    if (rest.starts_with('-')) {
        rest.remove_prefix(1);
        if (!simple_strtoull(&rest, last)) return false;
    }
    if (!rest.empty() && !is_space(rest.front())) return false;
    while (!rest.empty() && is_space(rest.front())) rest.remove_prefix(1);
    *text = rest;
    return true;
}

int bitmap_set_bits_store(Mddev& mddev, std::string_view value) {
    MD_FRAME("bitmap_store");
    return with_mddev_lock(mddev, [&] {
        Bitmap* const bitmap = mddev.bitmap;
        if (bitmap == nullptr) return 0;
        std::uint64_t first = 0;
        std::uint64_t last = 0;
        while (take_chunks(&value, &first, &last)) {
            if (first >= bitmap->counts.chunks) continue;
            md_bitmap_dirty_bits(bitmap, first, std::min(last, bitmap->counts.chunks - 1));
        }
        (void)md_bitmap_unplug(bitmap);  // no data waits for it
        return 0;
    });
}

constexpr MdAttr kRedundancyAttrs[] = {
    {"sync_action", 0644, action_show, action_store, true, &Mddev::sysfs_action},
    {"last_sync_action", 0444, last_sync_action_show, nullptr, true, nullptr},
    {"mismatch_cnt", 0444, mismatch_cnt_show, nullptr, true, nullptr},
    {"sync_speed_min", 0644, sync_speed_min_show, sync_speed_min_store, true, nullptr},
    {"sync_speed_max", 0644, sync_speed_max_show, sync_speed_max_store, true, nullptr},
    {"sync_speed", 0444, sync_speed_show, nullptr, true, nullptr},
    {"sync_force_parallel", 0644, sync_force_parallel_show, sync_force_parallel_store, true, nullptr},
    {"sync_completed", 0444, sync_completed_show, nullptr, true, &Mddev::sysfs_completed},
    {"sync_min", 0644, min_sync_show, min_sync_store, true, nullptr},
    {"sync_max", 0644, max_sync_show, max_sync_store, true, nullptr},
    {"suspend_lo", 0644, suspend_lo_show, suspend_lo_store, true, nullptr},
    {"suspend_hi", 0644, suspend_hi_show, suspend_hi_store, true, nullptr},
    {"bitmap_set_bits", 0200, nullptr, bitmap_set_bits_store, true, nullptr},
    {"degraded", 0444, degraded_show, nullptr, true, &Mddev::sysfs_degraded},
};

}  // namespace

std::span<const MdAttr> md_redundancy_attrs() {
    return kRedundancyAttrs;
}

}  // namespace sysfs

}  // namespace mdscope
