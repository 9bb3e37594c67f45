// SPDX-License-Identifier: MIT
// Every key of the window, in one table: pressed(), the help overlay and the status bar all read it.
//
// A key means something only where it cannot mean something else. In a text field letters are text. While the keyboard
// moves the focus (Tab has shown the frame), Space, Enter and arrows belong to the focused widget: Space must not both
// press a button and start to play. Letters go on working; that is why play has K as well.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gui/frame/input.hpp"

namespace mdscope::gui {

enum class KeyScope {
    anywhere,   // in text fields, too
    view,       // not in a text field, not while a list or dialog is open
    unfocused,  // and not while the keyboard moves the focus
};

struct KeyRow {
    const char* id;
    int key;  // input.hpp; 0: only `typed` counts
    unsigned mods;
    KeyScope scope;
    const char* keys;        // "Shift+→"; empty: a second way that help need not list
    const char* label;       // "next change of a counter"
    bool repeats = false;    // held down, it happens again
    const char* typed = "";  // or this character, wherever the keyboard has it
    const char* brief = "";  // the label in the status bar, if shorter
    const char* live = "";   // what it does to a mounted array, where that is something else
};

[[nodiscard]] std::span<const KeyRow> key_table();

// The key went down in this frame and means this here. The id must be of the table.
[[nodiscard]] bool pressed(std::string_view id);

[[nodiscard]] const char* keys_of(std::string_view id);  // "Space"; for labels and tips
struct KeyHint {                                         // for the last line: "Space", "play"
    std::string keys, words;
};
[[nodiscard]] std::vector<KeyHint> key_hints(std::initializer_list<std::string_view> ids);
[[nodiscard]] std::vector<KeyHint> live_key_hints(bool is_attached);  // the keys that act on a mounted array
// The table of keys, as the content of a window or popup that the caller has begun.
void draw_key_table();

// While the keyboard moves the focus, among things that have an order: +1 for → and ↓, -1 for ← and ↑, else 0.
[[nodiscard]] int arrow_step();
// Where something scrolls: +1 for PgDn, -1 for PgUp, else 0.
[[nodiscard]] int page_step();

// For the stage: what went down in the frame that begins.
void set_key_edge(const KeyEdge& edge);
// Before NewFrame: whether arrows and Space are ImGui's in the coming frame.
[[nodiscard]] bool focus_moves();

}  // namespace mdscope::gui
