// SPDX-License-Identifier: MIT
// Tab and Shift+Tab: the focus moves through every widget of the last frame, in the order they were drawn. What belongs
// together is one stop, and arrows move in it: the rows of a list, the things on a stage, the writes on the time axis,
// the bar at the top.
//
// ImGui 1.86 stops at text fields only when Tab is pressed; buttons would be out of reach without arrow keys, which are
// the window's own (step back and forward) until the focus is shown. The list of marks knows every widget.
#pragma once

#include <string>
#include <vector>

#include "gui/frame/marks.hpp"

namespace mdscope::gui {

// Takes Tab, arrows, Enter and Escape out of the frame that has begun. REQUIRES: after NewFrame, before anything is
// drawn.
void move_focus_by_keys();

// Puts the focus on a widget and shows it. False: the last frame had no such widget, or it is disabled.
bool focus_on(std::string_view id);

// The widgets that can have the focus now, in order: those of an open list or dialog, or else all.
std::vector<const ui::Mark*> focusable();

// Whether it shares its stop with others.
bool is_in_group(const ui::Mark& mark);

}  // namespace mdscope::gui
