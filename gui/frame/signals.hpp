// SPDX-License-Identifier: MIT
// SIGINT and SIGTERM as events: the handler only counts and posts a semaphore (all that is allowed there), a thread
// waits for it and wakes the window. Blocking the signals instead would be inherited by every program we start, and a
// mount could then not be ended. A second signal ends the process at once: the window may be stuck.
#pragma once

#include <thread>

namespace mdscope::gui {

class SignalWatch {
   public:
    SignalWatch();
    ~SignalWatch();
    SignalWatch(const SignalWatch&) = delete;
    SignalWatch& operator=(const SignalWatch&) = delete;
    [[nodiscard]] static bool caught();

   private:
    std::thread thread_;
};

}  // namespace mdscope::gui
