// SPDX-License-Identifier: MIT
// The door of the array: from a bio of a file system to the personality, and the two gates on the way.
//
//   md_submit_bio -> md_handle_request -> (suspended? sleep) -> raid1_make_request -> md_write_start -> ...
//
// active_io counts requests inside make_request; suspending is closing the gate and waiting for 0. writes_pending
// counts writes between md_write_start and md_write_end; the array is clean only while it is 0.
#include "engine/kernel/arena.hpp"
#include "engine/md/md.hpp"
#include "engine/md/variants/claims.hpp"
#include "engine/md/variants/last_record.hpp"
#include "engine/md/variants/suspend_record.hpp"

namespace mdscope {

bool is_mddev_suspended(const Mddev& mddev) {
    return mddev.suspended > 0;
}

// Writes into [suspend_lo, suspend_hi) wait. The test is md's: a bio that ends exactly at suspend_lo waits too.
static bool is_suspended(const Mddev& mddev, const Bio& bio) {
    if (is_mddev_suspended(mddev)) return true;
    if (bio.bi_op == BioOp::Read) return false;
    const Sector lo = mddev.suspend_lo;
    const Sector hi = mddev.suspend_hi;
    return lo < hi && bio.bi_sector < hi && bio_end_sector(bio) >= lo;
}

static void put_active_io(Mddev& mddev) {
    if (mddev.active_io.dec_and_test() && is_mddev_suspended(mddev)) wake_up(mddev.sb_wait);
}

// percpu_ref_tryget_live: count first, then look whether the gate was closing.
static bool tryget_active_io(Mddev& mddev) {
    mddev.active_io.inc();
    if (!is_mddev_suspended(mddev)) return true;
    put_active_io(mddev);
    return false;
}

void md_handle_request(Mddev& mddev, Bio* bio) {
    MD_FRAME("md_handle_request");
    for (;;) {
        wait_event(mddev.sb_wait, !is_suspended(mddev, *bio));
        if (!tryget_active_io(mddev)) continue;
        const MdPersonality* pers = mddev.pers;
        if (pers == nullptr) {
            put_active_io(mddev);
            bio_endio(bio, -EIO);
            return;
        }
        const bool done = pers->make_request(mddev, bio);
        put_active_io(mddev);
        if (done) return;
    }
}

void md_submit_bio(Mddev& mddev, Bio* bio) {
    MD_FRAME("md_submit_bio");
    const bool write = bio->bi_op != BioOp::Read;
    if (mddev.pers.load() == nullptr) {
        bio_endio(bio, -EIO);
        return;
    }
    if (write && test_bit(MD_BROKEN, mddev.flags)) {
        bio_endio(bio, -EIO);
        return;
    }
    if (write && mddev.ro == MD_RDONLY) {
        bio_endio(bio, bio->bi_size != 0 ? -EIO : 0);
        return;
    }
    md_handle_request(mddev, bio);
}

// ---- suspend ----

void mddev_suspend(Mddev& mddev) {
    MD_FRAME("mddev_suspend");
    if (mddev.suspended.inc_return() != 1) return;
    wake_up(mddev.sb_wait);
    // A writer inside may be waiting for a superblock that only the md thread writes.
    mddev.variants.row<variants::suspend_record>().suspending(mddev);
    md_wakeup_thread(mddev, mddev.thread);
    wait_event(mddev.sb_wait, mddev.active_io == 0);
    const MdPersonality* pers = mddev.pers;
    if (pers != nullptr) pers->quiesce(mddev, 1);
    clear_bit(MD_ALLOW_SB_UPDATE, mddev.flags);
    wait_event(mddev.sb_wait, !test_bit(MD_UPDATING_SB, mddev.flags));
    mddev.kernel.del_timer_sync(mddev.safemode_timer);
}

void mddev_resume(Mddev& mddev) {
    MD_FRAME("mddev_resume");
    if (mddev.suspended.dec_return() != 0) return;
    wake_up(mddev.sb_wait);
    const MdPersonality* pers = mddev.pers;
    if (pers != nullptr) pers->quiesce(mddev, 0);
    set_bit(MD_RECOVERY_NEEDED, mddev.recovery);
    md_wakeup_thread(mddev, mddev.thread);
    md_wakeup_thread(mddev, mddev.sync_thread);
}

// ---- clean -> dirty, before the first write ----

bool md_write_start(Mddev& mddev, Bio* bio) {
    MD_FRAME("md_write_start");
    if (bio->bi_op == BioOp::Read) return true;
    bool did_change = false;
    if (mddev.ro == MD_AUTO_READ) {
        mddev.ro = MD_RDWR;
        set_bit(MD_RECOVERY_NEEDED, mddev.recovery);
        md_wakeup_thread(mddev, mddev.thread);
        md_wakeup_thread(mddev, mddev.sync_thread);
        did_change = true;
    }
    mddev.writes_pending.inc();  // before in_sync is looked at: see set_in_sync
    if (mddev.safemode == 1) mddev.safemode = 0;
    if (mddev.in_sync != 0 || mddev.sync_checkers != 0) {
        const SpinGuard guard(mddev.lock);
        if (mddev.in_sync != 0) {
            mddev.in_sync = 0;
            set_bit(MD_SB_CHANGE_CLEAN, mddev.sb_flags);
            set_bit(MD_SB_CHANGE_PENDING, mddev.sb_flags);
            md_wakeup_thread(mddev, mddev.thread);
            did_change = true;
        }
    }
    if (did_change) sysfs_notify(mddev.sysfs_state);
    if (!mddev.has_superblocks) return true;
    mddev.variants.row<variants::suspend_record>().wait_until_dirty(mddev);
    if (test_bit(MD_SB_CHANGE_PENDING, mddev.sb_flags)) {
        mddev.writes_pending.dec();
        return false;
    }
    return true;
}

// The timer is set to whole multiples of the delay, so that most writes find it set to their time already.
void md_write_end(Mddev& mddev) {
    mddev.writes_pending.dec();
    if (mddev.safemode == 2) {
        md_wakeup_thread(mddev, mddev.thread);
        return;
    }
    const std::uint64_t delay = mddev.safemode_delay;
    if (delay == 0) return;
    const std::uint64_t now = mddev.kernel.ktime_ns();
    mddev.kernel.mod_timer(mddev.safemode_timer, (now + delay - 1) / delay * delay + delay);
}

// Sleeps until a write would find the superblock dirty; for changes that must not be lost by a crash.
int md_allow_write(Mddev& mddev) {
    MD_FRAME("md_allow_write");
    if (mddev.pers.load() == nullptr) return 0;
    if (mddev.ro != MD_RDWR) return 0;
    bool changed = false;
    {
        const SpinGuard guard(mddev.lock);
        if (mddev.in_sync != 0) {
            mddev.in_sync = 0;
            set_bit(MD_SB_CHANGE_CLEAN, mddev.sb_flags);
            set_bit(MD_SB_CHANGE_PENDING, mddev.sb_flags);
            if (mddev.safemode_delay != 0 && mddev.safemode == 0) mddev.safemode = 1;
            changed = true;
        }
    }
    if (!changed) return 0;
    md_update_sb(mddev, false);
    sysfs_notify(mddev.sysfs_state);
    wait_event(mddev.sb_wait, !test_bit(MD_SB_CHANGE_PENDING, mddev.sb_flags));
    return 0;
}

// ---- flush ----

namespace {

struct FlushWait;

struct MemberFlush {
    Bio bio;
    Rdev* rdev = nullptr;
    bool was_in_sync = false;        // when the flush was sent
    std::shared_ptr<FlushWait> all;  // while the bio is in flight
};

// Shared by the sleeper and the bios in flight: an Oops may unwind the sleeper while a bio is still held somewhere.
struct FlushWait {
    Mddev& mddev;
    WaitQueue wait;
    Shared<int> pending{1};
    std::array<MemberFlush, kMaxMembers * 2> flushes;
    explicit FlushWait(Mddev& mddev_) : mddev(mddev_), wait(mddev_.kernel, "mddev->flush_pending") {}
};

void put_flush(FlushWait& all) {
    if (all.pending.dec_and_test()) wake_up(all.wait);
}

// md ignores the answer of a flush. We do not: a member whose fsync failed may have lost what it acknowledged before,
// so it is failed and must be recovered (the last one stays, by the last-device rule, and the caller gets the error).
// And that is on record before the flush is answered: else a crash could bring the member back as a good one, to be
// copied over the others.
void md_end_flush(Bio* bio) {
    MD_FRAME("md_end_flush");
    auto* flush = static_cast<MemberFlush*>(bio->bi_private);
    const std::shared_ptr<FlushWait> all = std::move(flush->all);
    if (bio->bi_status != 0) md_error(all->mddev, *flush->rdev);
    rdev_dec_pending(*flush->rdev, all->mddev);
    put_flush(*all);
}

// Members become durable at the same time: only for the last one there is nothing else to do meanwhile.
void submit_flush_ahead(MemberFlush& flush) {
    flush.bio.bi_flags |= REQ_AHEAD;
    submit_bio(&flush.bio);
}

constexpr bool has_flag(std::uint64_t flags, RdevFlag flag) {
    return (flags >> flag & 1) != 0;
}

// A member that is being rebuilt does not count: what was not copied yet is on the others alone.
bool made_durable(const MemberFlush& flush) {
    if (flush.bio.bi_status != 0 || !flush.was_in_sync) return false;
    const std::uint64_t flags = flush.rdev->flags;
    return has_flag(flags, In_sync) && !has_flag(flags, Faulty);
}

// False: the array is being suspended, perhaps by whoever the record waits for.
bool wait_until_recorded(Mddev& mddev) {
    wait_event(mddev.sb_wait, !test_bit(MD_SB_CHANGE_PENDING, mddev.sb_flags) || is_mddev_suspended(mddev));
    return !test_bit(MD_SB_CHANGE_PENDING, mddev.sb_flags);
}

struct Flushed {
    bool durable = false;  // on a good member
    bool failed = false;   // a member, now or before, and it may not be on record
};

// Bios in flight own it with the sleeper: it goes with them when a simulation is given up half-way.
std::shared_ptr<FlushWait> new_flush(Mddev& mddev) {
    const MayBeAbandoned may_be_abandoned;
    return std::make_shared<FlushWait>(mddev);
}

Flushed flush_all(Mddev& mddev) {
    auto all = new_flush(mddev);
    std::size_t n = 0;
    Flushed flushed;
    for (Rdev* rdev : rdev_list(mddev)) {
        if (rdev->raid_disk < 0 || n == all->flushes.size()) continue;
        const std::uint64_t flags = rdev->flags;
        if (has_flag(flags, Faulty)) {
            flushed.failed = flushed.failed || has_flag(flags, Blocked);
            continue;
        }
        MemberFlush& flush = all->flushes[n++];
        flush.rdev = rdev;
        flush.was_in_sync = has_flag(flags, In_sync);
        flush.all = all;
        flush.bio.bi_op = BioOp::Flush;
        flush.bio.bi_flags = REQ_PREFLUSH | REQ_SYNC;
        flush.bio.bi_disk = rdev->bdev;
        flush.bio.bi_private = &flush;
        flush.bio.bi_end_io = md_end_flush;
        rdev->nr_pending.inc();
        all->pending.inc();
        if (n > 1) submit_flush_ahead(all->flushes[n - 2]);
    }
    if (n > 0) submit_bio(&all->flushes[n - 1].bio);
    put_flush(*all);
    wait_event(all->wait, all->pending == 0);
    for (std::size_t i = 0; i < n; i++) {
        flushed.failed = flushed.failed || all->flushes[i].bio.bi_status != 0;
        flushed.durable = flushed.durable || made_durable(all->flushes[i]);
    }
    return flushed;
}

// 0, -EIO when no good member could be flushed, or -EAGAIN: start again, as md_write_start does.
int flush_members(Mddev& mddev) {
    MD_FRAME("submit_flushes");
    const Flushed flushed = flush_all(mddev);
    if (!flushed.durable) return -EIO;
    if (!flushed.failed) return 0;
    if (!wait_until_recorded(mddev)) return -EAGAIN;
    return mddev.variants.row<variants::last_record>().is_needed && test_bit(MD_BROKEN, mddev.flags) ? -EIO : 0;
}

}  // namespace

// A member that cannot be flushed is failed. Until that is on record it would come back as a good one, so nothing may
// be claimed that is not true of it.
bool md_flush_before_claim(Mddev& mddev) {
    return !mddev.variants.row<variants::claims>().are_flushed_first || !flush_all(mddev).failed;
}

// One flush at a time. A request that finds one running waits; if a flush that began after this request arrived has
// ended meanwhile, that one was this request's too. False with REQ_PREFLUSH still set: md_handle_request is to start
// again.
bool md_flush_request(Mddev& mddev, Bio* bio) {
    MD_FRAME("md_flush_request");
    bool mine = true;
    mddev.flush_lock.lock();
    const std::uint64_t arrived = mddev.flush_started;
    wait_event_lock(mddev.flush_wait, !mddev.flush_running || mddev.flush_finished > arrived, mddev.flush_lock);
    if (mddev.flush_finished > arrived) {
        mine = false;
    } else {
        mddev.flush_running = true;
        mddev.flush_started++;
    }
    const std::uint64_t ticket = mddev.flush_started;
    mddev.flush_lock.unlock();

    int status = 0;
    if (mine) {
        status = flush_members(mddev);
        {
            const SpinGuard guard(mddev.flush_lock);
            mddev.flush_running = false;
            if (status == 0) mddev.flush_finished = ticket;
        }
        wake_up(mddev.flush_wait);
    }
    if (status == -EAGAIN) return false;
    if (status != 0 || bio->bi_size == 0) {
        bio_endio(bio, status);
        return true;
    }
    bio->bi_flags &= ~REQ_PREFLUSH;
    return false;  // its data goes another round
}

}  // namespace mdscope
