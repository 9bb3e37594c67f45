// SPDX-License-Identifier: MIT
// Which sleeps are md's: those in a queue of one of its own structs. Everything else waits for work: md's thread, the
// disks and pollers that md needs to run here and Linux has elsewhere.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include "engine/look/snapshot.hpp"

namespace mdscope {

inline bool is_wait_of_md(std::string_view queue) {
    constexpr std::array<std::string_view, 4> kStructs = {"mddev->", "bitmap->", "conf->", "rdev->"};
    return std::ranges::any_of(kStructs, [&](std::string_view name) { return queue.starts_with(name); });
}

inline bool sleeps_in_md(const SnapshotTask& task) {
    return is_wait_of_md(task.queue);
}

}  // namespace mdscope
