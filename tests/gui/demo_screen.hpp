// SPDX-License-Identifier: MIT
// One of each widget, for the tests of the widgets.
#pragma once

#include <imgui.h>

#include <array>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "gui/frame/keys.hpp"
#include "gui/frame/screen.hpp"
#include "gui/frame/ui.hpp"

namespace mdscope::gui {

class DemoScreen : public Screen {
   public:
    void draw() override {
        if (pressed("play")) ++played;
        if (pressed("step_forward")) ++stepped;
        if (pressed("stop_both")) ++stopped;
        if (pressed("text_larger")) ++larger;
        if (pressed("help")) ++helped;
        ImGui::SetNextWindowPos(ImVec2(0, 0));
        ImGui::SetNextWindowSize(ImGui::GetIO().DisplaySize);
        ImGui::Begin("demo", nullptr, ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove);
        draw_widgets();
        draw_list();
        if (more) more();
        ImGui::End();
    }
    std::optional<int> next_frame_ms() override { return std::nullopt; }
    bool wants_to_quit() override { return false; }

    int played = 0, stepped = 0, stopped = 0, larger = 0, helped = 0, clicked = 0, opened = 0;
    bool held = false;
    int chosen = 0, tab = 0, selected = 0;
    float speed = 0.5F, split = 200;
    std::string words;
    std::function<void()> more;  // drawn last, in the same window

   private:
    void draw_widgets() {
        if (ui::button("bar/go", "▶ Go", {.tip = "Goes."})) ++clicked;
        ImGui::SameLine();
        ui::button("bar/off", "Off", {.enabled = false});
        ImGui::SameLine();
        ui::toggle("bar/hold", "Hold", held);
        ImGui::SameLine();
        ui::combo("bar/scenario", scenarios_, chosen, sp(160));
        ImGui::SameLine();
        ui::slider("bar/speed", speed, 0, 1, "speed %.2fx", sp(160));
        ui::tabs("tabs", tabs_, tab);
        ui::chip("chip", "▲", "IN DANGER", Role::danger);
        ui::field("filter", words, "Filter", sp(160));
        if (ui::link("link", "a link")) ++opened;
        ui::header("header", "Header");
        ui::splitter("split", ui::Axis::horizontal, split, 50, 400, 200, sp(40));
    }

    void draw_list() {
        ImGui::BeginChild("list", ImVec2(sp(240), sp(100)), true);
        for (int i = 0; i < 20; ++i)
            if (ui::row("row/" + std::to_string(i), "Row " + std::to_string(i), {.selected = i == selected}))
                selected = i;
        ImGui::EndChild();
    }

    std::vector<std::string> scenarios_ = {"first", "second", "third"};
    std::array<ui::Tab, 3> tabs_ = {{{"flight", "In flight"}, {"bitmap", "Bitmap"}, {"log", "Log"}}};
};

}  // namespace mdscope::gui
