// SPDX-License-Identifier: MIT
// raid1d, the array's thread: everything of raid1 that has to sleep.
//
//   raid1d, at each wake-up:
//     md_check_recovery                 superblocks, bitmap daemon, spares, resync (md.c)
//     bio_end_io_list                   writes that failed on a member: end them once the failure is on record
//     flush_pending_writes              clones nobody else can submit
//     retry_list                        sync requests, failed writes, failed reads, overwritten bad blocks
//
// A write that failed on one member is not acknowledged before the superblock (or mdmon) has recorded the failure: else
// a crash right after the acknowledgement could bring that member back as a good one, without the write. So it goes
//
//   raid1_end_write_request -> retry_list -> handle_write_finished -> bio_end_io_list -> (MD_SB_CHANGE_PENDING clear)
//
// and counts as queued in both lists, so that a freeze does not wait for it.
#include <algorithm>
#include <vector>

#include "engine/md/bitmap/bitmap.hpp"
#include "engine/md/raid1/raid1.hpp"
#include "engine/md/variants/failed_write.hpp"
#include "engine/md/variants/recorded_queue.hpp"

namespace mdscope {

static void end_recorded_writes(R1conf& conf);
static void handle_retry(R1conf& conf, R1bio* r1_bio);
static void handle_write_finished(R1conf& conf, R1bio* r1_bio);

static R1bio* next_retry(R1conf& conf) {
    const SpinGuard guard(conf.device_lock);
    R1bio* r1_bio = conf.retry_list;
    if (r1_bio == nullptr) return nullptr;
    conf.retry_list = r1_bio->next;
    if (conf.retry_list == nullptr) conf.retry_tail = &conf.retry_list;
    conf.nr_queued[sector_to_idx(r1_bio->sector)].dec();
    return r1_bio;
}

void raid1d(MdThread& thread) {
    MD_FRAME("raid1d");
    Mddev& mddev = thread.mddev;
    R1conf& conf = r1conf_of(mddev);
    md_check_recovery(mddev);
    end_recorded_writes(conf);
    for (;;) {
        flush_pending_writes(conf);
        R1bio* r1_bio = next_retry(conf);
        if (r1_bio == nullptr) break;
        handle_retry(conf, r1_bio);
        // A failure found just now is written out between requests, not after all of them.
        if ((mddev.sb_flags & ~(1ULL << MD_SB_CHANGE_PENDING)) != 0) md_check_recovery(mddev);
    }
}

static void handle_retry(R1conf& conf, R1bio* r1_bio) {
    const BorrowedData borrowed(conf.mddev.kernel);
    const bool written = test_bit(R1BIO_MadeGood, r1_bio->state) || test_bit(R1BIO_WriteError, r1_bio->state);
    if (test_bit(R1BIO_IsSync, r1_bio->state)) {
        if (written)
            handle_sync_write_finished(conf, r1_bio);
        else
            sync_request_write(conf.mddev, r1_bio);
    } else if (written) {
        handle_write_finished(conf, r1_bio);
    } else {
        MD_CHECK(test_bit(R1BIO_ReadError, r1_bio->state));
        handle_read_error(conf, r1_bio);
    }
}

// ---- failed writes

// With external metadata `active` says that what its writer has seen is recorded, and a member may have failed since it
// looked: that is recorded only when `-blocked` was written for it, too. (In md `active` ends the write.)
static bool waits_for_its_handler(const R1conf& conf) {
    const auto is_unrecorded = [](const Raid1Info& mirror) {
        const Rdev* const rdev = mirror.rdev;
        return rdev != nullptr && test_bit(Faulty, rdev->flags) && test_bit(Blocked, rdev->flags);
    };
    return conf.mddev.external && std::ranges::any_of(conf.mirrors, is_unrecorded);
}

static int weight_in_queue(const R1conf& conf) {
    return conf.mddev.variants.row<variants::recorded_queue>().weight;
}

static void end_recorded_writes(R1conf& conf) {
    Mddev& mddev = conf.mddev;
    R1bio* list = nullptr;
    {
        const SpinGuard guard(conf.device_lock);
        if (conf.bio_end_io_list == nullptr || test_bit(MD_SB_CHANGE_PENDING, mddev.sb_flags)) return;
        if (waits_for_its_handler(conf)) return;
        if (md_bitmap_is_lost(mddev.bitmap)) return;
        list = std::exchange(conf.bio_end_io_list, nullptr);
        conf.bio_end_io_tail = &conf.bio_end_io_list;
    }
    while (list != nullptr) {
        R1bio* r1_bio = std::exchange(list, list->next);
        conf.nr_queued[sector_to_idx(r1_bio->sector)].sub(weight_in_queue(conf));
        const std::uint32_t state = r1_bio->state;
        if ((state >> R1BIO_HeldBack & 1U) != 0) {
            const BorrowedData borrowed(mddev.kernel);
            raid1_send_held_back(conf, r1_bio);
            continue;
        }
        if (mddev.degraded != 0) set_bit(R1BIO_Degraded, r1_bio->state);
        if (raid1_refuses_writes(mddev)) clear_bit(R1BIO_Uptodate, r1_bio->state);  // nothing was recorded
        if ((state >> R1BIO_WriteError & 1U) != 0) close_write(*r1_bio);
        raid_end_bio_io(r1_bio);
    }
}

// Writes a part of the failed clone again: its own buffer, as the caller's has gone back if this was a write-behind. A
// discard has none, and is made good by zeros.
static int write_again(R1conf& conf, const Rdev& rdev, const Bio& failed, Sector sector, Sector sectors) {
    const Sector at = sector + rdev.data_offset - failed.bi_sector;
    std::vector<std::byte> zeros;
    Bio wbio;
    wbio.bi_op = BioOp::Write;
    wbio.bi_kind = failed.bi_kind;
    wbio.bi_flags = failed.bi_flags & (REQ_SYNC | REQ_FUA);
    wbio.bi_sector = failed.bi_sector + at;
    wbio.bi_size = static_cast<std::uint32_t>(sectors << kSectorShift);
    if (failed.bi_op == BioOp::Discard) zeros.resize(wbio.bi_size);
    wbio.bi_data = failed.bi_op == BioOp::Discard ? zeros.data() : failed.bi_data + (at << kSectorShift);
    wbio.bi_disk = rdev.bdev;
    return submit_bio_wait(conf.mddev.kernel, &wbio);
}

// Writes these sectors of the failed clone again, block by block, to find out which blocks are bad, and records those.
// False: they could not be recorded, so the member as a whole has to go.
static bool narrow_write_error(R1conf& conf, Rdev& rdev, const Bio& failed, Sector sector, Sector end) {
    MD_FRAME("narrow_write_error");
    if (rdev.badblocks.shift < 0) return false;
    const Sector block = std::max(Sector{1} << rdev.badblocks.shift,
                                  static_cast<Sector>(rdev.bdev->logical_block_size() >> kSectorShift));
    bool ok = true;
    while (sector < end) {
        const Sector sectors = std::min((sector / block + 1) * block, end) - sector;
        if (write_again(conf, rdev, failed, sector, sectors) != 0)
            ok = rdev_set_badblocks(rdev, sector, sectors, false) && ok;
        sector += sectors;
    }
    return ok;
}

// A discard may be large, and be all that the member refuses: blocks are tried where a piece fails. A member that has
// taken all the zeros has what was promised, as if it had taken the discard.
static bool write_instead_of_discard(R1conf& conf, R1bio& r1_bio, Rdev& rdev, const Bio& failed) {
    constexpr Sector kPiece = 1 << 11;  // 1 MiB
    const Sector end = r1_bio.sector + r1_bio.sectors;
    bool is_written = true;
    for (Sector sector = r1_bio.sector; sector < end; sector += kPiece) {
        const Sector next = std::min(sector + kPiece, end);
        if (write_again(conf, rdev, failed, sector, next - sector) == 0) continue;
        is_written = false;
        if (!narrow_write_error(conf, rdev, failed, sector, next)) return false;
    }
    const std::uint64_t flags = rdev.flags;
    if (is_written && (flags & (1U << In_sync | 1U << Faulty)) == 1U << In_sync) set_bit(R1BIO_Uptodate, r1_bio.state);
    return true;
}

static bool make_good(R1conf& conf, R1bio& r1_bio, Rdev& rdev, const Bio& failed) {
    if (failed.bi_op == BioOp::Discard) return write_instead_of_discard(conf, r1_bio, rdev, failed);
    return narrow_write_error(conf, rdev, failed, r1_bio.sector, r1_bio.sector + r1_bio.sectors);
}

void queue_until_recorded(R1conf& conf, R1bio* r1_bio) {
    {
        const SpinGuard guard(conf.device_lock);
        conf.nr_queued[sector_to_idx(r1_bio->sector)].add(weight_in_queue(conf));
        r1_bio->next = nullptr;
        *conf.bio_end_io_tail = r1_bio;
        conf.bio_end_io_tail = &r1_bio->next;
    }
    wake_up(conf.wait_barrier);
    md_wakeup_thread(conf.mddev, conf.mddev.thread);
}

static void handle_write_finished(R1conf& conf, R1bio* r1_bio) {
    MD_FRAME("handle_write_finished");
    Mddev& mddev = conf.mddev;
    for (std::size_t m = 0; m < r1_bio->bios.size(); m++) {
        Bio* bio = r1_bio->bios[m];
        if (bio == nullptr) continue;
        Rdev& rdev = target_in(conf, m);
        if (bio == IO_MADE_GOOD) {
            rdev_clear_badblocks(rdev, r1_bio->sector, r1_bio->sectors, false);
        } else {
            if (!make_good(conf, *r1_bio, rdev, *bio)) {
                md_error(mddev, rdev);
                set_bit(R1BIO_Degraded, r1_bio->state);  // The chunk's bit has to stay.
            }
        }
        rdev_dec_pending(rdev, mddev);
    }
    if (test_bit(R1BIO_WriteError, r1_bio->state))
        mddev.variants.row<variants::failed_write>().finish(conf, r1_bio);
    else
        raid_end_bio_io(r1_bio);
}

}  // namespace mdscope
