// SPDX-License-Identifier: MIT
// Field by field, as md.hpp, bitmap.hpp and raid1.hpp declare them. What only people read (log lines, utime, the speed
// of a sync, counts for sysfs) is left out; so are the contents of data.
#include "engine/look/state_hash.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "engine/kernel/hash.hpp"
#include "engine/md/bitmap/bitmap.hpp"
#include "engine/md/raid1/raid1.hpp"

namespace mdscope {

namespace {

class Hasher {
   public:
    template <class T>
    Hasher& operator<<(const Shared<T>& field) {
        if constexpr (std::is_pointer_v<T>)
            return *this << (field.peek() != nullptr);
        else
            return *this << static_cast<std::uint64_t>(field.peek());
    }
    template <class T>
    Hasher& operator<<(const Kptr<T>& field) {
        return *this << (field.peek() != nullptr);
    }
    Hasher& operator<<(const Mutex& mutex) { return *this << mutex.is_locked(); }
    template <class T>
    Hasher& operator<<(T value) requires std::is_integral_v<T> {
        hash_ = mix(hash_, static_cast<std::uint64_t>(value));
        return *this;
    }
    [[nodiscard]] std::uint64_t value() const { return hash_; }

   private:
    std::uint64_t hash_ = 0x6d64;
};

void add_member(Hasher& hash, const Rdev& rdev) {
    hash << rdev.freed << rdev.mddev << rdev.raid_disk << rdev.saved_raid_disk << rdev.recovery_offset << rdev.flags
         << rdev.nr_pending << rdev.sb_events;
    if (rdev.sb_missed) hash << true;
}

// How much others used the member since a sync looked last, as far as the next look makes a difference of it.
void add_user_io(Hasher& hash, const Rdev& rdev) {
    hash << std::min(rdev.bdev->user_sectors() - rdev.last_events.peek(), kIdleSectors + 1);
}

void add_thread(Hasher& hash, const Shared<MdThread*>& slot) {
    const MdThread* thread = slot.peek();
    hash << (thread != nullptr);
    if (thread != nullptr) hash << thread->flags << thread->should_stop << thread->timeout;
}

void add_bitmap(Hasher& hash, const Bitmap& bitmap) {
    hash << bitmap.freed << bitmap.events_cleared << bitmap.need_sync << bitmap.flags << bitmap.allclean
         << bitmap.behind_writes << bitmap.daemon_lastrun << bitmap.last_end_sync << bitmap.pending_writes
         << bitmap.write_mutex << bitmap.unplugging << bitmap.marks;
    for (const auto& page : bitmap.storage.filemap)
        if (page != nullptr) hash << page->attr;
}

// The first counter from `at` on that is not zero; `end`: none. Nearly all are zero, and this is asked at each lock
// that is taken, so they are looked at a line of memory at a time.
std::size_t next_in_use(const BitmapCounter* counters, std::size_t at, std::size_t end) {
    constexpr std::size_t kLine = 32;
    for (; at + kLine <= end; at += kLine) {
        BitmapCounter any = 0;
        for (std::size_t i = 0; i < kLine; i++) any = static_cast<BitmapCounter>(any | counters[at + i]);
        if (any != 0) break;
    }
    while (at < end && counters[at] == 0) at++;
    return at;
}

// A page of many counters, eight bytes at a time; four of those side by side, since none waits for another one then.
std::uint64_t hash_of_many(const std::array<BitmapCounter, PAGE_COUNTER_RATIO>& counters) {
    constexpr std::size_t kLanes = 4;
    std::array<std::uint64_t, kLanes> lanes{1, 2, 3, 4};
    const auto* const bytes = reinterpret_cast<const std::byte*>(counters.data());
    for (std::size_t at = 0; at < sizeof counters; at += kLanes * sizeof(std::uint64_t))
        for (std::size_t lane = 0; lane < kLanes; lane++) {
            std::uint64_t word = 0;
            std::memcpy(&word, bytes + at + lane * sizeof word, sizeof word);
            lanes[lane] = (lanes[lane] ^ word) * 0x9e3779b97f4a7c15ULL;
            lanes[lane] ^= lanes[lane] >> 29;
        }
    return mix(mix(lanes[0], lanes[1]), mix(lanes[2], lanes[3]));
}

// Of counter pages, only what is not zero: a bitmap of a large array has few of them, and a page knows how many.
void add_counters(Hasher& hash, const Bitmap& bitmap) NO_THREAD_SAFETY_ANALYSIS {
    for (std::size_t number = 0; number < bitmap.counts.bp.size(); number++) {
        const BitmapPage& page = bitmap.counts.bp[number];
        if (page.count == 0 && !page.pending) continue;
        hash << (std::uint64_t{number} << 32 | (page.count * 2 + (page.pending ? 1U : 0U)));
        if (page.map == nullptr) continue;
        constexpr unsigned kMany = 64;
        if (page.count > kMany) {
            hash << hash_of_many(*page.map);
            continue;
        }
        const std::size_t chunks =
            std::min<std::size_t>(bitmap.counts.chunks - number * PAGE_COUNTER_RATIO, PAGE_COUNTER_RATIO);
        const BitmapCounter* const counters = page.map->data();
        std::size_t i = 0;
        for (unsigned found = 0; found < page.count && (i = next_in_use(counters, i, chunks)) < chunks; found++, i++)
            hash << (number << 32 | i << 16 | counters[i]);
    }
}

// The requests that wait for raid1d, in their order: what it does with one depends on where it is and how it went.
void add_list(Hasher& hash, const R1bio* list) {
    for (; list != nullptr; list = list->next)
        hash << list->sector << list->sectors << list->state << list->remaining << list->read_disk;
    hash << true;  // else the end of one list and the beginning of the next would look the same
}

void add_raid1(Hasher& hash, const R1conf& conf) NO_THREAD_SAFETY_ANALYSIS {
    hash << conf.nr_sync_pending << conf.array_frozen << conf.fullsync << conf.recovery_disabled << conf.pending_count;
    for (const Raid1Info& mirror : conf.mirrors) hash << mirror.rdev << mirror.head_position << mirror.next_seq_sect;
    const Sector units = conf.mddev.array_sectors.peek() / BARRIER_UNIT_SECTOR_SIZE + 1;
    for (Sector unit = 0; unit < std::min<Sector>(units, BARRIER_BUCKETS_NR); unit++) {
        const unsigned idx = sector_to_idx(unit * BARRIER_UNIT_SECTOR_SIZE);
        const int counts[] = {conf.nr_pending[idx].peek(), conf.nr_waiting[idx].peek(), conf.nr_queued[idx].peek(),
                              conf.barrier[idx].peek()};
        if ((counts[0] | counts[1] | counts[2] | counts[3]) == 0) continue;
        hash << idx << counts[0] << counts[1] << counts[2] << counts[3];
    }
    add_list(hash, conf.retry_list);
    add_list(hash, conf.bio_end_io_list);
}

void add_array(Hasher& hash, const Mddev& mddev) {
    hash << mddev.pers << mddev.raid_disks << mddev.array_sectors << mddev.events << mddev.ro << mddev.in_sync
         << mddev.recovery_cp << mddev.safemode << mddev.writes_pending << mddev.sync_checkers << mddev.degraded
         << mddev.openers << mddev.active_io << mddev.suspended << mddev.suspend_lo << mddev.suspend_hi
         << mddev.serialize_policy << mddev.recovery_disabled << mddev.flags << mddev.sb_flags << mddev.recovery
         << mddev.curr_resync << mddev.curr_resync_completed << mddev.recovery_active << mddev.resync_min
         << mddev.resync_max << mddev.sync_speed_min << mddev.sync_speed_max << mddev.pending_writes << mddev.bitmap
         << mddev.freed;
    hash << mddev.bio_set.destroyed() << mddev.sync_set.destroyed() << mddev.reconfig_mutex << mddev.open_mutex
         << mddev.bitmap_info.mutex;
    add_thread(hash, mddev.thread);
    add_thread(hash, mddev.sync_thread);
}

// Asked at each lock that is taken, so what is small goes into the hash together.
void add_plain(Hasher& hash, const Mddev& mddev) {
    const bool flags[] = {mddev.bitmap_info.external.load(), mddev.bitmap_info.file.load() != nullptr,
                          mddev.priv != nullptr, mddev.external.load(), mddev.persistent.load()};
    std::uint64_t word = mddev.disks.size();
    for (const bool flag : flags) word = word * 2 + (flag ? 1 : 0);
    hash << word << mddev.bitmap_info.offset.load() << mddev.dev_sectors.load();
    for (const Rdev* rdev : mddev.disks) hash << rdev->desc_nr;
    const Bitmap* bitmap = mddev.bitmap.peek();
    if (bitmap != nullptr) add_counters(hash, *bitmap);
}

}  // namespace

std::uint64_t plain_state_hash(const Mddev& mddev) {
    Hasher hash;
    add_plain(hash, mddev);
    return hash.value();
}

std::uint64_t state_hash(const Mddev& mddev) NO_THREAD_SAFETY_ANALYSIS {
    Hasher hash;
    add_array(hash, mddev);
    add_plain(hash, mddev);
    for (const auto& rdev : mddev.all_rdevs) add_member(hash, *rdev);
    if (mddev.sync_thread.peek() != nullptr)
        for (const Rdev* rdev : mddev.disks) add_user_io(hash, *rdev);
    if (const Bitmap* bitmap = mddev.bitmap.peek(); bitmap != nullptr) add_bitmap(hash, *bitmap);
    for (const auto& bitmap : mddev.dead_bitmaps) add_bitmap(hash, *bitmap);
    if (mddev.pers.peek() != nullptr && mddev.priv != nullptr) add_raid1(hash, *static_cast<const R1conf*>(mddev.priv));
    return hash.value();
}

}  // namespace mdscope
