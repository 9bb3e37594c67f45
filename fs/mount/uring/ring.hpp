// SPDX-License-Identifier: MIT
// One io_uring, of one thread: whoever submits an entry is who the kernel copies the next request for, and has to be
// awake for that.
#pragma once

#include <liburing.h>

#include <functional>

#include "fs/mount/uring/entry.hpp"

namespace mdscope::uring {

class Ring {
   public:
    // Throws std::system_error.
    Ring(unsigned submissions, unsigned completions, unsigned flags);
    ~Ring();
    Ring(const Ring&) = delete;
    Ring& operator=(const Ring&) = delete;

    void add_register(int fuse, Entry& entry) { add(fuse, kRegister, entry); }
    void add_commit(int fuse, Entry& entry) { add(fuse, kCommitAndFetch, entry); }
    void add_read(int fd, void* buffer, unsigned size);  // completes without an entry
    int submit() { return io_uring_submit(&ring_); }
    // 0, or -errno: -EINTR when a signal came first.
    int submit_and_wait();
    // Calls `done(entry, result)` for everything that has completed; false: nothing had.
    bool reap(const std::function<void(Entry*, int)>& done);

   private:
    void add(int fuse, Command command, Entry& entry);
    io_uring_sqe* next_submission();

    io_uring ring_{};
};

}  // namespace mdscope::uring
