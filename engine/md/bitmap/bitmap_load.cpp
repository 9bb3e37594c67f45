// SPDX-License-Identifier: MIT
// The life of a bitmap: create (header and room), load (bits to counters), resize, destroy.
//
//   md_run       md_bitmap_create   internal, file: read and check the header; external: chunksize, time_base are set
//   do_md_run    md_bitmap_load     read the bits; each set one makes its counter 2, NEEDED if it must be resynced
//   __md_stop    md_bitmap_destroy  mddev->bitmap = NULL, then md_bitmap_free
//
// Which set bits are NEEDED. An array that was dirty (recovery_cp 0) has to copy every chunk that is marked; a clean
// one (recovery_cp all ones) none, its leftovers are only cleaned. With a member missing the marks are kept for its
// return. An out-of-date bitmap (STALE: its event count is behind the superblock's) is filled with ones first.
//
// A freed bitmap gives its pages back and stays as a husk in mddev.dead_bitmaps, so that whoever still points to it can
// be told. Page copies in flight stay with the husk: a stop without a fix leaves the disks reading them.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <new>

#include "engine/kernel/disk.hpp"
#include "engine/kernel/trace.hpp"
#include "engine/md/bitmap/bitmap_internal.hpp"
#include "engine/md/format/format.hpp"
#include "engine/md/variants/absent_members.hpp"
#include "engine/md/variants/file_written.hpp"
#include "engine/md/variants/fix.hpp"

