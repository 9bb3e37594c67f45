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
    void submit();
    void submit_and_wait();  // until something has completed, or a signal came
    // Calls `done(entry, result)` for everything that has completed; false: nothing had.
    bool reap(const std::function<void(Entry*, int)>& done);

   private:
    static void check(int result);
    void add(int fuse, Command command, Entry& entry);
    io_uring_sqe* next_submission();

    io_uring ring_{};
};

}  // namespace mdscope::uring
