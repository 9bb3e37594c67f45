// SPDX-License-Identifier: MIT
// Help, and what the two arrays are.
#include <fmt/format.h>

#include <algorithm>

#include "engine/md/bitmap/home.hpp"
#include "gui/frame/dialog.hpp"
#include "gui/frame/flow.hpp"
#include "gui/frame/keys.hpp"
#include "gui/panels/panels.hpp"

namespace mdscope::gui {

namespace {

std::vector<std::string> names_of(const Variant& variant) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < variant.size; i++) names.emplace_back(variant.row(i).name);
    return names;
}

void choose(const std::string& id, const char* label, std::string& value, const std::vector<std::string>& names) {
    ui::text(id + "/label", label, Role::dim_text, Font::text, sp(80));
    ImGui::SameLine(sp(90));
    auto chosen = static_cast<int>(std::ranges::find(names, value) - names.begin());
    if (ui::combo(id, names, chosen, sp(160))) value = names[static_cast<std::size_t>(chosen)];
}

void choose_rows(Scenario& scenario, const char* name) {
    const std::string id = fmt::format("setup/{}", name);
    ui::header(id, fmt::format("Array {}", name));
    for (const Variant& variant : all_variants()) {
        std::string row = scenario.variants.row(variant).name;
        choose(fmt::format("{}/{}", id, variant.name()), variant.name(), row, names_of(variant));
        scenario.variants.choose(variant, *variant.find(row));
    }
    choose(id + "/bitmap", "bitmap", scenario.bitmap, {kBitmapHomes.begin(), kBitmapHomes.end()});
    ImGui::TextUnformatted(" ");
    Flow flow(ImGui::GetContentRegionAvail().x, true);
    for (const KernelEra& era : kernel_eras()) {
        if (flow.item(ui::button_width(era.name)) &&
            ui::button(fmt::format("{}/era/{}", id, era.name), era.name, {.tip = "the rows of this kernel"}))
            scenario.variants = VariantRows(era);
    }
}

void choose_common(Scenario& a, Scenario& b) {
    ui::header("setup/common", "Both");
    std::string members = std::to_string(a.members);
    choose("setup/members", "members", members, {"2", "3", "4", "5", "6", "7", "8"});
    std::string steps = granularity_name(a.granularity);
    choose("setup/steps", "steps", steps, {"coarse", "calls", "fine"});
    std::string pages = std::to_string(a.pages);
    choose("setup/pages", "pages", pages, {"1", "2", "3", "4"});
    for (Scenario* scenario : {&a, &b}) {
        scenario->members = members[0] - '0';
        scenario->granularity = steps == "fine"    ? Granularity::Fine
                                : steps == "calls" ? Granularity::Calls
                                                   : Granularity::Coarse;
        scenario->set_pages(static_cast<unsigned>(pages[0] - '0'));
    }
}

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

void draw_setup(State& state) {
    if (!state.show_setup) {
        state.setup.reset();
        return;
    }
    if (!state.setup) state.setup = {state.player.scenario(Side::A), state.player.scenario(Side::B)};
    Dialog dialog("setup", "The two arrays", state.show_setup, sp(560, 620), true);
    if (!dialog) return;
    auto& [a, b] = *state.setup;
    choose_rows(a, "A");
    choose_rows(b, "B");
    choose_common(a, b);
    dialog.foot();
    if (ui::button("setup/apply", "Apply", {.role = Role::accent, .tip = "start again with these, wishes kept"})) {
        const std::string wrong = state.player.change(a, b);
        state.answer(wrong);
        if (wrong.empty()) dialog.close();
    }
    ImGui::SameLine();
    if (ui::button("setup/cancel", "Cancel")) dialog.close();
}

}  // namespace mdscope::gui
