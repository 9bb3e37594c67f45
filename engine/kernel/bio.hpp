// SPDX-License-Identifier: MIT
// The request that travels from md to a disk and ends in a callback.
//
// One contiguous buffer, one disk. Whoever submits a bio owns it again when bi_end_io is called, and only then. The
// callback may run in the submitter's own context, before submit_bio returns: a data bio on a disk that is neither
// delayed nor held completes there. Metadata bios (REQ_META) always complete in the context of the disk's own I/O task.
// A callback counts down, wakes, and returns; it never sleeps.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>

#include "engine/kernel/sync.hpp"
#include "engine/kernel/words.hpp"

namespace mdscope {

class Disk;
class BioSet;
struct Bio;

using Sector = std::uint64_t;  // 512 bytes, always
inline constexpr unsigned kSectorShift = 9;
inline constexpr unsigned kSectorSize = 512;
inline constexpr std::size_t kPageSize = 4096;

enum class BioOp : std::uint8_t { Read, Write, Flush, Discard };
inline constexpr Words<BioOp, 4> kBioOps{{"read", "write", "flush", "discard"}};

enum BioFlag : std::uint32_t {
    REQ_SYNC = 1U << 0,
    REQ_META = 1U << 1,      // superblock-class I/O: superblocks, bad-block logs, bitmap pages
    REQ_PREFLUSH = 1U << 2,  // make everything that completed before durable first
    REQ_FUA = 1U << 3,       // durable before the completion
    REQ_IDLE = 1U << 4,
    REQ_NOWAIT = 1U << 5,
    REQ_FAILFAST = 1U << 6,
    REQ_SYNC_IO = 1U << 7,  // resync or recovery: not counted as the user's I/O by the throttle
    REQ_AHEAD = 1U << 8,    // a flush whose submitter has another disk to flush meanwhile
};

// What the bio is, for `hold`, for lab/bios and for people. Set by whoever makes it. Its words are format: lab/ and
// its rules, schedules, the event log, snapshots and state hashes spell a kind so.
enum class BioKind : std::uint8_t { Data, Superblock, Bitmap, BadBlocks, Resync };
inline constexpr Words<BioKind, 5> kBioKinds{{"data", "superblock", "bitmap", "badblocks", "resync"}};

struct Bio {
    BioOp bi_op = BioOp::Read;
    BioKind bi_kind = BioKind::Data;
    std::uint32_t bi_flags = 0;
    Sector bi_sector = 0;       // absolute on bi_disk
    std::uint32_t bi_size = 0;  // bytes; need not be a multiple of 512 on a bitmap file
    std::byte* bi_data = nullptr;
    int bi_status = 0;  // 0 or -errno, set before bi_end_io
    Disk* bi_disk = nullptr;
    void (*bi_end_io)(Bio*) = nullptr;
    void* bi_private = nullptr;
    BioSet* bi_pool = nullptr;  // where bio_put returns it; nullptr: the caller keeps it
    Bio* bi_next = nullptr;     // link of the list it is on, if any
    std::uint64_t bi_id = 0;    // number of this submission on its kernel (metadata and held bios; 0 on the fast path)
    std::uint64_t bi_aux = 0;   // for whoever submitted it
};

inline Sector bio_sectors(const Bio& bio) {
    return (bio.bi_size + kSectorSize - 1) >> kSectorShift;
}
inline Sector bio_end_sector(const Bio& bio) {
    return bio.bi_sector + bio_sectors(bio);
}

// What a write or a discard leaves in its sector number `i`. A discard has no buffer, and leaves zeros.
inline constexpr std::array<std::byte, kSectorSize> kZeroSector{};
inline const std::byte* bytes_left_by(const Bio& bio, Sector i) {
    return bio.bi_op == BioOp::Discard ? kZeroSector.data() : bio.bi_data + i * kSectorSize;
}

// Ends the bio with `status`. The disk calls it exactly once for each bio it was given.
inline void bio_endio(Bio* bio, int status) {
    bio->bi_status = status;
    bio->bi_end_io(bio);
}

// A pool of bios (the kernel's bio_set on a mempool). Allocation never fails; freed bios are kept for the next.
// Destroying it while bios are out is what the `pools` axis is about: bio_put into a destroyed set is a simulated
// fault, never undefined behaviour, because the memory stays until the BioSet object itself goes.
class BioSet {
   public:
    BioSet(Kernel& kernel, const char* name) : kernel_(&kernel), name_(name) {}
    ~BioSet();
    BioSet(const BioSet&) = delete;
    BioSet& operator=(const BioSet&) = delete;

    Bio* alloc();         // fields at their defaults, bi_pool == this
    void free(Bio* bio);  // raises an Oops in mempool_free when the set was destroyed
    void init();          // (again) usable; nothing may be out
    void destroy();       // bioset_exit: from now on free() is a fault
    [[nodiscard]] const char* name() const { return name_; }
    [[nodiscard]] bool destroyed() const { return destroyed_.peek(); }
    [[nodiscard]] long in_use() const { return in_use_.load(std::memory_order_relaxed); }

   private:
    Kernel* kernel_;
    const char* name_;
    Shared<bool> destroyed_;
    SpinLock lock_;
    Bio* free_ GUARDED_BY(lock_) = nullptr;
    std::deque<Bio> all_ GUARDED_BY(lock_);  // owns every bio ever made here, so one lost in an Oops is not leaked
    std::atomic<long> in_use_{0};
};

inline void bio_put(Bio* bio) {
    if (bio->bi_pool != nullptr) bio->bi_pool->free(bio);
}

// Hands the bio to bio->bi_disk. May throw Halted after an Oops (the bio is then still the caller's).
void submit_bio(Bio* bio);

// Submits and sleeps until it is done; returns bi_status. For superblock reads, bitmap loading and repair.
[[nodiscard]] int submit_bio_wait(Kernel& kernel, Bio* bio);

}  // namespace mdscope
