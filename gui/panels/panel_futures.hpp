// SPDX-License-Identifier: MIT
// The band over the lanes: what share of all orders that are left goes wrong in A, step by step; of B in a word.
#pragma once

#include "gui/panels/panels.hpp"

namespace mdscope::gui {

// How high it is; 0: nothing can be counted here, or `room` is too little.
float futures_height(const State& state, float room);
void draw_futures(State& state, const LaneView& view, float y, float height);

}  // namespace mdscope::gui
