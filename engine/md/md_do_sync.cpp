// SPDX-License-Identifier: MIT
// md_do_sync: the loop of the sync thread, for resync, recovery, check and repair.
//
// It asks the personality for one request after the other, keeps a checkpoint (curr_resync_completed) behind what is in
// flight, and throttles itself: between sync_speed_min and sync_speed_max it gives way to other I/O, above the maximum
// it sleeps. It ends by setting DONE; md_check_recovery collects it.
//
// The checkpoint of a *check* never moves recovery_cp. In md a check on an array whose resync is pending moves it
// without copying anything, and the resync that follows skips that part (variants/check_checkpoint.hpp).
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/kernel/hash.hpp"
#include "engine/md/bitmap/bitmap.hpp"
#include "engine/md/md.hpp"
#include "engine/md/variants/check_checkpoint.hpp"
#include "engine/md/variants/recovery_start.hpp"

namespace mdscope {

namespace {

constexpr std::size_t SYNC_MARKS = 10;
constexpr std::uint64_t SYNC_MARK_STEP = 3 * HZ;
constexpr std::uint64_t UPDATE_FREQUENCY = 5 * 60 * HZ;
constexpr Sector kSpeedWindow = 32 * (kPageSize / kSectorSize);  // sectors of I/O between two looks at the speed
constexpr std::uint64_t kTooFastSleep = 500 * kNsPerMs;

struct SyncKind {
    const char* desc;    // for the log
    const char* action;  // for last_sync_action
};

SyncKind kind_of(const Mddev& mddev) {
    if (!test_bit(MD_RECOVERY_SYNC, mddev.recovery)) return {"recovery", "recovery"};
    if (test_bit(MD_RECOVERY_CHECK, mddev.recovery)) return {"data-check", "check"};
    if (test_bit(MD_RECOVERY_REQUESTED, mddev.recovery)) return {"requested-resync", "repair"};
    return {"resync", "resync"};
}

bool is_rebuilding(const Rdev& rdev) {
    return rdev.raid_disk >= 0 && !test_bit(Faulty, rdev.flags) && !test_bit(In_sync, rdev.flags);
}

// Where the work begins, and how far it goes.
Sector first_sector(Mddev& mddev, Sector* max_sectors) {
    if (test_bit(MD_RECOVERY_SYNC, mddev.recovery)) {
        *max_sectors = mddev.resync_max_sectors;
        mddev.resync_mismatches = 0;
        if (test_bit(MD_RECOVERY_REQUESTED, mddev.recovery)) return mddev.resync_min;
        return mddev.bitmap.load() == nullptr ? mddev.recovery_cp.load()
                                              : 0;  // a bitmap knows better than a checkpoint
    }
    *max_sectors = mddev.dev_sectors;
    Sector start = MaxSector;
    for (const Rdev* rdev : rdev_list(mddev))
        if (is_rebuilding(*rdev)) start = std::min(start, rdev->recovery_offset.load());
    // Writes that began before the member came in may mark their chunks when they end, after recovery has looked.
    if (mddev.bitmap.load() != nullptr) mddev.variants.row<variants::recovery_start>().before_first_look(mddev);
    return start;
}

// Whether the members were used by somebody else since the last look.
bool is_mddev_idle(Mddev& mddev, bool init) {
    bool idle = true;
    for (Rdev* rdev : rdev_list(mddev)) {
        const std::uint64_t now = rdev->bdev->user_sectors();
        if (init || now - rdev->last_events > kIdleSectors) {
            rdev->last_events = now;
            idle = false;
        }
    }
    return idle;
}

class Sync {
   public:
    explicit Sync(Mddev& mddev) : mddev_(mddev), kind_(kind_of(mddev)) {}

    void run() {
        mddev_.last_sync_action = kind_.action;
        start();
        while (j_ < max_sectors_) {
            remember_only([this] { return state_hash(); });
            if (checkpoint_due()) checkpoint();
            wait_at_resync_max();
            if (interrupted() || !request_next() || interrupted()) break;
            if (last_check_ + kSpeedWindow > io_sectors_ || j_ == max_sectors_) continue;
            last_check_ = io_sectors_;
            throttle();
        }
        md_log(mddev_, LogLevel::Info,
               fmt::format("md: {}: {} {}.", mdname(mddev_), kind_.desc, interrupted() ? "interrupted" : "done"));
        wait_event(mddev_.recovery_wait, mddev_.recovery_active == 0);
        close();
    }

