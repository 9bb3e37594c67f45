// SPDX-License-Identifier: MIT
// The timer thread of a RealKernel.
//
// One thread sleeps until the earliest expiry and runs the callbacks, as a task named "timer". An array has a handful
// of timers, so they are kept in a plain vector and the earliest is searched. Timer::expires_ns is written under the
// mutex and read without it: a timer that is moved to the time it already has (the write path does that at each
// request) costs one load.
//
// A callback may move its own timer. del_timer_sync from within the callback does not wait for itself.
#pragma once

#include <condition_variable>
#include <mutex>
#include <vector>

#include "engine/kernel/real/real_kernel.hpp"

namespace mdscope {

class RealKernel::TimerThread {
   public:
    explicit TimerThread(RealKernel& kernel);
    ~TimerThread();  // NOLINT(bugprone-exception-escape): see there
    TimerThread(const TimerThread&) = delete;
    TimerThread& operator=(const TimerThread&) = delete;

    void mod(Timer& timer, std::uint64_t expires_ns);
    bool del_sync(Timer& timer);

   private:
    void run();
    Timer* take_due();                  // REQUIRES: mutex_
    std::uint64_t earliest_ns() const;  // REQUIRES: mutex_
    void fire(Timer& timer);

    RealKernel& kernel_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Timer*> pending_;
    Timer* running_ = nullptr;
    bool stopping_ = false;
    Task* task_;
};

}  // namespace mdscope
