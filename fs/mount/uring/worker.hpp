// SPDX-License-Identifier: MIT
// A thread that serves; see server.hpp.
#pragma once

#include <optional>

#include "fs/mount/store_reply.hpp"
#include "fs/mount/uring/server.hpp"

namespace mdscope::uring {

class Server::Worker final : public BlockObserver {
   public:
    explicit Worker(Server& server) : server_(server), task_(std::in_place, server.kernel_, "fuse") {}

    void start() {
        thread_ = std::thread([this] { run_or_end("fuse", [this] { run(); }); });
    }
    void will_block() override { reply_.will_block(); }
    void did_unblock() override { reply_.did_unblock(); }

    // What the calling thread serves answers to `unique`; nullptr: it is another's.
    static Worker* serving(std::uint64_t unique);
    // The answer, from the thread itself. Returns as writev(2) does.
    ssize_t answer(std::uint64_t unique, const iovec* parts, int count);
    std::thread& thread() { return thread_; }
    std::atomic<bool> gone{false};
    bool is_free = false;       // counted in Server::free_; under Server::mutex_
    bool is_busy_data = false;  // counted in Server::busy_data_; the same

   private:
    void run();
    void serve_entries(Entry& first);
    void serve(Entry& entry);
    void copy(fuse_buf& request);
    bool adopt(Entry& entry);
    bool commit_and_wait();
    void disown();

    static thread_local Worker* this_worker;

    Server& server_;
    std::optional<MadeTask> task_;  // until the thread has left
    StoreReply reply_;
    std::optional<Ring> ring_;
    std::vector<char> copy_;
    int owns_of_ = -1;  // the queue of the entry that is its own; -1: none is
    Entry* entry_ = nullptr;
    std::uint64_t unique_ = 0;
    bool in_place_ = false;
    bool answered_ = false;
    std::thread thread_;
};

}  // namespace mdscope::uring
