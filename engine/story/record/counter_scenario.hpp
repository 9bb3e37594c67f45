// SPDX-License-Identifier: MIT
// A bad schedule that a search has found, as a scenario that can be run, shared, and opened in the window.
#pragma once

#include "engine/explore/explorer.hpp"

namespace mdscope {

// `scenario` (of the verdict) with the schedule of the example in words, step by step to its end, which it is expected
// to come to. Throws std::runtime_error: the picks are not this scenario's, or there are more steps than a schedule
// has.
Scenario scenario_of(const CounterExample& example, const Scenario& scenario);

}  // namespace mdscope
