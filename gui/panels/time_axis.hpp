// SPDX-License-Identifier: MIT
// The one axis of time over the lanes: its ticks, and what is written on it: where the runs first differ, from where on
// every end of the held write is a crash, and the playhead's flag. All of it is the playhead's handle.
#pragma once

#include <optional>
#include <vector>

#include "gui/frame/theme.hpp"
#include "gui/model/lane_view.hpp"
#include "gui/model/state.hpp"

namespace mdscope::gui {

// Where something else is written on the axis.
struct Taken {
    float left, right;
};
void draw_axis(const LaneView& view, float y, float bottom, const std::vector<Taken>& taken);

std::optional<float> x_of_difference(State& state, const LaneView& view);
Taken taken_by_difference(const LaneView& view, float x, float flag);
void draw_first_difference(State& state, const LaneView& view, float y);

// The write of which each end was tried; nullptr: none is.
const StageWrite* write_with_ends(State& state);
// From here on each of its ends is a crash, or every order goes wrong, and before here it was otherwise. Negative:
// nowhere, or its words have no room beside what is there; the zones in the lane say it, too.
float x_of_no_return(State& state, const LaneView& view, const std::vector<Taken>& taken);
Taken taken_by_no_return(float x);
void draw_point_of_no_return(float x, float y);

void draw_hatch(const ui::Rect& rect, Role role);
void draw_flag(State& state, const LaneView& view, float y, float height);
void take_scrub(State& state, const LaneView& view, float y, float height);

}  // namespace mdscope::gui
