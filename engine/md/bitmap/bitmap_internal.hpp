// SPDX-License-Identifier: MIT
// What the files of the bitmap share with each other and with nobody else (md-bitmap.c keeps these static).
//
//   bitmap.cpp          counters in memory
//   bitmap_file.cpp     cached pages, their marks, and writing them
//   bitmap_daemon.cpp   the daemon, flush, and the header
//   bitmap_load.cpp     create, load, resize, destroy
//   bitmap_sysfs.cpp    what people see
//
// Locks, outermost first: bitmap_info.mutex, write_mutex, counts.lock. The helpers of counters and of single bits carry
// no MD_FRAME: they run at every request, and the reference call trees leave them out, too.
#pragma once

#include "engine/md/bitmap/bitmap.hpp"

namespace mdscope {

// ---- counters (bitmap.cpp); sectors count from the start of the data

// The chunk's counter, or nullptr when its counter page is not there (and `create` does not ask for it) or the sector
// is past the end. *blocks: sectors from `offset` that the answer holds for. With `create` the lock may be dropped
// meanwhile.
BitmapCounter* md_bitmap_get_counter(BitmapCounts& counts, Sector offset, Sector* blocks, bool create)
    REQUIRES(counts.lock);
// A counter left zero (+1) or came back to it (-1); the last one takes its page away, and `bmc` pointers into it.
void md_bitmap_count_page(BitmapCounts& counts, Sector offset, int inc) REQUIRES(counts.lock);
void md_bitmap_set_pending(BitmapCounts& counts, Sector offset) REQUIRES(counts.lock);
void md_bitmap_set_memory_bits(Bitmap& bitmap, Sector offset, bool needed);

// Touching a bitmap that md_bitmap_free has released is a fault of the simulated kernel.
inline void check_not_freed(const Bitmap& bitmap) {
    if (bitmap.freed) [[unlikely]]
        kptr_fault(bitmap.mddev->kernel, "bitmap", true);
}

// ---- pages (bitmap_file.cpp)

// Room for the bits of `chunks` chunks. 0, or -errno with nothing allocated.
int md_bitmap_storage_alloc(BitmapStorage& storage, std::uint64_t chunks, bool with_super);
void md_bitmap_file_unmap(BitmapStorage& storage);

// Sets a DIRTY or NEEDWRITE mark; takes it off, and says whether it was there.
void mark_page(Bitmap& bitmap, FilePage& page, BitmapPageAttr mark);
bool take_mark(Bitmap& bitmap, FilePage& page, BitmapPageAttr mark);

// Where the bit of a chunk is.
struct BitPlace {
    std::uint64_t page;
    std::size_t byte;
    std::byte mask;
};
BitPlace file_place(const BitmapStorage& storage, std::uint64_t chunk);
void md_bitmap_file_set_bit(Bitmap& bitmap, Sector offset) REQUIRES(bitmap.counts.lock);
void md_bitmap_file_clear_bit(Bitmap& bitmap, Sector offset) REQUIRES(bitmap.counts.lock);
bool md_bitmap_file_test_bit(const Bitmap& bitmap, std::uint64_t chunk) REQUIRES(bitmap.counts.lock);

// Reads `size` bytes (0..4096) of page `index` of the storage into `page`. 0 or -errno.
int read_page(Bitmap& bitmap, std::uint64_t index, std::size_t size, std::byte* page);
void add_bits_of_all(Bitmap& bitmap, std::uint64_t index, std::size_t size, std::byte* page);  // `bitmap-read`
// Submits the page as it is now; with `wait`, sleeps until it (and all that shares its counter) is on disk.
void write_page(Bitmap& bitmap, const FilePage& page, bool wait) REQUIRES(bitmap.write_mutex);
// Waits for all earlier page writes. Whoever is about to write pages calls this first.
void wait_before_write(Bitmap& bitmap) REQUIRES(bitmap.write_mutex);

// ---- header and time (bitmap_daemon.cpp)

// md_bitmap_update_sb after its early returns.
void update_sb_locked(Bitmap& bitmap) REQUIRES(bitmap.write_mutex);
bool has_header(const Bitmap& bitmap);
std::uint64_t daemon_sleep_of(const Mddev& mddev);
// thread->timeout, if the md thread is there.
void mddev_set_timeout(Mddev& mddev, std::uint64_t timeout_ns);

}  // namespace mdscope