   private:
    [[nodiscard]] bool interrupted() const { return test_bit(MD_RECOVERY_INTR, mddev_.recovery); }
    [[nodiscard]] bool is_sync() const { return test_bit(MD_RECOVERY_SYNC, mddev_.recovery); }
    [[nodiscard]] bool is_check() const { return test_bit(MD_RECOVERY_CHECK, mddev_.recovery); }

    void start() {
        j_ = first_sector(mddev_, &max_sectors_);
        md_log(mddev_, LogLevel::Info, fmt::format("md: {} of RAID array {}", kind_.desc, mdname(mddev_)));
        is_mddev_idle(mddev_, true);
        marks_.fill({mddev_.kernel.ktime_ns(), 0});
        mddev_.resync_mark = marks_[0].at;
        mddev_.resync_mark_cnt = 0;
        mddev_.recovery_active = 0;
        mddev_.curr_resync = j_ > 2 ? j_ : MD_RESYNC_ACTIVE;
        mddev_.curr_resync_completed = j_;
        sysfs_notify(mddev_.sysfs_completed);
        md_new_event(mddev_);
        update_time_ = mddev_.kernel.ktime_ns();
    }

    [[nodiscard]] bool checkpoint_due() const {
        const Sector done = mddev_.curr_resync_completed;
        const Sector curr = mddev_.curr_resync;
        return (curr > done && curr - done > (max_sectors_ >> 4)) ||
               mddev_.kernel.ktime_ns() >= update_time_ + UPDATE_FREQUENCY ||
               (j_ - done) * 2 >= mddev_.resync_max - done || done > mddev_.resync_max;
    }

    void checkpoint() {
        wait_event(mddev_.recovery_wait, mddev_.recovery_active == 0);
        mddev_.curr_resync_completed = j_;
        const bool has_copied = !is_check() || mddev_.variants.row<variants::check_checkpoint>().moves_checkpoint;
        if (is_sync() && has_copied && j_ > mddev_.recovery_cp) mddev_.recovery_cp = j_;
        update_time_ = mddev_.kernel.ktime_ns();
        set_bit(MD_SB_CHANGE_CLEAN, mddev_.sb_flags);
        sysfs_notify(mddev_.sysfs_completed);
    }

    void wait_at_resync_max() {
        while (j_ >= mddev_.resync_max && !interrupted())
            wait_event(mddev_.recovery_wait, mddev_.resync_max > j_ || test_bit(MD_RECOVERY_INTR, mddev_.recovery));
    }

    // One request of the personality; false: it could not, and the sync ends.
    bool request_next() {
        bool skipped = false;
        const Sector sectors = mddev_.pers->sync_request(mddev_, j_, &skipped);
        if (sectors == 0) {
            set_bit(MD_RECOVERY_INTR, mddev_.recovery);
            return false;
        }
        if (!skipped) {
            io_sectors_ += sectors;
            mddev_.recovery_active.add(static_cast<std::int64_t>(sectors));
        }
        if (interrupted()) return false;
        j_ = std::min(j_ + sectors, max_sectors_);  // a skip may reach past the end
        if (j_ > 2) mddev_.curr_resync = j_;
        mddev_.curr_mark_cnt = io_sectors_;
        if (last_check_ == 0) md_new_event(mddev_);
        return true;
    }

    void step_marks() {
        const std::uint64_t now = mddev_.kernel.ktime_ns();
        if (now <= marks_[last_mark_].at + SYNC_MARK_STEP) return;
        const std::size_t next = (last_mark_ + 1) % SYNC_MARKS;
        mddev_.resync_mark = marks_[next].at;
        mddev_.resync_mark_cnt = marks_[next].sectors;
        marks_[next] = {now, done_sectors()};
        last_mark_ = next;
    }

    [[nodiscard]] Sector done_sectors() const {
        return io_sectors_ - static_cast<Sector>(std::max<std::int64_t>(0, mddev_.recovery_active));
    }

    // KiB/s since the mark, at least 1.
    [[nodiscard]] std::uint64_t speed() const {
        const std::uint64_t seconds = (mddev_.kernel.ktime_ns() - mddev_.resync_mark) / HZ + 1;
        return (done_sectors() - mddev_.resync_mark_cnt) / 2 / seconds + 1;
    }

    void throttle() {
        for (;;) {
            step_marks();
            if (interrupted()) return;
            const std::uint64_t now = speed();
            if (now <= static_cast<std::uint64_t>(speed_min(mddev_))) return;
            if (now <= static_cast<std::uint64_t>(speed_max(mddev_))) break;
            // md sleeps 500 ms here whatever happens; a stop need not wait for that.
            (void)wait_event_timeout(mddev_.recovery_wait, test_bit(MD_RECOVERY_INTR, mddev_.recovery), kTooFastSleep);
        }
        if (!is_mddev_idle(mddev_, false)) wait_event(mddev_.recovery_wait, mddev_.recovery_active == 0);
    }

