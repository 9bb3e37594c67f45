// SPDX-License-Identifier: MIT
// The write path, from raid1_make_request to the end of the master bio.
//
//   raid1_make_request
//     md_write_start                      the superblock says dirty
//     raid1_write_request
//       wait_barrier                      no resync in this bucket, array not frozen
//       choose_write_targets              which members, how much of the bio
//       md_bitmap_startwrite              the chunks' counters; marks bitmap pages dirty
//       one clone per target  -->  plug   (or pending_bio_list for raid1d; or straight to the disk without a bitmap)
//     raid1_unplug -> flush_bio_list      the bits are on disk; only then the clones are submitted (raid1_plug.cpp)
//       raid1_end_write_request           one clone is done (often inline, on the submitter's stack)
//         r1_bio_write_done               the last one: close_write, raid_end_bio_io; with an error: raid1d
//
// A bio that may not go out in one piece (end of a barrier unit, bad blocks) is cut: the front is handled, the master
// itself becomes the rest, and `false` sends it round again through md_handle_request. So the rest waits for a
// suspended array without counting itself as active I/O, as md's list of bios in the making has it.
//
// make_request is called from a task and may sleep; completions run anywhere and never sleep.
#include <cstring>
#include <optional>

#include "engine/md/bitmap/bitmap.hpp"
#include "engine/md/raid1/raid1.hpp"
#include "engine/md/variants/behind_ack.hpp"
#include "engine/md/variants/clone_put.hpp"
#include "engine/md/variants/degraded_write.hpp"
#include "engine/md/variants/discard_error.hpp"
#include "engine/md/variants/faulty_write.hpp"
#include "engine/md/variants/slot_pointer.hpp"