namespace mdscope {

using HeaderPage = std::array<std::byte, kPageSize>;

// ---- create

// An external bitmap has no header, so user space must have said what one would say.
static int check_external_parameters(const BitmapInfo& info) {
    return info.chunksize == 0 || info.daemon_sleep == 0 ? -EINVAL : 0;
}

static int invalid_super(const Mddev& mddev, const std::string& reason) {
    md_log(mddev, LogLevel::Warn, fmt::format("{}: invalid bitmap file superblock: {}", mdname(mddev), reason));
    return -EINVAL;
}

// The header belongs to this array, and is it as new as the superblock?
static int check_against_array(Bitmap& bitmap, const BitmapSuper& sb) {
    const Mddev& mddev = *bitmap.mddev;
    if (!mddev.persistent) return 0;
    if (sb.uuid != mddev_uuid(mddev)) {
        md_log(mddev, LogLevel::Warn, fmt::format("{}: bitmap superblock UUID mismatch", mdname(mddev)));
        return -EINVAL;
    }
    if (sb.events < mddev.events) {
        md_log(mddev, LogLevel::Warn,
               fmt::format("{}: bitmap file is out of date ({} < {}) -- forcing full recovery", mdname(mddev),
                           sb.events, mddev.events.load()));
        set_bit(BITMAP_STALE, bitmap.flags);
    }
    return 0;
}

static void take_parameters(Bitmap& bitmap, const BitmapSuper& sb) {
    Mddev& mddev = *bitmap.mddev;
    constexpr std::uint32_t kKnownState = 1U << BITMAP_STALE | 1U << BITMAP_WRITE_ERROR;
    bitmap.flags = bitmap.flags | (sb.state & kKnownState);
    constexpr std::uint32_t kVersionHostendian = 3;
    if (sb.version == kVersionHostendian) set_bit(BITMAP_HOSTENDIAN, bitmap.flags);
    bitmap.events_cleared = test_bit(BITMAP_STALE, bitmap.flags) ? mddev.events.load() : sb.events_cleared;
    const SpinGuard guard(mddev.lock);
    BitmapInfo& info = mddev.bitmap_info;
    info.chunksize = sb.chunksize;
    info.daemon_sleep = std::uint64_t{sb.daemon_sleep} * HZ;
    info.max_write_behind = sb.write_behind;
    if (info.space == 0 || info.space > sb.sectors_reserved) info.space = sb.sectors_reserved;
}

static int md_bitmap_read_sb(Bitmap& bitmap, HeaderPage& header) {
    MD_FRAME("md_bitmap_read_sb");
    const Mddev& mddev = *bitmap.mddev;
    std::size_t size = kBitmapSuperSize;
    if (bitmap.storage.file != nullptr) {
        size = static_cast<std::size_t>(std::min<std::uint64_t>(bitmap.storage.file->size_bytes(), kPageSize));
        if (size < kBitmapSuperSize) return invalid_super(mddev, "bad magic");  // an empty file has none
    }
    if (const int err = read_page(bitmap, 0, size, header.data()); err != 0) return err;
    BitmapSuper sb = decode_bitmap_super(header);
    if (const std::string reason = check_bitmap_super(sb); !reason.empty()) return invalid_super(mddev, reason);
    constexpr std::uint32_t kVersionClustered = 5;
    if (sb.version == kVersionClustered && sb.nodes != 0) {
        md_log(mddev, LogLevel::Warn, fmt::format("{}: Could not setup cluster service ({})", mdname(mddev), -ENOENT));
        return -ENOENT;
    }
    if (const int err = check_against_array(bitmap, sb); err != 0) return err;
    take_parameters(bitmap, sb);
    sb.sync_size = mddev.resync_max_sectors;
    encode_bitmap_super(sb, header);
    return 0;
}

// md names the array only; a person needs to know which image to leave out, or to restore.
static void say_where_it_is(const Bitmap& bitmap) {
    const Mddev& mddev = *bitmap.mddev;
    const bool in_file = bitmap.storage.file != nullptr;
    if (!in_file && bitmap.read_from == nullptr) return;  // nobody could be read
    md_log(mddev, LogLevel::Warn,
           fmt::format("{}: the bitmap is in {}", mdname(mddev),
                       in_file ? mddev.bitmap_info.file_path : bitmap.read_from->path));
}

static int create_parts(Bitmap& bitmap) {
    Mddev& mddev = *bitmap.mddev;
    if (mddev.bitmap_info.file == nullptr && mddev.bitmap_info.offset == 0) return -EINVAL;
    auto header = std::make_unique<HeaderPage>();
    const bool external = mddev.bitmap_info.external;
    int err = external ? check_external_parameters(mddev.bitmap_info) : md_bitmap_read_sb(bitmap, *header);
    if (err != 0) return err;
    bitmap.daemon_lastrun = mddev.kernel.ktime_ns();
    err = md_bitmap_resize(&bitmap, mddev.resync_max_sectors, mddev.bitmap_info.chunksize, true);
    if (err != 0) return err;
    if (!external) std::copy_n(header->begin(), kBitmapSuperSize, bitmap.storage.filemap[0]->data.begin());
    if (!test_bit(BITMAP_WRITE_ERROR, bitmap.flags)) return 0;
    md_log(mddev, LogLevel::Warn, fmt::format("{}: the bitmap says that a write of it has failed", mdname(mddev)));
    return -EIO;
}

int md_bitmap_create(Mddev& mddev) {
    MD_FRAME("md_bitmap_create");
    MD_CHECK(mddev.bitmap_info.file == nullptr || mddev.bitmap_info.offset == 0);
    MD_CHECK(mddev.bitmap.load() == nullptr);
    auto bitmap = std::make_unique<Bitmap>(mddev);
    bitmap->storage.file = mddev.bitmap_info.file;
    const int err = create_parts(*bitmap);
    if (err != 0) {
        if (!mddev.bitmap_info.external) say_where_it_is(*bitmap);
        md_bitmap_free(bitmap.release());
        return err;
    }
    const SpinGuard guard(mddev.lock);
    mddev.bitmap = bitmap.release();
    return 0;
}

// ---- load

static Sector resync_start_of(const Bitmap& bitmap) {
    const Mddev& mddev = *bitmap.mddev;
    const bool keep_for_readd = mddev.variants.row<variants::absent_members>().keeps_marks(bitmap);
    return keep_for_readd ? 0 : mddev.recovery_cp.load();
}

// All bits of a page set, on disk too.
static int fill_stale_page(Bitmap& bitmap, std::uint64_t index, HeaderPage& page) {
    const std::size_t begin = index == 0 && bitmap.storage.has_sb_page ? kBitmapSuperSize : 0;
    std::fill(page.begin() + static_cast<std::ptrdiff_t>(begin), page.end(), std::byte{0xff});
    {
        const SpinGuard guard(bitmap.counts.lock);
        bitmap.storage.filemap[index]->data = page;
    }
    const MutexGuard guard(bitmap.write_mutex);
    write_page(bitmap, *bitmap.storage.filemap[index], true);
    return test_bit(BITMAP_WRITE_ERROR, bitmap.flags) ? -EIO : 0;
}

// The page comes into a buffer first: the window may look at the cached one meanwhile, and a disk knows no lock.
static int load_page(Bitmap& bitmap, std::uint64_t index, bool outofdate, HeaderPage& page) {
    const BitmapStorage& storage = bitmap.storage;
    const bool last = index == storage.file_pages - 1;
    page.fill(std::byte{0});
    const std::size_t size = last ? storage.bytes - index * kPageSize : kPageSize;
    const int err = read_page(bitmap, index, size, page.data());
    if (err != 0) return err;
    if (!outofdate) add_bits_of_all(bitmap, index, size, page.data());
    if (outofdate) return fill_stale_page(bitmap, index, page);
    const SpinGuard guard(bitmap.counts.lock);
    bitmap.storage.filemap[index]->data = page;
    return 0;
}

static int read_all_pages(Bitmap& bitmap, Sector start, bool outofdate, std::uint64_t* bits_set) {
    const unsigned shift = bitmap.counts.chunkshift;
    auto page = std::make_unique<HeaderPage>();
    std::uint64_t loaded = ~std::uint64_t{0};
    for (std::uint64_t chunk = 0; chunk < bitmap.counts.chunks; chunk++) {
        const BitPlace place = file_place(bitmap.storage, chunk);
        if (place.page != loaded) {
            if (const int err = load_page(bitmap, place.page, outofdate, *page); err != 0) return err;
            loaded = place.page;
        }
        if (((*page)[place.byte] & place.mask) == std::byte{0}) continue;
        // A chunk that ends exactly at `start` is copied, too.
        md_bitmap_set_memory_bits(bitmap, chunk << shift, (chunk + 1) << shift >= start);
        (*bits_set)++;
    }
    return 0;
}

static int md_bitmap_init_from_disk(Bitmap& bitmap, Sector start) {
    MD_FRAME("md_bitmap_init_from_disk");
    const Mddev& mddev = *bitmap.mddev;
    const BitmapStorage& storage = bitmap.storage;
    const bool outofdate = test_bit(BITMAP_STALE, bitmap.flags);
    if (outofdate)
        md_log(mddev, LogLevel::Warn,
               fmt::format("{}: bitmap file is out of date, doing full recovery", mdname(mddev)));

    int err = 0;
    std::uint64_t bits_set = 0;
    if (storage.file != nullptr && storage.file->size_bytes() < storage.bytes) {
        md_log(
            mddev, LogLevel::Warn,
            fmt::format("{}: bitmap file too short {} < {}", mdname(mddev), storage.file->size_bytes(), storage.bytes));
        err = -ENOSPC;
    } else {
        err = read_all_pages(bitmap, start, outofdate, &bits_set);
    }
    if (err != 0) {
        md_log(mddev, LogLevel::Warn, fmt::format("{}: bitmap initialisation failed: {}", mdname(mddev), err));
        return err;
    }
    md_log(mddev, LogLevel::Debug,
           fmt::format("{}: bitmap initialized from disk: read {} pages, set {} of {} bits", mdname(mddev),
                       storage.file_pages, bits_set, bitmap.counts.chunks));
    return 0;
}

int md_bitmap_load(Mddev& mddev) {
    MD_FRAME("md_bitmap_load");
    Bitmap* bitmap = mddev.bitmap;
    if (bitmap == nullptr) return 0;
    {
        const MutexGuard guard(mddev.bitmap_info.mutex);
        const int err = md_bitmap_init_from_disk(*bitmap, resync_start_of(*bitmap));
        if (err != 0) return err;
    }
    clear_bit(BITMAP_STALE, bitmap->flags);
    set_bit(MD_RECOVERY_NEEDED, mddev.recovery);  // bits may be NEEDED
    mddev_set_timeout(mddev, daemon_sleep_of(mddev));
    md_wakeup_thread(mddev, mddev.thread);
    md_bitmap_update_sb(bitmap);
    return test_bit(BITMAP_WRITE_ERROR, bitmap->flags) ? -EIO : 0;
}

// ---- destroy

void md_bitmap_destroy(Mddev& mddev) {
    MD_FRAME("md_bitmap_destroy");
    Bitmap* bitmap = mddev.bitmap;
    if (bitmap == nullptr) return;
    md_bitmap_wait_behind_writes(mddev);
    {
        const MutexGuard guard(mddev.bitmap_info.mutex);  // the daemon is not inside
        const SpinGuard lock_guard(mddev.lock);           // nobody shows it
        mddev.bitmap = nullptr;
    }
    TRACE(mddev.kernel, bitmap_destroyed, mddev.pending_writes.peek() + bitmap->pending_writes.peek());
    mddev_set_timeout(mddev, kForever);
    md_bitmap_free(bitmap);
}

void md_bitmap_free(Bitmap* bitmap) {
    MD_FRAME("md_bitmap_free");
    if (bitmap == nullptr) return;
    Mddev& mddev = *bitmap->mddev;
    // A file's writes only. Those of pages on the members are counted in mddev->pending_writes, and nobody asks for
    // that.
    wait_event(bitmap->write_wait, bitmap->pending_writes == 0);
    mddev.variants.row<variants::file_written>().before_free(*bitmap);
    mddev.variants.row<variants::fix>().in_bitmap_free(*bitmap);

    BitmapStorage storage;
    std::vector<BitmapPage> counters;
    {
        const SpinGuard guard(bitmap->counts.lock);
        storage = std::exchange(bitmap->storage, {});
        bitmap->pages = &kNoFilePages;
        counters = std::exchange(bitmap->counts.bp, {});
        bitmap->counts.missing_pages = bitmap->counts.pages;
    }
    md_bitmap_file_unmap(storage);
    bitmap->freed = true;
    const SpinGuard guard(mddev.lock);
    mddev.dead_bitmaps.emplace_back(bitmap, [](Bitmap* husk) { delete husk; });
}

}  // namespace mdscope