    // The last call of sync_request lets the personality and the bitmap close; then the result goes to where it
    // belongs.
    void close() {
        if (!interrupted() && mddev_.curr_resync >= MD_RESYNC_ACTIVE) {
            mddev_.curr_resync_completed = std::min<Sector>(mddev_.curr_resync, max_sectors_);
            sysfs_notify(mddev_.sysfs_completed);
        }
        bool skipped = false;
        mddev_.pers->sync_request(mddev_, max_sectors_, &skipped);
        // The first numbers stand for states, and an array may end among them. (md takes that for one that was not
        // begun, and recovers it for ever.)
        const bool is_at_end = !interrupted() && j_ >= max_sectors_;
        if (is_check() || (mddev_.curr_resync <= MD_RESYNC_ACTIVE && !is_at_end)) return;
        if (is_sync())
            record_resync();
        else
            record_recovery();
    }

    void record_resync() {
        if (!interrupted()) {
            mddev_.recovery_cp = MaxSector;
        } else if (mddev_.curr_resync >= mddev_.recovery_cp) {
            const bool error = test_bit(MD_RECOVERY_ERROR, mddev_.recovery);
            mddev_.recovery_cp = error ? mddev_.curr_resync_completed.load() : mddev_.curr_resync.load();
        }
    }

    void record_recovery() {
        if (!interrupted()) mddev_.curr_resync = MaxSector;
        for (Rdev* rdev : rdev_list(mddev_))
            if (is_rebuilding(*rdev) && rdev->recovery_offset < mddev_.curr_resync)
                rdev->recovery_offset = mddev_.curr_resync.load();
    }

    // Everything below, and the fields of the array that only this task reads. Without it each request would double the
    // states of a search: it is noticed or not that the one before has ended, and then that makes no difference.
    [[nodiscard]] std::uint64_t state_hash() const {
        std::uint64_t hash = mix(mddev_.resync_mark.peek(), mddev_.resync_mark_cnt.peek());
        for (const std::uint64_t part : {j_, max_sectors_, io_sectors_, last_check_, update_time_, last_mark_})
            hash = mix(hash, part);
        for (const Mark& mark : marks_) hash = mix(mix(hash, mark.at), mark.sectors);
        return hash;
    }

    struct Mark {
        std::uint64_t at;
        Sector sectors;
    };
    Mddev& mddev_;
    SyncKind kind_;
    Sector j_ = 0;  // next sector
    Sector max_sectors_ = 0;
    Sector io_sectors_ = 0;  // real I/O asked for
    Sector last_check_ = 0;
    std::uint64_t update_time_ = 0;
    std::array<Mark, SYNC_MARKS> marks_{};
    std::size_t last_mark_ = 0;
};

// DONE and the flags that make md_check_recovery write the result and collect the thread.
void finish(Mddev& mddev) {
    set_bit(MD_SB_CHANGE_PENDING, mddev.sb_flags);
    set_bit(MD_SB_CHANGE_DEVS, mddev.sb_flags);
    {
        const SpinGuard guard(mddev.lock);
        const bool requested = test_bit(MD_RECOVERY_REQUESTED, mddev.recovery);
        if (!test_bit(MD_RECOVERY_INTR, mddev.recovery)) {
            if (requested) mddev.resync_min = 0;
            mddev.resync_max = MaxSector;
        } else if (requested) {
            mddev.resync_min = mddev.curr_resync_completed.load();
        }
        set_bit(MD_RECOVERY_DONE, mddev.recovery);
        mddev.curr_resync = 0;
    }
    wake_up(mddev.resync_wait);
    sysfs_notify(mddev.sysfs_state);
    md_wakeup_thread(mddev, mddev.thread);
}

}  // namespace

void md_do_sync(MdThread& thread) {
    MD_FRAME("md_do_sync");
    Mddev& mddev = thread.mddev;
    if (test_bit(MD_RECOVERY_DONE, mddev.recovery)) return;  // woken again before it was collected
    if (mddev.ro != MD_RDWR) {
        set_bit(MD_RECOVERY_INTR, mddev.recovery);
        return;
    }
    clear_bit(MD_RECOVERY_ERROR, mddev.recovery);
    Sync(mddev).run();
    finish(mddev);
}

}  // namespace mdscope
