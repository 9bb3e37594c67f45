// SPDX-License-Identifier: MIT
// The raid1 personality: struct r1conf, struct r1bio, and the functions of raid1.c by their names.
//
// A write goes through wait_barrier, md_bitmap_startwrite, one clone per member, the plug, md_bitmap_unplug (bits on
// disk first), and comes back through raid1_end_write_request -> r1_bio_write_done -> close_write -> raid_end_bio_io.
// What needs to sleep (errors, resync data, failed writes) is queued to raid1d. Sync I/O keeps out of the users' way by
// barriers, counted per bucket of 64 MiB units.
//
//   raid1_request.cpp   make_request, writes, the plug, completion
//   raid1_read.cpp      read_balance, reads, repair
//   raid1_barrier.cpp   barriers, freeze, quiesce
//   raid1_thread.cpp    raid1d and what it handles
//   raid1_sync.cpp      resync, recovery, check
//   raid1_check.cpp     what is done with the data read
//   raid1_conf.cpp      run, free, members, status, pools
//
// Who owns an R1bio: `remaining` counts the clones in flight, and one more for as long as its maker still adds clones.
// A clone may complete before submit_bio returns, so nobody touches an R1bio after giving up its count. bios[slot] is
// written by the maker before the clone is submitted and by that clone's completion after, never by two at once.
//
// Left out, compared with raid1.c: replacements (a flag Replacement changes nothing, so `mirrors` has raid_disks
// entries and not twice as many), a change of the number of disks, and clusters.
#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/kernel/bio.hpp"
#include "engine/kernel/sync.hpp"
#include "engine/md/kptr.hpp"
#include "engine/md/md.hpp"
#include "engine/md/variants/last_record.hpp"

namespace mdscope {

inline constexpr unsigned BARRIER_UNIT_SECTOR_BITS = 17;  // 64 MiB
inline constexpr Sector BARRIER_UNIT_SECTOR_SIZE = Sector{1} << BARRIER_UNIT_SECTOR_BITS;
inline constexpr unsigned BARRIER_BUCKETS_NR_BITS = 10;
inline constexpr unsigned BARRIER_BUCKETS_NR = 1U << BARRIER_BUCKETS_NR_BITS;
inline constexpr Sector RESYNC_SECTORS = 128;  // one sync request: 64 KiB
inline constexpr int RESYNC_DEPTH = 32;        // sync requests in flight in one bucket
inline constexpr Sector PAGE_SECTORS = kPageSize >> kSectorShift;

// hash_long(sector >> 17, 10) on 64 bits.
inline unsigned sector_to_idx(Sector sector) {
    return static_cast<unsigned>(((sector >> BARRIER_UNIT_SECTOR_BITS) * 0x61C8864680B583EBULL) >>
                                 (64 - BARRIER_BUCKETS_NR_BITS));
}

// How many of `sectors` lie in the barrier unit of `start`: no request crosses its end.
inline Sector align_to_barrier_unit_end(Sector start, Sector sectors) {
    const Sector left = BARRIER_UNIT_SECTOR_SIZE - (start & (BARRIER_UNIT_SECTOR_SIZE - 1));
    return left < sectors ? left : sectors;
}

enum R1bioState : unsigned {
    R1BIO_Uptodate,
    R1BIO_IsSync,
    R1BIO_Degraded,
    R1BIO_BehindIO,
    R1BIO_ReadError,
    R1BIO_Returned,
    R1BIO_MadeGood,
    R1BIO_WriteError,
    R1BIO_FailFast,
    R1BIO_HeldBack,  // not in md: a clone waits in `bios`, with the status kHeldBack, until it may be submitted
};
inline constexpr int kHeldBack = -EAGAIN;

// Of what a sync request is made; allocated once per buffer of the r1buf pool.
struct SyncBuf {
    std::array<Bio, kMaxMembers> bios;
    std::array<std::unique_ptr<std::byte[]>, kMaxMembers> pages;  // 64 KiB each, on first use
    bool compare = false;  // all members are read and compared (MD_RECOVERY_REQUESTED when it was sent)
};

struct R1bio {
    Shared<int> remaining;         // clones in flight, +1 while clones are being made
    Shared<int> behind_remaining;  // of these: write-behind to write-mostly members
    Sector sector = 0;             // of the array
    Sector sectors = 0;
    Shared<std::uint32_t> state;  // R1bioState bits
    Mddev* mddev = nullptr;
    Bio* master_bio = nullptr;
    int read_disk = -1;
    R1bio* next = nullptr;                     // retry_list, bio_end_io_list, free list
    R1bio* serial_next = nullptr;              // R1conf::serial_list
    bool serialized = false;                   // it is on that list
    std::unique_ptr<std::byte[]> behind_data;  // write-behind copy; kept for the next
    std::size_t behind_capacity = 0;
    // Clones in flight or kept; nullptr none, IO_BLOCKED / IO_MADE_GOOD as in raid1.h. A clone's bi_aux is its slot.
    std::array<Bio*, kMaxMembers> bios{};
    std::unique_ptr<SyncBuf> sync;  // sync requests only
};

extern Bio io_blocked_marker, io_made_good_marker;  // addresses only
inline Bio* const IO_BLOCKED = &io_blocked_marker;
inline Bio* const IO_MADE_GOOD = &io_made_good_marker;
inline bool BIO_SPECIAL(const Bio* bio) {
    return bio == nullptr || bio == IO_BLOCKED || bio == IO_MADE_GOOD;
}

struct Raid1Info {
    Shared<Rdev*> rdev;            // under rcu for readers
    Shared<Sector> head_position;  // where the last read ended
    Shared<Sector> next_seq_sect{MaxSector};
    Shared<Sector> seq_start;
};

// printk_ratelimited: at most 10 lines in 5 seconds from one place.
struct RateLimit {
    Shared<std::uint64_t> begin_ns;
    Shared<int> printed;
    [[nodiscard]] bool allows(Kernel& kernel);
};

// One master bio that became several: see raid1_split_bio.
struct R1conf;
struct SplitParent {
    Shared<int> remaining;
    Shared<int> status;
    R1conf* conf = nullptr;
    Bio* master = nullptr;
    Bio saved;  // what the master said before it was advanced
    SplitParent* next = nullptr;
};

// Objects that are kept when they are given back. Allocation happens only while the pool is growing to its peak. Those
// that are out when the pool goes, go with it: after an Oops a thread may have ended with one in hand.
template <class T>
class ObjectPool {
   public:
    ObjectPool() = default;
    ObjectPool(const ObjectPool&) = delete;
    ObjectPool& operator=(const ObjectPool&) = delete;

