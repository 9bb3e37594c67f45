// SPDX-License-Identifier: MIT
// The widgets of the window. Each marks itself (marks.hpp) under the id it is given, takes its colours from the theme,
// shortens its text with "…" where there is no room and then shows all of it in a tip, and works with the keyboard.
//
// An id is a path of data ("bio/7/release"), unique in the frame; labels may repeat.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "gui/frame/fonts.hpp"
#include "gui/frame/marks.hpp"
#include "gui/frame/theme.hpp"

namespace mdscope::gui::ui {

struct ButtonLook {
    Role role = Role::button;  // another one fills the button with its colour: Role::drastic for "Stop both"
    bool enabled = true;
    float width = 0;  // 0: as wide as the label
    std::string_view tip = {};
};
bool button(std::string_view id, std::string_view label, const ButtonLook& look = {});
// How wide button() is without a width, to see beforehand what fits on a line.
float button_width(std::string_view label);

bool toggle(std::string_view id, std::string_view label, bool& value, std::string_view tip = {});

// A state: its shape, its word and its colour, so that no one of the three has to be seen.
void chip(std::string_view id, std::string_view shape, std::string_view word, Role role);
float chip_width(std::string_view shape, std::string_view word);

// True when another item was chosen; with `again`, also the same one once more. `width` 0: what is left of the line.
bool combo(std::string_view id, std::span<const std::string> items, int& chosen, float width = 0,
           std::string_view tip = {}, bool again = false);
// How wide it is with the longest of them whole.
float combo_width(std::span<const std::string> items);
// What `format` says of the value stands before the track; `width` is of both.
bool slider(std::string_view id, float& value, float from, float to, const char* format, float width = 0,
            std::string_view tip = {});
bool field(std::string_view id, std::string& value, std::string_view hint, float width = 0);

struct Tab {
    std::string_view id;  // the mark is "<id of the tabs>/<this>"
    std::string_view label;
};
// Goes on in a second line where one is too short. True when another tab was chosen.
bool tabs(std::string_view id, std::span<const Tab> items, int& chosen);

// A line of a list, as wide as there is room.
struct RowLook {
    bool selected = false;
    Role role = Role::text;
    Font font = Font::text;
    bool tinted = false;  // on the role's fill
    bool alone = false;   // no line of a list: a stop of its own for Tab
};
bool row(std::string_view id, std::string_view text, const RowLook& look = {});

void text(std::string_view id, std::string_view text, Role role = Role::text, Font font = Font::text, float width = 0);
void paragraph(std::string_view id, std::string_view text, Role role = Role::text);
// The word of that text under the mouse; empty: none. REQUIRES: its paragraph() was the last item.
std::string word_under_mouse(std::string_view text);
bool link(std::string_view id, std::string_view text);
void header(std::string_view id, std::string_view text);

// A bar between two panels. `position` is that of the bar along the axis; true while it changes. A double click puts it
// at `usual`; with the focus on it, + and − move it.
enum class Axis { horizontal, vertical };  // of the movement
bool splitter(std::string_view id, Axis axis, float& position, float from, float to, float usual, float length);

// Of the last item: shown after the mouse has been on it, or the focus, for half a second.
void tip(std::string_view text);

// `text`, cut to the width with an ellipsis at its end.
// PgDn and PgUp scroll the window that is being drawn.
void scroll_by_keys();
std::string shortened(std::string_view text, float width);
// Black or white, whichever reads better on the colour.
ImVec4 ink_on(const ImVec4& color);

}  // namespace mdscope::gui::ui
