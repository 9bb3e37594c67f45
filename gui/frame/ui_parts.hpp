// SPDX-License-Identifier: MIT
// What the widgets of ui.hpp are made of.
#pragma once

#include <imgui.h>

#include <string>
#include <string_view>

#include "gui/frame/marks.hpp"

namespace mdscope::gui::ui {

class IdScope {
   public:
    explicit IdScope(std::string_view id) { ImGui::PushID(id.data(), id.data() + id.size()); }
    ~IdScope() { ImGui::PopID(); }
    IdScope(const IdScope&) = delete;
    IdScope& operator=(const IdScope&) = delete;
};

class DisabledScope {
   public:
    explicit DisabledScope(bool disabled) { ImGui::BeginDisabled(disabled); }
    ~DisabledScope() { ImGui::EndDisabled(); }
    DisabledScope(const DisabledScope&) = delete;
    DisabledScope& operator=(const DisabledScope&) = delete;
};

float text_width(std::string_view text);
std::string formatted(const char* format, float value);
ImVec4 mixed(const ImVec4& from, const ImVec4& to, float share);
ImVec2 at_least_one(ImVec2 size);  // InvisibleButton takes no empty size
// The frame around the last item, if the keyboard's focus is on it and ImGui does not draw one itself.
void draw_focus();

// A thing in a picture that the keyboard's focus can be on; the mouse is the caller's. Arrows go through its order.
struct ThingUse {
    bool is_focused = false;
    bool is_pressed = false;  // by a key
};
ThingUse thing(const Rect& rect, const std::string& id, std::string_view text, double value);

float tab_width(std::string_view label);
bool tab_button(const std::string& id, std::string_view label, bool chosen);

}  // namespace mdscope::gui::ui
