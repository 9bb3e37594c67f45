// SPDX-License-Identifier: MIT
// Help, and how it all looks.
#include <fmt/format.h>

#include "gui/frame/dialog.hpp"
#include "gui/frame/keys.hpp"
#include "gui/panels/panels.hpp"

namespace mdscope::gui {

namespace {

void choose_look(State& state) {
    ui::header("help/look", "Look");
    if (ui::button("help/smaller", "Smaller text")) step_text_percent(-1);
    ImGui::SameLine();
    ui::text("help/percent", fmt::format("{} %", theme().text_percent), Role::text, Font::text, sp(60));
    ImGui::SameLine();
    if (ui::button("help/larger", "Larger text")) step_text_percent(+1);
    for (const ThemeName name : {ThemeName::dark, ThemeName::light, ThemeName::contrast}) {
        if (ui::button(fmt::format("help/theme/{}", theme_text(name)), theme_text(name),
                       {.role = theme().name == name ? Role::accent : Role::button}))
            set_theme(name);
        ImGui::SameLine();
    }
    ImGui::NewLine();
    ImGui::AlignTextToFramePadding();
    ui::text("help/motion", "Motion between two steps", Role::text, Font::text, sp(200));
    for (const auto& [speed, text] : kMotionSpeeds) {
        ImGui::SameLine();
        if (ui::button(fmt::format("help/motion/{}", text), text,
                       {.role = state.motion.speed == speed ? Role::accent : Role::button}))
            state.motion.speed = speed;
    }
    bool predict = state.predict_mode;
    if (ui::toggle("help/predict", "Ask me before something decisive happens (Shift+P)", predict))
        state.predict_mode = predict;
}

}  // namespace

void draw_help(State& state) {
    if (!state.show_help) return;
    const Dialog dialog("help", "Help", state.show_help, sp(620, 640));
    if (!dialog) return;
    choose_look(state);
    ui::header("help/shapes", "Shapes and words");
    ui::paragraph(
        "help/shapes/text",
        "○ running   ▶ stopping   ● waiting   ▲ in danger   ■ stopped   ✗ Oops.   In the tree: ✓ done, ▶ now, "
        "● asleep, ↓ inside, · to come, ✗ missing here. A bar with hatching is held, an outline is where it will end.");
    ui::header("help/keys", "Keys");
    draw_key_table();
}

}  // namespace mdscope::gui
