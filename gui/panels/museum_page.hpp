// SPDX-License-Identifier: MIT
// The page of one exhibit, part by part.
#pragma once

#include "gui/panels/page_pen.hpp"
#include "gui/panels/panels.hpp"

namespace mdscope::gui {

inline constexpr float kMuseumGap = 12;  // between panels

// Each returns its bottom, in units.
float draw_museum_facts(State& state, const PagePen& page, const ui::Rect& units);    // who met it, and both orders
float draw_museum_crash(State& state, const PagePen& page, const ui::Rect& units);    // five pictures of it
float draw_museum_kernels(State& state, const PagePen& page, const ui::Rect& units);  // which had it, and the questions

}  // namespace mdscope::gui
