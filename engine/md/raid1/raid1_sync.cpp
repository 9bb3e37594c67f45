// SPDX-License-Identifier: MIT
// Resync, recovery, check and repair: one request of up to 64 KiB from start to end.
//
//   md_do_sync -> raid1_sync_request(sector)
//     skip_blocks            nothing to do here: chunks whose bit is clear are passed over
//     raise_barrier          users' writes stay out of this 64 MiB bucket
//     plan_sync              which members are read, which written, how far
//     bitmap_start_sync      page by page: NEEDED becomes RESYNC
//     read(s) --> end_sync_read --> raid1d: sync_request_write (raid1_check.cpp) --> end_sync_write --> put_buf
//                                                                                      md_done_sync
//
// As in raid1.c, the data read goes to raid1d for the write phase, although a completion might submit the writes
// itself: the check needs a task's stack anyway, the path is the same for a good and for a failed read, and with
// RESYNC_DEPTH requests in flight the two tasks work side by side (one reads while the other writes), which on two
// processors is faster than one of them doing both.
//
// A resync or recovery reads one member and writes the buffer to the others; check and repair read all members. The
// bits are ended not here but by md_bitmap_cond_end_sync and md_bitmap_close_sync.
//
// Runs in md0_resync, end_sync_* in completions. A sync r1_bio holds a count of nr_sync_pending through raise_barrier,
// and nr_pending of each member whose bio has a bi_end_io.
#include <algorithm>

#include "engine/md/bitmap/bitmap.hpp"
#include "engine/md/raid1/raid1.hpp"

