// SPDX-License-Identifier: MIT
// Superblock-class I/O and md_update_sb.
//
//   md_super_write  nr_pending+1, pending_writes+1, submit; never waits
//   super_written   the completion, in the disk's I/O task: the order of its lines is a row (variants/order.hpp)
//   md_super_wait   sleeps until pending_writes is 0
//
// Everything that is stored on the members outside the data goes this way: superblocks, bad-block logs, and every
// bitmap page that is not in a file. That is why waiting for a superblock also waits for bitmap pages: by accident, and
// only where there is a superblock to write.
#include <fmt/format.h>

#include <algorithm>

#include "engine/kernel/trace.hpp"
#include "engine/md/bitmap/bitmap.hpp"
#include "engine/md/format/format.hpp"
#include "engine/md/md.hpp"
#include "engine/md/variants/bad_block_log.hpp"
#include "engine/md/variants/last_record.hpp"
#include "engine/md/variants/lost_intent.hpp"
#include "engine/md/variants/order.hpp"
#include "engine/md/variants/super_reference.hpp"

namespace mdscope {

static const VariantRows& rows_of(const Rdev& rdev) {
    return rdev.variants != nullptr ? *rdev.variants : usual_variants();
}

// What a write holds of its member, from its submission to its completion: nobody removes the member meanwhile.
static void hold_member(Rdev& rdev) {
    rows_of(rdev).row<variants::super_reference>().take(rdev);
}

void super_let_go_of(Rdev& rdev, Mddev* mddev) {
    rows_of(rdev).row<variants::super_reference>().drop(rdev, mddev);
}

void md_super_write(Mddev& mddev, Rdev& rdev, Sector sector, unsigned size, std::byte* page, BioKind kind) {
    MD_FRAME("md_super_write");
    if (page == nullptr) return;
    if (test_bit(Faulty, rdev.flags)) return;
    if (rdev.bdev->read_only()) return;  // Not as md, which fails the member for it.

    Bio* bio = mddev.sync_set.alloc();
    hold_member(rdev);
    bio->bi_op = BioOp::Write;
    bio->bi_kind = kind;
    bio->bi_flags = REQ_SYNC | REQ_META | REQ_PREFLUSH | REQ_FUA | REQ_IDLE;
    if (test_bit(FailFast, rdev.flags) && !test_bit(LastDev, rdev.flags)) bio->bi_flags |= REQ_FAILFAST;
    bio->bi_disk = rdev.bdev;
    bio->bi_sector = sector;
    bio->bi_size = size;
    bio->bi_data = page;
    bio->bi_private = &rdev;
    bio->bi_end_io = super_written;
    TRACE(mddev.kernel, pending_up, "mddev", mddev.pending_writes.peek());
    mddev.pending_writes.inc();
    TRACE(mddev.kernel, bio_submitted, kBioKinds[kind], rdev.name, sector);
    submit_bio(bio);
}

// md_error(mddev, rdev) where mddev may be NULL: it looks at the member's flags first, and then follows the pointer.
static void fail_member(Rdev& rdev, Mddev* mddev) {
    if (mddev != nullptr) {
        md_error(*rdev.mddev.checked(mddev), rdev);
    } else if (!test_bit(Faulty, rdev.flags)) {
        MD_FRAME("md_error");
        rdev.mddev.checked(mddev);
    }
}

void super_written(Bio* bio) {
    MD_FRAME("super_written");
    auto* rdev = static_cast<Rdev*>(bio->bi_private);
    TRACE(rdev->kernel, bio_completed, kBioKinds[bio->bi_kind], rdev->name, bio->bi_sector);
    if (rdev->freed) kptr_fault(rdev->kernel, "rdev", true);
    Mddev* mddev = rdev->mddev.get();  // NULL once unbind_rdev_from_array ran; followed only below

    if (bio->bi_status != 0) {
        rdev->kernel.printk(LogLevel::Err, fmt::format("md: super_written gets error={}", bio->bi_status));
        fail_member(*rdev, mddev);
        if (!test_bit(Faulty, rdev->flags) && (bio->bi_flags & REQ_FAILFAST) != 0) {
            set_bit(MD_SB_NEED_REWRITE, mddev->sb_flags);
            set_bit(LastDev, rdev->flags);
        }
        if (bio->bi_kind == BioKind::Superblock && rows_of(*rdev).row<variants::last_record>().is_needed)
            rdev->sb_missed = true;
    } else {
        clear_bit(LastDev, rdev->flags);
    }
    rows_of(*rdev).row<variants::order>().finish(bio, mddev);
}

int md_super_wait(Mddev& mddev) {
    MD_FRAME("md_super_wait");
    wait_event(mddev.sb_wait, mddev.pending_writes == 0);
    if (test_and_clear_bit(MD_SB_NEED_REWRITE, mddev.sb_flags)) return -EAGAIN;
    return 0;
}

void rdev_dec_pending(Rdev& rdev, Mddev& mddev) {
    const bool faulty = test_bit(Faulty, rdev.flags);
    if (!faulty) {
        rdev.nr_pending.dec();  // to what, nobody wants to know
    } else if (rdev.nr_pending.dec_and_test()) {
        set_bit(MD_RECOVERY_NEEDED, mddev.recovery);
        md_wakeup_thread(mddev, mddev.thread);
    }
}

int sync_page_io(Rdev& rdev, Sector sector, unsigned size, std::byte* page, BioOp op, bool metadata_op) {
    MD_FRAME("sync_page_io");
    Bio bio;
    bio.bi_op = op;
    bio.bi_kind = metadata_op ? BioKind::Superblock : BioKind::Resync;
    bio.bi_flags = REQ_SYNC | REQ_SYNC_IO;
    bio.bi_disk = rdev.bdev;
    bio.bi_sector = metadata_op ? sector + rdev.sb_start : sector + rdev.data_offset;
    bio.bi_size = size;
    bio.bi_data = page;
    return submit_bio_wait(rdev.kernel, &bio);
}

// ---- clean and dirty ----

// The array may be called clean only while no write is between md_write_start and md_write_end. sync_checkers makes a
// writer that arrives meanwhile take `lock` and so see in_sync as we leave it.
bool set_in_sync(Mddev& mddev) {
    mddev.sync_checkers.inc();
    bool changed = false;
    {
        const SpinGuard guard(mddev.lock);
        if (mddev.in_sync == 0 && mddev.writes_pending == 0) {
            mddev.in_sync = 1;
            set_bit(MD_SB_CHANGE_CLEAN, mddev.sb_flags);
            changed = true;
        }
        if (mddev.safemode == 1) mddev.safemode = 0;
    }
    mddev.sync_checkers.dec();
    if (changed) sysfs_notify(mddev.sysfs_state);
    return mddev.in_sync != 0;
}

// ---- md_update_sb ----

static constexpr std::uint64_t flag(SbFlag bit) {
    return std::uint64_t{1} << bit;
}

// A superblock update that saw one of them alone would either forget what happened or keep everybody waiting.
void md_set_sb_flags(Mddev& mddev, std::uint64_t bits) {
    std::uint64_t flags = mddev.sb_flags;
    while (!mddev.sb_flags.compare_exchange(flags, flags | bits)) {
    }
}

// bit_clear_unless: clears `clear` in the word unless one of `test` is set; true if it cleared.
static bool bit_clear_unless(Shared<std::uint64_t>& word, std::uint64_t clear, std::uint64_t test) {
    std::uint64_t old = word;
    while ((old & test) == 0)
        if (word.compare_exchange(old, old & ~clear)) return true;
    return false;
}

// A member being rebuilt is good up to where the recovery has come.
static void update_recovery_offsets(Mddev& mddev) {
    if (!test_bit(MD_RECOVERY_RUNNING, mddev.recovery) || !test_bit(MD_RECOVERY_RECOVER, mddev.recovery)) return;
    for (Rdev* rdev : mddev.disks)
        if (rdev->raid_disk >= 0 && !test_bit(In_sync, rdev->flags) &&
            mddev.curr_resync_completed > rdev->recovery_offset)
            rdev->recovery_offset = mddev.curr_resync_completed.load();
}

// Not persistent: somebody in user space keeps the metadata (external), or nobody does. Nothing is written and nothing
// is waited for; a stop that counts on this call to wait for bitmap pages counts in vain.
static void forget_changes(Mddev& mddev) {
    clear_bit(MD_SB_CHANGE_CLEAN, mddev.sb_flags);
    clear_bit(MD_SB_CHANGE_DEVS, mddev.sb_flags);
    if (!mddev.external) {
        clear_bit(MD_SB_CHANGE_PENDING, mddev.sb_flags);
        for (Rdev* rdev : mddev.disks) {
            if (rdev->badblocks.changed.exchange(false)) {
                rdev->badblocks.ack_all();
                md_error(mddev, *rdev);
            }
            clear_bit(Blocked, rdev->flags);
            clear_bit(BlockedBadBlocks, rdev->flags);
            wake_up(rdev->blocked_wait);
        }
    }
    wake_up(mddev.sb_wait);
}

// The new event number. Going from dirty back to the clean state before it takes the number back, so that a spare that
// was left asleep is not behind.
static void next_events(Mddev& mddev, bool nospares) REQUIRES(mddev.lock) {
    if (nospares && mddev.in_sync != 0 && mddev.recovery_cp == MaxSector && mddev.can_decrease_events &&
        mddev.events != 1) {
        mddev.events.dec();
        mddev.can_decrease_events = false;
    } else {
        mddev.events.inc();
        mddev.can_decrease_events = nospares;
    }
}

// True: a superblock says more than it said, that less is to be resynced.
static bool sync_sbs(Mddev& mddev, bool nospares) REQUIRES(mddev.lock) {
    MD_FRAME("sync_sbs");
    bool claims_more = false;
    for (Rdev* rdev : mddev.disks) {
        const bool sleeping_spare = nospares && rdev->raid_disk < 0 && rdev->sb_events + 1 == mddev.events;
        if (rdev->sb_events == mddev.events || sleeping_spare) {
            rdev->sb_loaded = 2;
        } else {
            const std::uint64_t before = decode_super_1(*rdev->sb_page).resync_offset;
            super_1_sync(mddev, *rdev);
            claims_more = claims_more || decode_super_1(*rdev->sb_page).resync_offset > before;
            rdev->sb_loaded = 1;
        }
    }
    return claims_more;
}

// If it is news; a member that has failed keeps it.
static bool write_bad_block_log(Mddev& mddev, Rdev& rdev) {
    if (!rdev.bb_write || rdev.sb_loaded != 1 || test_bit(Faulty, rdev.flags)) return false;
    md_super_write(mddev, rdev, rdev.badblocks.log_sector, rdev.badblocks.log_sectors << kSectorShift,
                   rdev.bb_page->data(), BioKind::BadBlocks);
    rdev.bb_write = false;
    return true;
}

void md_write_bad_block_logs(Mddev& mddev) {
    bool written = false;
    for (Rdev* rdev : mddev.disks) written = write_bad_block_log(mddev, *rdev) || written;
    if (written) (void)md_super_wait(mddev);  // a member whose log failed has failed itself, and gets no superblock
}

static void write_sb(Mddev& mddev, Rdev& rdev) {
    md_super_write(mddev, rdev, rdev.sb_start, rdev.sb_size, rdev.sb_page->data(), BioKind::Superblock);
    rdev.sb_events = mddev.events.load();
    write_bad_block_log(mddev, rdev);
}

// The last member in sync stays, also when it did not take its superblock. Others that went on without it would be
// fresher by two, and after a crash an assembly would leave out the only member that has all the data. So it goes
// first. False: it is behind still, and nobody else may get ahead.
static bool bring_last_member_along(Mddev& mddev) {
    bool any = false;
    for (Rdev* rdev : mddev.disks) {
        if (!rdev->sb_missed || rdev->sb_loaded != 1 || test_bit(Faulty, rdev->flags)) continue;
        rdev->sb_missed = false;
        write_sb(mddev, *rdev);
        rdev->sb_loaded = 2;
        any = true;
    }
    if (!any) return true;
    (void)md_super_wait(mddev);
    return std::ranges::none_of(mddev.disks, [](const Rdev* rdev) { return rdev->sb_missed; });
}

static void write_sbs(Mddev& mddev) {
    if (!bring_last_member_along(mddev)) return;
    for (Rdev* rdev : mddev.disks)
        if (rdev->sb_loaded == 1 && !test_bit(Faulty, rdev->flags)) write_sb(mddev, *rdev);
}

// What is owed according to the superblocks that have the array's event number.
static Sector resync_offset_on_record(const Mddev& mddev) REQUIRES(mddev.lock) {
    Sector owed = MaxSector;
    for (const Rdev* rdev : mddev.disks)
        if (rdev->sb_events == mddev.events) owed = std::min(owed, decode_super_1(*rdev->sb_page).resync_offset);
    return owed;
}

static void keep_owed(Rdev& rdev, Sector owed) {
    Superblock1 sb = decode_super_1(*rdev.sb_page);
    sb.resync_offset = std::min(sb.resync_offset, owed);
    encode_super_1(sb, *rdev.sb_page);
}

// One number, one content: that the array is clean again is for the next update, which has a number of its own. Else a
// member that is recovered, and says dirty by the same number, would be believed how far it was.
void md_bring_superblocks_up(Mddev& mddev) {
    if (mddev.ro != MD_RDWR || !mddev.persistent) return;
    bool any = false;
    {
        const SpinGuard guard(mddev.lock);
        const Sector owed = resync_offset_on_record(mddev);
        for (Rdev* rdev : mddev.disks) {
            const bool behind =
                rdev->raid_disk >= 0 && !test_bit(Faulty, rdev->flags) && rdev->sb_events < mddev.events;
            rdev->sb_loaded = behind ? 1 : 2;
            any = any || behind;
            if (!behind) continue;
            super_1_sync(mddev, *rdev);
            keep_owed(*rdev, owed);
        }
    }
    if (!any) return;
    write_sbs(mddev);
    (void)md_super_wait(mddev);
}

// Everything that waited for a failure to be on disk may go on.
static void acknowledge_changes(Mddev& mddev, bool badblocks_changed) {
    for (Rdev* rdev : mddev.disks) {
        if (test_and_clear_bit(FaultRecorded, rdev->flags)) clear_bit(Blocked, rdev->flags);
        if (badblocks_changed) rdev->badblocks.ack_all();
        clear_bit(BlockedBadBlocks, rdev->flags);
        wake_up(rdev->blocked_wait);
    }
}

// One that was given up before this round has its event number.
static Bitmap* lost_bitmap(const Mddev& mddev) {
    if (!mddev.variants.row<variants::lost_intent>().is_recorded_first) return nullptr;
    Bitmap* const bitmap = mddev.bitmap;
    return md_bitmap_is_lost(bitmap) ? bitmap : nullptr;
}

// One round: new event number, images, bitmap header, superblocks. False: something changed meanwhile, do it again.
static bool update_sb_once(Mddev& mddev, bool force_change, bool& badblocks_changed) {
    Bitmap* const kicked = lost_bitmap(mddev);
    bool claims_more;
    int sync_req;
    {
        const SpinGuard guard(mddev.lock);
        mddev.utime = mddev.kernel.wall_clock() & ((std::uint64_t{1} << 40) - 1);
        if (test_and_clear_bit(MD_SB_CHANGE_DEVS, mddev.sb_flags)) force_change = true;
        bool nospares = test_and_clear_bit(MD_SB_CHANGE_CLEAN, mddev.sb_flags);  // just clean <-> dirty
        if (force_change || mddev.degraded != 0) nospares = false;
        sync_req = mddev.in_sync;
        next_events(mddev, nospares);
        for (Rdev* rdev : mddev.disks) {
            if (rdev->badblocks.changed) badblocks_changed = true;
            if (test_bit(Faulty, rdev->flags)) set_bit(FaultRecorded, rdev->flags);
        }
        claims_more = sync_sbs(mddev, nospares);
    }
    if (claims_more && !md_flush_before_claim(mddev)) return false;  // again, with the failure beside the claim
    TRACE(mddev.kernel, superblock_update, mddev.events.peek());
    do {
        mddev.variants.row<variants::bad_block_log>().before_superblocks(mddev);
        md_bitmap_update_sb(mddev.bitmap);  // before the superblocks: a newer superblock makes an older bitmap stale
        write_sbs(mddev);
    } while (md_super_wait(mddev) < 0);

    if (mddev.in_sync != sync_req || !bit_clear_unless(mddev.sb_flags, flag(MD_SB_CHANGE_PENDING),
                                                       flag(MD_SB_CHANGE_DEVS) | flag(MD_SB_CHANGE_CLEAN)))
        return false;
    if (kicked != nullptr) kicked->kick_is_recorded = true;
    wake_up(mddev.sb_wait);
    if (test_bit(MD_RECOVERY_RUNNING, mddev.recovery)) sysfs_notify(mddev.sysfs_completed);
    sysfs_notify(mddev.sysfs_state);
    acknowledge_changes(mddev, badblocks_changed);
    return true;
}

void md_update_sb(Mddev& mddev, bool force_change) {
    MD_FRAME("md_update_sb");
    if (mddev.ro != MD_RDWR) {
        if (force_change) set_bit(MD_SB_CHANGE_DEVS, mddev.sb_flags);
        return;
    }
    bool badblocks_changed = false;  // in any of the rounds: a log is written in one, and acknowledged after the last
    do {
        update_recovery_offsets(mddev);
        if (!mddev.persistent) {
            forget_changes(mddev);
            return;
        }
    } while (!update_sb_once(mddev, force_change, badblocks_changed));
}

}  // namespace mdscope
