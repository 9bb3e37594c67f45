// SPDX-License-Identifier: MIT

#include "gui/frame/keys.hpp"

#include <imgui.h>

#include <algorithm>
#include <array>

#include "gui/frame/fonts.hpp"
#include "gui/frame/imgui_version.hpp"
#include "gui/frame/marks.hpp"
#include "gui/frame/theme.hpp"

namespace mdscope::gui {

namespace {

using enum KeyScope;

constexpr std::array kTable = {
    KeyRow{"play", key::kSpace, kNoMods, unfocused, "Space", "play, pause (K as well, wherever the focus is)", false,
           "", "play", "freeze the view, go live"},
    KeyRow{"play", 'k', kNoMods, view, "", "", false},
    KeyRow{"step_back", key::kLeft, kNoMods, unfocused, "←", "step back", true, "", "", "earlier"},
    KeyRow{"step_forward", key::kRight, kNoMods, unfocused, "→", "step forward", true, "", "step", "later"},
    KeyRow{"previous_change", key::kLeft, kShift, unfocused, "Shift+←", "previous change of a counter", true},
    KeyRow{"next_change", key::kRight, kShift, unfocused, "Shift+→", "next change of a counter", true},
    KeyRow{"first", key::kHome, kNoMods, unfocused, "Home", "first event"},
    KeyRow{"last", key::kEnd, kNoMods, unfocused, "End", "last event", false, "", "", "go live"},
    KeyRow{"first_difference", 'd', kNoMods, view, "D", "first difference of the two runs"},
    KeyRow{"set_last", 'g', kNoMods, view, "G", "where what is pointed at was set last; again: the time before"},
    KeyRow{"stop_both", 's', kNoMods, view, "S", "stop both arrays", false, "", "stop", "stop"},
    KeyRow{"stop_one", 's', kShift, view, "Shift+S", "stop only the array in focus"},
    KeyRow{"hold", 'h', kNoMods, view, "H", "hold the write", false, "", "hold"},
    KeyRow{"release", 'r', kNoMods, view, "R", "release the write", false, "", "release", "release all"},
    KeyRow{"fail", 'x', kNoMods, view, "X", "let the write fail"},
    KeyRow{"plug", 'u', kNoMods, view, "U", "pull the plug here; then the array is assembled again"},
    KeyRow{"fork", 'f', kNoMods, view, "F", "fork here", false, "", "fork"},
    KeyRow{"why", 'w', kNoMods, view, "W", "why can this go wrong?", false, "", "why"},
    KeyRow{"matrix", 'm', kNoMods, view, "M", "matrix: when does it crash? (and back)", false, "", "back to the lab"},
    KeyRow{"present", 'p', kNoMods, view, "P", "present: large stages and a large sentence (and back)", false, "",
           "present"},
    KeyRow{"present_next", key::kPageDown, kNoMods, unfocused, "PgDn",
           "presenting: what comes next; elsewhere a page down", false, "", "next"},
    KeyRow{"present_back", key::kPageUp, kNoMods, unfocused, "PgUp", "presenting: the page before; elsewhere a page up",
           false, "", "back"},
    KeyRow{"present_black", 'b', kNoMods, view, "B", "presenting: a black screen (and back)", false, "", "black"},
    KeyRow{"predict", 'p', kShift, view, "Shift+P", "predict mode"},
    KeyRow{"details", 'i', kNoMods, view, "I", "look closer: in flight, log, bytes, ... (and back to the tree)", false,
           "", "details"},
    KeyRow{"tree", 'e', kNoMods, view, "E", "the tree and its code, where they have no place of their own", false, "",
           "code"},
    KeyRow{"lanes", 'l', kNoMods, view, "L", "all lanes, where there is room for a few"},
    KeyRow{"expand", 'e', kShift, view, "Shift+E", "expand the tree's lines to their atoms"},
    KeyRow{"zoom_in", 'a', kNoMods, view, "A", "zoom in (the wheel as well)", false, "", "", "zoom in"},
    KeyRow{"zoom_out", 'z', kNoMods, view, "Z", "zoom out", false, "", "", "zoom out"},
    KeyRow{"digit_1", '1', kNoMods, view, "1", "answer an open question; begin a lesson of the course"},
    KeyRow{"digit_2", '2', kNoMods, view, "2", "the same"},
    KeyRow{"digit_3", '3', kNoMods, view, "3", "the same"},
    KeyRow{"digit_4", '4', kNoMods, view, "4", "the same"},
    KeyRow{"digit_5", '5', kNoMods, view, "", "", false},
    KeyRow{"digit_6", '6', kNoMods, view, "", "", false},
    KeyRow{"digit_7", '7', kNoMods, view, "", "", false},
    KeyRow{"digit_0", '0', kNoMods, view, "0", "show the answer of an open question"},
    KeyRow{"next_exhibit", 'n', kNoMods, view, "N", "the museum's next exhibit", false, "", "next exhibit"},
    KeyRow{"reset_layout", 'r', kCtrl | kShift, anywhere, "Ctrl+Shift+R", "layout as it was at first"},
    KeyRow{"text_larger", '=', kCtrl, anywhere, "Ctrl +", "larger text", true, "", "larger text"},
    KeyRow{"text_larger", '+', kCtrl, anywhere, "", "", true},
    KeyRow{"text_larger", '=', kCtrl | kShift, anywhere, "", "", true},
    KeyRow{"text_larger", '+', kCtrl | kShift, anywhere, "", "", true},
    KeyRow{"text_larger", key::kPadPlus, kCtrl, anywhere, "", "", true},
    KeyRow{"text_smaller", '-', kCtrl, anywhere, "Ctrl −", "smaller text", true},
    KeyRow{"text_smaller", key::kPadMinus, kCtrl, anywhere, "", "", true},
    KeyRow{"text_reset", '0', kCtrl, anywhere, "Ctrl 0", "text at 100 %"},
    KeyRow{"text_reset", key::kPad0, kCtrl, anywhere, "", ""},
    KeyRow{"theme", 't', kNoMods, view, "T", "next theme: dark, light, high contrast"},
    KeyRow{"copy", 'c', kCtrl, view, "Ctrl+C", "copy the panel as text"},
    KeyRow{"save", 's', kCtrl, anywhere, "Ctrl+S", "save"},
    KeyRow{"open", 'o', kCtrl, anywhere, "Ctrl+O", "open"},
    KeyRow{"focus_next", key::kTab, kNoMods, anywhere, "Tab", "move the focus (Shift+Tab: back), then arrows, Space",
           true, "", "next"},
    KeyRow{"focus_previous", key::kTab, kShift, anywhere, "", "", true},
    KeyRow{"splitter_grow", '=', kNoMods, view, "+", "the end of the write in focus: later, as dragging it does", true,
           "+", "ends later"},
    KeyRow{"splitter_shrink", '-', kNoMods, view, "−", "the same: earlier", true, "", "ends earlier"},
    KeyRow{"wait_later", key::kDown, kAlt, view, "Alt+↓",
           "the wait of the fix a place down the tree, as dragging it does", false, "", "move the wait"},
    KeyRow{"wait_earlier", key::kUp, kAlt, view, "Alt+↑", "the same: a place up"},
    KeyRow{"press", key::kEnter, kNoMods, anywhere, "", ""},
    KeyRow{"press", key::kPadEnter, kNoMods, anywhere, "", ""},
    KeyRow{"close", key::kEscape, kNoMods, anywhere, "Esc", "close what is open; hide the focus"},
    KeyRow{"mode_learn", key::kF2, kNoMods, view, "F2", "the course", false, "", "course"},
    KeyRow{"mode_lab", key::kF3, kNoMods, view, "F3", "the lab: two simulated arrays", false, "", "lab"},
    KeyRow{"mode_live", key::kF4, kNoMods, view, "F4", "arrays that are mounted", false, "", "live"},
    KeyRow{"mode_matrix", key::kF5, kNoMods, view, "F5", "the matrix: when does it crash?", false, "", "matrix"},
    KeyRow{"mode_museum", key::kF6, kNoMods, view, "F6", "the museum: every bug that is known", false, "", "museum"},
    KeyRow{"help", key::kF1, kNoMods, anywhere, "F1", "help (? as well)", false, "", "help"},
    KeyRow{"help", key::kNone, kNoMods, view, "", "", false, "?"},
    KeyRow{"quit", 'q', kCtrl, anywhere, "Ctrl+Q", "quit"},
};

KeyEdge current_edge;

const KeyRow* row_of(std::string_view id) {
    const auto found = std::find_if(kTable.begin(), kTable.end(), [id](const KeyRow& row) { return row.id == id; });
    IM_ASSERT(found != kTable.end() && "no such row in the table of keys");
    return &*found;
}

bool is_typing() {
    return ImGui::GetIO().WantTextInput;
}

bool means_this_here(KeyScope scope) {
    switch (scope) {
        case anywhere:
            return true;
        case view:
            return !is_typing() && !is_popup_open();
        case unfocused:
            return !is_typing() && !focus_moves();
    }
    return false;
}

bool is_edge_of(const KeyRow& row) {
    if (*row.typed != '\0' && current_edge.text == row.typed) return true;
    if (row.key == key::kNone || current_edge.key != row.key || current_edge.mods != row.mods) return false;
    return row.repeats || !current_edge.repeat;
}

}  // namespace

std::span<const KeyRow> key_table() {
    return kTable;
}

bool pressed(std::string_view id) {
    row_of(id);
    return std::any_of(kTable.begin(), kTable.end(), [id](const KeyRow& row) {
        return row.id == id && is_edge_of(row) && means_this_here(row.scope);
    });
}

int arrow_step() {
    if (is_typing() || current_edge.mods != kNoMods) return 0;
    if (current_edge.key == key::kRight || current_edge.key == key::kDown) return 1;
    return current_edge.key == key::kLeft || current_edge.key == key::kUp ? -1 : 0;
}

int page_step() {
    if (is_typing() || current_edge.mods != kNoMods) return 0;
    return current_edge.key == key::kPageDown ? 1 : current_edge.key == key::kPageUp ? -1 : 0;
}

const char* keys_of(std::string_view id) {
    return row_of(id)->keys;
}

std::vector<KeyHint> key_hints(std::initializer_list<std::string_view> ids) {
    std::vector<KeyHint> hints;
    for (const std::string_view id : ids) {
        const KeyRow& row = *row_of(id);
        hints.push_back({row.keys, *row.brief != '\0' ? row.brief : row.label});
    }
    return hints;
}

std::vector<KeyHint> live_key_hints(bool is_attached) {
    std::vector<KeyHint> hints;
    for (const KeyRow& row : kTable)
        if (is_attached && *row.live != '\0') hints.push_back({row.keys, row.live});
    for (KeyHint& hint : key_hints({"focus_next", "help"})) hints.push_back(std::move(hint));
    return hints;
}

namespace {

void draw_key_row(const KeyRow& row, const std::string& part, const std::string& label) {
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    ImGui::TextColored(color(Role::accent), "%s", row.keys);
    ui::mark("help/key/" + part + row.id, "text", row.keys);
    ImGui::TableNextColumn();
    ImGui::TextUnformatted(label.c_str());
    ui::mark("help/label/" + part + row.id, "text", label);
}

}  // namespace

void draw_key_table() {
    if (!ImGui::BeginTable("keys", 2, ImGuiTableFlags_SizingFixedFit | ImGuiTableFlags_RowBg)) return;
    for (const KeyRow& row : kTable)
        if (*row.keys != '\0') draw_key_row(row, "", row.label);
    for (const KeyRow& row : kTable)
        if (*row.live != '\0') draw_key_row(row, "live/", std::string("a mounted array: ") + row.live);
    ImGui::EndTable();
}

void set_key_edge(const KeyEdge& edge) {
    current_edge = edge;
}

bool focus_moves() {
    return nav_is_visible() || is_popup_open();
}

}  // namespace mdscope::gui
