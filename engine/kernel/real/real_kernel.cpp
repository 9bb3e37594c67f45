// SPDX-License-Identifier: MIT
// Tasks, sleep and faults of the RealKernel. Its timers are in real_timers.cpp, its files and log in real_files.cpp.
#include "engine/kernel/real/real_kernel.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <system_error>

#include "engine/kernel/fault.hpp"
#include "engine/kernel/real/real_timers.hpp"
#include "engine/kernel/trace.hpp"

namespace mdscope {

// ---- tasks

RealTask::RealTask(RealKernel& owner) : exited(owner, "kthread_join") {
    kernel = &owner;
}

RealKernel::RealKernel() : rcu_queue_(*this, "synchronize_rcu"), rcu_mutex_(*this, "rcu_mutex") {}

RealKernel::~RealKernel() {
    timers_owner_.reset();
    halted_ = true;
    halt();
    std::vector<std::unique_ptr<RealTask>> left;
    {
        const std::lock_guard guard(registry_mutex_);
        left.swap(registry_);
    }
    for (const auto& task : left)
        if (task->thread.joinable()) task->thread.join();
}

Task* RealKernel::kthread_run(std::string comm, std::function<void()> body) {
    RealTask* task = adopt(std::move(comm));
    try {
        task->thread = std::thread([this, task, body = std::move(body)] { run_task(*task, body); });
    } catch (const std::system_error&) {  // No more threads to be had; the caller hears of it.
        forget(task);
        throw;
    }
    return task;
}

void end_without_memory(const char* who) {
    (void)std::fprintf(stderr, "mdscope: not enough memory for %s to go on; this process ends\n", who);
    std::_Exit(EXIT_FAILURE);
}

void say_no_thread(RealKernel& kernel, const std::exception& why) {
    try {
        kernel.printk(LogLevel::Err, std::string("mdscope: no more threads: ") + why.what());
    } catch (const std::bad_alloc&) {  // then nobody reads of it
    }
}

void RealKernel::run_task(RealTask& task, const std::function<void()>& body) {
    current = &task;
    trace::context = &task.trace;
    try {
        body();
    } catch (const Halted&) {  // The Oops is on record; this task simply ends.
    } catch (const std::bad_alloc&) {
        end_without_memory(task.comm.c_str());
    } catch (const std::system_error& error) {  // of a thread that could not be started
        if (error.code() != std::errc::resource_unavailable_try_again) throw;
        end_without_memory(task.comm.c_str());
    }
    task.done = true;
    wake_up(task.exited);
    trace::context = nullptr;
    current = nullptr;
}

void RealKernel::kthread_join(Task* task) {
    auto& target = static_cast<RealTask&>(*task);
    auto has_ended = [&target] { return target.done.load(); };
    if (!has_ended()) wait(target.exited, "the task has ended", has_ended, {.through_halt = true});
    target.thread.join();
    forget(&target);
}

RealTask* RealKernel::adopt(std::string comm) {
    auto task = std::make_unique<RealTask>(*this);
    task->comm = std::move(comm);
    RealTask* made = task.get();
    const std::lock_guard guard(registry_mutex_);
    made->pid = ++last_pid_;
    registry_.push_back(std::move(task));
    return made;
}

void RealKernel::forget(RealTask* task) {
    std::unique_ptr<RealTask> dying;  // Destroyed after the lock is dropped.
    const std::lock_guard guard(registry_mutex_);
    const auto found = std::ranges::find_if(registry_, [task](const auto& entry) { return entry.get() == task; });
    if (found == registry_.end()) return;
    dying = std::move(*found);
    registry_.erase(found);
}

RealTask& RealKernel::current_task() {
    if (current == nullptr || current->kernel != this) [[unlikely]]
        throw std::logic_error("this thread is no task of the kernel; it needs a TaskScope");
    return static_cast<RealTask&>(*current);
}

MadeTask::MadeTask(RealKernel& kernel, std::string comm) : kernel_(kernel), task_(kernel.adopt(std::move(comm))) {}

MadeTask::~MadeTask() {
    kernel_.forget(task_);
}

TaskScope::TaskScope(RealKernel& kernel, std::string comm) : outer_task_(current), outer_context_(trace::context) {
    task_ = &own_.emplace(kernel, std::move(comm)).task();
    current = task_;
    trace::context = &task_->trace;
}

TaskScope::TaskScope(const MadeTask& made) : task_(&made.task()), outer_task_(current), outer_context_(trace::context) {
    current = task_;
    trace::context = &task_->trace;
}

TaskScope::~TaskScope() {
    current = outer_task_;
    trace::context = outer_context_;
}

Task& TaskScope::task() const {
    return *task_;
}

std::vector<SleepInfo> RealKernel::tasks() const {
    std::vector<SleepInfo> list;
    const std::lock_guard guard(registry_mutex_);
    for (const auto& task : registry_) {
        const std::lock_guard sleep_guard(task->sleep_mutex);
        SleepInfo& info = list.emplace_back();
        info.comm = task->comm;
        info.pid = task->pid;
        info.queue = task->queue != nullptr ? task->queue->name() : nullptr;
        info.condition = task->condition;
        info.since_ns = task->since_ns;
        info.stack.assign(task->frames.begin(), task->frames.begin() + static_cast<std::ptrdiff_t>(task->frame_count));
    }
    return list;
}

// ---- sleep

// Publishes where the task sleeps for as long as it lives.
class RealKernel::Sleep {
   public:
    Sleep(RealTask& task, WaitQueue& queue, const char* condition, std::uint64_t now_ns)
        : traced_(*task.kernel, queue.name(), condition), task_(task) {
        {
            const std::lock_guard guard(task_.sleep_mutex);
            task_.queue = &queue;
            task_.condition = condition;
            task_.since_ns = now_ns;
            task_.frame_count = 0;
            for (const trace::Frame* frame = task_.trace.top; frame != nullptr; frame = frame->up)
                if (task_.frame_count < task_.frames.size()) task_.frames[task_.frame_count++] = frame->name;
        }
        if (task_.block_observer != nullptr) task_.block_observer->will_block();
    }
    ~Sleep() {
        if (task_.block_observer != nullptr) task_.block_observer->did_unblock();
        const std::lock_guard guard(task_.sleep_mutex);
        task_.queue = nullptr;
        task_.condition = nullptr;
        task_.since_ns = 0;
        task_.frame_count = 0;
    }
    Sleep(const Sleep&) = delete;
    Sleep& operator=(const Sleep&) = delete;

