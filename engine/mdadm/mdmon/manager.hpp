// SPDX-License-Identifier: MIT
// mdmon's other thread, the manager: looks for a spare when a member has left its slot. It is a task of its own, since
// to take one in it has to wait for the first, which keeps the metadata.
#pragma once

#include <functional>

#include "engine/kernel/sync.hpp"

namespace mdscope {

class MdmonManager {
   public:
    // `look`: takes a spare if one is needed, and there is one.
    MdmonManager(Kernel& kernel, std::function<void()> look);
    ~MdmonManager();  // stop()
    MdmonManager(const MdmonManager&) = delete;
    MdmonManager& operator=(const MdmonManager&) = delete;

    void start();
    void wake();  // `look` is called, soon; from any task
    void stop();  // after the look that is under way; REQUIRES: not from within it

   private:
    void run();

    Kernel& kernel_;
    const std::function<void()> look_;
    Task* task_ = nullptr;
    Shared<bool> asked_;
    Shared<bool> stopping_;
    WaitQueue wait_;
};

}  // namespace mdscope
