// SPDX-License-Identifier: MIT

#include "gui/panels/page_pen.hpp"

#include <algorithm>
#include <cmath>

#include "gui/frame/ui.hpp"
#include "gui/frame/ui_parts.hpp"
#include "gui/panels/panel_stage.hpp"

namespace mdscope::gui {

PagePen::PagePen() : origin_(ImGui::GetCursorScreenPos()), pen_(*ImGui::GetWindowDrawList(), origin_, 1) {}

float line_of(float size) {
    return std::round(size * 1.32F);
}

GridPlace place_in_grid(std::size_t number, std::size_t columns) {
    const std::size_t column = number % columns, row = number / columns;
    return {static_cast<float>(column), static_cast<float>(row)};
}

float grid_rows(std::size_t count, std::size_t columns) {
    const std::size_t rows = (count + columns - 1) / columns;
    return static_cast<float>(rows);
}

void PagePen::panel(const ui::Rect& units, Role border, float width) const {
    pen_.fill(units.x, units.y, units.w, units.h, pen_.ink(Role::panel), 8);
    pen_.frame(units.x, units.y, units.w, units.h, pen_.ink(border), width, 8);
}

float PagePen::text(const std::string& id, const std::string& text, const ui::Rect& units,
                    const TextLook& words) const {
    const Ink ink = words.role == Role::dim_text ? Ink::dim
                    : words.role == Role::faint  ? Ink::faint
                    : words.role == Role::safe   ? Ink::safe
                    : words.role == Role::danger ? Ink::danger
                    : words.role == Role::mddev  ? Ink::first
                    : words.role == Role::bitmap ? Ink::second
                                                 : Ink::text;
    return this->text(id, Phrases{{text, ink}}, units, words);
}

float PagePen::text(const std::string& id, const Phrases& phrases, const ui::Rect& units, const TextLook& words) const {
    const ui::Rect rect = on_screen(units);
    const int needed = draw_phrases(phrases, rect, words.size, words.is_bold, 999, false);
    const int lines = draw_phrases(phrases, rect, words.size, words.is_bold, words.most_lines);
    const float height = static_cast<float>(lines) * line_of(words.size);
    const FontScope face(type(words.is_bold ? Face::bold : Face::text, words.size));
    const bool is_cut = needed > words.most_lines;
    ui::mark_rect(on_screen({units.x, units.y, units.w, height}), id, "text", plain_text(phrases), is_cut ? 1 : 0);
    return height;
}

float PagePen::height_of(const std::string& text, float width, const TextLook& words) const {
    const int lines = draw_phrases({{text}}, on_screen({0, 0, width, 10}), words.size, words.is_bold, 999, false);
    return static_cast<float>(std::min(lines, words.most_lines)) * line_of(words.size);
}

bool PagePen::area(const std::string& id, const ui::Rect& units, const std::string& words, bool enabled) const {
    const ui::Rect rect = on_screen(units);
    ImGui::SetCursorScreenPos({rect.x, rect.y});
    bool clicked = false;
    {
        const ui::IdScope scope(id);
        const ui::DisabledScope disabled(!enabled);
        clicked = ImGui::InvisibleButton("##it", ui::at_least_one({rect.w, rect.h}));
        if (enabled && ImGui::IsItemHovered()) ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
        ui::draw_focus();
        ui::mark(id, "button", words);
    }
    return clicked;
}

float PagePen::key(float right, float y, const std::string& name, Role role) const {
    const float width = pen_.width_of(name, Face::bold, 14) + 16;
    pen_.frame(right - width, y - 12, width, 24, pen_.ink(role == Role::text ? Role::faint : role), 1.5F, 4);
    pen_.text(right - width / 2, y, name, Face::bold, 14, pen_.ink(role), Align::middle);
    return right - width;
}

void PagePen::end_at(float y) const {
    const ImVec2 end = pen_.at(0, y);
    ImGui::SetCursorScreenPos({end.x, end.y - 1});
    ImGui::Dummy({1, 1});
}

}  // namespace mdscope::gui
