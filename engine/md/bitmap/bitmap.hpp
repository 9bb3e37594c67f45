// SPDX-License-Identifier: MIT
// The write-intent bitmap: 16-bit counters in memory, one bit per chunk on disk, and the daemon between them.
//
// Counter of a chunk (bitmap_counter_t):            Page attributes (4 bits reserved per cached page):
//   15 NEEDED   must be resynced                      DIRTY      newly set bits; on disk before data is written
//   14 RESYNC   a resync of it is running             PENDING    newly cleared bits; wait one more daemon period
//   13..0 COUNT 0 clean, 1 clean in a period,         NEEDWRITE  write at the next chance
//               2 idle, n >= 3: n-2 writes in flight
//
// Homes: pages live on each member (internal after the superblock, or external at an absolute sector without a header),
// or in a file. Member pages are written by md_super_write and counted in mddev->pending_writes; file pages are counted
// in bitmap->pending_writes. The teardown race is the difference between these two counters.
//
// Bit of chunk n: index n + 2048 if there is a 256-byte header, else n; page = index / 32768; little-endian bits.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/kernel/bio.hpp"
#include "engine/kernel/sync.hpp"
#include "engine/md/md.hpp"
#include "engine/md/variants/lost_intent.hpp"

namespace mdscope {

using BitmapCounter = std::uint16_t;  // bitmap_counter_t
inline constexpr BitmapCounter NEEDED_MASK = 0x8000;
inline constexpr BitmapCounter RESYNC_MASK = 0x4000;
inline constexpr BitmapCounter COUNTER_MAX = 0x3fff;
inline constexpr bool NEEDED(BitmapCounter x) {
    return (x & NEEDED_MASK) != 0;
}
inline constexpr bool RESYNC(BitmapCounter x) {
    return (x & RESYNC_MASK) != 0;
}
inline constexpr BitmapCounter COUNTER(BitmapCounter x) {
    return x & COUNTER_MAX;
}

inline constexpr unsigned PAGE_COUNTER_RATIO = 2048;  // kPageSize / sizeof(BitmapCounter)
inline constexpr unsigned kBitsPerPage = 32768;

enum BitmapPageAttr : unsigned { BITMAP_PAGE_DIRTY, BITMAP_PAGE_PENDING, BITMAP_PAGE_NEEDWRITE };
enum BitmapState : unsigned { BITMAP_STALE = 1, BITMAP_WRITE_ERROR = 2, BITMAP_HOSTENDIAN = 15 };

struct BitmapPage {  // struct bitmap_page: 2048 counters, allocated on first use
    std::unique_ptr<std::array<BitmapCounter, PAGE_COUNTER_RATIO>> map;
    bool pending = false;
    unsigned count = 0;  // counters that are not zero
};

struct BitmapCounts {
    mutable SpinLock lock;  // also guards the bytes of the cached pages
    std::vector<BitmapPage> bp GUARDED_BY(lock);
    std::uint64_t pages = 0, chunks = 0;
    std::uint64_t missing_pages GUARDED_BY(lock) = 0;
    unsigned chunkshift = 0;  // log2 of the chunk in sectors
};

struct FilePage {                                         // one cached page of the bitmap file or area
    alignas(64) std::array<std::byte, kPageSize> data{};  // under counts.lock
    Shared<std::uint32_t> attr;                           // BitmapPageAttr bits
    std::uint64_t index = 0;
    std::size_t resizes = 0;  // of the bitmap before it was there
    Published<bool> freed;    // by a resize that waited for nobody: variants/resize_lock.hpp
};

using FilePages = std::vector<FilePage*>;
inline const FilePages kNoFilePages;

struct BitmapBuffer {  // a page on its way to the disks, as it was when it was submitted; see bitmap_file.cpp
    alignas(64) std::array<std::byte, kPageSize> data{};
    Bio bio;  // of a bitmap file; pages on the members travel in bios of mddev->sync_set
};

struct BitmapStorage {
    Disk* file = nullptr;
    bool has_sb_page = false;  // filemap[0] begins with the 256-byte header
    std::vector<std::unique_ptr<FilePage>> filemap;
    std::uint64_t file_pages = 0;
    std::uint64_t bytes = 0;  // ceil(chunks/8) + header
};

struct Bitmap {
    explicit Bitmap(Mddev& mddev);
    Shared<bool> freed;
    Mddev* mddev;
    BitmapCounts counts;
    Shared<std::uint64_t> events_cleared;
    Shared<bool> need_sync;
    BitmapStorage storage;
    const Rdev* read_from = nullptr;  // whose pages were read last; only while it is loaded
    Shared<std::uint64_t> flags;      // BitmapState bits
    Shared<bool> allclean;
    Shared<int> behind_writes;
    Shared<int> behind_writes_used;
    WaitQueue behind_wait;
    Shared<std::uint64_t> daemon_lastrun;  // ktime ns
    Shared<std::uint64_t> last_end_sync;
    Shared<int> pending_writes;  // I/O in flight to a bitmap *file*; never used for bitmaps on the members
    WaitQueue write_wait;
    SpinLock written_lock;  // not in md: variants/file_written.hpp
    WaitQueue overflow_wait;