namespace mdscope {

namespace {

// What one request is going to do.
struct SyncPlan {
    Sector good_sectors = RESYNC_SECTORS;
    Sector min_bad = 0;  // shortest bad stretch that begins at the request's start; 0: none
    int read_targets = 0;
    int write_targets = 0;
    int disk = -1;   // first member to read from that is not write-mostly
    int wonly = -1;  // first write-mostly one
    bool still_degraded = false;
};

bool requested(const Mddev& mddev) {
    return test_bit(MD_RECOVERY_REQUESTED, mddev.recovery);
}

// mempool_alloc of the r1buf pool. Buffers are kept until close_sync; raise_barrier bounds how many are out.
R1bio* raid1_alloc_init_r1buf(R1conf& conf, Sector sector_nr) {
    R1bio* r1_bio = conf.r1buf_pool.alloc();
    if (!r1_bio->sync) r1_bio->sync = std::make_unique<SyncBuf>();
    r1_bio->mddev = &conf.mddev;
    r1_bio->sector = sector_nr;
    r1_bio->state.init(1U << R1BIO_IsSync);
    for (std::size_t i = 0; i < r1_bio->bios.size(); i++) {
        Bio& bio = r1_bio->sync->bios[i];
        bio = Bio{};
        bio.bi_kind = BioKind::Resync;
        bio.bi_flags = REQ_SYNC_IO;
        bio.bi_private = r1_bio;
        bio.bi_aux = i;
        r1_bio->bios[i] = &bio;
    }
    return r1_bio;
}

// ---- planning: which member is what

// An In_sync member: read, unless the request begins with bad blocks there.
void plan_in_sync(const Mddev& mddev, SyncPlan& plan, int slot, Rdev& rdev, Sector sector_nr, Bio& bio) {
    Sector first_bad = MaxSector;
    Sector bad_sectors = 0;
    if (is_badblock(rdev, sector_nr, plan.good_sectors, &first_bad, &bad_sectors) == 0) {
        first_bad = MaxSector;
    } else if (first_bad > sector_nr) {
        plan.good_sectors = first_bad - sector_nr;
    } else {
        bad_sectors -= sector_nr - first_bad;
        if (plan.min_bad == 0 || plan.min_bad > bad_sectors) plan.min_bad = bad_sectors;
    }
    if (sector_nr < first_bad) {
        int& first = test_bit(WriteMostly, rdev.flags) ? plan.wonly : plan.disk;
        if (first < 0) first = slot;
        bio.bi_op = BioOp::Read;
        bio.bi_end_io = end_sync_read;
        plan.read_targets++;
    } else if (!test_bit(WriteErrorSeen, rdev.flags) && test_bit(MD_RECOVERY_SYNC, mddev.recovery) &&
               !test_bit(MD_RECOVERY_CHECK, mddev.recovery)) {
        bio.bi_op = BioOp::Write;  // Resync and repair try to make the bad blocks good.
        bio.bi_end_io = end_sync_write;
        plan.write_targets++;
    }
}

// Gives each member's bio its role (bi_end_io says which) and counts nr_pending of those that have one.
SyncPlan plan_sync(R1conf& conf, R1bio& r1_bio) {
    const Raid1RcuSection rcu(conf.mddev.kernel);
    const Sector sector_nr = r1_bio.sector;
    SyncPlan plan;
    plan.good_sectors = align_to_barrier_unit_end(sector_nr, plan.good_sectors);
    for (int i = 0; i < conf.raid_disks; i++) {
        Bio& bio = *r1_bio.bios[static_cast<std::size_t>(i)];
        Rdev* rdev = conf.mirrors[static_cast<std::size_t>(i)].rdev;
        if (rdev == nullptr || test_bit(Faulty, rdev->flags)) {
            plan.still_degraded = true;
            continue;
        }
        if (test_bit(In_sync, rdev->flags)) {
            plan_in_sync(conf.mddev, plan, i, *rdev, sector_nr, bio);
        } else {
            bio.bi_op = BioOp::Write;
            bio.bi_end_io = end_sync_write;
            plan.write_targets++;
        }
        if (bio.bi_end_io == nullptr) continue;
        rdev->nr_pending.inc();
        bio.bi_sector = sector_nr + rdev->data_offset;
        bio.bi_disk = rdev->bdev;
        if (test_bit(FailFast, rdev->flags)) bio.bi_flags |= REQ_FAILFAST;
    }
    r1_bio.read_disk = plan.disk >= 0 ? plan.disk : plan.wonly;
    return plan;
}

// The stretch is bad on all In_sync members, so it becomes bad on those that would be written. 0 when that cannot be
// recorded: the sync has to end.
Sector give_up_bad_stretch(R1conf& conf, R1bio* r1_bio, Sector min_bad, bool* skipped) {
    Mddev& mddev = conf.mddev;
    bool ok = true;
    for (std::size_t i = 0; i < r1_bio->bios.size(); i++)
        if (r1_bio->bios[i]->bi_end_io == end_sync_write)
            ok = rdev_set_badblocks(*conf.mirrors[i].rdev.load(), r1_bio->sector, min_bad, false) && ok;
    set_bit(MD_SB_CHANGE_DEVS, mddev.sb_flags);
    *skipped = true;
    put_buf(r1_bio);
    if (ok) return min_bad;
    conf.recovery_disabled = mddev.recovery_disabled.load();
    set_bit(MD_RECOVERY_INTR, mddev.recovery);
    return 0;
}

// How many sectors are to be done, page by page up to the first chunk that is clean; each chunk is marked RESYNC.
// *clean: when the answer is 0, how far the clean part goes.
Sector mark_chunks(const R1conf& conf, Sector sector_nr, Sector max_sector, bool still_degraded, Sector* clean) {
    const Mddev& mddev = conf.mddev;
    Sector nr_sectors = 0;
    Sector sync_blocks = 0;
    while (sector_nr < max_sector && nr_sectors < RESYNC_SECTORS) {
        if (sync_blocks == 0 && !md_bitmap_start_sync(mddev.bitmap, sector_nr, &sync_blocks, still_degraded) &&
            !conf.fullsync && !requested(mddev)) {
            *clean = std::min(sync_blocks, max_sector - sector_nr);
            break;
        }
        MD_CHECK(sync_blocks != 0);
        const Sector len = std::min({PAGE_SECTORS, max_sector - sector_nr, sync_blocks});
        nr_sectors += len;
        sector_nr += len;
        sync_blocks -= len;
    }
    return nr_sectors;
}

// ---- sending it off

std::byte* sync_page(R1bio& r1_bio, std::size_t slot) {
    auto& page = r1_bio.sync->pages[slot];
    if (!page) page.reset(new std::byte[RESYNC_SECTORS << kSectorShift]);
    return page.get();
}

void submit_sync_reads(Mddev& mddev, R1bio& r1_bio, int read_targets) {
    const auto size = static_cast<std::uint32_t>(r1_bio.sectors << kSectorShift);
    for (Bio* bio : r1_bio.bios) bio->bi_size = size;
    r1_bio.sync->compare = requested(mddev);
    if (!r1_bio.sync->compare) {
        Bio* bio = r1_bio.bios[static_cast<std::size_t>(r1_bio.read_disk)];
        bio->bi_data = sync_page(r1_bio, 0);
        if (read_targets == 1) bio->bi_flags &= ~static_cast<std::uint32_t>(REQ_FAILFAST);
        r1_bio.remaining.init(1);
        submit_bio(bio);
        return;
    }
    // The user asked: all members are read and compared. The last submission may end and free the request, so the list
    // of what to send is made first.
    std::array<Bio*, kMaxMembers> reads{};
    std::size_t count = 0;
    for (std::size_t i = 0; i < r1_bio.bios.size(); i++) {
        if (r1_bio.bios[i]->bi_end_io != end_sync_read) continue;
        r1_bio.bios[i]->bi_data = sync_page(r1_bio, i);
        reads[count++] = r1_bio.bios[i];
    }
    if (count == 1) reads[0]->bi_flags &= ~static_cast<std::uint32_t>(REQ_FAILFAST);
    r1_bio.remaining.init(static_cast<int>(count));
    for (std::size_t i = 0; i < count; i++) submit_bio(reads[i]);
}

// Sync is over, done or not: waits until every barrier is lowered and gives the buffers back.
void close_sync(R1conf& conf) {
    MD_FRAME("close_sync");
    wait_event(conf.wait_barrier, conf.nr_sync_pending == 0);
    conf.r1buf_pool.shrink();
}

void finish_sync(R1conf& conf) {
    Mddev& mddev = conf.mddev;
    if (mddev.curr_resync < mddev.dev_sectors) {  // Aborted: the chunk it was in needs it still.
        Sector sync_blocks = 0;
        md_bitmap_end_sync(mddev.bitmap, mddev.curr_resync, &sync_blocks, true);
    } else {
        conf.fullsync = false;
    }
    md_bitmap_close_sync(mddev.bitmap);
    close_sync(conf);
}

// How many sectors from here need no look at all; 0: this place may need work.
Sector skip_blocks(const R1conf& conf, Sector sector_nr) {
    const Mddev& mddev = conf.mddev;
    if (conf.fullsync || requested(mddev)) return 0;
    Bitmap* bitmap = mddev.bitmap;
    if (bitmap == nullptr && mddev.recovery_cp == MaxSector) return mddev.dev_sectors - sector_nr;
    Sector sync_blocks = 0;
    if (md_bitmap_start_sync(bitmap, sector_nr, &sync_blocks, true)) return 0;  // `degraded`: only a look
    return sync_blocks;
}

}  // namespace

// One request, or a step over what needs none. Gives the sectors dealt with (*skipped: without I/O); 0: interrupted, or
// after the end.
Sector raid1_sync_request(Mddev& mddev, Sector sector_nr, bool* skipped) {
    MD_FRAME("raid1_sync_request");
    R1conf& conf = r1conf_of(mddev);
    const unsigned idx = sector_to_idx(sector_nr);
    Sector max_sector = mddev.dev_sectors;
    if (sector_nr >= max_sector) {
        finish_sync(conf);
        return 0;
    }
    const Sector skip = skip_blocks(conf, sector_nr);
    if (skip != 0) {
        *skipped = true;
        return skip;
    }
    if (conf.nr_waiting[idx] != 0) mddev.kernel.msleep(kNsPerMs);  // Users first: one tick for them.
    md_bitmap_cond_end_sync(mddev.bitmap, sector_nr, false);
    if (raise_barrier(conf, sector_nr) != 0) return 0;

    R1bio* r1_bio = raid1_alloc_init_r1buf(conf, sector_nr);
    SyncPlan plan = plan_sync(conf, *r1_bio);
    if (plan.read_targets == 0 && plan.min_bad > 0) return give_up_bad_stretch(conf, r1_bio, plan.min_bad, skipped);
    if (plan.min_bad > 0) plan.good_sectors = std::min(plan.good_sectors, plan.min_bad);
    if (test_bit(MD_RECOVERY_SYNC, mddev.recovery) && plan.read_targets > 0)
        plan.write_targets += plan.read_targets - 1;  // All but the one that is copied from.
    if (plan.write_targets == 0 || plan.read_targets == 0) {
        if (plan.min_bad > 0) max_sector = sector_nr + plan.min_bad;
        *skipped = true;
        put_buf(r1_bio);
        return max_sector - sector_nr;
    }

    max_sector = std::min({max_sector, mddev.resync_max.load(), sector_nr + plan.good_sectors});
    Sector clean = 0;
    const Sector nr_sectors = mark_chunks(conf, sector_nr, max_sector, plan.still_degraded, &clean);
    if (nr_sectors == 0) {  // Became clean since skip_blocks looked.
        *skipped = true;
        put_buf(r1_bio);
        return clean;
    }
    r1_bio->sectors = nr_sectors;
    submit_sync_reads(mddev, *r1_bio, plan.read_targets);
    return nr_sectors;
}

// ---- completions

void end_sync_read(Bio* bio) {
    MD_FRAME("end_sync_read");
    auto* r1_bio = static_cast<R1bio*>(bio->bi_private);
    update_head_pos(r1conf_of(*r1_bio->mddev), r1_bio->read_disk, *r1_bio);
    if (bio->bi_status == 0) set_bit(R1BIO_Uptodate, r1_bio->state);
    if (r1_bio->remaining.dec_and_test()) reschedule_retry(r1_bio);
}

// The bits of the request must not be cleared: not all members have the data.
void abort_sync_write(Mddev& mddev, const R1bio& r1_bio) {
    MD_FRAME("abort_sync_write");
    const Sector end = r1_bio.sector + r1_bio.sectors;
    for (Sector s = r1_bio.sector; s < end;) {
        Sector sync_blocks = 0;
        md_bitmap_end_sync(mddev.bitmap, s, &sync_blocks, true);
        s += std::max(sync_blocks, Sector{1});
    }
}

void end_sync_write(Bio* bio) {
    MD_FRAME("end_sync_write");
    auto* r1_bio = static_cast<R1bio*>(bio->bi_private);
    Mddev& mddev = *r1_bio->mddev;
    R1conf& conf = r1conf_of(mddev);
    Rdev& rdev = *conf.mirrors[bio->bi_aux].rdev.load();
    const bool uptodate = bio->bi_status == 0;
    Sector first_bad = 0;
    Sector bad_sectors = 0;
    if (!uptodate) {
        abort_sync_write(mddev, *r1_bio);
        raid1_note_write_error(mddev, rdev);
        set_bit(R1BIO_WriteError, r1_bio->state);
    } else if (is_badblock(rdev, r1_bio->sector, r1_bio->sectors, &first_bad, &bad_sectors) != 0) {
        Rdev& source = *conf.mirrors[static_cast<std::size_t>(r1_bio->read_disk)].rdev.load();
        if (is_badblock(source, r1_bio->sector, r1_bio->sectors, &first_bad, &bad_sectors) == 0)
            set_bit(R1BIO_MadeGood, r1_bio->state);
    }
    put_sync_write_buf(r1_bio, uptodate);
}

void put_sync_write_buf(R1bio* r1_bio, bool uptodate) {
    if (!r1_bio->remaining.dec_and_test()) return;
    if (test_bit(R1BIO_MadeGood, r1_bio->state) || test_bit(R1BIO_WriteError, r1_bio->state)) {
        reschedule_retry(r1_bio);
        return;
    }
    Mddev& mddev = *r1_bio->mddev;
    const Sector sectors = r1_bio->sectors;
    put_buf(r1_bio);
    md_done_sync(mddev, sectors, uptodate);
}

void put_buf(R1bio* r1_bio) {
    MD_FRAME("put_buf");
    Mddev& mddev = *r1_bio->mddev;
    R1conf& conf = r1conf_of(mddev);
    const Sector sector = r1_bio->sector;
    for (std::size_t i = 0; i < r1_bio->bios.size(); i++)
        if (r1_bio->bios[i]->bi_end_io != nullptr) rdev_dec_pending(*conf.mirrors[i].rdev.load(), mddev);
    conf.r1buf_pool.free(r1_bio);
    lower_barrier(conf, sector);
}

void handle_sync_write_finished(R1conf& conf, R1bio* r1_bio) {
    MD_FRAME("handle_sync_write_finished");
    Mddev& mddev = conf.mddev;
    const Sector sectors = r1_bio->sectors;
    for (std::size_t m = 0; m < r1_bio->bios.size(); m++) {
        const Bio& bio = *r1_bio->bios[m];
        if (bio.bi_end_io == nullptr) continue;
        Rdev& rdev = *conf.mirrors[m].rdev.load();
        if (bio.bi_status == 0 && test_bit(R1BIO_MadeGood, r1_bio->state))
            rdev_clear_badblocks(rdev, r1_bio->sector, sectors, false);
        if (bio.bi_status != 0 && test_bit(R1BIO_WriteError, r1_bio->state) &&
            !rdev_set_badblocks(rdev, r1_bio->sector, sectors, false))
            md_error(mddev, rdev);
    }
    put_buf(r1_bio);
    md_done_sync(mddev, sectors, true);
}

}  // namespace mdscope
