// SPDX-License-Identifier: MIT
// What people see of the bitmap and may change: md/bitmap/*, the line of /proc/mdstat, and the chunks themselves.
//
//   location          none, file, +8       +8 on a running array creates the bitmap, none destroys it (without a flush)
//   metadata          internal, external   who keeps the header; to be said before location
//   chunksize         bytes                while there is no bitmap
//   space             sectors              room at location, 0 unknown
//   time_base         seconds              the daemon's period
//   backlog           count                write-behind requests at most
//   can_clear         true, false          the opposite of need_sync: may bits be cleared?
//   max_backlog_used  count
//
// Shows take mddev.lock and counts.lock, never a mutex, so they answer while a stop sleeps. That is why every store
// that changes a field of bitmap_info does so under mddev.lock.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

#include "engine/kernel/disk.hpp"
#include "engine/kernel/shown.hpp"
#include "engine/md/bitmap/bitmap_internal.hpp"
#include "engine/md/sysfs/sysfs.hpp"
#include "engine/md/sysfs/sysfs_parse.hpp"
#include "engine/md/sysfs/sysfs_tables.hpp"

namespace mdscope {

// ---- /proc/mdstat and the window

std::string md_bitmap_status(const Mddev& mddev) {
    const Bitmap* bitmap = mddev.bitmap;
    if (bitmap == nullptr) return {};
    const BitmapInfo& info = mddev.bitmap_info;
    const BitmapCounts& counts = bitmap->counts;
    const SpinGuard guard(counts.lock);
    const std::uint64_t used = counts.pages - counts.missing_pages;
    const bool in_kib = info.chunksize >= 1024;
    std::string text =
        fmt::format("bitmap: {}/{} pages [{}KB], {}{} chunk", used, counts.pages, used * (kPageSize / 1024),
                    in_kib ? info.chunksize / 1024 : info.chunksize, in_kib ? "KB" : "B");
    if (bitmap->storage.file != nullptr) text += ", file: " + shown(info.file_path);
    return text;
}

std::vector<BitmapChunkInfo> md_bitmap_chunks(const Bitmap& bitmap, std::uint64_t first, std::uint64_t count) {
    std::vector<BitmapChunkInfo> chunks;
    const SpinGuard guard(bitmap.counts.lock);
    if (bitmap.counts.bp.empty() || first >= bitmap.counts.chunks) return chunks;  // freed, or past the end
    const std::uint64_t end = first + std::min(count, bitmap.counts.chunks - first);
    chunks.reserve(end - first);
    for (std::uint64_t chunk = first; chunk < end; chunk++) {
        const BitmapPage& page = bitmap.counts.bp[chunk / PAGE_COUNTER_RATIO];
        const BitmapCounter counter = page.map != nullptr ? (*page.map)[chunk % PAGE_COUNTER_RATIO] : BitmapCounter{0};
        chunks.push_back({chunk, counter, md_bitmap_file_test_bit(bitmap, chunk)});
    }
    return chunks;
}

namespace {

using sysfs::kstrtoull;
using sysfs::line;

// ---- location

std::string location_show(Mddev& mddev) {
    const SpinGuard guard(mddev.lock);
    if (mddev.bitmap_info.file != nullptr) return "file\n";
    if (mddev.bitmap_info.offset != 0) return fmt::format("{:+}\n", mddev.bitmap_info.offset.load());
    return "none\n";
}

void set_offset(Mddev& mddev, std::int64_t offset) {
    const SpinGuard guard(mddev.lock);
    mddev.bitmap_info.offset = offset;
}

int parse_offset(std::string_view text, std::int64_t* offset) {
    if (text.starts_with('+')) text.remove_prefix(1);
    const bool negative = text.starts_with('-');
    if (negative) text.remove_prefix(1);
    std::uint64_t magnitude = 0;
    if (const int err = kstrtoull(text, &magnitude); err != 0) return err;
    // A superblock has 32 bits for it. (md takes 64, adds to them without a look, and writes the lower half.)
    if (magnitude > static_cast<std::uint64_t>(std::numeric_limits<std::int32_t>::max())) return -ERANGE;
    *offset = negative ? -static_cast<std::int64_t>(magnitude) : static_cast<std::int64_t>(magnitude);
    return 0;
}

// Nothing is flushed: what is on disk stays there, and nobody waits for pages in flight. The members stay bound, so
// their completions are safe. The superblocks say so before the next write: of one that no bit announces nothing would
// be known after a crash. (md asks for that superblock, and lets writes go on.)
void remove_bitmap(Mddev& mddev) {
    if (mddev.pers.load() != nullptr) {
        mddev_suspend(mddev);
        md_bitmap_destroy(mddev);
        if (!mddev.external) md_update_sb(mddev, true);
        mddev_resume(mddev);
    }
    const SpinGuard guard(mddev.lock);
    mddev.bitmap_info.offset = 0;
    mddev.bitmap_info.file = nullptr;
    mddev.bitmap_info.file_path.clear();
}

// With external metadata nobody keeps a header that would say since when the bits are true. What was written without
// this bitmap is not in it, so it starts with all of them set, and a member that was out meanwhile gets everything. (md
// takes the bits that it finds.)
int add_bitmap_to_running_array(Mddev& mddev) {
    int err = md_bitmap_create(mddev);
    if (err == 0 && mddev.bitmap_info.external) set_bit(BITMAP_STALE, mddev.bitmap.load()->flags);
    mddev_suspend(mddev);
    if (err == 0) {
        err = md_bitmap_load(mddev);
        if (err != 0) {
            set_offset(mddev, 0);
            md_bitmap_destroy(mddev);
        }
    }
    mddev_resume(mddev);
    return err;
}

int set_location(Mddev& mddev, std::string_view value) {
    if (value.starts_with("none")) return 0;
    if (value.starts_with("file:")) return -EINVAL;  // md never learnt that
    std::int64_t offset = 0;
    if (const int err = parse_offset(value, &offset); err != 0) return err;
    if (offset == 0) return -EINVAL;
    const BitmapInfo& info = mddev.bitmap_info;
    // Version 0.90 has one place for it. An external array counts as 0.90 until `metadata` says external.
    if (!info.external && mddev.major_version == 0 && offset != info.default_offset) return -EINVAL;
    set_offset(mddev, offset);
    return mddev.pers.load() != nullptr ? add_bitmap_to_running_array(mddev) : 0;
}

bool bitmap_is_configured(const Mddev& mddev) {
    return mddev.bitmap.load() != nullptr || mddev.bitmap_info.file != nullptr || mddev.bitmap_info.offset != 0;
}

int change_location(Mddev& mddev, std::string_view value) {
    return sysfs::with_mddev_lock(mddev, [&]() -> int {
        if (mddev.pers.load() != nullptr && (mddev.recovery != 0 || mddev.sync_thread.load() != nullptr)) return -EBUSY;
        if (bitmap_is_configured(mddev)) {
            if (!value.starts_with("none")) return -EBUSY;
            remove_bitmap(mddev);
            if (mddev.pers.load() != nullptr) return 0;
        } else if (const int err = set_location(mddev, value); err != 0) {
            return err;
        }
        if (!mddev.external) {  // the superblocks say where the bitmap is
            set_bit(MD_SB_CHANGE_DEVS, mddev.sb_flags);
            md_wakeup_thread(mddev, mddev.thread);
        }
        return 0;
    });
}

std::int64_t offset_now(Mddev& mddev) {
    const SpinGuard guard(mddev.lock);
    return mddev.bitmap_info.offset;
}

// External metadata must never promise bits that nobody sets: `none` is recorded before the bitmap goes, an offset
// after the bitmap is there. (On Linux it is not recorded at all: mdmon does not read this file.)
int location_store(Mddev& mddev, std::string_view value) {
    MD_FRAME("location_store");
    if (mddev.external && mddev.bitmap_info.is_fixed) return -EBUSY;
    const bool is_recorded = mddev.external && mddev.on_bitmap_location;
    if (is_recorded && value.starts_with("none"))
        if (const int err = mddev.on_bitmap_location(0); err != 0) return err;
    const int err = change_location(mddev, value);
    if (is_recorded && mddev.on_bitmap_location(offset_now(mddev)) != 0)
        md_log(mddev, LogLevel::Warn,
               fmt::format("{}: the bitmap's location could not be recorded; after a crash all is resynced",
                           mdname(mddev)));
    return err;
}

// ---- space

std::string space_show(Mddev& mddev) {
    const SpinGuard guard(mddev.lock);
    return line(mddev.bitmap_info.space.load());
}

int space_store(Mddev& mddev, std::string_view value) {
    MD_FRAME("space_store");
    std::uint64_t sectors = 0;
    if (const int err = kstrtoull(value, &sectors); err != 0) return err;
    if (sectors == 0) return -EINVAL;
    const SpinGuard guard(mddev.lock);
    const Bitmap* bitmap = mddev.bitmap;
    if (bitmap != nullptr) {
        const SpinGuard counts_guard(bitmap->counts.lock);
        if (sectors < (bitmap->storage.bytes + kSectorSize - 1) >> kSectorShift) return -EFBIG;
    }
    mddev.bitmap_info.space = sectors;
    return 0;
}

// ---- time_base

constexpr std::uint64_t kJiffy = 4 * kNsPerMs;  // of the kernels that were watched; 0 means one of these

std::string timeout_show(Mddev& mddev) {
    const std::uint64_t sleep = daemon_sleep_of(mddev);
    const std::uint64_t ms = sleep % kNsPerSec / kNsPerMs;
    const std::uint64_t seconds = sleep / kNsPerSec;
    return sleep % kNsPerSec == 0 ? line(seconds) : fmt::format("{}.{:03}\n", seconds, ms);
}

// External metadata: returns when what is set now is recorded.
int record_settings(Mddev& mddev) {
    return mddev.external && mddev.on_bitmap_settings ? mddev.on_bitmap_settings() : 0;
}

std::uint64_t set_daemon_sleep(Mddev& mddev, std::uint64_t sleep) {
    std::uint64_t before = 0;
    {
        const SpinGuard guard(mddev.lock);
        before = mddev.bitmap_info.daemon_sleep;
        mddev.bitmap_info.daemon_sleep = sleep;
    }
    bool armed = false;
    {
        const SpinGuard guard(mddev.pers_lock);
        MdThread* thread = mddev.thread;
        armed = thread != nullptr && thread->timeout < kForever;  // else all is clean, and the next write arms it
        if (armed) thread->timeout = sleep;
    }
    if (armed) md_wakeup_thread(mddev, mddev.thread);
    return before;
}

int timeout_store(Mddev& mddev, std::string_view value) {
    MD_FRAME("timeout_store");
    constexpr std::uint64_t kUnit = kNsPerSec / 10000;
    constexpr std::uint64_t kMaxSeconds = std::numeric_limits<std::uint32_t>::max();  // what a header can hold
    std::uint64_t timeout = 0;
    if (sysfs::strict_strtoul_scaled(value, 4, &timeout) != 0) return -EINVAL;
    if (timeout / 10000 > kMaxSeconds) return -EINVAL;
    const std::uint64_t before = set_daemon_sleep(mddev, std::max(timeout * kUnit, kJiffy));
    const int err = record_settings(mddev);
    if (err != 0) (void)set_daemon_sleep(mddev, before);
    return err;
}

// ---- backlog

std::string backlog_show(Mddev& mddev) {
    return line(mddev.bitmap_info.max_write_behind.load());
}

bool has_write_mostly(const Mddev& mddev) {
    return std::any_of(mddev.disks.begin(), mddev.disks.end(),
                       [](const Rdev* rdev) { return test_bit(WriteMostly, rdev->flags); });
}

int set_backlog(Mddev& mddev, std::uint64_t backlog, std::uint64_t* before) {
    return sysfs::with_mddev_lock(mddev, [&]() -> int {
        if (!has_write_mostly(mddev)) {
            md_log(mddev, LogLevel::Warn,
                   fmt::format("{}: can't set backlog, no write mostly device available", mdname(mddev)));
            return -EINVAL;
        }
        *before = mddev.bitmap_info.max_write_behind.exchange(backlog);
        if (*before != backlog) md_bitmap_update_sb(mddev.bitmap);
        return 0;
    });
}

int backlog_store(Mddev& mddev, std::string_view value) {
    MD_FRAME("backlog_store");
    std::uint64_t backlog = 0;
    if (const int err = kstrtoull(value, &backlog); err != 0) return err;
    if (backlog > COUNTER_MAX) return -EINVAL;
    std::uint64_t before = 0;
    if (const int err = set_backlog(mddev, backlog, &before); err != 0) return err;
    const int err = record_settings(mddev);
    if (err != 0) mddev.bitmap_info.max_write_behind = before;
    return err;
}

// ---- chunksize, metadata

std::string chunksize_show(Mddev& mddev) {
    const SpinGuard guard(mddev.lock);
    return line(mddev.bitmap_info.chunksize.load());
}

int chunksize_store(Mddev& mddev, std::string_view value) {
    MD_FRAME("chunksize_store");
    if (mddev.bitmap.load() != nullptr) return -EBUSY;
    std::uint64_t size = 0;
    if (const int err = kstrtoull(value, &size); err != 0) return err;
    if (size < kSectorSize || !std::has_single_bit(size)) return -EINVAL;
    if (size > std::numeric_limits<std::uint32_t>::max()) return -EOVERFLOW;
    const SpinGuard guard(mddev.lock);
    mddev.bitmap_info.chunksize = size;
    return 0;
}

std::string metadata_show(Mddev& mddev) {
    const SpinGuard guard(mddev.lock);
    return mddev.bitmap_info.external ? "external\n" : "internal\n";
}

int metadata_store(Mddev& mddev, std::string_view value) {
    MD_FRAME("metadata_store");
    const bool external = value.starts_with("external");
    const SpinGuard guard(mddev.lock);
    if (bitmap_is_configured(mddev)) return -EBUSY;
    // md takes `clustered`, too, and then reads `internal` here as long as no cluster is named.
    if (!external && !value.starts_with("internal") && !value.starts_with("clustered")) return -EINVAL;
    mddev.bitmap_info.external = external;
    return 0;
}

// ---- can_clear, max_backlog_used

std::string can_clear_show(Mddev& mddev) {
    const SpinGuard guard(mddev.lock);
    const Bitmap* bitmap = mddev.bitmap;
    if (bitmap == nullptr) return "\n";
    return bitmap->need_sync ? "false\n" : "true\n";
}

int can_clear_store(Mddev& mddev, std::string_view value) {
    MD_FRAME("can_clear_store");
    const SpinGuard guard(mddev.lock);
    Bitmap* bitmap = mddev.bitmap;
    if (bitmap == nullptr) return -ENOENT;
    if (value.starts_with("false")) {
        bitmap->need_sync = true;
    } else if (value.starts_with("true")) {
        if (mddev.degraded != 0) return -EBUSY;  // the missing member's differences would be forgotten
        bitmap->need_sync = false;
    } else {
        return -EINVAL;
    }
    return 0;
}

std::string behind_writes_used_show(Mddev& mddev) {
    const SpinGuard guard(mddev.lock);
    const Bitmap* bitmap = mddev.bitmap;
    return line(bitmap != nullptr ? bitmap->behind_writes_used.load() : 0);
}

int behind_writes_used_reset(Mddev& mddev, std::string_view /*value*/) {
    MD_FRAME("behind_writes_used_reset");
    const SpinGuard guard(mddev.lock);
    Bitmap* bitmap = mddev.bitmap;
    if (bitmap != nullptr) bitmap->behind_writes_used = 0;
    return 0;
}

constexpr MdAttr kBitmapAttrs[] = {
    {"location", 0644, location_show, location_store, false, nullptr},
    {"space", 0644, space_show, space_store, false, nullptr},
    {"time_base", 0644, timeout_show, timeout_store, false, nullptr},
    {"backlog", 0644, backlog_show, backlog_store, false, nullptr},
    {"chunksize", 0644, chunksize_show, chunksize_store, false, nullptr},
    {"metadata", 0644, metadata_show, metadata_store, false, nullptr},
    {"can_clear", 0644, can_clear_show, can_clear_store, false, &Mddev::sysfs_can_clear},
    {"max_backlog_used", 0644, behind_writes_used_show, behind_writes_used_reset, false, nullptr},
};

}  // namespace

std::span<const MdAttr> md_bitmap_attrs() {
    return kBitmapAttrs;
}

}  // namespace mdscope