    T* alloc() {
        const SpinGuard guard(lock_);
        if (free_ == nullptr) return all_.emplace_back(std::make_unique<T>()).get();
        T* object = free_;
        free_ = object->next;
        return object;
    }
    void free(T* object) {
        const SpinGuard guard(lock_);
        object->next = free_;
        free_ = object;
    }
    // mempool_exit: what is not in use goes back to the system.
    void shrink() {
        const SpinGuard guard(lock_);
        std::vector<T*> unused;
        for (T* object = std::exchange(free_, nullptr); object != nullptr; object = object->next)
            unused.push_back(object);
        std::ranges::sort(unused);
        std::erase_if(all_, [&](const auto& object) { return std::ranges::binary_search(unused, object.get()); });
    }

   private:
    SpinLock lock_;
    T* free_ GUARDED_BY(lock_) = nullptr;
    std::vector<std::unique_ptr<T>> all_ GUARDED_BY(lock_);
};

struct R1conf {
    explicit R1conf(Mddev& mddev);
    ~R1conf();
    Mddev& mddev;
    std::array<Raid1Info, kMaxMembers> mirrors;
    int raid_disks = 0;

    SpinLock device_lock;
    R1bio* retry_list GUARDED_BY(device_lock) = nullptr;  // for raid1d, FIFO by retry_tail
    R1bio** retry_tail GUARDED_BY(device_lock) = &retry_list;
    R1bio* bio_end_io_list GUARDED_BY(device_lock) = nullptr;  // wait for the failure to be recorded; FIFO
    R1bio** bio_end_io_tail GUARDED_BY(device_lock) = &bio_end_io_list;
    Bio* pending_bio_list GUARDED_BY(device_lock) = nullptr;  // data clones that raid1d submits, FIFO
    Bio** pending_tail GUARDED_BY(device_lock) = &pending_bio_list;
    Shared<int> pending_count;  // length of pending_bio_list, for the condition of freeze_array

    WaitQueue wait_barrier;
    SpinLock resync_lock;
    Shared<int> nr_sync_pending;
    // Of each bucket.
    using Counters = std::unique_ptr<Shared<int>[]>;
    static Counters kcalloc_buckets() { return std::make_unique<Shared<int>[]>(BARRIER_BUCKETS_NR); }
    Counters nr_pending = kcalloc_buckets(), nr_waiting = kcalloc_buckets(), nr_queued = kcalloc_buckets(),
             barrier = kcalloc_buckets();
    Shared<int> array_frozen;  // how many froze it
    Shared<bool> fullsync;
    Shared<int> recovery_disabled;
    Shared<bool> freed;  // by a stop: variants/conf_life.hpp

    // Writes that must not overtake an overlapping one: see wait_for_serialization.
    SpinLock serial_lock;
    R1bio* serial_list GUARDED_BY(serial_lock) = nullptr;
    WaitQueue serial_wait;

    // Pools: never allocate on the data path once warm.
    ObjectPool<R1bio> r1bio_pool;
    ObjectPool<R1bio> r1buf_pool;  // with sync buffers
    ObjectPool<SplitParent> split_pool;
    AllocatedPage tmppage = alloc_page();  // raid1d's, for repair

