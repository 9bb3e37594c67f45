// SPDX-License-Identifier: MIT
// The band over the lanes: what share of all orders that are left goes wrong in A, step by step; of B in a word.
#pragma once

#include "gui/panels/panels.hpp"

namespace mdscope::gui {

bool can_show_futures(const State& state);  // whether they can be counted here
float futures_height();
// From here on every order goes wrong, as far as it is known and may be told; it was otherwise before.
std::optional<std::size_t> tick_of_no_return(State& state);
void draw_futures(State& state, const LaneView& view, float y, float height);

}  // namespace mdscope::gui
