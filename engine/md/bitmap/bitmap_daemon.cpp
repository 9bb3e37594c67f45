// SPDX-License-Identifier: MIT
// The bitmap daemon, its use by a stop, and the header.
//
// The daemon lowers counters a step a period and writes pages whose bits it cleared a period ago. It waits for the
// writes of the run before, then submits its own and returns: nobody waits for them here. A stop forces three runs,
// because 2 -> 1, 1 -> 0 and the page write are three steps, and after the third the same is true: its writes are in
// flight when md_bitmap_flush goes on. Who waits for them then?
//
//   internal   md_bitmap_update_sb, by accident: it writes the header with a wait on the same counter
//   file       md_bitmap_update_sb, and again md_bitmap_free: bitmap->pending_writes
//   external   there is no header to write. Nobody, but for the row of the `fix` axis (stop_fixes.cpp)
//
// The daemon runs in the md thread, at each of its wake-ups, and does something only when its period has passed.
// bitmap_info.mutex keeps it from a bitmap that is being destroyed. `allclean` is lowered by whoever leaves work for
// it.
#include <algorithm>

#include "engine/kernel/trace.hpp"
#include "engine/md/bitmap/bitmap_internal.hpp"
#include "engine/md/format/format.hpp"
#include "engine/md/variants/claims.hpp"
#include "engine/md/variants/fix.hpp"

