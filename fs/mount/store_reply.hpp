// SPDX-License-Identifier: MIT
// The reply to one store into a control file, or to one open of md0: sent exactly once, by whoever is first.
//
//   store thread:       begin(req) ---- the store runs, may sleep ---- finish_write(size) | finish_error(errno)
//   FUSE_INTERRUPT:                         interrupted()  --> kernel.interrupt(task), and EINTR if it sleeps
//
// A store sleeps as md's do: interruptibly (waiting for reconfig_mutex), and then Kernel::interrupt ends it, or not (a
// stop waiting for metadata writes), and then the writer is told EINTR at once while the operation goes on here. A
// store that is not asleep is left to finish: bash sends interrupts for a child's death, and most stores take
// microseconds.
//
// Lifetime: libfuse may call interrupted() late, while finish() is running. The object therefore belongs to the thread
// (a Worker), which outlives all requests, and the request's address tells a late call from a good one: libfuse keeps
// the request's memory until its callback has returned.
#pragma once

#include <cstddef>
#include <mutex>

#include "engine/kernel/kernel.hpp"
#include "fs/mount/fuse_api.hpp"

namespace mdscope {

class StoreReply {
   public:
    // From the thread that runs the store; a task of the kernel.
    void begin(fuse_req_t req);
    void finish_write(std::size_t size);
    void finish_ioctl();                      // with the value 0
    bool finish_open(const OpenReply& open);  // false: nobody has this file, EINTR was said or the opener is gone
    void finish_error(int err);               // positive errno

    // From the block observer of the same thread. Harmless when no store is running.
    void will_block();
    void did_unblock();

    // The slot of the calling thread; every session thread has one.
    static StoreReply& mine();
    void install();  // makes this the calling thread's slot

   private:
    static void on_interrupt(fuse_req_t req, void* slot);
    void reply_eintr_locked();
    template <class Reply>
    void finish(Reply&& reply);

    std::mutex mutex_;
    fuse_req_t req_ = nullptr;
    Task* task_ = nullptr;
    bool registering_ = false;  // replying from inside fuse_req_interrupt_func would free the request under it
    bool interrupted_ = false;
    bool asleep_ = false;
    bool replied_ = false;
};

}  // namespace mdscope
