// SPDX-License-Identifier: MIT
// The kernel that is mounted: tasks are OS threads, sleep is a condition variable, disks are image files.
//
//   kthread_run --> RealTask + std::thread          timer thread ("timer"), started by the first mod_timer
//   TaskScope   --> RealTask for a foreign thread   (a test's main thread, a FUSE worker)
//
// How sleep works. A sleeper counts itself in WaitQueue::sleepers_, then looks at the condition; a waker changes the
// condition, then looks at sleepers_. Both are sequentially consistent, so one of the two sees the other, and a waker
// with nobody asleep returns after one load. Otherwise it bumps `wakeups_` under the queue's mutex. A sleeper reads
// `wakeups_` before it evaluates the condition and sleeps only while the number has not moved; so conditions run
// without the queue's mutex, and may take a SpinLock that a waker holds.
//
// Who sleeps where is published by each sleeper in its own RealTask, under a mutex that nobody sleeps with. tasks(),
// interrupt() and an Oops walk the registry and find the queues there. A queue stays valid while it is published.
//
// Locks, outermost first: registry_mutex_, RealTask::sleep_mutex, WaitQueue::mutex_. log_mutex_ and the timer's mutex
// are taken alone. Any of them may be taken with a SpinLock held.
//
// After an Oops: sleepers throw Halted, timers no longer fire, disks still complete what they have.
#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "engine/kernel/kernel.hpp"

namespace mdscope {

// What was begun in the engine and others wait for is never finished: there is no going on, and nothing to be saved
// that is not saved already. As after a kill -9, what was acknowledged is in the images.
[[noreturn]] void end_without_memory(const char* who);

// The body of a thread that cannot be refused any more: others count on it.
template <class Body>
void run_or_end(const char* who, Body&& body) {
    try {
        body();
    } catch (const std::bad_alloc&) {
        end_without_memory(who);
    }
}

class RealKernel;

struct RealTask : Task {
    explicit RealTask(RealKernel& owner);

    std::thread thread;  // none for an adopted thread
    Shared<bool> done;
    WaitQueue exited;
    int rcu_depth = 0;  // touched by the task alone
    unsigned rcu_side = 0;

    // Where it sleeps; queue == nullptr: it runs.
    mutable std::mutex sleep_mutex;
    WaitQueue* queue = nullptr;
    const char* condition = nullptr;
    std::uint64_t since_ns = 0;
    std::array<const char*, 32> frames{};  // innermost first
    std::size_t frame_count = 0;
};

class RealKernel final : public Kernel {
   public:
    RealKernel();
    ~RealKernel() override;  // All tasks should be joined; any that are not are halted and joined.
    RealKernel(const RealKernel&) = delete;
    RealKernel& operator=(const RealKernel&) = delete;

    std::uint64_t ktime_ns() override;
    std::uint64_t wall_clock() override;
    void get_random_bytes(void* buffer, std::size_t size) override;

    Task* kthread_run(std::string comm, std::function<void()> body) override;
    void kthread_join(Task* task) override;  // Does not throw Halted: after an Oops, too, threads are collected.
    void interrupt(Task* task) override;

    int wait(WaitQueue& queue, const char* text, Condition condition, const WaitOptions& options) override;
    void wake(WaitQueue& queue) override {
        if (queue.sleepers_.load() != 0) [[unlikely]]
            wake_sleepers(queue);
    }
    void msleep(std::uint64_t ns) override;

    void mod_timer(Timer& timer, std::uint64_t expires_ns) override;
    bool del_timer_sync(Timer& timer) override;

    void rcu_read_lock() override;
    void rcu_read_unlock() override;
    void synchronize_rcu() override;

    [[nodiscard]] Result<std::shared_ptr<const void>> hold_folder(const std::string& path) override;
    Result<std::unique_ptr<Disk>> open_disk(const std::string& path, OpenMode mode) override;
    [[nodiscard]] bool is_same_file(const std::string& a, const std::string& b) override;
    Result<std::string> read_file(const std::string& path) override;
    Result<bool> replace_file(const std::string& path, std::string_view text) override;

