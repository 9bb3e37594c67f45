// SPDX-License-Identifier: MIT
// The FUSE session's own loop: a few threads read, and nothing starves.
//
//   reading ---- request will sleep (will_block), or takes long (watchdog) ----> hand over the role, work on
//      ^                                                                              |
//      '---- takes the role when one is free <---- idle <---- replied ----------------'
//
// `readers` threads hold a reading role: each receives a request, processes it in place and replies, with no hop
// between threads. Measured on two cores: with one reader, a single submitter is woken from the other core each time;
// from two readers on the kernel finds one on the submitter's own core, which doubles its speed. Before a reader goes
// to sleep in a wait queue it hands its role to an idle thread, or to a new one, as the kernel's concurrency-managed
// workqueues do. A request that stays long in a system call (an fsync of an image) cannot announce itself: a watchdog
// looks every 10 ms while there is traffic and takes the role away. So control files are answered while any number of
// data requests is stuck.
//
// Data requests (reads, writes, opens and syncs of one node) may block at most `max_blocked_data` threads; more are
// copied into a queue and served, oldest first, by threads that become free. Control requests always get a thread.
//
// Each thread is a task of the kernel (TaskScope), with an aligned receive buffer: the payload of a write is at a page
// boundary and goes to the array from there.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine/kernel/real/real_kernel.hpp"
#include "engine/kernel/result.hpp"
#include "fs/mount/fuse_api.hpp"
#include "fs/mount/uring/server.hpp"

namespace mdscope {

struct SessionOptions {
    unsigned readers = 10;  // threads that may hold the reading role at once
    unsigned max_blocked_data = 256;
    unsigned keep_idle = 4;           // idle threads beyond these leave after a while
    std::vector<std::string> fuse{};  // mount options, each as after -o
    bool over_uring = false;          // where the kernel has been asked (uring::why_not)
};

class Session {
   public:
    Session(RealKernel& kernel, SessionOptions options);
    ~Session();  // Where join() has not succeeded, it waits; and ends the process when that takes too long
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    // Mounts; requests are answered after start(). The error is for people.
    Result<bool> mount(const fuse_lowlevel_ops& operations, void* userdata, const std::string& mountpoint);
    // The node whose requests may sleep for long: the disk.
    void set_data_node(fuse_ino_t node);
    [[nodiscard]] std::string how_served() const;
    [[nodiscard]] fuse_session* handle() const { return session_; }

    // Starts serving; returns at once.
    void start();  // Throws when there is no memory for its threads
    // Called once, when somebody has unmounted the file system or called stop(). Set before start(); must not call
    // back.
    void set_over_handler(std::function<void()> handler) { over_handler_ = std::move(handler); }
    // No request is received any more; those in flight are still answered. Any thread.
    void stop();
    // Takes the mount away from the name space; files that are open keep the connection until they are closed.
    void unmount();
    // Waits until every thread is gone; false: some are still inside a request after `seconds`.
    bool join(int seconds);

   private:
    class Worker;
    struct Queued;

    bool take_role(Worker& worker);
    void hand_over(Worker& worker);
    void hand_over_locked(Worker& worker);
    void promote_locked();
    bool queue_data(const fuse_buf& buffer);
    void settle(Worker& worker);
    bool can_serve_queued() const;
    void serve_queued(std::unique_lock<std::mutex>& lock, Worker& worker);
    void call_one_locked();
    void spawn_locked();
    void watch();
    void reap_locked();

    RealKernel& kernel_;
    const SessionOptions options_;
    fuse_session* session_ = nullptr;
    bool mounted_ = false;
    std::unique_ptr<uring::Server> uring_;  // most requests come there; the rest is read here
    std::function<void()> over_handler_;
    fuse_ino_t data_node_ = 0;

    std::mutex mutex_;  // everything below that is not atomic
    std::condition_variable idle_changed_;
    std::condition_variable over_changed_;
    std::list<std::unique_ptr<Worker>> workers_;
    unsigned readers_ = 0;
    unsigned idle_ = 0;      // threads asleep in take_role that nobody has called yet
    unsigned called_ = 0;    // wake-ups on their way to one of them
    unsigned starting_ = 0;  // threads made, not yet arrived
    unsigned blocked_data_ = 0;
    std::deque<Queued> queue_;
    std::atomic<bool> data_full_{false};  // new data requests have to look at the queue
    std::atomic<bool> stopping_{false};

    std::thread watchdog_;
    std::condition_variable watchdog_wake_;
    std::atomic<bool> watchdog_asleep_{false};
    std::atomic<std::uint64_t> served_{0};  // grows at each request
};

}  // namespace mdscope
