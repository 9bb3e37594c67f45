// SPDX-License-Identifier: MIT
// The same schedule in smaller steps: a search finds a crash in the six long steps that decide it, a person wants to
// watch each call on the way.
#pragma once

#include <optional>

#include "engine/scenario/scenario.hpp"

namespace mdscope {

// A scenario of coarse steps with a schedule in which everything is a step, told again with granularity calls: a task's
// step becomes as many as it needs to be where it was after it. nullopt: it cannot be told so that it comes to the same
// end for the same reason.
std::optional<Scenario> retold_in_calls(const Scenario& scenario);

}  // namespace mdscope