   private:
    TracedWait traced_;  // knows the queue's name, because the queue may go as soon as nobody sleeps there
    RealTask& task_;
};

namespace {

class CountedSleeper {
   public:
    explicit CountedSleeper(std::atomic<std::uint32_t>& sleepers) : sleepers_(sleepers) { sleepers_.fetch_add(1); }
    ~CountedSleeper() { sleepers_.fetch_sub(1); }
    CountedSleeper(const CountedSleeper&) = delete;
    CountedSleeper& operator=(const CountedSleeper&) = delete;

   private:
    std::atomic<std::uint32_t>& sleepers_;
};

std::uint64_t deadline_after(std::uint64_t now_ns, std::uint64_t timeout_ns) {
    return timeout_ns > kForever - now_ns ? kForever : now_ns + timeout_ns;
}

}  // namespace

int RealKernel::wait(WaitQueue& queue, const char* text, Condition condition, const WaitOptions& options) {
    if (current == nullptr || current->kernel != this) {
        const TaskScope scope(*this, "thread");
        return wait(queue, text, condition, options);
    }
    const bool may_halt = !options.through_halt;
    // A sleeper that has not noticed the Oops before restart() must still not sleep on in the array that died.
    const std::uint64_t halts = halts_.load();
    auto has_died = [&] { return may_halt && (halted() || halts_.load() != halts); };
    if (has_died()) throw Halted();
    const CountedSleeper counted(queue.sleepers_);
    if (condition()) return 0;

    RealTask& task = current_task();
    const std::uint64_t now_ns = ktime_ns();
    const std::uint64_t deadline_ns = deadline_after(now_ns, options.timeout_ns);
    const Sleep sleep(task, queue, text, now_ns);
    for (;;) {
        std::uint64_t seen = 0;
        {
            const std::lock_guard guard(queue.mutex_);
            seen = queue.wakeups_;
        }
        if (condition()) return 0;
        if (has_died()) throw Halted();
        if (options.interruptible && task.signal_pending.exchange(false)) return -EINTR;
        if (deadline_ns != kForever && ktime_ns() >= deadline_ns) return -ETIME;

        std::unique_lock lock(queue.mutex_);
        auto was_woken = [&] { return queue.wakeups_ != seen; };
        if (deadline_ns == kForever) {
            queue.condition_.wait(lock, was_woken);
        } else {
            queue.condition_.wait_until(lock, start_ + std::chrono::nanoseconds(deadline_ns), was_woken);
        }
    }
}

void RealKernel::wake_sleepers(WaitQueue& queue) {
    {
        const std::lock_guard guard(queue.mutex_);
        queue.wakeups_++;
    }
    queue.condition_.notify_all();
}

void RealKernel::msleep(std::uint64_t ns) {
    // A stack queue is fine here: nobody wakes it but halt() and interrupt(), which find it published or not at all.
    WaitQueue nobody_wakes_this(*this, "msleep");
    auto never = [] { return false; };
    static_cast<void>(wait(nobody_wakes_this, "the time has passed", never, {.timeout_ns = ns}));  // Always -ETIME.
}

void RealKernel::interrupt(Task* task) {
    auto& target = static_cast<RealTask&>(*task);
    target.signal_pending = true;
    const std::lock_guard guard(target.sleep_mutex);
    if (target.queue != nullptr) wake_sleepers(*target.queue);
}

// ---- read-copy-update

void RealKernel::rcu_read_lock() {
    RealTask& task = current_task();
    if (task.rcu_depth++ > 0) return;
    task.rcu_side = rcu_flips_.load() & 1U;
    rcu_readers_[task.rcu_side].inc();
}

void RealKernel::rcu_read_unlock() {
    RealTask& task = current_task();
    if (--task.rcu_depth > 0) return;
    if (rcu_readers_[task.rcu_side].dec_and_test()) wake_up(rcu_queue_);
}

// New readers go to the other side, so the one waited for drains. Both sides are waited for: a reader may have read
// `rcu_flips_` long ago and counted itself, after the flip, on a side that an earlier call has already seen empty.
void RealKernel::synchronize_rcu() {
    const MutexGuard guard(rcu_mutex_);
    for (int round = 0; round < 2; round++) {
        Shared<long>& readers = rcu_readers_[rcu_flips_.fetch_add(1) & 1U];
        wait_event(rcu_queue_, readers == 0);
    }
}

// ---- faults

void RealKernel::oops(Oops fault) {
    complete_fault(fault, ktime_ns());
    std::function<void(const Oops&)> observer;
    {
        const std::lock_guard guard(oops_mutex_);
        if (halted()) throw Halted();  // Only the first fault counts.
        first_oops_ = std::move(fault);
        observer = oops_observer_;
        halts_.fetch_add(1);
        halted_ = true;
    }
    announce_fault(*this, *first_oops_);
    if (observer) observer(*first_oops_);
    halt();
    throw Halted();
}

void RealKernel::set_oops_observer(std::function<void(const Oops&)> observer) {
    const std::lock_guard guard(oops_mutex_);
    oops_observer_ = std::move(observer);
}

const Oops* RealKernel::first_oops() const {
    return halted() && first_oops_ ? &*first_oops_ : nullptr;
}

void RealKernel::restart() {
    halted_ = false;
}

// Every sleeper looks again, and finds the kernel halted.
void RealKernel::halt() {
    const std::lock_guard guard(registry_mutex_);
    for (const auto& task : registry_) {
        const std::lock_guard sleep_guard(task->sleep_mutex);
        if (task->queue != nullptr) wake_sleepers(*task->queue);
    }
}

}  // namespace mdscope
