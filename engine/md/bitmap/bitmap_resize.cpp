// SPDX-License-Identifier: MIT
// md_bitmap_resize: gives a bitmap its counters and pages, at its creation or when the array's size changes.
//
// A new size keeps the chunk size, doubled until the bits fit into `space`; when nobody told how much that is, the
// sectors the bitmap has now are all there are, as something else may lie behind them. NEEDED and RESYNC are carried
// over, as NEEDED: the array is quiet, so everything else that is marked has been written everywhere, and its bits go
// with the old pages. New space was never compared, so all of it is NEEDED (variants/grown_space.hpp). All pages are
// then written, and waited for, before anybody writes data again.
//
// How large it may be is decided before anything is allocated: chunk size and array size come from a disk.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <new>

#include "engine/kernel/disk.hpp"
#include "engine/md/bitmap/bitmap_internal.hpp"
#include "engine/md/format/format.hpp"
#include "engine/md/variants/grown_space.hpp"
#include "engine/md/variants/resize_lock.hpp"

namespace mdscope {

static constexpr std::uint64_t kMaxChunks = std::uint64_t{1} << 31;

static std::uint64_t chunks_of(Sector blocks, unsigned chunkshift) {
    return (blocks >> chunkshift) + ((blocks & ((Sector{1} << chunkshift) - 1)) != 0 ? 1 : 0);
}

static std::uint64_t bytes_of(std::uint64_t chunks, bool with_super) {
    return (chunks + 7) / 8 + (with_super ? kBitmapSuperSize : 0);
}

// Bytes there can be for this bitmap, as far as it is known: its file, its space, or the rest of the smallest member.
static std::uint64_t room_for_bits(const Bitmap& bitmap) {
    constexpr std::uint64_t kSmall = 16 << 20;  // not worth refusing here: md_bitmap_load says "too short" exactly
    const Mddev& mddev = *bitmap.mddev;
    if (bitmap.storage.file != nullptr) return std::max(bitmap.storage.file->size_bytes(), kSmall);
    if (mddev.bitmap_info.space != 0) return mddev.bitmap_info.space << kSectorShift;
    std::uint64_t room = ~std::uint64_t{0};
    const bool before_data = mddev.bitmap_info.external;
    for (const Rdev* rdev : rdev_list(mddev)) {
        const std::int64_t begin = static_cast<std::int64_t>(rdev->sb_start) + mddev.bitmap_info.offset;
        const bool is_before = before_data && begin < static_cast<std::int64_t>(rdev->data_offset);
        const auto end = static_cast<std::int64_t>(is_before ? rdev->data_offset : rdev->bdev->size_sectors());
        room = std::min(room, begin < end ? static_cast<std::uint64_t>(end - begin) << kSectorShift : 0);
    }
    return room;
}

static void take_present_space(const Bitmap& bitmap, bool with_super) {
    Mddev& mddev = *bitmap.mddev;
    if (mddev.bitmap_info.space != 0) return;
    const SpinGuard guard(mddev.lock);
    mddev.bitmap_info.space = (bytes_of(bitmap.counts.chunks, with_super) + kSectorSize - 1) / kSectorSize;
}

static int check_room(const Bitmap& bitmap, std::uint64_t chunks, bool with_super) {
    const std::uint64_t bytes = bytes_of(chunks, with_super);
    const std::uint64_t room = room_for_bits(bitmap);
    if (chunks <= kMaxChunks && bytes <= room) return 0;
    md_log(*bitmap.mddev, LogLevel::Warn,
           fmt::format("{}: bitmap of {} bits does not fit into {} bytes", mdname(*bitmap.mddev), chunks, room));
    return -EINVAL;
}

static unsigned pick_chunkshift(const Bitmap& bitmap, Sector blocks, bool with_super) {
    unsigned shift = bitmap.counts.chunkshift;
    const std::uint64_t room = room_for_bits(bitmap);
    while (bytes_of(chunks_of(blocks, shift), with_super) > room && shift < 31) shift++;
    return shift;
}

// What was NEEDED or under RESYNC in the old counters is NEEDED in the new ones, and new space is.
static void carry_over(Bitmap& bitmap, BitmapCounts& old) {
    const Sector old_end = old.chunks << old.chunkshift;
    const bool marks_new_space = bitmap.mddev->variants.row<variants::grown_space>().is_marked;
    const SpinGuard old_guard(old.lock);
    for (std::uint64_t chunk = 0; chunk < bitmap.counts.chunks; chunk++) {
        const Sector begin = chunk << bitmap.counts.chunkshift;
        const Sector end = begin + (Sector{1} << bitmap.counts.chunkshift);
        bool needed = end > old_end && marks_new_space;
        for (Sector s = begin; s < end && !needed;) {
            Sector blocks = 0;
            const BitmapCounter* bmc = md_bitmap_get_counter(old, s, &blocks, false);
            needed = bmc != nullptr && (NEEDED(*bmc) || RESYNC(*bmc));
            s += blocks;
        }
        if (!needed) continue;
        md_bitmap_set_memory_bits(bitmap, begin, true);
        const SpinGuard guard(bitmap.counts.lock);
        md_bitmap_file_set_bit(bitmap, begin);
    }
}

// What a bitmap of another size consists of.
struct NewPages {
    unsigned chunkshift = 0;
    std::uint64_t chunks = 0;
    BitmapStorage storage;
    std::unique_ptr<FilePages> list;
    std::vector<BitmapPage> counters;
};

static int allocate(NewPages& made, bool with_super) {
    if (const int err = md_bitmap_storage_alloc(made.storage, made.chunks, with_super); err != 0) return err;
    try {
        made.counters.resize((made.chunks + PAGE_COUNTER_RATIO - 1) / PAGE_COUNTER_RATIO);
        made.list = std::make_unique<FilePages>();
        for (const auto& page : made.storage.filemap) made.list->push_back(page.get());
    } catch (const std::bad_alloc&) {
        return -ENOMEM;
    }
    return 0;
}

// The old counters are left in `old`, the old pages in made.storage.
static void install(Bitmap& bitmap, BitmapCounts& old, NewPages& made) {
    const SpinGuard old_guard(old.lock);
    const SpinGuard guard(bitmap.counts.lock);
    old.bp = std::exchange(bitmap.counts.bp, std::move(made.counters));
    old.pages = std::exchange(bitmap.counts.pages, bitmap.counts.bp.size());
    old.chunks = std::exchange(bitmap.counts.chunks, made.chunks);
    old.chunkshift = std::exchange(bitmap.counts.chunkshift, made.chunkshift);
    bitmap.counts.missing_pages = bitmap.counts.pages;
    for (FilePage* page : *made.list) page->resizes = bitmap.page_lists.size();
    bitmap.pages = made.list.get();
    bitmap.page_lists.push_back(std::move(made.list));
    BitmapStorage& storage = made.storage;
    storage.file = bitmap.storage.file;
    const bool keeps_header = !bitmap.storage.filemap.empty() && storage.has_sb_page;
    if (keeps_header)
        std::copy_n(bitmap.storage.filemap[0]->data.begin(), kBitmapSuperSize, storage.filemap[0]->data.begin());
    std::swap(bitmap.storage, storage);
    storage.file = nullptr;  // the pages left in it have no file to be written to any more
}

// The old pages are never written again, so nobody else takes their marks off the count.
static void forget_marks(Bitmap& bitmap, const BitmapStorage& old) {
    for (const auto& page : old.filemap)
        for (const BitmapPageAttr mark : {BITMAP_PAGE_DIRTY, BITMAP_PAGE_NEEDWRITE})
            (void)take_mark(bitmap, *page, mark);
}

// Where the daemon may be inside with such a page in hand: it stays in memory, and whoever writes it is told.
static void free_under_the_daemon(Bitmap& bitmap, BitmapStorage& old) {
    const SpinGuard guard(bitmap.counts.lock);
    for (auto& page : old.filemap) {
        page->freed = true;
        bitmap.freed_pages.push_back(std::move(page));
    }
    old.filemap.clear();
}

static void change_pages(Bitmap& bitmap, BitmapCounts& old, NewPages& made) {
    if (!bitmap.mddev->variants.row<variants::resize_lock>().is_held) {
        install(bitmap, old, made);
        forget_marks(bitmap, made.storage);
        free_under_the_daemon(bitmap, made.storage);
        return;
    }
    const MutexGuard daemon_guard(bitmap.mddev->bitmap_info.mutex);  // the daemon is not inside
    const MutexGuard guard(bitmap.write_mutex);
    install(bitmap, old, made);
    forget_marks(bitmap, made.storage);
}

int md_bitmap_resize(Bitmap* bitmap, Sector blocks, std::uint64_t chunksize, bool init) {
    MD_FRAME("md_bitmap_resize");
    Mddev& mddev = *bitmap->mddev;
    if (bitmap->storage.file != nullptr && !init) {
        md_log(mddev, LogLevel::Info, "md: cannot resize file-based bitmap");
        return -EINVAL;
    }
    if (chunksize != 0 && (!std::has_single_bit(chunksize) || chunksize < kSectorSize || chunksize > kLargestChunk))
        return -EINVAL;
    const bool with_super = !mddev.bitmap_info.external;
    if (!init && with_super) take_present_space(*bitmap, with_super);
    NewPages made;
    made.chunkshift = chunksize == 0 ? pick_chunkshift(*bitmap, blocks, with_super)
                                     : static_cast<unsigned>(std::countr_zero(chunksize)) - kSectorShift;
    // Without a header nothing on disk says what a bit stands for: whoever is killed while the bits change their
    // meaning, and the external metadata is told of it, would be told lies. (md changes it.)
    if (!init && !with_super && made.chunkshift != bitmap->counts.chunkshift) {
        md_log(mddev, LogLevel::Warn,
               fmt::format("{}: there is no room for the bits of that size; a bitmap with larger chunks has to be made "
                           "first (bitmap/location)",
                           mdname(mddev)));
        return -ENOSPC;
    }
    made.chunks = chunks_of(blocks, made.chunkshift);
    if (const int err = check_room(*bitmap, made.chunks, with_super); err != 0) return err;
    if (const int err = allocate(made, with_super); err != 0) return err;

    const MdPersonality* pers = mddev.pers;
    if (!init) pers->quiesce(mddev, 1);
    BitmapCounts old;
    change_pages(*bitmap, old, made);
    {
        const SpinGuard guard(mddev.lock);
        mddev.bitmap_info.chunksize = std::uint64_t{1} << (made.chunkshift + kSectorShift);
    }
    if (init) return 0;
    carry_over(*bitmap, old);
    for (const auto& page : bitmap->storage.filemap) mark_page(*bitmap, *page, BITMAP_PAGE_DIRTY);
    (void)md_bitmap_unplug(bitmap);  // no data waits for it
    pers->quiesce(mddev, 0);
    md_bitmap_file_unmap(made.storage);
    return 0;
}

}  // namespace mdscope
