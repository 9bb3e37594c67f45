// SPDX-License-Identifier: MIT
// The counters of the write-intent bitmap: what is in flight or must be resynced, chunk by chunk, in memory.
//
//   write   0 -> 3 (bit set, page DIRTY)   3 -> 4 -> ...   a write ends: n -> n-1; at 2 nobody writes here any more
//   daemon  2 -> 1 -> 0 (bit cleared, page PENDING), one step a period       [bitmap_daemon.cpp]
//   resync  NEEDED -> RESYNC -> neither; aborted: RESYNC -> NEEDED
//
// A failed or degraded write leaves NEEDED on the counter, and every test of the daemon is on the whole 16 bits, so
// such a chunk keeps its bit until a resync has copied it. That is how a missing member's differences are remembered.
//
// Rules. All counters and the bytes of the cached pages are under counts.lock, held for a few dozen instructions: a
// chunk whose counter page is there costs no allocation. Nobody is woken with the lock held. An unallocated counter
// page stands for 2048 zeros, and questions about it are answered for all of its range at once.
#include "engine/md/bitmap/bitmap.hpp"

#include <algorithm>

#include "engine/md/bitmap/bitmap_internal.hpp"

namespace mdscope {

Bitmap::Bitmap(Mddev& mddev_)
    : mddev(&mddev_),
      behind_wait(mddev_.kernel, "bitmap->behind_wait"),
      write_wait(mddev_.kernel, "bitmap->write_wait"),
      overflow_wait(mddev_.kernel, "bitmap->overflow_wait"),
      write_mutex(mddev_.kernel, "bitmap->write_mutex") {}

// ---- the data path

static void count_behind_write(Bitmap& bitmap) {
    const int writes = bitmap.behind_writes.inc_return();
    if (writes > bitmap.behind_writes_used) bitmap.behind_writes_used = writes;
}

static bool counter_is_full(Bitmap& bitmap, Sector offset) {
    const SpinGuard guard(bitmap.counts.lock);
    Sector blocks = 0;
    const BitmapCounter* bmc = md_bitmap_get_counter(bitmap.counts, offset, &blocks, false);
    return bmc != nullptr && COUNTER(*bmc) == COUNTER_MAX;
}

// One more write in the chunk of `offset`. False: its counter is full, wait and try again.
static bool start_chunk_write(Bitmap& bitmap, Sector offset, Sector* blocks) {
    const SpinGuard guard(bitmap.counts.lock);
    BitmapCounter* bmc = md_bitmap_get_counter(bitmap.counts, offset, blocks, true);
    if (bmc == nullptr) {  // past the end: nothing to note here, nor behind it
        *blocks = MaxSector;
        return true;
    }
    if (COUNTER(*bmc) == COUNTER_MAX) [[unlikely]]
        return false;
    if (*bmc == 0) {
        md_bitmap_file_set_bit(bitmap, offset);
        md_bitmap_count_page(bitmap.counts, offset, 1);
        *bmc = 2;
    } else if (*bmc == 1) {
        *bmc = 2;  // the bit is still set, in the cached page and on disk
    }
    (*bmc)++;
    return true;
}

int md_bitmap_startwrite(Bitmap* bitmap, Sector offset, Sector sectors, bool behind) {
    MD_FRAME("md_bitmap_startwrite");
    if (bitmap == nullptr) return 0;
    check_not_freed(*bitmap);
    if (behind) count_behind_write(*bitmap);
    while (sectors != 0) {
        Sector blocks = 0;
        if (!start_chunk_write(*bitmap, offset, &blocks)) {
            wait_event(bitmap->overflow_wait, !counter_is_full(*bitmap, offset));
            continue;
        }
        offset += blocks;
        sectors -= std::min(sectors, blocks);
    }
    return 0;
}

// What the end of one chunk's write asks for once the lock is dropped.
struct ChunkEnd {
    bool past_end = false;
    bool was_full = false;        // somebody may sleep on overflow_wait
    bool events_cleared = false;  // can_clear turned false
};

static ChunkEnd end_chunk_write(Bitmap& bitmap, Sector offset, Sector* blocks, bool success) {
    ChunkEnd end;
    const SpinGuard guard(bitmap.counts.lock);
    BitmapCounter* bmc = md_bitmap_get_counter(bitmap.counts, offset, blocks, false);
    if (bmc == nullptr) {
        end.past_end = true;
        return end;
    }
    // From here on bits are cleared that a member with an older event count would need: it can no longer be taken back
    // by the bitmap alone. The header must say so on disk before the first bit goes (need_sync).
    Mddev& mddev = *bitmap.mddev;
    if (success && mddev.degraded == 0 && bitmap.events_cleared < mddev.events) {
        bitmap.events_cleared = mddev.events.load();
        bitmap.need_sync = true;
        end.events_cleared = true;
    }
    if (!success) *bmc |= NEEDED_MASK;
    end.was_full = COUNTER(*bmc) == COUNTER_MAX;
    MD_CHECK(COUNTER(*bmc) >= 3);  // this write was counted when it began
    (*bmc)--;
    if (*bmc <= 2) {
        md_bitmap_set_pending(bitmap.counts, offset);
        bitmap.allclean = false;
    }
    return end;
}

void md_bitmap_endwrite(Bitmap* bitmap, Sector offset, Sector sectors, bool success, bool behind) {
    MD_FRAME("md_bitmap_endwrite");
    if (bitmap == nullptr) return;
    check_not_freed(*bitmap);
    if (behind && bitmap->behind_writes.dec_and_test()) wake_up(bitmap->behind_wait);
    while (sectors != 0) {
        Sector blocks = 0;
        const ChunkEnd end = end_chunk_write(*bitmap, offset, &blocks, success);
        if (end.past_end) return;
        if (end.events_cleared) sysfs_notify(bitmap->mddev->sysfs_can_clear);
        if (end.was_full) wake_up(bitmap->overflow_wait);
        offset += blocks;
        sectors -= std::min(sectors, blocks);
    }
}

void md_bitmap_wait_behind_writes(Mddev& mddev) {
    MD_FRAME("md_bitmap_wait_behind_writes");
    Bitmap* bitmap = mddev.bitmap;
    if (bitmap == nullptr) return;
    wait_event(bitmap->behind_wait, bitmap->behind_writes == 0);
}

// ---- resync

inline constexpr Sector kNoBitmapBlocks = 1024;  // without a bitmap: "yes", this many sectors at a time

static bool start_sync_chunk(Bitmap& bitmap, Sector offset, Sector* blocks, bool degraded) {
    const SpinGuard guard(bitmap.counts.lock);
    BitmapCounter* bmc = md_bitmap_get_counter(bitmap.counts, offset, blocks, false);
    if (bmc == nullptr) return false;
    if (RESYNC(*bmc)) return true;
    if (!NEEDED(*bmc)) return false;
    // With a member missing the chunk will be needed again for it, so nothing is ticked off.
    if (!degraded) *bmc = static_cast<BitmapCounter>((*bmc | RESYNC_MASK) & ~NEEDED_MASK);
    return true;
}

bool md_bitmap_start_sync(Bitmap* bitmap, Sector offset, Sector* blocks, bool degraded) {
    MD_FRAME("md_bitmap_start_sync");
    if (bitmap == nullptr) {
        *blocks = kNoBitmapBlocks;
        return true;
    }
    check_not_freed(*bitmap);
    // Resync works in pages; an answer for less (chunks of 512 bytes to 2 KiB) would confuse it.
    bool needed = false;
    *blocks = 0;
    while (*blocks < kPageSize >> kSectorShift) {
        Sector chunk_blocks = 0;
        if (start_sync_chunk(*bitmap, offset, &chunk_blocks, degraded)) needed = true;
        offset += chunk_blocks;
        *blocks += chunk_blocks;
    }
    return needed;
}

void md_bitmap_end_sync(Bitmap* bitmap, Sector offset, Sector* blocks, bool aborted) {
    MD_FRAME("md_bitmap_end_sync");
    if (bitmap == nullptr) {
        *blocks = kNoBitmapBlocks;
        return;
    }
    check_not_freed(*bitmap);
    const SpinGuard guard(bitmap->counts.lock);
    BitmapCounter* bmc = md_bitmap_get_counter(bitmap->counts, offset, blocks, false);
    if (bmc == nullptr || !RESYNC(*bmc)) return;
    *bmc &= static_cast<BitmapCounter>(~RESYNC_MASK);
    if (aborted) {
        *bmc |= NEEDED_MASK;
    } else if (*bmc <= 2) {  // not if a write failed meanwhile: NEEDED is set again then, and stays
        md_bitmap_set_pending(bitmap->counts, offset);
        bitmap->allclean = false;
    }
}

static void end_sync_below(Bitmap& bitmap, Sector end) {
    Sector sector = 0;
    while (sector < end) {
        Sector blocks = 0;
        md_bitmap_end_sync(&bitmap, sector, &blocks, false);
        sector += blocks;
    }
}

void md_bitmap_close_sync(Bitmap* bitmap) {
    MD_FRAME("md_bitmap_close_sync");
    if (bitmap == nullptr) return;
    end_sync_below(*bitmap, bitmap->mddev->resync_max_sectors);
}

// Now and then during a resync: everything below `sector` is done, so its chunks may be cleaned.
void md_bitmap_cond_end_sync(Bitmap* bitmap, Sector sector, bool force) {
    MD_FRAME("md_bitmap_cond_end_sync");
    if (bitmap == nullptr) return;
    Mddev& mddev = *bitmap->mddev;
    if (sector == 0) {
        bitmap->last_end_sync = mddev.kernel.ktime_ns();
        return;
    }
    if (!force && mddev.kernel.ktime_ns() - bitmap->last_end_sync < daemon_sleep_of(mddev)) return;
    wait_event(mddev.recovery_wait, mddev.recovery_active == 0);

    mddev.curr_resync_completed = sector;
    set_bit(MD_SB_CHANGE_CLEAN, mddev.sb_flags);
    sector &= ~((Sector{1} << bitmap->counts.chunkshift) - 1);  // a chunk that is half done is not done
    end_sync_below(*bitmap, std::min(sector, mddev.resync_max_sectors.load()));
    bitmap->last_end_sync = mddev.kernel.ktime_ns();
    sysfs_notify(mddev.sysfs_completed);
}

// ---- marking chunks from outside

void md_bitmap_set_memory_bits(Bitmap& bitmap, Sector offset, bool needed) {
    const SpinGuard guard(bitmap.counts.lock);
    Sector blocks = 0;
    BitmapCounter* bmc = md_bitmap_get_counter(bitmap.counts, offset, &blocks, true);
    if (bmc == nullptr) return;
    if (*bmc == 0) {
        *bmc = 2;
        md_bitmap_count_page(bitmap.counts, offset, 1);
        md_bitmap_set_pending(bitmap.counts, offset);
        bitmap.allclean = false;
    }
    if (needed) *bmc |= NEEDED_MASK;
}

void md_bitmap_dirty_bits(Bitmap* bitmap, std::uint64_t start_chunk, std::uint64_t end_chunk) {
    MD_FRAME("md_bitmap_dirty_bits");
    if (bitmap == nullptr || bitmap->counts.chunks == 0) return;
    Mddev& mddev = *bitmap->mddev;
    end_chunk = std::min(end_chunk, bitmap->counts.chunks - 1);  // the numbers come from a person
    for (std::uint64_t chunk = start_chunk; chunk <= end_chunk; chunk++) {
        const Sector sector = chunk << bitmap->counts.chunkshift;
        md_bitmap_set_memory_bits(*bitmap, sector, true);
        {
            const SpinGuard guard(bitmap->counts.lock);
            md_bitmap_file_set_bit(*bitmap, sector);
        }
        // We are being told that the members differ here, so the array is not in sync from here on.
        if (sector < mddev.recovery_cp) mddev.recovery_cp = sector;
    }
}

// ---- counter pages

// Makes the counter page be there. Allocating is the one slow thing here, so it happens without the lock; then somebody
// else may have been faster.
static void md_bitmap_checkpage(BitmapCounts& counts, std::uint64_t page) REQUIRES(counts.lock) {
    if (counts.bp[page].map != nullptr) return;
    counts.lock.unlock();
    auto map = std::make_unique<std::array<BitmapCounter, PAGE_COUNTER_RATIO>>();
    counts.lock.lock();
    if (counts.bp[page].map != nullptr) return;
    counts.bp[page].map = std::move(map);
    counts.missing_pages--;
}

BitmapCounter* md_bitmap_get_counter(BitmapCounts& counts, Sector offset, Sector* blocks, bool create) {
    const std::uint64_t chunk = offset >> counts.chunkshift;
    const std::uint64_t page = chunk / PAGE_COUNTER_RATIO;
    Sector size = Sector{1} << counts.chunkshift;
    if (page >= counts.bp.size()) {
        *blocks = size - (offset & (size - 1));
        return nullptr;
    }
    if (create) md_bitmap_checkpage(counts, page);
    const bool there = counts.bp[page].map != nullptr;
    if (!there) size *= PAGE_COUNTER_RATIO;
    *blocks = size - (offset & (size - 1));
    return there ? &(*counts.bp[page].map)[chunk % PAGE_COUNTER_RATIO] : nullptr;
}

void md_bitmap_count_page(BitmapCounts& counts, Sector offset, int inc) {
    BitmapPage& page = counts.bp[(offset >> counts.chunkshift) / PAGE_COUNTER_RATIO];
    MD_CHECK(inc > 0 || page.count > 0);
    page.count += static_cast<unsigned>(inc);
    if (page.count != 0) return;
    page.map.reset();
    counts.missing_pages++;
}

void md_bitmap_set_pending(BitmapCounts& counts, Sector offset) {
    counts.bp[(offset >> counts.chunkshift) / PAGE_COUNTER_RATIO].pending = true;
}

}  // namespace mdscope
