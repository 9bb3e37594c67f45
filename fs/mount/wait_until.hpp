// SPDX-License-Identifier: MIT
// Waiting for what no descriptor tells of: who has a file open, whether somebody else's stop has ended.
#pragma once

#include <poll.h>

#include <chrono>

namespace mdscope {

// Looks until `holds` does, some fifty times a second. False: the time passed.
template <class Holds>
bool wait_until(int patience_ms, Holds&& holds) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(patience_ms);
    while (!holds()) {
        if (std::chrono::steady_clock::now() >= end) return false;
        poll(nullptr, 0, 20);
    }
    return true;
}

}  // namespace mdscope
