// The toolbar: what is shown, time, and the hands that act on everything. Where one line is too short it becomes two.
#include <fmt/format.h>

#include <algorithm>

#include "gui/flow.hpp"
#include "gui/keys.hpp"
#include "gui/panels.hpp"

namespace mdscope::gui {

namespace {

constexpr float kPadding = 6;

void draw_modes(State& state, Flow& flow) {
    constexpr std::array<std::pair<const char*, const char*>, 3> kModes = {
        {{"lab", "Lab"}, {"matrix", "Matrix"}, {"live", "Live"}}};
    for (std::size_t i = 0; i < kModes.size(); i++) {
        const bool chosen = state.mode == static_cast<Mode>(i);
        if (!flow.item(ui::button_width(kModes[i].second))) continue;
        const ui::ButtonLook look{.role = chosen ? Role::accent : Role::button,
                                  .tip = i == 0   ? "two simulated arrays, one schedule"
                                         : i == 1 ? "every configuration, searched"
                                                  : "an array that is mounted"};
        if (ui::button(fmt::format("toolbar/mode/{}", kModes[i].first), kModes[i].second, look))
            state.mode = static_cast<Mode>(i);
    }
}

void draw_scenarios(State& state, Flow& flow) {
    const float width = sp(260);
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
    if (ui::combo("toolbar/scenario", titles, chosen, width, "scenario") &&
        chosen < static_cast<int>(state.scenarios.size()))
        state.open_scenario(state.scenarios[static_cast<std::size_t>(chosen)]);
}

struct TimeButton {
    const char* id;
    const char* label;
    const char* key;
};
constexpr std::array kTimeButtons = {
    TimeButton{"first", "⇤ Start", "first"}, TimeButton{"back", "◀ Step", "step_back"},
    TimeButton{"play", "▶ Play", "play"},    TimeButton{"forward", "Step ▶", "step_forward"},
    TimeButton{"last", "End ⇥", "last"},
};

void press_time(State& state, std::string_view id) {
    Player& player = state.player;
    if (id == "first") player.go_to(0);
    if (id == "back") player.step_back();
    if (id == "play") state.toggle_play();
    if (id == "forward") state.step_forward();
    if (id == "last") state.to_end();
}

void draw_time(State& state, Flow& flow) {
    const bool enabled = state.mode == Mode::lab;
    for (const TimeButton& button : kTimeButtons) {
        const bool pauses = std::string_view(button.id) == "play" && state.player.is_playing();
        const float width = ui::button_width(button.label);
        if (!flow.item(width)) continue;
        const std::string tip = fmt::format("{} ({})", pauses ? "pause" : button.id, keys_of(button.key));
        if (ui::button(fmt::format("toolbar/{}", button.id), pauses ? "■ Pause" : button.label,
                       {.enabled = enabled,
                        .width = pauses ? std::max(width, ui::button_width("■ Pause")) : width,
                        .tip = tip}))
            press_time(state, button.id);
    }
    if (!flow.item(sp(110))) return;
    auto speed = static_cast<float>(state.player.speed());
    if (ui::slider("toolbar/speed", speed, 0.05F, 4, "speed %.2f", sp(110), "how fast Play goes"))
        state.player.set_speed(speed);
}

void draw_hands(State& state, Flow& flow) {
    const bool lab = state.mode == Mode::lab;
    const auto button = [&](const char* id, const char* label, const char* tip, bool enabled,
                            Role role = Role::button) {
        return flow.item(ui::button_width(label)) &&
               ui::button(fmt::format("toolbar/{}", id), label, {.role = role, .enabled = enabled, .tip = tip});
    };
    if (button("stop_both", "■ Stop both arrays (S)", "begin the teardown in both arrays, now", lab, Role::drastic))
        state.answer(state.player.stop());
    if (button("fork", "Fork (F)", "keep this future, and try another", lab)) state.answer(state.player.fork());
    if (button("setup", "Set up…", "fix, order, pools, bitmap, members of A and B", lab)) state.show_setup = true;
    if (button("share", "Share…", "save, open, copy, export", true)) state.begin_share(SharePage::Tab::Save);
    if (button("lesson", "Lessons", "five short lessons", true)) state.toggle_lessons();
    if (button("help", "Help ?", "keys, colours, text size (F1)", true)) state.show_help = true;
}

int lay_out(State& state, float width, bool draws) {
    Flow flow(width, draws);
    draw_modes(state, flow);
    draw_scenarios(state, flow);
    draw_time(state, flow);
    draw_hands(state, flow);
    return flow.lines();
}

}  // namespace

float toolbar_height(const State& state, float width) {
    const int lines = lay_out(const_cast<State&>(state), width - 2 * sp(kPadding), false);
    const float line = ImGui::GetFrameHeight();
    return 2 * sp(kPadding) + static_cast<float>(lines) * line +
           static_cast<float>(lines - 1) * ImGui::GetStyle().ItemSpacing.y;
}

void draw_toolbar(State& state, const ui::Rect& rect) {
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, sp(kPadding, kPadding));
    {
        const Panel panel("toolbar", rect, {.fill = Role::card, .border = Role::card, .scrolls = false});
        lay_out(state, rect.w - 2 * sp(kPadding), true);
    }
    ImGui::PopStyleVar();
}

}  // namespace mdscope::gui
