// SPDX-License-Identifier: MIT
// The four ways on from the first page, each with a picture of what is there.
#pragma once

#include "gui/panels/page_pen.hpp"
#include "gui/panels/panels.hpp"

namespace mdscope::gui {

// Returns their bottom, in units.
float draw_home_cards(State& state, const PagePen& page, const ui::Rect& units);

}  // namespace mdscope::gui
