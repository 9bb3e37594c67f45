// SPDX-License-Identifier: MIT
// The toolbar: what is shown, time, and the hands that act on everything. Each mode has its own; what does nothing in a
// mode is not there. Where one line is too short it becomes two.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "gui/frame/flow.hpp"
#include "gui/frame/keys.hpp"
#include "gui/panels/panel_lesson.hpp"
#include "gui/panels/panel_live.hpp"
#include "gui/panels/panels.hpp"

namespace mdscope::gui {

namespace {

constexpr float kPadding = 6;
constexpr float kMostShare = 0.45F;  // of the window's height

void draw_scenarios(State& state, Flow& flow) {
    const float width = sp(180);
    if (!flow.item(width)) return;
    std::vector<std::string> titles;
    int chosen = -1;
    for (const ScenarioFileInfo& entry : state.scenarios) {
        if (entry.name == state.player.scenario(Side::A).name) chosen = static_cast<int>(titles.size());
        titles.push_back(entry.title);
    }
    if (chosen < 0) {
        chosen = static_cast<int>(titles.size());
        const Scenario& own = state.player.scenario(Side::A);
        titles.push_back(own.title.empty() ? own.name : own.title);
    }
    if (ui::combo("toolbar/scenario", titles, chosen, width, "scenario", true) &&
        chosen < static_cast<int>(state.scenarios.size()))
        state.open_scenario(state.scenarios[static_cast<std::size_t>(chosen)]);
}

// What gives way to the head of a lesson where the bar is short: what keys do as well, then the lesson's title.
enum class Fold { nothing, tools, title };

struct TimeButton {
    const char* id;
    const char* label;
    const char* key;
    bool gives_way = false;
};
constexpr std::array kTimeButtons = {
    TimeButton{"first", "⇤", "first", true}, TimeButton{"back", "←", "step_back"},
    TimeButton{"play", "▶ Play", "play"},    TimeButton{"forward", "→", "step_forward"},
    TimeButton{"last", "⇥", "last", true},
};

void press_time(State& state, std::string_view id) {
    Player& player = state.player;
    if (id == "first") player.go_to(0);
    if (id == "back") player.step_back();
    if (id == "play") state.toggle_play();
    if (id == "forward") state.step_forward();
    if (id == "last") state.to_end();
}

void draw_time(State& state, Flow& flow, Fold fold) {
    for (const TimeButton& button : kTimeButtons) {
        if (fold != Fold::nothing && button.gives_way) continue;
        const bool is_play = std::string_view(button.id) == "play";
        const bool pauses = is_play && state.player.is_playing();
        const float width = std::max(ui::button_width(button.label), is_play ? ui::button_width("■ Pause") : 0);
        if (!flow.item(width)) continue;
        const std::string tip = fmt::format("{} ({})", pauses ? "pause" : button.id, keys_of(button.key));
        if (ui::button(fmt::format("toolbar/{}", button.id), pauses ? "■ Pause" : button.label,
                       {.width = width, .tip = tip}))
            press_time(state, button.id);
    }
    const float width = sp(130);
    if (fold != Fold::nothing || !flow.item(width)) return;
    auto speed = static_cast<float>(state.player.speed());
    if (ui::slider("toolbar/speed", speed, 0.05F, 4, "speed %.2f", width, "how fast Play goes"))
        state.player.set_speed(speed);
}

bool hand(Flow& flow, const char* id, const char* label, const char* tip, Role role = Role::button) {
    return flow.item(ui::button_width(label)) &&
           ui::button(fmt::format("toolbar/{}", id), label, {.role = role, .tip = tip});
}

// What a lesson has chosen is not to be chosen meanwhile.
bool is_taught(const State& state) {
    return state.lesson && !state.lesson->is_away();
}

void draw_hands(State& state, Flow& flow) {
    if (hand(flow, "stop_both", "■ Stop both", "begin the teardown in both arrays, now (S)"))
        state.answer(state.player.stop());
    if (is_taught(state)) return;
    if (hand(flow, "fork", "Fork", "keep this future, and try another (F)")) state.answer(state.player.fork());
    if (hand(flow, "setup", "Set up…", "fix, order, pools, bitmap, members of A and B")) state.show_setup = true;
}

void draw_lab(State& state, Flow& flow, Fold fold) {
    if (!is_taught(state)) draw_scenarios(state, flow);
    draw_time(state, flow, fold);
    draw_hands(state, flow);
}

void draw_nothing(State& /*state*/, Flow& /*flow*/, Fold /*fold*/) {}
void draw_live_tools(State& state, Flow& flow, Fold /*fold*/) {
    live::draw_toolbar(state, flow);
}
void draw_matrix_tools(State& state, Flow& flow, Fold /*fold*/) {
    draw_scenarios(state, flow);
}

void draw_everywhere(State& state, Flow& flow) {
    if (hand(flow, "share", "Share…", "save, open, copy, export")) state.begin_share(SharePage::Tab::Save);
    if (hand(flow, "lesson", "Lessons", "short lessons: predict, watch, understand")) state.toggle_lessons();
    if (hand(flow, "help", "?", "keys, colours, text size (F1)")) state.show_help = true;
}

struct ModeRow {
    Mode mode;
    const char* label;
    const char* tip;
    void (*draw)(State&, Flow&, Fold);  // what only this mode has
};
constexpr std::array kModeRows = {
    ModeRow{Mode::learn, "Learn", "the course (F2)", draw_nothing},
    ModeRow{Mode::lab, "Lab", "two simulated arrays, one schedule (F3)", draw_lab},
    ModeRow{Mode::live, "Live", "an array that is mounted (F4)", draw_live_tools},
    ModeRow{Mode::matrix, "Matrix", "every configuration, searched (F5)", draw_matrix_tools},
    ModeRow{Mode::museum, "Museum", "real bugs of Linux md, each found again (F6)", draw_nothing},
};

void draw_modes(State& state, Flow& flow) {
    for (const ModeRow& row : kModeRows) {
        if (!flow.item(ui::button_width(row.label))) continue;
        const bool is_here = state.mode == row.mode;
        const ui::ButtonLook look{.role = is_here ? Role::button : Role::card, .tip = row.tip};
        if (ui::button(fmt::format("toolbar/mode/{}", kWindowModes[row.mode]), row.label, look)) state.mode = row.mode;
        const ui::Rect rect = ui::rect_of_item();
        if (is_here)
            ImGui::GetWindowDrawList()->AddRectFilled({rect.x + sp(6), rect.bottom() + sp(1)},
                                                      {rect.right() - sp(6), rect.bottom() + sp(4)},
                                                      color_u32(Role::accent), sp(1));
    }
}

int lay_out(State& state, float width, bool draws, Fold fold) {
    const Mode mode = state.mode;  // for the whole of a frame
    Flow flow(width, draws);
    draw_modes(state, flow);
    for (const ModeRow& row : kModeRows)
        if (row.mode == mode) row.draw(state, flow, fold);
    draw_everywhere(state, flow);
    return flow.lines();
}

float head_width(const State& state, Fold fold) {
    return lesson_head_width(state, fold != Fold::title);
}

float width_beside(float head, float width) {
    return width - 2 * sp(kPadding) - (head > 0 ? head + sp(24) : 0);
}

// As little as is enough for all to stand in one line; nullopt: the lesson has a strip of its own for its head.
std::optional<Fold> fold_of(const State& state, float width) {
    if (head_width(state, Fold::nothing) == 0) return std::nullopt;
    for (const Fold fold : {Fold::nothing, Fold::tools, Fold::title})
        if (lay_out(const_cast<State&>(state), width_beside(head_width(state, fold), width), false, fold) == 1)
            return fold;
    return std::nullopt;
}

// What is left beside the head of a lesson.
float width_for_tools(const State& state, float width, std::optional<Fold> fold) {
    return width_beside(fold ? head_width(state, *fold) : 0, width);
}

float full_height(const State& state, float width) {
    const std::optional<Fold> fold = fold_of(state, ImGui::GetIO().DisplaySize.x);
    const int lines =
        lay_out(const_cast<State&>(state), width_for_tools(state, width, fold), false, fold.value_or(Fold::nothing));
    const float line = ImGui::GetFrameHeight();
    return 2 * sp(kPadding) + static_cast<float>(lines) * line +
           static_cast<float>(lines - 1) * ImGui::GetStyle().ItemSpacing.y;
}

}  // namespace

bool has_lesson_in_toolbar(const State& state) {
    return fold_of(state, ImGui::GetIO().DisplaySize.x).has_value();
}

// With large text in a small window it scrolls: what it acts on needs room, too.
float toolbar_height(const State& state, float width) {
    const float most = std::max(2 * sp(kPadding) + ImGui::GetFrameHeight(), kMostShare * ImGui::GetIO().DisplaySize.y);
    return std::min(full_height(state, width), most);
}

void draw_toolbar(State& state, const ui::Rect& rect) {
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, sp(kPadding, kPadding));
    {
        const bool scrolls = rect.h + 1 < full_height(state, rect.w);
        const Panel panel("toolbar", rect, {.fill = Role::card, .border = Role::card, .scrolls = scrolls});
        const std::optional<Fold> fold = fold_of(state, ImGui::GetIO().DisplaySize.x);
        const float head = fold ? head_width(state, *fold) : 0;
        const ImVec2 begin = ImGui::GetCursorScreenPos();
        lay_out(state, width_for_tools(state, rect.w, fold) - (scrolls ? ImGui::GetStyle().ScrollbarSize : 0), true,
                fold.value_or(Fold::nothing));
        if (fold && head_width(state, *fold) == head) {  // nothing of this frame has changed it
            ImGui::SetCursorScreenPos({rect.right() - sp(kPadding) - head, begin.y});
            draw_lesson_head(state, *fold != Fold::title);
        }
    }
    ImGui::PopStyleVar();
}

}  // namespace mdscope::gui
