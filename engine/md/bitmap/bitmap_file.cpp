// SPDX-License-Identifier: MIT
// The cached pages of the bitmap: their bits, their marks, and how they get to disk.
//
//   DIRTY      a bit was set      unplug writes the page and waits, before the data goes out
//   PENDING    a bit was cleared  one daemon period later it becomes NEEDWRITE
//   NEEDWRITE                     the daemon (or unplug, in passing) writes the page; nobody waits
//
//   home       write_page ->                                   counted in                 completion
//   members    write_sb_page -> md_super_write, one a member   mddev->pending_writes      super_written
//   file       submit, one block                               bitmap->pending_writes     end_bitmap_write
//
// Two differences from md, both for the rule that a bit is on disk before the data it announces.
//
// Copies. md submits the cached page itself, and a device reads what the page holds when it gets to it. Here another
// thread would read bytes that writers change, so each submission carries a copy (BitmapBuffer). A copy can be too old:
// if the daemon copied a page, then a bit was set, written by unplug and waited for, and only then the daemon's copy
// was submitted, the bit would vanish under its data. So whoever writes pages holds write_mutex from the copy to the
// submission, and unplug waits for all earlier submissions inside it: a copy in flight beside or after unplug's has
// unplug's bits. Copies of one page can overlap all the same (the header of md_bitmap_update_sb over a page of the
// daemon, as in md), which is why they come from a pool, not one a page. They are free again when their counter was
// seen at 0 under write_mutex. If overlapping copies land in the wrong order the older header stays, which asks for
// more resync, never for less.
//
// Unplug. md takes the DIRTY mark off before it writes. A second writer in the same page then finds no mark, and its
// data may overtake the page write of the first. Here `unplugging` says that a mark may be on its way, and the second
// one goes through write_mutex, so behind the first. The row `md` of variants/unplug.hpp does not ask for it.
#include <fmt/format.h>

#include <algorithm>
#include <new>

#include "engine/kernel/disk.hpp"
#include "engine/kernel/trace.hpp"
#include "engine/md/bitmap/bitmap_internal.hpp"
#include "engine/md/format/format.hpp"
#include "engine/md/variants/bitmap_read.hpp"
#include "engine/md/variants/file_written.hpp"
#include "engine/md/variants/lost_intent.hpp"
#include "engine/md/variants/unplug.hpp"

