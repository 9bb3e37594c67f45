// SPDX-License-Identifier: MIT

#include "gui/frame/ui_parts.hpp"

#include <imgui_internal.h>

#include <algorithm>
#include <cstdio>

#include "gui/frame/imgui_version.hpp"
#include "gui/frame/keys.hpp"
#include "gui/frame/ui.hpp"

namespace mdscope::gui::ui {

namespace {

constexpr double kTipDelay = 0.5;  // seconds

struct TipState {
    ImGuiID item = 0;
    double since = 0;
    int frame = 0;  // in which it was last hovered: a gap starts the delay again
};
TipState tip_state;

// Text has no id of ImGui's: its words and its place are one.
ImGuiID tip_id(std::string_view text) {
    const ImGuiID item = last_item_id();
    const ImVec2 place = ImGui::GetItemRectMin();
    return item != 0 ? item : ImHashData(text.data(), text.size(), ImHashData(&place, sizeof place));
}

// Cut only between characters: UTF-8's later bytes are 10xxxxxx.
std::size_t whole_characters(std::string_view text, std::size_t size) {
    while (size > 0 && size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) --size;
    return size;
}

}  // namespace

float text_width(std::string_view text) {
    return ImGui::CalcTextSize(text.data(), text.data() + text.size()).x;
}

std::string formatted(const char* format, float value) {
    char text[64];
    ImFormatString(text, sizeof text, format, static_cast<double>(value));
    return text;
}

std::string shortened(std::string_view text, float width) {
    if (text_width(text) <= width + 0.5F) return std::string(text);
    const float room = width - text_width("…");
    std::size_t fits = 0, too_long = text.size();
    while (too_long - fits > 1) {
        const std::size_t middle = (fits + too_long) / 2;
        (text_width(text.substr(0, whole_characters(text, middle))) <= room ? fits : too_long) = middle;
    }
    return std::string(text.substr(0, whole_characters(text, fits))) + "…";
}

ImVec4 mixed(const ImVec4& from, const ImVec4& to, float share) {
    return {from.x + (to.x - from.x) * share, from.y + (to.y - from.y) * share, from.z + (to.z - from.z) * share, 1.0F};
}

ImVec4 ink_on(const ImVec4& color) {
    const ImVec4 black(0.04F, 0.05F, 0.06F, 1), white(1, 1, 1, 1);
    return contrast(black, color) > contrast(white, color) ? black : white;
}

ImVec2 at_least_one(ImVec2 size) {
    return {std::max(1.0F, size.x), std::max(1.0F, size.y)};
}

ThingUse thing(const Rect& rect, const std::string& id, std::string_view text, double value) {
    ImGui::SetCursorScreenPos({rect.x, rect.y});
    before_overlapped_item();
    const bool is_pressed = ImGui::InvisibleButton(id.c_str(), at_least_one({rect.w, rect.h})) && nav_is_visible();
    after_overlapped_item();
    mark(id, "thing", text, value);
    return {focused_id() == last_item_id(), is_pressed};
}

void draw_focus() {
    const ImGuiID item = last_item_id();
    if (item == 0 || focused_id() != item) return;
    const ImVec2 min = ImGui::GetItemRectMin(), max = ImGui::GetItemRectMax();
    ImGui::GetWindowDrawList()->AddRect(ImVec2(min.x - 2, min.y - 2), ImVec2(max.x + 2, max.y + 2),
                                        ImGui::GetColorU32(ImGuiCol_NavHighlight), sp(3), 0, 2.0F);
}

float tab_width(std::string_view label) {
    return text_width(label) + 2 * sp(8);
}

bool tab_button(const std::string& id, std::string_view label, bool chosen) {
    const IdScope scope(id);
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const ImVec2 size(std::min(tab_width(label), std::max(sp(24), ImGui::GetContentRegionAvail().x)),
                      ImGui::GetTextLineHeight() + sp(10));
    const bool clicked = ImGui::InvisibleButton("##it", at_least_one(size));
    const bool hovered = ImGui::IsItemHovered();
    const std::string shown = shortened(label, size.x - 2 * sp(8));
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    const ImVec2 end(at.x + size.x, at.y + size.y);
    if (hovered) draw.AddRectFilled(at, end, color_u32(Role::accent, 0.12F), sp(3));
    draw.AddText(ImVec2(at.x + sp(8), at.y + sp(4)), color_u32(chosen ? Role::text : Role::dim_text), shown.data(),
                 shown.data() + shown.size());
    if (chosen) draw.AddRectFilled(ImVec2(at.x, end.y - sp(3)), end, color_u32(Role::accent));
    draw_focus();
    mark(id, "tab", label, chosen ? 1 : 0);
    if (shown != label) tip(label);
    return clicked;
}

bool splitter(std::string_view id, Axis axis, float& position, float from, float to, float usual, float length) {
    const IdScope scope(id);
    const bool sideways = axis == Axis::horizontal;
    const float thickness = sp(8);
    const float before = position;
    ImGui::InvisibleButton("##it", at_least_one(sideways ? ImVec2(thickness, length) : ImVec2(length, thickness)));
    const bool hot = ImGui::IsItemHovered() || ImGui::IsItemActive();
    if (hot) ImGui::SetMouseCursor(sideways ? ImGuiMouseCursor_ResizeEW : ImGuiMouseCursor_ResizeNS);
    static float position_when_pressed = 0;  // There is one mouse: one bar at most is held.
    if (ImGui::IsItemActivated()) position_when_pressed = position;
    if (ImGui::IsItemActive()) {
        // From where it was pressed, not step by step: so the bar stays under a mouse that went too far and came back.
        const ImVec2 moved = ImGui::GetMouseDragDelta(ImGuiMouseButton_Left, 0);
        position = position_when_pressed + (sideways ? moved.x : moved.y);
    }
    if (ImGui::IsItemHovered() && ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left))
        position = position_when_pressed = usual;
    if (focused_id() == last_item_id()) {
        if (pressed("splitter_grow")) position += sp(16);
        if (pressed("splitter_shrink")) position -= sp(16);
    }
    position = std::clamp(position, from, std::max(from, to));
    const Rect rect = rect_of_item();
    if (hot) {
        const ImVec2 middle = vec(rect.center());
        const ImVec2 half = sideways ? ImVec2(1, length / 2) : ImVec2(length / 2, 1);
        ImGui::GetWindowDrawList()->AddRectFilled(ImVec2(middle.x - half.x, middle.y - half.y),
                                                  ImVec2(middle.x + half.x, middle.y + half.y),
                                                  color_u32(Role::accent));
    }
    draw_focus();
    mark(id, "splitter", {}, position);
    tip("Drag to resize; double-click for the usual size. With the keyboard: + and −.");
    return position != before;
}

void tip(std::string_view text) {
    if (text.empty() || ImGui::IsAnyMouseDown() || !ImGui::IsItemHovered(ImGuiHoveredFlags_AllowWhenDisabled)) return;
    const ImGuiID item = tip_id(text);
    if (tip_state.item != item || tip_state.frame + 1 < frame_number() || tip_state.frame > frame_number())
        tip_state = {item, ImGui::GetTime(), 0};
    tip_state.frame = frame_number();
    const double left = kTipDelay - (ImGui::GetTime() - tip_state.since);
    if (left > 0) return ask_for_frame(left);
    if (!begin_tooltip()) return;
    ImGui::PushTextWrapPos(sp(420));
    ImGui::TextUnformatted(text.data(), text.data() + text.size());
    ImGui::PopTextWrapPos();
    mark("tip", "tip", text);
    ImGui::EndTooltip();
}

}  // namespace mdscope::gui::ui
