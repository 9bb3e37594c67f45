// SPDX-License-Identifier: MIT
// Requests over io_uring: one system call answers a request and waits for the next.
//
// The kernel has a queue for each CPU, and puts a request into an entry of the queue of the CPU that asks. The copy is
// made by the thread that submitted the entry, the next time it is awake. So an entry must never lie with a thread that
// sleeps in something else:
//
//   worker    owns one entry at most: waits in its ring, serves in place, answers and waits again. When it sleeps, all
//             that sleeps with it is its own request
//   keeper    one thread; owns all other entries and never serves. What arrives there (all workers of that CPU are
//             busy) goes to a worker without an entry. It answers what others answer (an interrupt, lab/trace_pipe)
//
//   kernel --entry of the keeper--> pending --> worker serves it --commits it itself: the entry is its own from now on
//                                                      '---- CPU has enough such workers ---> keeper commits it
//
// A request cannot be answered but by its entry. So one that is stuck keeps an entry, and the keeper registers more
// before the last is gone. Requests for which there was none are in the kernel's list, and leave it with the next
// commit only, not with a new entry: so the keeper, when it has made entries, causes one itself (nudge()).
//
// Threads run where the scheduler puts them: a worker tied to its CPU would hand that on to each thread that md starts
// on the way. Only the keeper goes to a CPU, for a nudge, and comes back.
//
// Before INIT is answered, and for FUSE_INTERRUPT and FORGET for ever, requests are read from /dev/fuse by Session.
//
// Data requests block at most `max_blocked_data` threads that got them from the keeper; control requests always get
// one.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "engine/kernel/real/real_kernel.hpp"
#include "fs/mount/uring/entry.hpp"
#include "fs/mount/uring/ring.hpp"

namespace mdscope::uring {

struct Limits {
    unsigned entries_per_queue = 32;  // at first; the keeper makes more
    unsigned workers_per_queue = 8;   // that own an entry
    unsigned max_blocked_data = 256;
    unsigned keep_idle = 4;
};

class Server {
   public:
    // One in a process. Throws when there is no memory, or no ring.
    Server(RealKernel& kernel, Limits limits);
    ~Server();  // REQUIRES: stop() and is_gone()
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // After the mount, before the first request is read.
    void attach(fuse_session* session);
    // Throws when there is no memory for its first threads.
    void start();
    void set_data_node(std::uint64_t node) { data_node_ = node; }
    enum class State { Starting, Serving, Refused };
    [[nodiscard]] State state() const { return state_; }
    // Nothing more is served; what is being served is still answered. Any thread.
    void stop();
    // Whether all threads have left after stop(). Those that have not are told once more.
    bool is_gone();

   private:
    class Keeper;
    class Worker;
    struct Hooks;
    friend struct Hooks;

    ssize_t read_request(void* buffer, std::size_t size);
    ssize_t send(const iovec* parts, int count);
    ssize_t send_init(const iovec* parts, int count);
    void registered(int err);

    Entry* take(Worker& worker);
    Entry* next_locked(Worker& worker);
    void served(Worker& worker);
    void dispatch(Entry& entry, bool is_data);
    void hand_out_locked();
    bool spawn_locked();
    void reap_locked();
    void give_back(Entry& entry);
    [[nodiscard]] bool is_data(const RequestHeader& header) const;

    RealKernel& kernel_;
    const Limits limits_;
    fuse_session* session_ = nullptr;
    int fuse_ = -1;
    std::uint64_t data_node_ = 0;
    std::atomic<std::uint64_t> init_unique_{0};
    bool init_offers_ = false;
    std::atomic<bool> stopping_{false};
    std::atomic<State> state_{State::Starting};

    std::mutex mutex_;  // everything below
    std::condition_variable changed_;
    std::list<std::unique_ptr<Worker>> workers_;
    unsigned free_ = 0;       // workers that wait in take(), or will
    unsigned busy_data_ = 0;  // data requests from pending_data_ that are being served
    EntryList pending_control_;
    EntryList pending_data_;
    std::vector<unsigned> owners_;                          // by queue: workers that own an entry of it
    std::unordered_map<std::uint64_t, Entry*> unanswered_;  // requests that others than their worker may answer
    std::unique_ptr<Keeper> keeper_;
};

}  // namespace mdscope::uring
