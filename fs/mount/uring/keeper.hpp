// SPDX-License-Identifier: MIT
// The thread that has all entries which no worker owns; see server.hpp. It serves nothing, so that it is always awake.
#pragma once

#include <sched.h>

#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

#include "fs/mount/uring/server.hpp"

namespace mdscope::uring {

class Server::Keeper {
   public:
    Keeper(Server& server, unsigned queues);  // Throws when there is no memory, or no ring
    ~Keeper();                                // REQUIRES: not started, or gone and joined
    Keeper(const Keeper&) = delete;
    Keeper& operator=(const Keeper&) = delete;

    void start();  // Throws when there is no memory for a thread
    void begin();  // INIT is answered: the kernel takes entries
    // Any thread: this entry is answered, and the keeper's from now on.
    void commit(Entry& entry);
    // Any thread: there may be requests in the kernel's list of this queue.
    void nudge(unsigned queue);
    // The workers are gone. Any thread, more than once.
    void end();

    // A nudge is not for serving: it is answered here, and true.
    static bool took_nudge(Entry& entry);

    std::thread& thread() { return thread_; }
    std::atomic<bool> gone{true};

   private:
    struct Queue {
        std::list<EntryBlock> blocks;
        unsigned waiting = 0;     // entries of the keeper that are with the kernel
        Entry* nudged = nullptr;  // after_nudge, and committed since the last look
        bool to_nudge = false;
        bool nudge_owed = false;                // there was no file to ask about
        std::atomic<bool> nudge_wanted{false};  // by others
    };

    void run();
    void register_block(unsigned queue);
    void take_orders();
    void grow();
    void handle(Entry* entry, int result);
    void add_commit(Entry& entry);
    bool settle();
    bool wait_for_begin();
    void repay_nudges();
    bool send_nudges();
    bool send_nudge(unsigned queue);
    void wake() const;

    Server& server_;
    Ring ring_;
    int wake_;  // an eventfd
    std::uint64_t wakes_ = 0;
    std::deque<Queue> queues_;
    std::uint64_t last_file_ = 0;  // a node that was read or written
    bool is_ready_ = false;        // the first entries are with the kernel
    int refused_ = 0;              // what the kernel said to a Register
    bool over_ = false;            // the connection is gone
    cpu_set_t cpus_{};             // where the thread may run

    std::mutex mutex_;  // answered_
    EntryList answered_;
    std::atomic<bool> begun_{false};
    std::atomic<bool> ending_{false};
    std::optional<MadeTask> task_;
    std::thread thread_;
};

}  // namespace mdscope::uring
