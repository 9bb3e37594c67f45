// SPDX-License-Identifier: MIT
// The byte-exact front of an array: what a read, write, discard or flush of md0 does before md sees sectors.
//
// md0 may be written at any offset, and by many at once. Two rules make that safe on a mirror:
//   - Writes that overlap are done one after the other (WriteGate). md leaves that to its callers, whose page cache
//   never
//     writes one block twice at a time; without it two members could take the same two writes in a different order.
//   - A write that begins or ends inside a sector reads that sector, changes it and writes it whole, under the same
//   gate.
//
// A request is a bio from a pool, kept by two references: the submitter's and the completion's. After an Oops the
// submitter unwinds while the bio may still be held; the last one to leave puts it back. Buffers are the caller's, who
// has them back when a method returns or throws, whatever happens to the bio later.
//
// Offsets and lengths are bytes. Answers are bytes done, or -errno. All methods may be called from any task, many at
// once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/kernel/bio.hpp"
#include "engine/kernel/kernel.hpp"

namespace mdscope {

struct Mddev;

// Lets one write at a time into any range of bytes. Entries live on the stacks of the writers.
class WriteGate {
   public:
    explicit WriteGate(Kernel& kernel) : wait_(kernel, "md0 overlapping write") {}

    class Pass {
       public:
        Pass(WriteGate& gate, std::uint64_t first, std::uint64_t end);  // sleeps while an overlapping pass is held
        ~Pass();
        Pass(const Pass&) = delete;
        Pass& operator=(const Pass&) = delete;

       private:
        friend class WriteGate;
        WriteGate& gate_;
        std::uint64_t first_, end_;
        Pass* next_ = nullptr;
        Pass** link_ = nullptr;
    };

   private:
    [[nodiscard]] bool overlaps(const Pass& pass) const REQUIRES(lock_);
    [[nodiscard]] bool is_free(const Pass& pass);
    bool try_enter(Pass& pass);
    void leave(Pass& pass);
    SpinLock lock_;
    Pass* inside_ GUARDED_BY(lock_) = nullptr;
    WaitQueue wait_;
};

class ArrayDisk {
   public:
    explicit ArrayDisk(Kernel& kernel) : kernel_(kernel), gate_(kernel) {}
    ~ArrayDisk();
    ArrayDisk(const ArrayDisk&) = delete;
    ArrayDisk& operator=(const ArrayDisk&) = delete;

    std::int64_t read(Mddev& mddev, std::uint64_t offset, std::span<std::byte> buffer);
    std::int64_t write(Mddev& mddev, std::uint64_t offset, std::span<const std::byte> data, bool fua);
    // Zeros, of which the members need not keep blocks. What is of the range behind the end is left out.
    int discard(Mddev& mddev, std::uint64_t offset, std::uint64_t size);
    int flush(Mddev& mddev);

    // Requests that have not come back. An Mddev may be destroyed when it is 0.
    [[nodiscard]] long in_flight() const { return in_flight_.load(); }

   private:
    struct Request;
    class RequestRef;
    Request* take();
    void put(Request* request);
    static void end_request(Bio* bio);
    int submit(Mddev& mddev, BioOp op, std::uint64_t offset, std::byte* data, std::size_t size, std::uint32_t flags);
    int write_zeros(Mddev& mddev, std::uint64_t first, std::uint64_t end);
    int write_partial_sectors(Mddev& mddev, std::uint64_t offset, std::span<const std::byte> data, std::uint32_t flags);

    Kernel& kernel_;
    WriteGate gate_;
    SpinLock pool_lock_;
    Request* free_ GUARDED_BY(pool_lock_) = nullptr;
    std::atomic<long> in_flight_{0};  // changed under pool_lock_
    void count_in_flight(long n) REQUIRES(pool_lock_) {
        in_flight_.store(in_flight_.load(std::memory_order_relaxed) + n, std::memory_order_release);
    }
};

}  // namespace mdscope
