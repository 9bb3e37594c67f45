// SPDX-License-Identifier: MIT
// The last line: the keys that work now, each in its cap, and where one is.
#include <fmt/format.h>

#include <algorithm>

#include "gui/frame/keys.hpp"
#include "gui/panels/panels.hpp"

namespace mdscope::gui {

namespace {

using Hints = std::vector<KeyHint>;

Hints joined(Hints hints, const Hints& others) {
    hints.insert(hints.end(), others.begin(), others.end());
    return hints;
}

// Those that do something now.
Hints lab_keys(const State& state) {
    Hints hints = key_hints({"play", "step_forward", "stop_both"});
    if (state.is_end_focused) hints = joined(hints, key_hints({"splitter_grow", "splitter_shrink"}));
    if (state.has_wait_to_move) hints = joined(hints, key_hints({"wait_later"}));
    const std::string holds = state.what_to_hold();
    if (!holds.empty()) hints.push_back({keys_of("hold"), holds == "bitmap" ? "hold what comes" : "hold"});
    return joined(hints, key_hints({"release", "why", "details", "help"}));
}

Hints status_keys(const State& state) {
    switch (state.mode) {
        case Mode::learn:
            return joined(
                {{"Enter", "start"}, {fmt::format("0-{}", kLastLesson), "a lesson"}, {"Space", "watch lesson 1"}},
                key_hints({"mode_lab", "mode_live", "mode_matrix", "mode_museum", "focus_next", "help"}));
        case Mode::live:
            if (state.live.has_pair()) return key_hints({"hold", "stop_both", "release", "why", "focus_next", "help"});
            return live_key_hints(state.live.is_attached());
        case Mode::matrix:
            return key_hints({"matrix", "focus_next", "help"});
        case Mode::museum:
            if (state.museum.shows_list) return key_hints({"focus_next", "help"});
            return joined(
                {{"Space", "play the " + bad_end_of(state.museum.chosen())}, {"1-3", "a question"}, {"Esc", "all"}},
                key_hints({"next_exhibit", "mode_lab", "focus_next", "help"}));
        case Mode::lab:
            break;
    }
    if (state.is_presenting())
        return key_hints({"present_next", "present_back", "present_black", "tree", "present", "help"});
    return lab_keys(state);
}

std::string status_place(State& state) {
    switch (state.mode) {
        case Mode::learn:
            return "nothing here needs root or a network";
        case Mode::live:
            return state.live.status_line();
        case Mode::matrix:
            return progress_words(*state.matrix.run().view());
        case Mode::museum:
            return fmt::format("{} exhibits", exhibits().size());
        case Mode::lab:
            break;
    }
    if (state.is_presenting() && state.lesson)
        return fmt::format("{}, {} of {}", state.lesson->lesson().title, state.lesson->page() + 1,
                           state.lesson->lesson().pages.size());
    return state.status_line();
}

constexpr float kInCap = 5, kCapToWords = 6, kBetween = 18;

float width_of(const std::string& text) {
    return ImGui::CalcTextSize(text.c_str()).x;
}
float width_of(const KeyHint& hint) {
    return width_of(hint.keys) + sp(2 * kInCap + kCapToWords) + width_of(hint.words);
}

float width_of(const Hints& hints) {
    float width = -sp(kBetween);
    for (const KeyHint& hint : hints) width += width_of(hint) + sp(kBetween);
    return width;
}

// Where there is no room for all, those before the last are left out: that one is help, which has all keys.
Hints that_fit(Hints hints, float room) {
    while (hints.size() > 1 && width_of(hints) > room) hints.erase(hints.end() - 2);
    return hints;
}

float draw_hint(const KeyHint& hint, ImVec2 at) {
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    const float line = ImGui::GetTextLineHeight(), key = width_of(hint.keys);
    draw.AddRect({at.x, at.y - sp(1)}, {at.x + key + sp(2 * kInCap), at.y + line + sp(1)}, color_u32(Role::border),
                 sp(4));
    draw.AddText({at.x + sp(kInCap), at.y}, color_u32(Role::text), hint.keys.c_str());
    draw.AddText({at.x + key + sp(2 * kInCap + kCapToWords), at.y}, color_u32(Role::dim_text), hint.words.c_str());
    return width_of(hint);
}

void draw_hints(const Hints& all, ImVec2 begin, float room) {
    float x = begin.x;
    std::string said;
    for (const KeyHint& hint : that_fit(all, room)) {
        x += draw_hint(hint, {x, begin.y}) + sp(kBetween);
        said += (said.empty() ? "" : "    ") + hint.keys + " " + hint.words;
    }
    const float width = std::min(room, x - sp(kBetween) - begin.x);
    ui::mark_rect({begin.x, begin.y, width, ImGui::GetTextLineHeight()}, "status/keys", "text", said);
}

}  // namespace

void draw_status(State& state, const ui::Rect& rect) {
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, sp(8, 2));
    {
        const Panel panel("status", rect, {.fill = Role::card, .border = Role::card, .scrolls = false});
        const std::string place = status_place(state);
        const ImVec2 begin = ImGui::GetCursorScreenPos();
        const float width = width_of(place) + sp(8), room = ImGui::GetContentRegionAvail().x;
        draw_hints(status_keys(state), begin, std::max(sp(40), room - width - sp(24)));
        ImGui::SetCursorScreenPos({begin.x + std::max(sp(40), room - width), begin.y});
        ui::text("status/place", place, Role::dim_text, Font::text, width);
    }
    ImGui::PopStyleVar();
}

}  // namespace mdscope::gui
