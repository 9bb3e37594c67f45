// SPDX-License-Identifier: MIT

#include "engine/kernel/real/real_timers.hpp"

#include <algorithm>

namespace mdscope {

void RealKernel::mod_timer(Timer& timer, std::uint64_t expires_ns) {
    if (timer.expires_ns.load() == expires_ns) return;
    timers().mod(timer, expires_ns);
}

bool RealKernel::del_timer_sync(Timer& timer) {
    TimerThread* thread = timers_.load();
    return thread != nullptr && thread->del_sync(timer);
}

RealKernel::TimerThread& RealKernel::timers() {
    if (TimerThread* thread = timers_.load(); thread != nullptr) return *thread;
    const std::lock_guard guard(timers_mutex_);
    if (timers_owner_ == nullptr) {
        timers_owner_ = std::make_unique<TimerThread>(*this);
        timers_ = timers_owner_.get();
    }
    return *timers_owner_;
}

RealKernel::TimerThread::TimerThread(RealKernel& kernel)
    : kernel_(kernel), task_(kernel.kthread_run("timer", [this] { run(); })) {}

// kthread_join throws nothing: it waits through a halt.
RealKernel::TimerThread::~TimerThread() {  // NOLINT(bugprone-exception-escape)
    {
        const std::lock_guard guard(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    kernel_.kthread_join(task_);
}

void RealKernel::TimerThread::mod(Timer& timer, std::uint64_t expires_ns) {
    const std::uint64_t stored = std::max<std::uint64_t>(expires_ns, 1);  // 0 means "not pending".
    const std::lock_guard guard(mutex_);
    const bool is_earliest = stored < earliest_ns();
    if (timer.expires_ns.exchange(stored) == 0) pending_.push_back(&timer);
    if (is_earliest) changed_.notify_all();
}

bool RealKernel::TimerThread::del_sync(Timer& timer) {
    std::unique_lock lock(mutex_);
    const bool was_pending = timer.expires_ns.exchange(0) != 0;
    if (was_pending) std::erase(pending_, &timer);
    if (current != task_) changed_.wait(lock, [&] { return running_ != &timer; });
    return was_pending;
}

void RealKernel::TimerThread::run() {
    current->in_irq = true;
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        if (Timer* timer = take_due(); timer != nullptr) {
            running_ = timer;
            lock.unlock();
            fire(*timer);
            lock.lock();
            running_ = nullptr;
            changed_.notify_all();  // for del_sync
        } else if (const std::uint64_t next_ns = earliest_ns(); next_ns != kForever) {
            changed_.wait_until(lock, kernel_.start_ + std::chrono::nanoseconds(next_ns));
        } else {
            changed_.wait(lock);
        }
    }
}

// A halted kernel fires no timers.
Timer* RealKernel::TimerThread::take_due() {
    const std::uint64_t now_ns = kernel_.ktime_ns();
    Timer* due = nullptr;
    for (Timer* timer : pending_)
        if (timer->expires_ns.load() <= now_ns && (due == nullptr || timer->expires_ns.load() < due->expires_ns.load()))
            due = timer;
    if (due == nullptr) return nullptr;
    due->expires_ns = 0;
    std::erase(pending_, due);
    return kernel_.halted() ? nullptr : due;
}

std::uint64_t RealKernel::TimerThread::earliest_ns() const {
    std::uint64_t earliest = kForever;
    for (const Timer* timer : pending_) earliest = std::min(earliest, timer->expires_ns.load());
    return earliest;
}

void RealKernel::TimerThread::fire(Timer& timer) {
    try {
        timer.function();
    } catch (const Halted&) {  // The Oops is on record; the thread lives on for del_timer_sync.
    }
}

}  // namespace mdscope
