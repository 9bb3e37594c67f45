// SPDX-License-Identifier: MIT
// Threads of the host, for searches that share their work out: no thread of a Kernel, and no Kernel is shared by them.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace mdscope {

using HostMutex = std::mutex;
using HostGuard = std::lock_guard<std::mutex>;
using HostLock = std::unique_lock<std::mutex>;
using HostCondition = std::condition_variable;

// `work` on so many threads, this one included; returns when all have.
inline void run_on_threads(unsigned count, const std::function<void()>& work) {
    std::vector<std::jthread> threads;
    for (unsigned i = 1; i < count; i++) threads.emplace_back(work);
    work();
}

}  // namespace mdscope