namespace mdscope {

// ---- marks
//
// A bitmap may have hundreds of pages, and every write asks whether one is marked. So marks are counted: before one is
// set, and until after it is taken off. The count may be too high for a moment, which costs a look at the pages; it is
// never too low.

void mark_page(Bitmap& bitmap, FilePage& page, BitmapPageAttr mark) {
    bitmap.marks.inc();
    if (test_and_set_bit(mark, page.attr)) bitmap.marks.dec();  // it was there, and counted
}

bool take_mark(Bitmap& bitmap, FilePage& page, BitmapPageAttr mark) {
    if (!test_and_clear_bit(mark, page.attr)) return false;
    bitmap.marks.dec();
    return true;
}

// ---- before data

// Every page with news, then a wait for all of them.
static void write_marked_pages(Bitmap& bitmap) REQUIRES(bitmap.write_mutex) {
    bool writing = false;
    for (std::uint64_t index = 0; index < bitmap.storage.file_pages; index++) {
        FilePage& page = *bitmap.storage.filemap[index];
        const bool dirty = take_mark(bitmap, page, BITMAP_PAGE_DIRTY);
        const bool need_write = take_mark(bitmap, page, BITMAP_PAGE_NEEDWRITE);
        if (!dirty && !need_write) continue;
        if (!writing) wait_before_write(bitmap);
        clear_bit(BITMAP_PAGE_PENDING, page.attr);  // what was cleared goes out with what was set
        write_page(bitmap, page, false);
        writing = true;
    }
    if (writing) wait_before_write(bitmap);
}

static void file_kick_locked(Bitmap& bitmap) REQUIRES(bitmap.write_mutex);

bool md_bitmap_unplug(Bitmap* bitmap) {
    if (!md_bitmap_enabled(bitmap)) return !md_bitmap_is_lost(bitmap);
    check_not_freed(*bitmap);
    // Who took the mark of our page may have given up the bitmap since it was looked at.
    if (!bitmap->mddev->variants.row<variants::unplug>().is_needed(*bitmap)) return !md_bitmap_is_lost(bitmap);
    MD_FRAME("md_bitmap_unplug");
    bitmap->unplugging.inc();
    {
        const MutexGuard guard(bitmap->write_mutex);
        write_marked_pages(*bitmap);
        if (test_bit(BITMAP_WRITE_ERROR, bitmap->flags)) file_kick_locked(*bitmap);
    }
    bitmap->unplugging.dec();
    return !md_bitmap_is_lost(bitmap);
}

bool md_bitmap_enabled(const Bitmap* bitmap) {
    return bitmap != nullptr && !bitmap->storage.filemap.empty() && !test_bit(BITMAP_STALE, bitmap->flags);
}

// A member that comes needs every page, also those that do not change.
void md_bitmap_write_all(Bitmap* bitmap) {
    MD_FRAME("md_bitmap_write_all");
    if (bitmap == nullptr || bitmap->storage.filemap.empty()) return;
    if (bitmap->storage.file != nullptr) return;  // there is only one copy
    for (const auto& page : bitmap->storage.filemap) mark_page(*bitmap, *page, BITMAP_PAGE_NEEDWRITE);
    bitmap->allclean = false;
}

void md_bitmap_write_rest(Bitmap* bitmap) {
    if (bitmap == nullptr || bitmap->storage.file != nullptr) return;
    const std::uint64_t first = has_header(*bitmap) ? 1 : 0;
    if (first >= bitmap->storage.file_pages) return;
    MD_FRAME("md_bitmap_write_rest");
    const MutexGuard guard(bitmap->write_mutex);
    wait_before_write(*bitmap);
    for (std::uint64_t index = first; index < bitmap->storage.file_pages; index++) {
        FilePage& page = *bitmap->storage.filemap[index];
        if (take_mark(*bitmap, page, BITMAP_PAGE_NEEDWRITE)) write_page(*bitmap, page, false);
    }
    wait_before_write(*bitmap);
}

// ---- giving up: the bitmap can no longer be trusted to be on disk

// The superblocks get an event count that the header has not got, or only beside the words "out of date".
static void outdate_bitmap(Mddev& mddev) {
    if (!mddev.persistent || !mddev.variants.row<variants::lost_intent>().is_recorded_first) return;
    md_set_sb_flags(mddev, 1ULL << MD_SB_CHANGE_DEVS | 1ULL << MD_SB_CHANGE_PENDING);
    md_wakeup_thread(mddev, mddev.thread);
}

static void file_kick_locked(Bitmap& bitmap) {
    MD_FRAME("md_bitmap_file_kick");
    if (test_and_set_bit(BITMAP_STALE, bitmap.flags)) return;
    if (has_header(bitmap)) update_sb_locked(bitmap);  // "out of date", where that can still be written
    Mddev& mddev = *bitmap.mddev;
    outdate_bitmap(mddev);
    md_log(mddev, LogLevel::Warn,
           bitmap.storage.file != nullptr ? fmt::format("{}: kicking failed bitmap file {} from array!", mdname(mddev),
                                                        mddev.bitmap_info.file_path)
                                          : fmt::format("{}: disabling internal bitmap due to errors", mdname(mddev)));
}

void md_bitmap_file_kick(Bitmap* bitmap) {
    const MutexGuard guard(bitmap->write_mutex);
    file_kick_locked(*bitmap);
}

// ---- writing

// A copy of the page as it is now.
static BitmapBuffer& copy_page(Bitmap& bitmap, const FilePage& page) REQUIRES(bitmap.write_mutex) {
    if (bitmap.idle.empty()) bitmap.idle.push_back(std::make_unique<BitmapBuffer>());
    bitmap.in_flight.push_back(std::move(bitmap.idle.back()));
    bitmap.idle.pop_back();
    BitmapBuffer& buffer = *bitmap.in_flight.back();
    const SpinGuard guard(bitmap.counts.lock);
    buffer.data = page.data;
    return buffer;
}

static void recycle_buffers(Bitmap& bitmap) REQUIRES(bitmap.write_mutex) {
    for (auto& buffer : bitmap.in_flight) bitmap.idle.push_back(std::move(buffer));
    bitmap.in_flight.clear();
}

void wait_before_write(Bitmap& bitmap) {
    md_bitmap_wait_writes(&bitmap);
    recycle_buffers(bitmap);
}

// The next member that takes bitmap pages, newest bound first, with its nr_pending raised; drops that of `rdev`.
static Rdev* next_active_rdev(Rdev* rdev, Mddev& mddev) {
    Rdev* next = nullptr;
    {
        const SpinGuard guard(mddev.lock);
        auto it = mddev.disks.begin();
        if (rdev != nullptr) {
            it = std::find(it, mddev.disks.end(), rdev);
            if (it != mddev.disks.end()) ++it;
        }
        it = std::find_if(it, mddev.disks.end(), [](const Rdev* candidate) {
            return candidate->raid_disk >= 0 && !test_bit(Faulty, candidate->flags);
        });
        if (it != mddev.disks.end()) {
            next = *it;
            next->nr_pending.inc();
        }
    }
    if (rdev != nullptr) rdev_dec_pending(*rdev, mddev);
    return next;
}

// Where and how much of page `index` goes to this member; false: it would hit the data or the superblock.
static bool place_on_member(const Bitmap& bitmap, const Rdev& rdev, std::uint64_t index, Sector* sector,
                            unsigned* size) {
    constexpr std::int64_t kPageSectors = kPageSize >> kSectorShift;
    const Mddev& mddev = *bitmap.mddev;
    const BitmapStorage& storage = bitmap.storage;
    *size = kPageSize;
    if (index == storage.file_pages - 1 && storage.bytes % kPageSize != 0) {
        const auto used = static_cast<unsigned>(storage.bytes % kPageSize);
        const unsigned block = rdev.bdev->logical_block_size();
        *size = std::min<unsigned>((used + block - 1) / block * block, kPageSize);
    }
    const std::int64_t offset = mddev.bitmap_info.offset;
    const auto sb_start = static_cast<std::int64_t>(rdev.sb_start);
    const auto data_offset = static_cast<std::int64_t>(rdev.data_offset);
    const auto dev_sectors = static_cast<std::int64_t>(mddev.dev_sectors);
    const std::int64_t start = sb_start + offset + static_cast<std::int64_t>(index) * kPageSectors;
    const std::int64_t end = start + (*size >> kSectorShift);
    *sector = static_cast<Sector>(start);
    if (start < 0) return false;
    if (mddev.external) {
        // Anywhere, but not in the data. (md's test to the letter: it lets a page begin exactly at data_offset.)
        return !(start > data_offset && sb_start + offset < data_offset + dev_sectors + kPageSectors);
    }
    if (offset < 0)  // data, bitmap, superblock
        return end <= sb_start && data_offset + dev_sectors <= sb_start + offset;
    if (sb_start < data_offset)  // superblock, bitmap, data
        return end <= data_offset;
    return true;  // data, superblock, bitmap
}

static int write_sb_page(Bitmap& bitmap, const FilePage& page, bool wait) REQUIRES(bitmap.write_mutex) {
    MD_FRAME("write_sb_page");
    Mddev& mddev = *bitmap.mddev;
    do {
        BitmapBuffer& buffer = copy_page(bitmap, page);
        Rdev* rdev = nullptr;
        while ((rdev = next_active_rdev(rdev, mddev)) != nullptr) {
            Sector sector = 0;
            unsigned size = 0;
            if (!place_on_member(bitmap, *rdev, page.index, &sector, &size)) {
                rdev_dec_pending(*rdev, mddev);
                return -EINVAL;
            }
            md_super_write(mddev, *rdev, sector, size, buffer.data.data(), BioKind::Bitmap);
        }
    } while (wait && md_super_wait(mddev) < 0);
    if (wait) recycle_buffers(bitmap);
    return 0;
}

// The count goes down last, as everywhere. What follows it, the wake-up, still touches the bitmap: how that is kept
// from being freed is a row of variants/file_written.hpp.
static void end_bitmap_write(Bio* bio) {
    MD_FRAME("end_bitmap_write");
    auto* bitmap = static_cast<Bitmap*>(bio->bi_private);
    check_not_freed(*bitmap);
    if (bio->bi_status != 0) set_bit(BITMAP_WRITE_ERROR, bitmap->flags);
    Kernel& kernel = bitmap->write_wait.kernel();
    TRACE(kernel, bio_completed, "bitmap", "the bitmap file", bio->bi_sector);
    TRACE(kernel, pending_down, "bitmap", bitmap->pending_writes.peek());
    bitmap->mddev->variants.row<variants::file_written>().count_down(*bitmap);
}

// A block of the file is a page here; the file ends where its last bit does.
static void write_file_page(Bitmap& bitmap, const FilePage& page) REQUIRES(bitmap.write_mutex) {
    if (bitmap.storage.file->read_only()) return;  // Not as md, which gives up the bitmap for it.
    const std::uint64_t begin = page.index * kPageSize;
    const std::uint64_t file_size = bitmap.storage.file->size_bytes();
    if (begin >= file_size) return;
    BitmapBuffer& buffer = copy_page(bitmap, page);
    buffer.bio = Bio{};
    buffer.bio.bi_op = BioOp::Write;
    buffer.bio.bi_kind = BioKind::Bitmap;
    // As on the members, so that a bit is durable before its data may be. (md writes META | SYNC here: after a power
    // cut the data may be there and the bit not.)
    buffer.bio.bi_flags = REQ_META | REQ_SYNC | REQ_PREFLUSH | REQ_FUA;
    buffer.bio.bi_disk = bitmap.storage.file;
    buffer.bio.bi_sector = begin >> kSectorShift;
    buffer.bio.bi_size = static_cast<std::uint32_t>(std::min<std::uint64_t>(kPageSize, file_size - begin));
    buffer.bio.bi_data = buffer.data.data();
    buffer.bio.bi_private = &bitmap;
    buffer.bio.bi_end_io = end_bitmap_write;
    TRACE(bitmap.mddev->kernel, pending_up, "bitmap", bitmap.pending_writes.peek());
    bitmap.pending_writes.inc();
    TRACE(bitmap.mddev->kernel, bio_submitted, "bitmap", "the bitmap file", buffer.bio.bi_sector);
    submit_bio(&buffer.bio);
}

void write_page(Bitmap& bitmap, const FilePage& page, bool wait) {
    MD_FRAME("write_page");
    if (page.freed) kptr_fault(bitmap.mddev->kernel, "bitmap->storage.filemap", true);
    if (bitmap.storage.file == nullptr) {
        if (write_sb_page(bitmap, page, wait) < 0) set_bit(BITMAP_WRITE_ERROR, bitmap.flags);
    } else {
        write_file_page(bitmap, page);
        if (wait) {
            wait_event(bitmap.write_wait, bitmap.pending_writes == 0);
            recycle_buffers(bitmap);
        }
    }
    if (test_bit(BITMAP_WRITE_ERROR, bitmap.flags)) file_kick_locked(bitmap);
}

// ---- reading

static int read_file_page(Bitmap& bitmap, std::uint64_t index, std::size_t size, std::byte* page) {
    MD_FRAME("read_page");
    Bio bio;
    bio.bi_op = BioOp::Read;
    bio.bi_kind = BioKind::Bitmap;
    bio.bi_flags = REQ_META | REQ_SYNC;
    bio.bi_disk = bitmap.storage.file;
    bio.bi_sector = index * kPageSize >> kSectorShift;
    bio.bi_size = static_cast<std::uint32_t>(size);
    bio.bi_data = page;
    const int err = submit_bio_wait(bitmap.mddev->kernel, &bio);
    if (err != 0)
        md_log(*bitmap.mddev, LogLevel::Err,
               fmt::format("md: bitmap read error: ({}B @ {}): {}", size, index * kPageSize, err));
    return err;
}

static bool has_good_bits(const Rdev& rdev) {
    return test_bit(In_sync, rdev.flags) && !test_bit(Faulty, rdev.flags) && !test_bit(Bitmap_sync, rdev.flags);
}

// From the first member in the list that is known to be good.
static int read_sb_page(Bitmap& bitmap, std::uint64_t index, std::size_t size, std::byte* page) {
    MD_FRAME("read_sb_page");
    const Mddev& mddev = *bitmap.mddev;
    for (Rdev* rdev : rdev_list(mddev)) {
        if (!has_good_bits(*rdev)) continue;
        const auto block = static_cast<std::size_t>(rdev->bdev->logical_block_size());
        const std::size_t rounded = std::min<std::size_t>((size + block - 1) / block * block, kPageSize);
        const std::int64_t from_sb =
            mddev.bitmap_info.offset + static_cast<std::int64_t>(index * (kPageSize >> kSectorShift));
        if (static_cast<std::int64_t>(rdev->sb_start) + from_sb < 0) continue;  // before the device: no such place
        // Added modulo 2^64 to sb_start, a negative offset (bitmap before the superblock) comes out right.
        if (sync_page_io(*rdev, static_cast<Sector>(from_sb), static_cast<unsigned>(rounded), page, BioOp::Read,
                         true) == 0) {
            bitmap.read_from = rdev;
            return 0;
        }
    }
    return -EIO;
}

// Bits that any other good member has set, beside those of the page that was read.
void add_bits_of_all(Bitmap& bitmap, std::uint64_t index, std::size_t size, std::byte* page) {
    Mddev& mddev = *bitmap.mddev;
    if (bitmap.storage.file != nullptr || !mddev.variants.row<variants::bitmap_read>().is_of_all) return;
    const std::size_t begin = index == 0 && bitmap.storage.has_sb_page ? kBitmapSuperSize : 0;
    const auto sector =
        static_cast<Sector>(mddev.bitmap_info.offset + static_cast<std::int64_t>(index * (kPageSize >> kSectorShift)));
    const std::size_t rounded = (size + kSectorSize - 1) / kSectorSize * kSectorSize;
    std::array<std::byte, kPageSize> other{};
    for (Rdev* rdev : rdev_list(mddev)) {
        if (!has_good_bits(*rdev)) continue;
        if (sync_page_io(*rdev, sector, static_cast<unsigned>(rounded), other.data(), BioOp::Read, true) != 0) continue;
        for (std::size_t i = begin; i < size; i++) page[i] |= other[i];
    }
}

int read_page(Bitmap& bitmap, std::uint64_t index, std::size_t size, std::byte* page) {
    return bitmap.storage.file != nullptr ? read_file_page(bitmap, index, size, page)
                                          : read_sb_page(bitmap, index, size, page);
}

// ---- bits

BitPlace file_place(const BitmapStorage& storage, std::uint64_t chunk) {
    const std::uint64_t bit = chunk + (storage.has_sb_page ? kBitmapSuperSize * 8 : 0);
    return {bit / kBitsPerPage, static_cast<std::size_t>(bit % kBitsPerPage / 8), std::byte{1} << (bit % 8)};
}

void md_bitmap_file_set_bit(Bitmap& bitmap, Sector offset) {
    const BitPlace place = file_place(bitmap.storage, offset >> bitmap.counts.chunkshift);
    if (place.page >= bitmap.storage.filemap.size()) return;
    FilePage& page = *bitmap.storage.filemap[place.page];
    TRACE(bitmap.mddev->kernel, bit_set, offset >> bitmap.counts.chunkshift);
    page.data[place.byte] |= place.mask;
    mark_page(bitmap, page, BITMAP_PAGE_DIRTY);
}

void md_bitmap_file_clear_bit(Bitmap& bitmap, Sector offset) {
    const BitPlace place = file_place(bitmap.storage, offset >> bitmap.counts.chunkshift);
    if (place.page >= bitmap.storage.filemap.size()) return;
    FilePage& page = *bitmap.storage.filemap[place.page];
    TRACE(bitmap.mddev->kernel, bit_cleared, offset >> bitmap.counts.chunkshift);
    page.data[place.byte] &= ~place.mask;
    if (test_bit(BITMAP_PAGE_NEEDWRITE, page.attr)) return;  // goes out in this very run
    set_bit(BITMAP_PAGE_PENDING, page.attr);
    bitmap.allclean = false;
}

bool md_bitmap_file_test_bit(const Bitmap& bitmap, std::uint64_t chunk) {
    const BitPlace place = file_place(bitmap.storage, chunk);
    if (place.page >= bitmap.storage.filemap.size()) return false;
    return (bitmap.storage.filemap[place.page]->data[place.byte] & place.mask) != std::byte{0};
}

// ---- room for the pages

int md_bitmap_storage_alloc(BitmapStorage& storage, std::uint64_t chunks, bool with_super) {
    MD_FRAME("md_bitmap_storage_alloc");
    storage.has_sb_page = with_super;
    storage.bytes = (chunks + 7) / 8 + (with_super ? kBitmapSuperSize : 0);
    storage.file_pages = (storage.bytes + kPageSize - 1) / kPageSize;
    try {
        storage.filemap.reserve(storage.file_pages);
        for (std::uint64_t i = 0; i < storage.file_pages; i++) {
            storage.filemap.push_back(std::make_unique<FilePage>());
            storage.filemap.back()->index = i;
        }
    } catch (const std::bad_alloc&) {
        storage = BitmapStorage{};
        return -ENOMEM;
    }
    return 0;
}

// Only the pages of a file have buffers to free; in the kernel the call for a page without them is inlined away.
static void free_buffers(std::unique_ptr<FilePage>& page) {
    MD_FRAME("free_buffers");
    page.reset();
}

void md_bitmap_file_unmap(BitmapStorage& storage) {
    MD_FRAME("md_bitmap_file_unmap");
    if (storage.file != nullptr)
        for (auto& page : storage.filemap) free_buffers(page);
    storage = BitmapStorage{};
}

}  // namespace mdscope