namespace mdscope {

// ---- the stop

void md_bitmap_flush(Mddev& mddev) {
    MD_FRAME("md_bitmap_flush");
    Bitmap* bitmap = mddev.bitmap;
    if (bitmap == nullptr) return;
    const std::uint64_t sleep = 2 * daemon_sleep_of(mddev);
    const StopFix& fix = mddev.variants.row<variants::fix>();
    for (int run = 0; run < 3; run++) {
        bitmap->daemon_lastrun.sub(sleep);  // so that the run is due
        md_bitmap_daemon_work(mddev);
        fix.after_run(mddev, run);
    }
    fix.before_update_sb(mddev, *bitmap);
    md_bitmap_update_sb(bitmap);
    fix.after_update_sb(mddev, *bitmap);
}

void md_bitmap_wait_writes(Bitmap* bitmap) {
    MD_FRAME("md_bitmap_wait_writes");
    if (bitmap->storage.file != nullptr)
        wait_event(bitmap->write_wait, bitmap->pending_writes == 0);
    else
        (void)md_super_wait(*bitmap->mddev);  // asked to write again: a lost clearing of bits costs a resync of them
}

// ---- one run

// nullptr: there are fewer. A resize may change them under us (variants/resize_lock.hpp).
static FilePage* page_at(const Bitmap& bitmap, std::uint64_t index) {
    const FilePages& pages = *bitmap.pages;
    if (index >= pages.size()) return nullptr;
    FilePage* const page = pages[index];
    // Which of them it has in hand is part of where the daemon has been.
    if (page->resizes != 0 && sim_hook != nullptr) sim_hook->observed(page->resizes);
    return page;
}

// PENDING had its period of waiting. Marked before the counters are looked at, so that bits cleared now join a page
// that goes out anyway.
static void mark_pages_for_writing(Bitmap& bitmap) {
    FilePage* page = nullptr;
    for (std::uint64_t index = 0; (page = page_at(bitmap, index)) != nullptr; index++)
        if (test_and_clear_bit(BITMAP_PAGE_PENDING, page->attr)) mark_page(bitmap, *page, BITMAP_PAGE_NEEDWRITE);
}

// The header must say which event count bits are cleared at. With an external bitmap that is user space's to keep, and
// need_sync stays until it writes `true` to can_clear.
static void sync_events_cleared(Bitmap& bitmap) {
    if (!bitmap.need_sync || bitmap.mddev->bitmap_info.external) return;
    bitmap.need_sync = false;
    if (!has_header(bitmap)) return;
    const SpinGuard guard(bitmap.counts.lock);
    FilePage& page = *bitmap.storage.filemap[0];
    BitmapSuper sb = decode_bitmap_super(page.data);
    sb.events_cleared = bitmap.events_cleared;
    encode_bitmap_super(sb, page.data);
    mark_page(bitmap, page, BITMAP_PAGE_NEEDWRITE);
}

// One chunk a step down. Only the whole values 1 and 2: NEEDED and RESYNC keep a chunk where it is. False: the counter
// page went with its last counter.
static bool lower_counter(Bitmap& bitmap, std::uint64_t chunk) REQUIRES(bitmap.counts.lock) {
    const Sector offset = chunk << bitmap.counts.chunkshift;
    Sector blocks = 0;
    BitmapCounter* bmc = md_bitmap_get_counter(bitmap.counts, offset, &blocks, false);
    if (bmc == nullptr) return false;
    if (*bmc == 1 && !bitmap.need_sync) {
        *bmc = 0;
        md_bitmap_count_page(bitmap.counts, offset, -1);
        md_bitmap_file_clear_bit(bitmap, offset);
    } else if (*bmc == 1 || *bmc == 2) {
        *bmc = 1;
        md_bitmap_set_pending(bitmap.counts, offset);
        bitmap.allclean = false;
    }
    return true;
}

// md holds the lock for all chunks; here writers get in between counter pages, which they could at any other time.
static void lower_counters(Bitmap& bitmap) {
    for (std::uint64_t page = 0; page < bitmap.counts.pages; page++) {
        const SpinGuard guard(bitmap.counts.lock);
        if (!std::exchange(bitmap.counts.bp[page].pending, false)) continue;
        const std::uint64_t end = std::min((page + 1) * PAGE_COUNTER_RATIO, bitmap.counts.chunks);
        for (std::uint64_t chunk = page * PAGE_COUNTER_RATIO; chunk < end; chunk++)
            if (!lower_counter(bitmap, chunk)) break;
    }
}

// A DIRTY page belongs to unplug, which waits for it. The pages behind it wait, too: the first page may hold the header
// that allows their bits to be cleared.
static void write_cleared_pages(Bitmap& bitmap) REQUIRES(bitmap.write_mutex) {
    FilePage* page = nullptr;
    for (std::uint64_t index = 0; (page = page_at(bitmap, index)) != nullptr; index++) {
        if (test_bit(BITMAP_STALE, bitmap.flags)) return;
        if (test_bit(BITMAP_PAGE_DIRTY, page->attr)) return;
        if (take_mark(bitmap, *page, BITMAP_PAGE_NEEDWRITE))
            write_page(bitmap, *page, false);  // nobody waits for it here
    }
}

// Whether a bit would be cleared now: one of a counter that a run before this one has lowered to 1. Its writes had
// ended then.
static bool has_bits_to_clear(Bitmap& bitmap) {
    if (bitmap.need_sync) return false;
    for (std::uint64_t page = 0; page < bitmap.counts.pages; page++) {
        const SpinGuard guard(bitmap.counts.lock);
        const BitmapPage& counters = bitmap.counts.bp[page];
        if (counters.pending && counters.map != nullptr && std::ranges::count(*counters.map, 1) > 0) return true;
    }
    return false;
}

// A bit that is cleared says that the members agree. It is in a page that may go out at any moment, for a bit that is
// set or with the header: so that is true before the bit is cleared in memory. False: a member has failed, and that is
// not on record yet; the next run looks again.
static bool may_clear_bits(Mddev& mddev, Bitmap& bitmap) {
    // The row is asked first: with md's nothing is looked at here.
    return !mddev.variants.row<variants::claims>().are_flushed_first || !has_bits_to_clear(bitmap) ||
           md_flush_before_claim(mddev);
}

static void run_daemon(Mddev& mddev, Bitmap& bitmap) {
    const std::uint64_t now = mddev.kernel.ktime_ns();
    if (now - bitmap.daemon_lastrun < daemon_sleep_of(mddev)) return;
    bitmap.daemon_lastrun = now;
    if (bitmap.allclean) {
        mddev_set_timeout(mddev, kForever);
        return;
    }
    TRACE(mddev.kernel, daemon_begin);
    bitmap.allclean = true;
    mark_pages_for_writing(bitmap);
    sync_events_cleared(bitmap);
    if (may_clear_bits(mddev, bitmap))
        lower_counters(bitmap);
    else
        bitmap.allclean = false;

    const MutexGuard guard(bitmap.write_mutex);
    wait_before_write(bitmap);
    write_cleared_pages(bitmap);
    TRACE(mddev.kernel, daemon_end, bitmap.allclean.peek() ? "yes" : "no");
}

void md_bitmap_daemon_work(Mddev& mddev) {
    MD_FRAME("md_bitmap_daemon_work");
    const MutexGuard guard(mddev.bitmap_info.mutex);
    Bitmap* bitmap = mddev.bitmap;
    if (bitmap == nullptr) return;
    run_daemon(mddev, *bitmap);
    if (!bitmap->allclean) mddev_set_timeout(mddev, daemon_sleep_of(mddev));
}

// ---- the header

bool has_header(const Bitmap& bitmap) {
    return bitmap.storage.has_sb_page && !bitmap.storage.filemap.empty();
}

// The frame is not here but behind the returns: in the kernel these are inlined into the caller, so a call that has
// nothing to do is no line of the reference trees (external bitmaps), and one that writes is.
void md_bitmap_update_sb(Bitmap* bitmap) {
    if (bitmap == nullptr) return;
    if (bitmap->mddev->bitmap_info.external) {
        MD_PASS("md_bitmap_update_sb", "external: returns at once");
        return;
    }
    if (!has_header(*bitmap)) {
        MD_PASS("md_bitmap_update_sb", "no header: returns at once");
        return;
    }
    const MutexGuard guard(bitmap->write_mutex);
    update_sb_locked(*bitmap);
}

// What the header says of the array; several of these can be changed in sysfs at any moment.
static void describe_array(const Mddev& mddev, BitmapSuper& sb) {
    const SpinGuard guard(mddev.lock);
    const BitmapInfo& info = mddev.bitmap_info;
    // md stores 0 for less than a second, and then refuses its own header at the next start.
    sb.daemon_sleep = static_cast<std::uint32_t>(std::max<std::uint64_t>(info.daemon_sleep / kNsPerSec, 1));
    sb.write_behind = static_cast<std::uint32_t>(info.max_write_behind.load());
    sb.sync_size = mddev.resync_max_sectors;
    sb.chunksize = static_cast<std::uint32_t>(info.chunksize);
    sb.sectors_reserved = static_cast<std::uint32_t>(info.space);
}

static void fill_header(Bitmap& bitmap) {
    const Mddev& mddev = *bitmap.mddev;
    const std::uint64_t events = mddev.events;
    if (events < bitmap.events_cleared) bitmap.events_cleared = events;  // the count went back: dirty and clean again
    BitmapSuper array;
    describe_array(mddev, array);
    const SpinGuard guard(bitmap.counts.lock);
    FilePage& page = *bitmap.storage.filemap[0];
    BitmapSuper sb = decode_bitmap_super(page.data);  // identity stays as it was read: version, UUID
    sb.events = events;
    sb.events_cleared = bitmap.events_cleared;
    sb.state = static_cast<std::uint32_t>(bitmap.flags & ~(std::uint64_t{1} << BITMAP_WRITE_ERROR));
    sb.daemon_sleep = array.daemon_sleep;
    sb.write_behind = array.write_behind;
    sb.sync_size = array.sync_size;
    sb.chunksize = array.chunksize;
    sb.sectors_reserved = array.sectors_reserved;
    encode_bitmap_super(sb, page.data);
}

void update_sb_locked(Bitmap& bitmap) {
    MD_FRAME("md_bitmap_update_sb");
    fill_header(bitmap);
    write_page(bitmap, *bitmap.storage.filemap[0], true);
}

// ---- time

std::uint64_t daemon_sleep_of(const Mddev& mddev) {
    const SpinGuard guard(mddev.lock);  // time_base can be written at any moment
    return mddev.bitmap_info.daemon_sleep;
}

void mddev_set_timeout(Mddev& mddev, std::uint64_t timeout_ns) {
    const SpinGuard guard(mddev.pers_lock);
    MdThread* thread = mddev.thread;
    if (thread != nullptr) thread->timeout = timeout_ns;
}

}  // namespace mdscope
