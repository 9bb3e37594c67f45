// SPDX-License-Identifier: MIT
// Ctrl-C as a flag: for commands that have something to show when they are interrupted.
#pragma once

#include <signal.h>

namespace mdscope {

// While one lives, SIGINT and SIGTERM raise the flag instead of ending the process; a second one ends it. One at a
// time. raised() may be called from any thread.
class InterruptFlag {
   public:
    InterruptFlag();
    ~InterruptFlag();
    InterruptFlag(const InterruptFlag&) = delete;
    InterruptFlag& operator=(const InterruptFlag&) = delete;
    [[nodiscard]] static bool raised();
    // What is done because of it is not interrupted by it, too: call it before taking back.
    static void answered();
    // From now on to the very end of the program: for what cannot be taken back by who is told 130.
    static void stay();

   private:
    struct sigaction old_int_ {};
    struct sigaction old_term_ {};
};

}  // namespace mdscope