    void printk(LogLevel level, std::string text) override;
    [[nodiscard]] std::vector<LogLine> log() const override;
    static constexpr std::size_t kLogLines = 4096;  // older ones go
    // Of those that are there, the ones from number *next on, counted from the first there ever was. *next: the number
    // of the one that comes next.
    std::vector<LogLine> log_since(std::uint64_t* next) const;
    void set_log_sink(std::function<void(const LogLine&)> sink) override;  // Called line by line; must not printk.

    [[noreturn]] void oops(Oops fault) override;
    [[nodiscard]] bool halted() const override { return halted_.load(); }
    [[nodiscard]] const Oops* first_oops() const override;
    void restart() override;
    // Called once a fault, in the context that met it, while the sleepers still sleep: their stacks can be looked at.
    // It may take SpinLocks and short mutexes, and must not sleep or printk. Set it before anything can fault.
    void set_oops_observer(std::function<void(const Oops&)> observer);

    std::uint64_t next_bio_id() override { return bio_ids_.fetch_add(1, std::memory_order_relaxed) + 1; }
    [[nodiscard]] std::vector<SleepInfo> tasks() const override;

   private:
    friend class MadeTask;
    struct HeldFolder;
    struct Place;
    Place place_of(const std::string& path);
    class TimerThread;
    class Sleep;

    RealTask& current_task();
    RealTask* adopt(std::string comm);
    void forget(RealTask* task);
    void run_task(RealTask& task, const std::function<void()>& body);
    static void wake_sleepers(WaitQueue& queue);
    void halt();
    TimerThread& timers();

    const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();

    mutable std::mutex registry_mutex_;
    std::vector<std::unique_ptr<RealTask>> registry_;
    int last_pid_ = 0;

    std::mutex timers_mutex_;
    std::unique_ptr<TimerThread> timers_owner_;
    std::atomic<TimerThread*> timers_{nullptr};

    // Read-copy-update: readers count themselves on the side that `rcu_flips_` points at.
    std::atomic<unsigned> rcu_flips_{0};
    std::array<Shared<long>, 2> rcu_readers_;
    WaitQueue rcu_queue_;
    Mutex rcu_mutex_;

    std::mutex folders_mutex_;
    std::map<std::string, std::weak_ptr<const HeldFolder>> folders_;

    mutable std::mutex log_mutex_;
    std::deque<LogLine> log_;
    std::uint64_t log_count_ = 0;  // with those that have gone
    std::function<void(const LogLine&)> log_sink_;

    std::atomic<bool> halted_{false};
    std::mutex oops_mutex_;
    std::atomic<std::uint64_t> halts_{0};
    std::function<void(const Oops&)> oops_observer_;  // under oops_mutex_
    std::optional<Oops> first_oops_;                  // Written once, before halted_; read only after it.
    std::atomic<std::uint64_t> bio_ids_{0};
};

// Where a thread is not made. To say so takes memory, too.
void say_no_thread(RealKernel& kernel, const std::exception& why);

// A task that is made before the thread it is for: who starts the thread hears that there is no memory for it.
class MadeTask {
   public:
    MadeTask(RealKernel& kernel, std::string comm);
    ~MadeTask();
    MadeTask(const MadeTask&) = delete;
    MadeTask& operator=(const MadeTask&) = delete;
    [[nodiscard]] RealTask& task() const { return *task_; }

   private:
    RealKernel& kernel_;
    RealTask* task_;
};

// Makes the calling thread a task for as long as the scope lives. Scopes nest; the inner one is `current`.
class TaskScope {
   public:
    TaskScope(RealKernel& kernel, std::string comm);
    explicit TaskScope(const MadeTask& made);
    ~TaskScope();
    TaskScope(const TaskScope&) = delete;
    TaskScope& operator=(const TaskScope&) = delete;
    [[nodiscard]] Task& task() const;

   private:
    std::optional<MadeTask> own_;
    RealTask* task_;
    Task* outer_task_;
    trace::Context* outer_context_;
};

}  // namespace mdscope
