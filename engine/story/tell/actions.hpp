// SPDX-License-Identifier: MIT
// What one tick has changed, in words without a subject: "submits sdb bitmap 1", "falls asleep in md_super_wait".
#pragma once

#include <string>

#include "engine/story/record/duel.hpp"

namespace mdscope {

// Empty: this side did nothing in that tick.
std::string action(const Duel& duel, Side side, std::size_t tick);
// Who acted, in words: "the stop", "disk sdb", "the completion of sdb bitmap 1".
std::string actor_of(const Duel& duel, std::size_t tick);

}  // namespace mdscope