    RateLimit rescheduling_limit, redirecting_limit, unrecoverable_limit;
};

extern const MdPersonality raid1_personality;

inline R1conf& r1conf_of(const Mddev& mddev) {
    return *static_cast<R1conf*>(mddev.priv);
}

// A read-side section that ends with its scope.
class Raid1RcuSection {
   public:
    explicit Raid1RcuSection(Kernel& kernel) : kernel_(kernel) { kernel_.rcu_read_lock(); }
    ~Raid1RcuSection() { kernel_.rcu_read_unlock(); }
    Raid1RcuSection(const Raid1RcuSection&) = delete;
    Raid1RcuSection& operator=(const Raid1RcuSection&) = delete;

   private:
    Kernel& kernel_;
};

// ---- what other files and tests name

bool raid1_make_request(Mddev& mddev, Bio* bio);
void raid1d(MdThread& thread);
void raid1_quiesce(Mddev& mddev, int quiesce);
void freeze_array(R1conf& conf, int extra);
void unfreeze_array(R1conf& conf);
int read_balance(R1conf& conf, R1bio& r1_bio, Sector* max_sectors);
Sector raid1_sync_request(Mddev& mddev, Sector sector_nr, bool* skipped);
void raid1_error(Mddev& mddev, Rdev& rdev);

// ---- between the raid1_*.cpp files

// raid1_barrier.cpp
bool wait_barrier(R1conf& conf, Sector sector_nr, bool nowait);  // false: it would have to sleep, and may not
bool wait_read_barrier(R1conf& conf, Sector sector_nr, bool nowait);
void allow_barrier(R1conf& conf, Sector sector_nr);
int raise_barrier(R1conf& conf, Sector sector_nr);  // 0 or -EINTR
void lower_barrier(R1conf& conf, Sector sector_nr);
void raid1_wake_after_count(R1conf& conf);  // who waits for a count that has just gone down

// raid1_request.cpp
R1bio* alloc_r1bio(Mddev& mddev, Bio* bio);
void free_r1bio(R1bio* r1_bio);
void raid_end_bio_io(R1bio* r1_bio);
void close_write(R1bio& r1_bio);
// Its count keeps it there: variants/slot_pointer.hpp. Here, because each write asks six times.
inline Rdev& target_in(const R1conf& conf, std::uint64_t slot) {
    Rdev* const rdev = conf.mirrors[slot].rdev;
    if (rdev == nullptr) [[unlikely]]
        kptr_fault(conf.mddev.kernel, "conf->mirrors[i].rdev", false);
    return *rdev;
}
void reschedule_retry(R1bio* r1_bio);
void r1_bio_write_done(R1bio* r1_bio);  // one clone has ended, or its maker has made the last one
Bio* bio_alloc_clone(R1conf& conf, R1bio& r1_bio, int slot, const Rdev& rdev, const Bio& master);
// Cuts `sectors` off the front of `bio`: the bio given back is the front, `bio` becomes the rest.
Bio* raid1_split_bio(R1conf& conf, Bio* bio, Sector sectors);

// raid1_thread.cpp
void queue_until_recorded(R1conf& conf, R1bio* r1_bio);  // raid1d goes on with it when the superblocks are written

// raid1_plug.cpp
void raid1_queue_write(R1conf& conf, Bio* bio);
void flush_pending_writes(R1conf& conf);
void raid1_send_held_back(R1conf& conf, R1bio* r1_bio);
// The last member does not take its metadata, and nothing may rely on that (variants/last_record.hpp).
inline bool raid1_refuses_writes(const Mddev& mddev) {
    return mddev.variants.row<variants::last_record>().is_needed && test_bit(MD_BROKEN, mddev.flags);
}
void raid1_finish_plug();              // submits what the task has plugged
void raid1_flush_plug_before_sleep();  // as schedule() does: hands it to raid1d

// raid1_read.cpp
// Reads the first `max_read_sectors` of bio. With r1_bio: a retry of it, from raid1d, to the end. Else: false when only
// the front could be read and `bio` is now the rest.
bool raid1_read_request(Mddev& mddev, Bio* bio, Sector max_read_sectors, R1bio* r1_bio);
void handle_read_error(R1conf& conf, R1bio* r1_bio);
void update_head_pos(R1conf& conf, int disk, const R1bio& r1_bio);
bool r1_sync_page_io(Rdev& rdev, R1conf& conf, Sector sector, Sector sectors, std::byte* page, BioOp op);

// raid1_sync.cpp
void put_buf(R1bio* r1_bio);
void handle_sync_write_finished(R1conf& conf, R1bio* r1_bio);
void end_sync_read(Bio* bio);
void end_sync_write(Bio* bio);
void put_sync_write_buf(R1bio* r1_bio, bool uptodate);
void abort_sync_write(Mddev& mddev, const R1bio& r1_bio);

// raid1_check.cpp
void sync_request_write(Mddev& mddev, R1bio* r1_bio);

// raid1_conf.cpp
// A write to this member failed: remember it, and look for a spare.
void raid1_note_write_error(Mddev& mddev, Rdev& rdev);

}  // namespace mdscope
