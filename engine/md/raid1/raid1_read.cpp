// SPDX-License-Identifier: MIT
// Reads: which member is read, and what happens when it cannot be.
//
//   raid1_make_request -> raid1_read_request -> read_balance        one clone to one member
//     raid1_end_read_request                                        good: done. Bad: to raid1d, unless it was the last
//       raid1d: handle_read_error                                   member that could have had the data
//         freeze_array(1), fix_read_error, unfreeze_array           rewrite the place from another mirror, read it back
//         raid1_read_request(same r1_bio)                           once more, from whoever can now
//
// A retry keeps the r1_bio, and with it the IO_BLOCKED marks and its place in the barrier's count: it does not enter
// the barrier again. So a quiesce that has frozen the array in between waits for the retry, and not the other way.
//
// When a read comes back short (bad blocks further on), the front is read and the rest is a request of its own.
#include <fmt/format.h>

#include "engine/md/bitmap/bitmap.hpp"
#include "engine/md/raid1/raid1.hpp"
#include "engine/md/variants/slow_read.hpp"

namespace mdscope {

static void raid1_end_read_request(Bio* bio);

// Image files behind an ordinary file system: md sees virtio disks there, which say they are rotational.
static bool bdev_nonrot(const Rdev&) {
    return false;
}

void update_head_pos(R1conf& conf, int disk, const R1bio& r1_bio) {
    conf.mirrors[static_cast<std::size_t>(disk)].head_position = r1_bio.sector + r1_bio.sectors;
}

// ---- read_balance

namespace {

// The state of one search. Rules and their order are md's; each step() looks at one member.
struct Balance {
    R1conf& conf;
    R1bio& r1_bio;
    Sector start;
    Sector sectors;
    bool choose_first;  // a resync is pending here: all readers must take the member that resync will copy from

    int best_disk = -1;          // decided, unless a better one turns up
    int best_dist_disk = -1;     // its head is nearest
    int best_pending_disk = -1;  // it has least to do
    Sector best_dist = MaxSector;
    int min_pending = INT32_MAX;
    Sector best_good_sectors = 0;  // how far the choice can be read
    bool has_nonrot_disk = false;

