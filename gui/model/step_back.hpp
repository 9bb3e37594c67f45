// SPDX-License-Identifier: MIT
// For threads that search behind the window's back.
#pragma once

#include <sys/resource.h>
#include <unistd.h>

namespace mdscope::gui {

// Linux gives each thread a priority of its own: the search leaves the window what it needs to stay smooth.
inline void step_back() {
    static_cast<void>(setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), 10));
}

}  // namespace mdscope::gui