namespace mdscope {

Bio io_blocked_marker, io_made_good_marker;

static bool raid1_write_request(Mddev& mddev, Bio* bio, Sector max_write_sectors);
static void raid1_end_write_request(Bio* bio);

// True: the bio is taken care of. False: md_handle_request is to start again with what `bio` says now.
bool raid1_make_request(Mddev& mddev, Bio* bio) {
    MD_FRAME("raid1_make_request");
    const auto is_flush = [&] { return (bio->bi_flags & REQ_PREFLUSH) != 0 || bio->bi_op == BioOp::Flush; };
    if (is_flush()) [[unlikely]] {
        if (md_flush_request(mddev, bio)) return true;
        if (is_flush()) return false;  // The array is being suspended.
    }
    const Sector sectors = align_to_barrier_unit_end(bio->bi_sector, bio_sectors(*bio));
    if (bio->bi_op == BioOp::Read) return raid1_read_request(mddev, bio, sectors, nullptr);
    if (!md_write_start(mddev, bio)) return false;
    return raid1_write_request(mddev, bio, sectors);
}

// ---- cutting a bio

static void raid1_split_endio(Bio* bio) {
    auto* parent = static_cast<SplitParent*>(bio->bi_private);
    if (bio->bi_status != 0) parent->status = bio->bi_status;
    if (bio != parent->master) bio_put(bio);
    if (!parent->remaining.dec_and_test()) return;
    Bio* master = parent->master;
    const int status = parent->status;
    master->bi_sector = parent->saved.bi_sector;
    master->bi_size = parent->saved.bi_size;
    master->bi_data = parent->saved.bi_data;
    master->bi_end_io = parent->saved.bi_end_io;
    master->bi_private = parent->saved.bi_private;
    parent->conf->split_pool.free(parent);
    bio_endio(master, status);
}

Bio* raid1_split_bio(R1conf& conf, Bio* bio, Sector sectors) {
    MD_FRAME("bio_split");
    SplitParent* parent = nullptr;
    if (bio->bi_end_io == raid1_split_endio) {  // The rest of an earlier cut is cut again.
        parent = static_cast<SplitParent*>(bio->bi_private);
        parent->remaining.inc();
    } else {
        parent = conf.split_pool.alloc();
        parent->conf = &conf;
        parent->master = bio;
        parent->saved = *bio;
        parent->status.init(0);
        parent->remaining.init(2);
        bio->bi_end_io = raid1_split_endio;
        bio->bi_private = parent;
    }
    Bio* front = conf.mddev.bio_set.alloc();
    BioSet* pool = front->bi_pool;
    *front = *bio;
    front->bi_pool = pool;
    const auto bytes = static_cast<std::uint32_t>(sectors << kSectorShift);
    front->bi_size = bytes;
    bio->bi_sector += sectors;
    bio->bi_size -= bytes;
    if (bio->bi_data != nullptr) bio->bi_data += bytes;
    return front;
}

// ---- which members are written, and how much

// One member. True: it is a target (and its nr_pending is counted). *blocked: the whole request has to wait for it.
static bool choose_write_target(R1conf& conf, R1bio& r1_bio, Rdev* rdev, Sector* max_sectors, Rdev** blocked) {
    if (rdev != nullptr && test_bit(Blocked, rdev->flags)) [[unlikely]] {
        rdev->nr_pending.inc();
        *blocked = rdev;
        return false;
    }
    if (rdev == nullptr || test_bit(Faulty, rdev->flags)) [[unlikely]] {
        if (rdev != nullptr && test_bit(Blocked, rdev->flags)) {  // It failed between the two looks.
            rdev->nr_pending.inc();
            *blocked = rdev;
            return false;
        }
        set_bit(R1BIO_Degraded, r1_bio.state);  // The chunk stays marked: it differs from the missing member's.
        return false;
    }
    rdev->nr_pending.inc();
    if (!test_bit(WriteErrorSeen, rdev->flags)) [[likely]]
        return true;

    Sector first_bad = 0;
    Sector bad_sectors = 0;
    const int is_bad = is_badblock(*rdev, r1_bio.sector, *max_sectors, &first_bad, &bad_sectors);
    if (is_bad < 0) {  // No write here until the bad block is on record.
        set_bit(BlockedBadBlocks, rdev->flags);
        *blocked = rdev;
        return false;
    }
    if (is_bad == 0) return true;
    if (first_bad > r1_bio.sector) {
        *max_sectors = std::min(*max_sectors, first_bad - r1_bio.sector);
        return true;
    }
    // Known to be bad from the start: leave this member out. Not Degraded, as no member is missing.
    *max_sectors = std::min(*max_sectors, bad_sectors - (r1_bio.sector - first_bad));
    rdev_dec_pending(*rdev, conf.mddev);
    return false;
}

// Marks the targets in r1_bio.bios. Gives the member that blocks the write, its nr_pending counted, or nullptr.
static Rdev* choose_write_targets(R1conf& conf, R1bio& r1_bio, Sector* max_sectors, bool* write_behind) {
    std::optional<Raid1RcuSection> rcu;
    if (conf.mddev.variants.row<variants::slot_pointer>().is_under_rcu) rcu.emplace(conf.mddev.kernel);
    Rdev* blocked = nullptr;
    for (int i = 0; i < conf.raid_disks; i++) {
        Rdev* rdev = conf.mirrors[i].rdev;
        if (choose_write_target(conf, r1_bio, rdev, max_sectors, &blocked)) {
            r1_bio.bios[i] = r1_bio.master_bio;
            if (test_bit(WriteMostly, rdev->flags)) *write_behind = true;
        }
        if (blocked != nullptr) [[unlikely]] {
            for (int j = 0; j < i; j++)
                if (r1_bio.bios[j] != nullptr)
                    rdev_dec_pending(target_in(conf, static_cast<std::uint64_t>(j)), conf.mddev);
            r1_bio.bios.fill(nullptr);
            r1_bio.state = 0;
            return blocked;
        }
    }
    return nullptr;
}

// ---- writes that must not overtake each other
//
// A write-behind is acknowledged before the write-mostly member has it, so the next write to the same place may come
// while the old one is still on its way there. They are kept in order here, for as long as the older one may still
// be written again (narrow_write_error). The wait is before the barrier: who sleeps here is not pending, so raid1d can
// freeze the array meanwhile.

static bool overlaps_serial(const R1conf& conf, const R1bio& r1_bio) REQUIRES(conf.serial_lock) {
    for (const R1bio* other = conf.serial_list; other != nullptr; other = other->serial_next)
        if (other->sector < r1_bio.sector + r1_bio.sectors && r1_bio.sector < other->sector + other->sectors)
            return true;
    return false;
}

static void wait_for_serialization(R1conf& conf, R1bio& r1_bio) {
    MD_FRAME("wait_for_serialization");
    conf.serial_lock.lock();
    if (overlaps_serial(conf, r1_bio)) {
        conf.serial_lock.unlock();
        raid1_flush_plug_before_sleep();  // The older write may be in it.
        conf.serial_lock.lock();
    }
    wait_event_lock(conf.serial_wait, !overlaps_serial(conf, r1_bio), conf.serial_lock);
    r1_bio.serial_next = conf.serial_list;
    conf.serial_list = &r1_bio;
    r1_bio.serialized = true;
    conf.serial_lock.unlock();
}

static void remove_serial(R1conf& conf, R1bio& r1_bio) {
    {
        const SpinGuard guard(conf.serial_lock);
        R1bio** link = &conf.serial_list;
        while (*link != &r1_bio) link = &(*link)->serial_next;
        *link = r1_bio.serial_next;
        r1_bio.serialized = false;
    }
    wake_up(conf.serial_wait);
}

// ---- write-behind

// Copies the data, so that the caller may have its buffer back before the write-mostly members are done. Without memory
// for the copy the write is an ordinary one.
static void alloc_behind_master_bio(R1bio& r1_bio, const Bio& bio) {
    MD_FRAME("alloc_behind_master_bio");
    if (bio.bi_data != nullptr) {
        if (r1_bio.behind_capacity < bio.bi_size) {
            r1_bio.behind_data.reset(new (std::nothrow) std::byte[bio.bi_size]);
            r1_bio.behind_capacity = r1_bio.behind_data ? bio.bi_size : 0;
            if (!r1_bio.behind_data) return;
        }
        std::memcpy(r1_bio.behind_data.get(), bio.bi_data, bio.bi_size);
    }
    set_bit(R1BIO_BehindIO, r1_bio.state);
}

// 6.1 looks at the first target only, so that write-behind works just when the write-mostly member has the lowest slot.
// What was meant, and what is done here: any target is write-mostly.
static bool may_write_behind(const Mddev& mddev, const Bitmap* bitmap, bool write_mostly_target) {
    return write_mostly_target && bitmap != nullptr &&
           static_cast<std::uint64_t>(bitmap->behind_writes.load()) < mddev.bitmap_info.max_write_behind &&
           !bitmap->behind_wait.has_sleepers();  // A reader of a write-mostly member waits for them to end.
}

// ---- the write

Bio* bio_alloc_clone(R1conf& conf, R1bio& r1_bio, int slot, const Rdev& rdev, const Bio& master) {
    Bio* clone = conf.mddev.bio_set.alloc();
    clone->bi_op = master.bi_op;
    clone->bi_kind = master.bi_kind;
    clone->bi_flags = master.bi_flags & (REQ_SYNC | REQ_FUA);
    clone->bi_sector = r1_bio.sector + rdev.data_offset;
    clone->bi_size = master.bi_size;
    clone->bi_data = master.bi_data;
    clone->bi_disk = rdev.bdev;
    clone->bi_private = &r1_bio;
    clone->bi_aux = static_cast<std::uint64_t>(slot);
    return clone;
}

// One clone for each target. r1_bio.remaining is at least 1 throughout, whatever completes meanwhile.
static void submit_write_clones(R1conf& conf, R1bio& r1_bio, const Bio& bio) {
    const bool behind = test_bit(R1BIO_BehindIO, r1_bio.state);
    for (int i = 0; i < conf.raid_disks; i++) {
        if (r1_bio.bios[i] == nullptr) continue;
        const Rdev& rdev = target_in(conf, static_cast<std::uint64_t>(i));
        Bio* mbio = bio_alloc_clone(conf, r1_bio, i, rdev, bio);
        if (behind) {
            if (bio.bi_data != nullptr) mbio->bi_data = r1_bio.behind_data.get();
            if (test_bit(WriteMostly, rdev.flags)) r1_bio.behind_remaining.inc();
        }
        mbio->bi_end_io = raid1_end_write_request;
        if (test_bit(FailFast, rdev.flags) && !test_bit(WriteMostly, rdev.flags) &&
            conf.raid_disks - conf.mddev.degraded > 1)
            mbio->bi_flags |= REQ_FAILFAST;
        r1_bio.bios[i] = mbio;
        r1_bio.remaining.inc();
        raid1_queue_write(conf, mbio);
    }
}

// REQUIRES: md_write_start was called for the bio. The answer is that of raid1_make_request.
static bool raid1_write_request(Mddev& mddev, Bio* bio, Sector max_write_sectors) {
    MD_FRAME("raid1_write_request");
    R1conf& conf = r1conf_of(mddev);
    const bool nowait = (bio->bi_flags & REQ_NOWAIT) != 0;
    const Sector sector = bio->bi_sector;
    R1bio* r1_bio = alloc_r1bio(mddev, bio);
    r1_bio->sectors = max_write_sectors;
    if (mddev.bitmap_info.max_write_behind != 0 || mddev.serialize_policy) [[unlikely]]
        wait_for_serialization(conf, *r1_bio);

    Sector max_sectors = 0;
    bool write_mostly_target = false;
    for (;;) {
        Rdev* blocked = nullptr;
        const bool entered = wait_barrier(conf, sector, nowait);
        if (entered) {
            max_sectors = r1_bio->sectors;
            write_mostly_target = false;
            blocked = choose_write_targets(conf, *r1_bio, &max_sectors, &write_mostly_target);
            if (blocked == nullptr) [[likely]]
                break;
            allow_barrier(conf, sector);
            if (nowait) rdev_dec_pending(*blocked, mddev);
        }
        if (nowait) {
            if (r1_bio->serialized) remove_serial(conf, *r1_bio);
            free_r1bio(r1_bio);
            md_write_end(mddev);
            bio_endio(bio, -EAGAIN);
            return true;
        }
        raid1_flush_plug_before_sleep();
        md_wait_for_blocked_rdev(*blocked, mddev);
    }

    const bool all_of_it = max_sectors == bio_sectors(*bio);
    Bio* front = all_of_it ? bio : raid1_split_bio(conf, bio, max_sectors);
    r1_bio->master_bio = front;
    r1_bio->sectors = max_sectors;
    r1_bio->remaining.init(1);

    Bitmap* bitmap = mddev.bitmap;
    if (may_write_behind(mddev, bitmap, write_mostly_target)) alloc_behind_master_bio(*r1_bio, *front);
    md_bitmap_startwrite(bitmap, r1_bio->sector, r1_bio->sectors, test_bit(R1BIO_BehindIO, r1_bio->state));
    submit_write_clones(conf, *r1_bio, *front);
    r1_bio_write_done(r1_bio);
    raid1_wake_after_count(conf);

    if (!all_of_it) raid1_finish_plug();  // The rest may have to sleep for what the front holds.
    return all_of_it;
}

// ---- completion

static void raid1_end_write_request(Bio* bio) {
    MD_FRAME("raid1_end_write_request");
    auto* r1_bio = static_cast<R1bio*>(bio->bi_private);
    Mddev& mddev = *r1_bio->mddev;
    R1conf& conf = r1conf_of(mddev);
    const auto mirror = static_cast<std::size_t>(bio->bi_aux);
    Rdev& rdev = target_in(conf, mirror);
    const bool behind = test_bit(R1BIO_BehindIO, r1_bio->state);
    const bool discard_error = bio->bi_status != 0 && bio->bi_op == BioOp::Discard &&
                               !mddev.variants.row<variants::discard_error>().is_a_write_error;

    bool kept = false;  // for narrow_write_error, in raid1d
    if (bio->bi_status != 0 && !discard_error) [[unlikely]] {
        raid1_note_write_error(mddev, rdev);
        if ((bio->bi_flags & REQ_FAILFAST) != 0) md_error(mddev, rdev);
        kept = !test_bit(Faulty, rdev.flags) && !raid1_refuses_writes(mddev);
        const VariantRows& rows = mddev.variants;
        // With WriteError the request ends when the failure is on record.
        if (kept || rows.row<variants::faulty_write>().waits_for_record) set_bit(R1BIO_WriteError, r1_bio->state);
        if (!kept) {
            if (rows.row<variants::degraded_write>().marks_degraded) set_bit(R1BIO_Degraded, r1_bio->state);
            r1_bio->bios[mirror] = nullptr;
        }
    } else {
        r1_bio->bios[mirror] = nullptr;
        // A member that is being rebuilt, or has failed since, does not make the write a success.
        const std::uint64_t flags = rdev.flags;
        if ((flags & (1U << In_sync | 1U << Faulty)) == 1U << In_sync && !test_bit(R1BIO_Uptodate, r1_bio->state))
            set_bit(R1BIO_Uptodate, r1_bio->state);
        Sector first_bad = 0;
        Sector bad_sectors = 0;
        if (is_badblock(rdev, r1_bio->sector, r1_bio->sectors, &first_bad, &bad_sectors) != 0 && !discard_error) {
            r1_bio->bios[mirror] = IO_MADE_GOOD;
            set_bit(R1BIO_MadeGood, r1_bio->state);
        }
    }

    if (behind) {
        if (test_bit(WriteMostly, rdev.flags)) r1_bio->behind_remaining.dec();
        // All that is left are write-mostly members: the caller need not wait for them, only for a failure's record.
        if (r1_bio->behind_remaining >= r1_bio->remaining - 1 && test_bit(R1BIO_Uptodate, r1_bio->state) &&
            !(test_bit(R1BIO_WriteError, r1_bio->state) &&
              mddev.variants.row<variants::behind_ack>().waits_for_record) &&
            !test_and_set_bit(R1BIO_Returned, r1_bio->state))
            bio_endio(r1_bio->master_bio, 0);
    }

    // A kept clone and a good block made of a bad one still need the member; raid1d drops its count.
    if (r1_bio->bios[mirror] == nullptr) rdev_dec_pending(rdev, mddev);
    if (kept)
        r1_bio_write_done(r1_bio);
    else
        mddev.variants.row<variants::clone_put>().finish(*bio, r1_bio);
}

void r1_bio_write_done(R1bio* r1_bio) {
    if (!r1_bio->remaining.put_and_test()) return;
    if (test_bit(R1BIO_WriteError, r1_bio->state)) [[unlikely]] {
        if (test_bit(R1BIO_HeldBack, r1_bio->state))
            queue_until_recorded(r1conf_of(*r1_bio->mddev), r1_bio);
        else
            reschedule_retry(r1_bio);
        return;
    }
    close_write(*r1_bio);
    if (test_bit(R1BIO_MadeGood, r1_bio->state)) [[unlikely]]
        reschedule_retry(r1_bio);
    else
        raid_end_bio_io(r1_bio);
}

void close_write(R1bio& r1_bio) {
    MD_FRAME("close_write");
    Mddev& mddev = *r1_bio.mddev;
    if (r1_bio.serialized) [[unlikely]]
        remove_serial(r1conf_of(mddev), r1_bio);
    md_bitmap_endwrite(mddev.bitmap, r1_bio.sector, r1_bio.sectors, !test_bit(R1BIO_Degraded, r1_bio.state),
                       test_bit(R1BIO_BehindIO, r1_bio.state));
    md_write_end(mddev);
}

// Nobody else has this r1_bio any more, so R1BIO_Returned needs no atomic test here.
void raid_end_bio_io(R1bio* r1_bio) {
    MD_FRAME("raid_end_bio_io");
    R1conf& conf = r1conf_of(*r1_bio->mddev);
    const Sector sector = r1_bio->sector;
    Bio* master = r1_bio->master_bio;
    const std::uint32_t state = r1_bio->state;
    free_r1bio(r1_bio);
    if ((state & (1U << R1BIO_Returned)) == 0) bio_endio(master, (state & (1U << R1BIO_Uptodate)) != 0 ? 0 : -EIO);
    allow_barrier(conf, sector);  // Last: a stopper or a resync waits for it.
}

void reschedule_retry(R1bio* r1_bio) {
    MD_FRAME("reschedule_retry");
    R1conf& conf = r1conf_of(*r1_bio->mddev);
    {
        const SpinGuard guard(conf.device_lock);
        conf.nr_queued[sector_to_idx(r1_bio->sector)].inc();
        r1_bio->next = nullptr;
        *conf.retry_tail = r1_bio;
        conf.retry_tail = &r1_bio->next;
    }
    wake_up(conf.wait_barrier);
    md_wakeup_thread(conf.mddev, conf.mddev.thread);
}

// ---- r1_bio

R1bio* alloc_r1bio(Mddev& mddev, Bio* bio) {
    R1bio* r1_bio = r1conf_of(mddev).r1bio_pool.alloc();
    r1_bio->mddev = &mddev;
    r1_bio->master_bio = bio;
    r1_bio->sector = bio->bi_sector;
    r1_bio->sectors = bio_sectors(*bio);
    r1_bio->state.init(0);
    r1_bio->behind_remaining.init(0);
    r1_bio->read_disk = -1;
    return r1_bio;
}

void free_r1bio(R1bio* r1_bio) {
    for (Bio*& bio : r1_bio->bios) {
        if (!BIO_SPECIAL(bio)) bio_put(bio);
        bio = nullptr;
    }
    r1conf_of(*r1_bio->mddev).r1bio_pool.free(r1_bio);
}

}  // namespace mdscope