    bool step(int disk);  // true: stop here
    bool step_good(int disk, const Rdev& rdev);
    void step_write_mostly(int disk, Rdev& rdev);
    bool step_bad(int disk, Sector first_bad, Sector bad_sectors);
    [[nodiscard]] int result() const;
};

bool Balance::step(int disk) {
    Rdev* rdev = conf.mirrors[static_cast<std::size_t>(disk)].rdev;
    if (r1_bio.bios[static_cast<std::size_t>(disk)] == IO_BLOCKED || rdev == nullptr) return false;
    const std::uint64_t flags = rdev->flags;
    if ((flags & (1U << Faulty)) != 0) return false;
    if ((flags & (1U << In_sync)) == 0 && rdev->recovery_offset < start + sectors) return false;
    if ((flags & (1U << WriteMostly)) != 0) {
        step_write_mostly(disk, *rdev);
        return false;
    }
    Sector first_bad = 0;
    Sector bad_sectors = 0;
    if (is_badblock(*rdev, start, sectors, &first_bad, &bad_sectors) != 0)
        return step_bad(disk, first_bad, bad_sectors);
    return step_good(disk, *rdev);
}

// Only as a last resort, and then the first of them.
void Balance::step_write_mostly(int disk, Rdev& rdev) {
    if (best_dist_disk >= 0) return;
    Sector first_bad = 0;
    Sector bad_sectors = 0;
    Sector good = sectors;
    if (is_badblock(rdev, start, sectors, &first_bad, &bad_sectors) != 0) {
        if (first_bad <= start) return;
        good = first_bad - start;
    }
    best_good_sectors = good;
    best_dist_disk = disk;
    best_pending_disk = disk;
}

bool Balance::step_bad(int disk, Sector first_bad, Sector bad_sectors) {
    if (best_dist < MaxSector) return false;  // There is a member without bad blocks here.
    if (first_bad <= start) {
        // Not from here. If this is the member resync copies from, others may be read only where it is bad.
        bad_sectors -= start - first_bad;
        if (choose_first && sectors > bad_sectors) sectors = bad_sectors;
        best_good_sectors = std::min(best_good_sectors, sectors);
        return false;
    }
    const Sector good_sectors = first_bad - start;
    if (good_sectors > best_good_sectors) {
        best_good_sectors = good_sectors;
        best_disk = disk;
    }
    return choose_first;
}

bool Balance::step_good(int disk, const Rdev& rdev) {
    if (sectors > best_good_sectors) best_disk = -1;  // A member that could be read only in part: forget it.
    best_good_sectors = sectors;
    if (best_disk >= 0 || best_dist_disk >= 0) set_bit(R1BIO_FailFast, r1_bio.state);  // There is another one.

    const Raid1Info& mirror = conf.mirrors[static_cast<std::size_t>(disk)];
    has_nonrot_disk |= bdev_nonrot(rdev);
    if (choose_first) {
        best_disk = disk;
        return true;
    }
    const int pending = rdev.nr_pending;
    const Sector head = mirror.head_position;
    const Sector dist = head > start ? head - start : start - head;
    if (mirror.next_seq_sect == start || dist == 0) {  // Sequential readers stay where they are.
        best_disk = disk;
        return true;
    }
    if (pending < min_pending) {
        min_pending = pending;
        best_pending_disk = disk;
    }
    if (dist < best_dist) {
        best_dist = dist;
        best_dist_disk = disk;
    }
    return false;
}

int Balance::result() const {
    if (best_disk >= 0) return best_disk;
    return has_nonrot_disk || min_pending == 0 ? best_pending_disk : best_dist_disk;
}

}  // namespace

// The slot to read from, its nr_pending counted, or -1. *max_sectors: how much of the request it can give.
int read_balance(R1conf& conf, R1bio& r1_bio, Sector* max_sectors) {
    MD_FRAME("read_balance");
    const Raid1RcuSection rcu(conf.mddev.kernel);
    const Sector start = r1_bio.sector;
    const bool choose_first = conf.mddev.recovery_cp < start + r1_bio.sectors;
    Balance balance{
        .conf = conf, .r1_bio = r1_bio, .start = start, .sectors = r1_bio.sectors, .choose_first = choose_first};
    for (int disk = 0; disk < conf.raid_disks; disk++)
        if (balance.step(disk)) break;

    const int disk = conf.mddev.variants.row<variants::slow_read>().instead(conf, r1_bio, balance.result());
    *max_sectors = balance.sectors;
    if (disk < 0) return -1;
    Raid1Info& mirror = conf.mirrors[static_cast<std::size_t>(disk)];
    mirror.rdev->nr_pending.inc();
    *max_sectors = balance.best_good_sectors;
    if (mirror.next_seq_sect != start) mirror.seq_start = start;
    mirror.next_seq_sect = start + *max_sectors;
    return disk;
}

// ---- the request

static void log_unrecoverable(R1conf& conf, const std::string& name, Sector sector) {
    if (!conf.unrecoverable_limit.allows(conf.mddev.kernel)) return;
    conf.mddev.kernel.printk(LogLevel::Crit, fmt::format("md/raid1:{}: {}: unrecoverable I/O read error for block {}",
                                                         mdname(conf.mddev), name, sector));
}

// The member may have left its slot since the read failed.
static std::string member_name(R1conf& conf, int disk) {
    const Raid1RcuSection rcu(conf.mddev.kernel);
    const Rdev* rdev = conf.mirrors[static_cast<std::size_t>(disk)].rdev;
    return rdev != nullptr ? rdev->name : "???";
}

// Sends the clone to the member read_balance chose.
static void submit_read(R1conf& conf, R1bio& r1_bio, int rdisk) {
    Mddev& mddev = conf.mddev;
    const Rdev& rdev = *conf.mirrors[static_cast<std::size_t>(rdisk)].rdev.load();
    Bitmap* bitmap = mddev.bitmap;
    if (test_bit(WriteMostly, rdev.flags) && bitmap != nullptr)  // Do not overtake a write-behind.
        wait_event(bitmap->behind_wait, bitmap->behind_writes == 0);

    r1_bio.read_disk = rdisk;
    Bio* read_bio = bio_alloc_clone(conf, r1_bio, rdisk, rdev, *r1_bio.master_bio);
    read_bio->bi_end_io = raid1_end_read_request;
    if (test_bit(FailFast, rdev.flags) && test_bit(R1BIO_FailFast, r1_bio.state)) read_bio->bi_flags |= REQ_FAILFAST;
    r1_bio.bios[static_cast<std::size_t>(rdisk)] = read_bio;
    submit_bio(read_bio);
}

// Shortens r1_bio to its first `sectors`. `bio` is then the rest.
static void read_only_front(R1conf& conf, R1bio& r1_bio, Bio* bio, Sector sectors) {
    r1_bio.master_bio = raid1_split_bio(conf, bio, sectors);
    r1_bio.sectors = sectors;
}

// Nobody waits for a return value here, so the rest of a short read is read from here too, piece by piece. Its count in
// the barrier is taken while the piece before it still holds one, which needs no wait.
static void retry_read(R1conf& conf, Bio* bio, R1bio* r1_bio) {
    Mddev& mddev = conf.mddev;
    const std::string failed = member_name(conf, r1_bio->read_disk);
    while (r1_bio != nullptr) {
        Sector max_sectors = 0;
        const int rdisk = read_balance(conf, *r1_bio, &max_sectors);
        if (rdisk < 0) {
            log_unrecoverable(conf, failed, r1_bio->sector);
            raid_end_bio_io(r1_bio);
            return;
        }
        if (conf.redirecting_limit.allows(mddev.kernel))
            mddev.kernel.printk(LogLevel::Info,
                                fmt::format("md/raid1:{}: redirecting sector {} to other mirror: {}", mdname(mddev),
                                            r1_bio->sector, conf.mirrors[static_cast<std::size_t>(rdisk)].rdev->name));
        R1bio* rest = nullptr;
        if (max_sectors < r1_bio->sectors) {
            read_only_front(conf, *r1_bio, bio, max_sectors);
            rest = alloc_r1bio(mddev, bio);
            for (std::size_t i = 0; i < rest->bios.size(); i++)
                if (r1_bio->bios[i] == IO_BLOCKED) rest->bios[i] = IO_BLOCKED;
            conf.nr_pending[sector_to_idx(rest->sector)].inc();
        }
        submit_read(conf, *r1_bio, rdisk);
        r1_bio = rest;
    }
}

bool raid1_read_request(Mddev& mddev, Bio* bio, Sector max_read_sectors, R1bio* r1_bio) {
    MD_FRAME("raid1_read_request");
    R1conf& conf = r1conf_of(mddev);
    if (r1_bio != nullptr) {
        retry_read(conf, bio, r1_bio);
        return true;
    }
    if (!wait_read_barrier(conf, bio->bi_sector, (bio->bi_flags & REQ_NOWAIT) != 0)) {
        bio_endio(bio, -EAGAIN);
        return true;
    }
    r1_bio = alloc_r1bio(mddev, bio);
    r1_bio->sectors = max_read_sectors;

    Sector max_sectors = 0;
    const int rdisk = read_balance(conf, *r1_bio, &max_sectors);
    if (rdisk < 0) {
        raid_end_bio_io(r1_bio);  // The whole bio: a unit's end has no meaning when nothing can be read.
        return true;
    }
    const bool all_of_it = max_sectors == bio_sectors(*bio);
    if (!all_of_it) read_only_front(conf, *r1_bio, bio, max_sectors);
    submit_read(conf, *r1_bio, rdisk);
    return all_of_it;
}

// ---- completion

static void raid1_end_read_request(Bio* bio) {
    MD_FRAME("raid1_end_read_request");
    auto* r1_bio = static_cast<R1bio*>(bio->bi_private);
    Mddev& mddev = *r1_bio->mddev;
    R1conf& conf = r1conf_of(mddev);
    Rdev& rdev = *conf.mirrors[static_cast<std::size_t>(r1_bio->read_disk)].rdev.load();
    bool finished = bio->bi_status == 0;

    update_head_pos(conf, r1_bio->read_disk, *r1_bio);
    if (finished) {
        set_bit(R1BIO_Uptodate, r1_bio->state);
    } else if (!(test_bit(FailFast, rdev.flags) && test_bit(R1BIO_FailFast, r1_bio->state))) {
        // No other member could have the data: the error is the caller's, and the last device is not failed for it.
        const SpinGuard guard(conf.device_lock);
        const int degraded = mddev.degraded;
        finished = degraded == conf.raid_disks || (degraded == conf.raid_disks - 1 && test_bit(In_sync, rdev.flags));
    }
    if (finished) {
        rdev_dec_pending(rdev, mddev);
        raid_end_bio_io(r1_bio);
        return;
    }
    if (conf.rescheduling_limit.allows(mddev.kernel))
        mddev.kernel.printk(LogLevel::Err, fmt::format("md/raid1:{}: {}: rescheduling sector {}", mdname(mddev),
                                                       rdev.name, r1_bio->sector));
    set_bit(R1BIO_ReadError, r1_bio->state);
    reschedule_retry(r1_bio);  // Keeps the member's nr_pending: raid1d still needs it.
}

// ---- repair, in raid1d

// True: done. Else the place, or the member, is on record as bad.
bool r1_sync_page_io(Rdev& rdev, R1conf& conf, Sector sector, Sector sectors, std::byte* page, BioOp op) {
    MD_FRAME("r1_sync_page_io");
    const auto size = static_cast<unsigned>(sectors << kSectorShift);
    if (sync_page_io(rdev, sector, size, page, op, false) == 0) return true;
    if (op == BioOp::Write) raid1_note_write_error(conf.mddev, rdev);
    if (!rdev_set_badblocks(rdev, sector, sectors, false)) md_error(conf.mddev, rdev);
    return false;
}

// Reads one page from the first member that has it, starting with the one that failed. The slot, or -1.
static int read_from_any(R1conf& conf, int read_disk, Sector sect, Sector s) {
    int d = read_disk;
    do {
        Rdev* rdev = nullptr;
        {
            const Raid1RcuSection rcu(conf.mddev.kernel);
            Rdev* candidate = conf.mirrors[static_cast<std::size_t>(d)].rdev;
            Sector first_bad = 0;
            Sector bad_sectors = 0;
            if (candidate != nullptr &&
                (test_bit(In_sync, candidate->flags) ||
                 (!test_bit(Faulty, candidate->flags) && candidate->recovery_offset >= sect + s)) &&
                is_badblock(*candidate, sect, s, &first_bad, &bad_sectors) == 0) {
                candidate->nr_pending.inc();
                rdev = candidate;
            }
        }
        if (rdev != nullptr) {
            const auto size = static_cast<unsigned>(s << kSectorShift);
            const int err = sync_page_io(*rdev, sect, size, conf.tmppage->data(), BioOp::Read, false);
            rdev_dec_pending(*rdev, conf.mddev);
            if (err == 0) return d;
        }
        d = d + 1 == conf.raid_disks ? 0 : d + 1;
    } while (d != read_disk);
    return -1;
}

// From the good member down to the failed one: writes the page, or reads it back.
static void rewrite_down_to(R1conf& conf, int start, int read_disk, Sector sect, Sector s, BioOp op) {
    for (int d = start; d != read_disk;) {
        d = d == 0 ? conf.raid_disks - 1 : d - 1;
        Rdev* rdev = conf.mirrors[static_cast<std::size_t>(d)].rdev;
        if (rdev == nullptr || test_bit(Faulty, rdev->flags)) continue;
        rdev->nr_pending.inc();
        if (r1_sync_page_io(*rdev, conf, sect, s, conf.tmppage->data(), op) && op == BioOp::Read) {
            rdev->corrected_errors.add(s);
            conf.mddev.kernel.printk(LogLevel::Info,
                                     fmt::format("md/raid1:{}: read error corrected ({} sectors at {} on {})",
                                                 mdname(conf.mddev), s, sect + rdev->data_offset, rdev->name));
        }
        rdev_dec_pending(*rdev, conf.mddev);
    }
}

// Page by page: what one member could not read is taken from another, written back, and read again.
// REQUIRES: the array is frozen.
static void fix_read_error(R1conf& conf, int read_disk, Sector sect, Sector sectors) {
    MD_FRAME("fix_read_error");
    while (sectors != 0) {
        const Sector s = std::min(sectors, PAGE_SECTORS);
        const int start = read_from_any(conf, read_disk, sect, s);
        if (start < 0) {  // Nobody has it: it is lost.
            Rdev& rdev = *conf.mirrors[static_cast<std::size_t>(read_disk)].rdev.load();
            if (!rdev_set_badblocks(rdev, sect, s, false)) md_error(conf.mddev, rdev);
            return;
        }
        rewrite_down_to(conf, start, read_disk, sect, s, BioOp::Write);
        rewrite_down_to(conf, start, read_disk, sect, s, BioOp::Read);
        sectors -= s;
        sect += s;
    }
}

void handle_read_error(R1conf& conf, R1bio* r1_bio) {
    MD_FRAME("handle_read_error");
    Mddev& mddev = conf.mddev;
    const auto read_disk = static_cast<std::size_t>(r1_bio->read_disk);
    clear_bit(R1BIO_ReadError, r1_bio->state);
    bio_put(std::exchange(r1_bio->bios[read_disk], nullptr));

    Rdev& rdev = *conf.mirrors[read_disk].rdev.load();
    if (mddev.ro != MD_RDWR) {
        r1_bio->bios[read_disk] = IO_BLOCKED;  // Nothing may be written, so try elsewhere.
    } else if (test_bit(FailFast, rdev.flags)) {
        md_error(mddev, rdev);
    } else {
        freeze_array(conf, 1);  // all but this request
        fix_read_error(conf, r1_bio->read_disk, r1_bio->sector, r1_bio->sectors);
        unfreeze_array(conf);
    }
    rdev_dec_pending(rdev, mddev);
    r1_bio->state = 0;
    raid1_read_request(mddev, r1_bio->master_bio, r1_bio->sectors, r1_bio);
}

}  // namespace mdscope