    // Not in md: who may write pages, and what they look like in flight. The rules are at the top of bitmap_file.cpp.
    Mutex write_mutex;
    std::vector<std::unique_ptr<BitmapBuffer>> in_flight GUARDED_BY(write_mutex);
    std::vector<std::unique_ptr<BitmapBuffer>> idle GUARDED_BY(write_mutex);
    Shared<int> marks;  // DIRTY and NEEDWRITE marks on the pages, or more; 0: md_bitmap_unplug has nothing to write
    Shared<bool> kick_is_recorded;  // it is STALE, and the superblocks have an event count that its header has not got
    Shared<int> unplugging;         // tasks inside md_bitmap_unplug that may have taken a DIRTY mark not on disk yet
    // The pages of `storage`, for the daemon; lists and pages of before stay, where it may still look at them.
    Published<const FilePages*> pages{&kNoFilePages};
    std::vector<std::unique_ptr<const FilePages>> page_lists GUARDED_BY(counts.lock);
    std::vector<std::unique_ptr<FilePage>> freed_pages GUARDED_BY(counts.lock);
};

// Life. All REQUIRE reconfig_mutex (flush and destroy: the stop holds it).
int md_bitmap_create(Mddev& mddev);  // allocates, reads and checks the header; 0 or -errno, sets mddev.bitmap
int md_bitmap_load(Mddev& mddev);    // reads the bits, sets counters and NEEDED
// New counters and pages for an array of `blocks` sectors; chunksize 0 keeps the chunk size. Not init: the array runs.
int md_bitmap_resize(Bitmap* bitmap, Sector blocks, std::uint64_t chunksize, bool init);
void md_bitmap_flush(Mddev& mddev);  // three forced daemon runs, then the header
void md_bitmap_destroy(Mddev& mddev);
void md_bitmap_free(Bitmap* bitmap);  // waits for bitmap->pending_writes; the object goes to mddev.dead_bitmaps
void md_bitmap_update_sb(Bitmap* bitmap);
void md_bitmap_write_all(Bitmap* bitmap);
// Writes what write_all has marked and nobody has written yet, but for a page with a header, which goes with every
// superblock; returns when it is on disk.
void md_bitmap_write_rest(Bitmap* bitmap);
void md_bitmap_dirty_bits(Bitmap* bitmap, std::uint64_t start_chunk, std::uint64_t end_chunk);
void md_bitmap_file_kick(Bitmap* bitmap);

// The daemon; from raid1d by md_check_recovery, and from md_bitmap_flush.
void md_bitmap_daemon_work(Mddev& mddev);
void md_bitmap_wait_writes(Bitmap* bitmap);
void md_bitmap_wait_behind_writes(Mddev& mddev);

// Data path. startwrite may sleep (counter full); unplug sleeps until the bits are on disk. bitmap may be nullptr.
bool md_bitmap_enabled(const Bitmap* bitmap);
// A bitmap that was given up, and nothing on disk says so yet: no data may go out (variants/lost_intent.hpp).
inline bool md_bitmap_is_lost(const Bitmap* bitmap) {
    if (bitmap == nullptr || !bitmap->mddev->variants.row<variants::lost_intent>().is_recorded_first) return false;
    return bitmap->mddev->persistent && test_bit(BITMAP_STALE, bitmap->flags) && !bitmap->kick_is_recorded;
}
int md_bitmap_startwrite(Bitmap* bitmap, Sector offset, Sector sectors, bool behind);
void md_bitmap_endwrite(Bitmap* bitmap, Sector offset, Sector sectors, bool success, bool behind);
bool md_bitmap_unplug(Bitmap* bitmap);  // false: it is lost

// Resync. *blocks is the number of sectors the answer holds for. bitmap may be nullptr.
bool md_bitmap_start_sync(Bitmap* bitmap, Sector offset, Sector* blocks, bool degraded);
void md_bitmap_end_sync(Bitmap* bitmap, Sector offset, Sector* blocks, bool aborted);
void md_bitmap_close_sync(Bitmap* bitmap);
void md_bitmap_cond_end_sync(Bitmap* bitmap, Sector sector, bool force);

// For people. Both take only counts.lock; the caller holds mddev.lock, so that the bitmap is not freed meanwhile.
std::string md_bitmap_status(const Mddev& mddev);  // "bitmap: 1/1 pages [4KB], 65536KB chunk", or empty
struct BitmapChunkInfo {
    std::uint64_t chunk;
    BitmapCounter counter;
    bool bit;  // in the cached page
};
std::vector<BitmapChunkInfo> md_bitmap_chunks(const Bitmap& bitmap, std::uint64_t first, std::uint64_t count);

}  // namespace mdscope
