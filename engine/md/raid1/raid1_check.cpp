// SPDX-License-Identifier: MIT
// The second half of a sync request: what raid1d does with the data that was read.
//
//   sync_request_write
//     fix_sync_read_error     nothing was read: page by page from whoever can, or the page is lost
//     process_checks          check and repair: compare with the first member that could be read
//     one write per member that is to be like the source  -->  end_sync_write
//
// mismatch_cnt grows by all sectors of the request (128 as a rule) for each member that differs anywhere in it, as md
// counts. All writes send the source's buffer; nothing is copied from buffer to buffer.
//
// Runs in raid1d; may sleep. Members stay in their slots while a sync runs, so their rdev needs no rcu here.
#include <fmt/format.h>

#include <cstring>

#include "engine/md/bitmap/bitmap.hpp"
#include "engine/md/raid1/raid1.hpp"
#include "engine/md/variants/sync_abort.hpp"

namespace mdscope {

static bool fix_sync_read_error(R1conf& conf, R1bio& r1_bio);
static void process_checks(R1conf& conf, R1bio& r1_bio);

static Rdev& sync_rdev(R1conf& conf, std::size_t slot) {
    return *conf.mirrors[slot].rdev.load();
}

static bool is_sync_target(const Mddev& mddev, const R1bio& r1_bio, std::size_t slot) {
    const Bio& bio = *r1_bio.bios[slot];
    if (bio.bi_end_io == nullptr) return false;
    if (bio.bi_end_io == end_sync_write) return true;
    // Another In_sync member: a resync makes it like the source, a recovery leaves it alone.
    return slot != static_cast<std::size_t>(r1_bio.read_disk) && test_bit(MD_RECOVERY_SYNC, mddev.recovery);
}

void sync_request_write(Mddev& mddev, R1bio* r1_bio) {
    MD_FRAME("sync_request_write");
    R1conf& conf = r1conf_of(mddev);
    const bool requested = r1_bio->sync->compare;
    if (!test_bit(R1BIO_Uptodate, r1_bio->state) && (requested || !fix_sync_read_error(conf, *r1_bio))) {
        // A check has read every member already; else no page, or no place to record that it is lost.
        conf.recovery_disabled = mddev.recovery_disabled.load();
        set_bit(MD_RECOVERY_INTR, mddev.recovery);
        const Sector sectors = r1_bio->sectors;
        put_buf(r1_bio);
        md_done_sync(mddev, sectors, false);
        return;
    }
    if (requested) process_checks(conf, *r1_bio);

    std::byte* data = r1_bio->bios[static_cast<std::size_t>(r1_bio->read_disk)]->bi_data;
    r1_bio->remaining.init(1);
    for (std::size_t i = 0; i < r1_bio->bios.size(); i++) {
        if (!is_sync_target(mddev, *r1_bio, i)) continue;
        const Rdev& rdev = sync_rdev(conf, i);
        if (test_bit(Faulty, rdev.flags)) {
            mddev.variants.row<variants::sync_abort>().passed_over(mddev, *r1_bio);
            continue;
        }
        Bio* wbio = r1_bio->bios[i];
        wbio->bi_op = BioOp::Write;
        wbio->bi_status = 0;
        wbio->bi_data = data;
        wbio->bi_end_io = end_sync_write;
        r1_bio->remaining.inc();
        submit_bio(wbio);
    }
    put_sync_write_buf(r1_bio, true);
}

// ---- check and repair

// This member takes no further part in the request.
static void leave_out(R1conf& conf, R1bio& r1_bio, std::size_t slot) {
    r1_bio.bios[slot]->bi_end_io = nullptr;
    rdev_dec_pending(sync_rdev(conf, slot), conf.mddev);
}

static void process_checks(R1conf& conf, R1bio& r1_bio) {
    MD_FRAME("process_checks");
    Mddev& mddev = conf.mddev;
    std::size_t primary = 0;
    while (r1_bio.bios[primary]->bi_end_io != end_sync_read || r1_bio.bios[primary]->bi_status != 0) primary++;
    leave_out(conf, r1_bio, primary);
    r1_bio.read_disk = static_cast<int>(primary);
    const Bio& pbio = *r1_bio.bios[primary];

    for (std::size_t i = 0; i < r1_bio.bios.size(); i++) {
        Bio& sbio = *r1_bio.bios[i];
        if (sbio.bi_end_io != end_sync_read) continue;
        const bool was_read = sbio.bi_status == 0;
        sbio.bi_status = 0;
        const bool equal = was_read && std::memcmp(pbio.bi_data, sbio.bi_data, pbio.bi_size) == 0;
        if (!equal) mddev.resync_mismatches.add(r1_bio.sectors);
        // A check changes nothing; only what could not be read at all is written, to see whether that helps.
        if (equal || (test_bit(MD_RECOVERY_CHECK, mddev.recovery) && was_read)) leave_out(conf, r1_bio, i);
    }
}

// ---- nothing could be read in one piece

// Reads one page into the request's buffer from any read target, starting with read_disk. The slot, or -1.
static int read_page_from_any(R1conf& conf, R1bio& r1_bio, Sector sect, Sector s, std::byte* page) {
    int d = r1_bio.read_disk;
    do {
        const auto slot = static_cast<std::size_t>(d);
        if (r1_bio.bios[slot]->bi_end_io == end_sync_read &&
            sync_page_io(sync_rdev(conf, slot), sect, static_cast<unsigned>(s << kSectorShift), page, BioOp::Read,
                         false) == 0)
            return d;
        d = d + 1 == conf.raid_disks ? 0 : d + 1;
    } while (d != r1_bio.read_disk);
    return -1;
}

// The page is lost: on record as bad on every member. False when that cannot be recorded.
static bool record_lost_page(R1conf& conf, const R1bio& r1_bio, Sector sect, Sector s) {
    Mddev& mddev = conf.mddev;
    if (conf.unrecoverable_limit.allows(mddev.kernel))
        mddev.kernel.printk(
            LogLevel::Crit,
            fmt::format("md/raid1:{}: {}: unrecoverable I/O read error for block {}", mdname(mddev),
                        sync_rdev(conf, static_cast<std::size_t>(r1_bio.read_disk)).name, r1_bio.sector));
    bool ok = true;
    for (int d = 0; d < conf.raid_disks; d++) {
        Rdev* rdev = conf.mirrors[static_cast<std::size_t>(d)].rdev;
        if (rdev != nullptr && !test_bit(Faulty, rdev->flags)) ok = rdev_set_badblocks(*rdev, sect, s, false) && ok;
    }
    return ok;
}

// From the member that had the page down to the one that failed: write it, then read it back.
static void repair_page(R1conf& conf, R1bio& r1_bio, int start, Sector sect, Sector s, std::byte* page) {
    for (const BioOp op : {BioOp::Write, BioOp::Read}) {
        for (int d = start; d != r1_bio.read_disk;) {
            d = d == 0 ? conf.raid_disks - 1 : d - 1;
            const auto slot = static_cast<std::size_t>(d);
            if (r1_bio.bios[slot]->bi_end_io != end_sync_read) continue;
            Rdev& rdev = sync_rdev(conf, slot);
            // The read back must not spoil the request's buffer.
            std::byte* buffer = op == BioOp::Write ? page : conf.tmppage->data();
            const bool ok = r1_sync_page_io(rdev, conf, sect, s, buffer, op);
            if (ok && op == BioOp::Read) rdev.corrected_errors.add(s);
            if (!ok && op == BioOp::Write) leave_out(conf, r1_bio, slot);
        }
    }
}

// True: the request's buffer is filled, as far as that is possible. False: give the sync up.
static bool fix_sync_read_error(R1conf& conf, R1bio& r1_bio) {
    MD_FRAME("fix_sync_read_error");
    Bio& bio = *r1_bio.bios[static_cast<std::size_t>(r1_bio.read_disk)];
    Rdev& rdev = sync_rdev(conf, static_cast<std::size_t>(r1_bio.read_disk));
    if (test_bit(FailFast, rdev.flags)) {
        md_error(conf.mddev, rdev);
        if (test_bit(Faulty, rdev.flags)) bio.bi_end_io = end_sync_write;  // Not read again, but put_buf counts it.
    }
    const Sector end = r1_bio.sector + r1_bio.sectors;
    for (Sector sect = r1_bio.sector; sect < end;) {
        const Sector s = std::min(end - sect, PAGE_SECTORS);
        std::byte* page = bio.bi_data + ((sect - r1_bio.sector) << kSectorShift);
        const int start = read_page_from_any(conf, r1_bio, sect, s, page);
        if (start >= 0) {
            repair_page(conf, r1_bio, start, sect, s, page);
        } else {
            if (!record_lost_page(conf, r1_bio, sect, s)) return false;
            std::memset(page, 0, s << kSectorShift);  // It will be written to the others: not somebody else's old data.
        }
        sect += s;
    }
    set_bit(R1BIO_Uptodate, r1_bio.state);
    bio.bi_status = 0;
    return true;
}

}  // namespace mdscope
