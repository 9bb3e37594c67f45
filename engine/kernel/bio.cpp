// SPDX-License-Identifier: MIT
// The pool of bios, and the two ways to submit one.
//
// The pool is a free list under a SpinLock: the data path takes and returns bios there at every request, so once it is
// warm nothing is allocated. The pool owns all bios it ever made, whatever became of them.
//
// submit_bio_wait works on a copy of the bio with a buffer of its own. After an Oops its caller unwinds while the bio
// may still be held or in flight; the disk must then not be left with pointers into a stack that is gone.
#include "engine/kernel/bio.hpp"

#include <cstring>
#include <memory>
#include <vector>

#include "engine/kernel/disk.hpp"
#include "engine/kernel/kernel.hpp"

namespace mdscope {

// ---- submitting

void submit_bio(Bio* bio) {
    if (current != nullptr && current->kernel->halted()) [[unlikely]]
        throw Halted();
    bio->bi_disk->submit(bio);
}

namespace {

// Lives until both the sleeper and the completion have let go of it: the completion still wakes the queue after the
// sleeper may have seen `done`.
struct SyncIo {
    SyncIo(Kernel& kernel, const Bio& from) : bio(from), data(from.bi_size), wait(kernel, "submit_bio_wait") {}
    Bio bio;
    std::vector<std::byte> data;
    WaitQueue wait;
    Shared<int> done;
    std::atomic<int> holders{2};
};

void let_go(SyncIo* io) {
    if (io->holders.fetch_sub(1) == 1) delete io;
}

void sync_io_done(Bio* bio) {
    auto* io = static_cast<SyncIo*>(bio->bi_private);
    io->done = 1;
    wake_up(io->wait);
    let_go(io);
}

}  // namespace

int submit_bio_wait(Kernel& kernel, Bio* bio) {
    if (kernel.halted()) [[unlikely]]  // Before the data is looked at: it may be borrowed, and gone.
        throw Halted();
    const std::unique_ptr<SyncIo, void (*)(SyncIo*)> io(new SyncIo(kernel, *bio), let_go);
    io->bio.bi_data = io->data.data();
    io->bio.bi_private = io.get();
    io->bio.bi_end_io = sync_io_done;
    io->bio.bi_pool = nullptr;
    io->bio.bi_next = nullptr;
    if (bio->bi_op == BioOp::Write && bio->bi_size != 0) std::memcpy(io->bio.bi_data, bio->bi_data, bio->bi_size);
    try {
        submit_bio(&io->bio);
    } catch (const Halted&) {
        let_go(io.get());  // Refused, so no completion will come.
        throw;
    }
    wait_event(io->wait, io->done != 0);
    if (bio->bi_op == BioOp::Read && io->bio.bi_status == 0 && bio->bi_size != 0)
        std::memcpy(bio->bi_data, io->bio.bi_data, bio->bi_size);
    bio->bi_status = io->bio.bi_status;
    return bio->bi_status;
}

// ---- BioSet

BioSet::~BioSet() = default;

Bio* BioSet::alloc() {
    Bio* bio = nullptr;
    {
        const SpinGuard guard(lock_);
        bio = free_;
        if (bio != nullptr) {
            free_ = bio->bi_next;
        } else {
            bio = &all_.emplace_back();
        }
        in_use_.store(in_use_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }
    *bio = Bio{};
    bio->bi_pool = this;
    return bio;
}

void BioSet::free(Bio* bio) {
    const bool dead = destroyed_.load();
    {
        const SpinGuard guard(lock_);
        bio->bi_next = free_;
        free_ = bio;
        in_use_.store(in_use_.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
    }
    if (dead) [[unlikely]] {
        MD_FRAME("mempool_free");
        Oops fault;
        fault.what = "NULL pointer dereference";
        fault.object = "mempool_t.elements";
        fault.function = "mempool_free";
        kernel_->oops(std::move(fault));
    }
}

void BioSet::init() {
    destroyed_ = false;
}

void BioSet::destroy() {
    destroyed_ = true;
}

}  // namespace mdscope
