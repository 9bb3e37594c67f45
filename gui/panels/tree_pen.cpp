// SPDX-License-Identifier: MIT

#include "gui/panels/tree_pen.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "gui/frame/fonts.hpp"
#include "gui/frame/theme.hpp"
#include "gui/frame/ui.hpp"

namespace mdscope::gui {

namespace {

using LineState = TreeLine::State;

bool inside(const TreeRow& row) {
    return std::ranges::any_of(row.state, [](LineState state) { return is_here(state) || state == LineState::Inside; });
}

// All of it, or what stands before its colon; a note that is cut says nothing.
std::string fitting(const std::string& note, float room) {
    const auto fits = [room](const std::string& text) { return ImGui::CalcTextSize(text.c_str()).x <= room; };
    if (fits(note)) return note;
    const std::string first = note.substr(0, note.find(": "));
    return fits(first) ? first : "";
}

}  // namespace

std::string line_text(const TreeRow& row) {
    return row.number > 0 ? fmt::format("{} #{}", row.name, row.number) : row.name;
}

bool is_here(LineState state) {
    return state == LineState::Now || state == LineState::Asleep || state == LineState::Oops;
}

float TreePen::a_x() const {
    return rect_.x + sp(17);
}
float TreePen::b_x() const {
    return rect_.right() - sp(17);
}
float TreePen::name_x() const {
    return rect_.x + sp(38);
}

ui::Rect TreePen::words_rect(float y) const {
    return {name_x() - sp(4), y, b_x() - sp(14) - name_x() + sp(4), line_};
}

void TreePen::draw(const TreeRow& row, float y) {
    words(row, y);
    symbol(row, Side::A, {a_x(), y + line_ / 2});
    symbol(row, Side::B, {b_x(), y + line_ / 2});
}

void TreePen::ring(float y) {
    const ui::Rect rect = words_rect(y);
    draw_.AddRect({rect.x, rect.y}, {rect.right(), rect.bottom()}, color_u32(Role::here), sp(4), ImDrawFlags_None,
                  sp(3));
}

void TreePen::grip(const TreeRow& row, float y) {
    const float x = name_x() + static_cast<float>(row.depth) * sp(10) - sp(9), middle = y + line_ / 2;
    for (const float dx : {0.0F, 4.0F})
        for (const float dy : {-4.0F, 0.0F, 4.0F})
            draw_.AddCircleFilled({x + sp(dx), middle + sp(dy)}, sp(1.3F), color_u32(Role::safe));
}

void TreePen::ground(const TreeRow& row, float y) {
    const float middle = rect_.x + rect_.w / 2;
    const ui::Rect words = words_rect(y);
    if (row.only) draw_.AddRectFilled({words.x, y}, {words.right(), y + line_}, fill_u32(Role::safe), sp(2));
    if (is_here(row.state[Side::A]))
        draw_.AddRectFilled({rect_.x, y}, {middle, y + line_}, fill_u32(Role::current), sp(2));
    if (is_here(row.state[Side::B]))
        draw_.AddRectFilled({middle, y}, {rect_.right(), y + line_}, fill_u32(Role::current), sp(2));
}

void TreePen::words(const TreeRow& row, float y) {
    const bool is_ahead = row.state[0] != LineState::Done && row.state[1] != LineState::Done && !inside(row);
    const bool adds = row.only.has_value();
    const ImU32 ink = color_u32(adds ? Role::safe : is_ahead ? Role::faint : Role::text);
    const float x = name_x() + static_cast<float>(row.depth) * sp(10), text_y = y + (line_ - sp(14)) / 2 - sp(1);
    const float right = b_x() - sp(18);
    std::string name = (adds ? "+ " : "") + line_text(row);
    {
        const FontScope code(adds ? type(Face::bold_code, 14) : font(Font::code));
        name = ui::shortened(name, right - x);
        draw_.AddText({x, text_y}, ink, name.c_str());
        name_end_ = x + ImGui::CalcTextSize(name.c_str()).x;
    }
    const FontScope small(type(Face::text, 14));
    const std::string note =
        fitting(adds ? (*row.only == Side::A ? "only A" : "only B") : row.note, right - name_end_ - sp(10));
    draw_.AddText({right - ImGui::CalcTextSize(note.c_str()).x, text_y - sp(1)},
                  adds ? ink : color_u32(is_ahead ? Role::faint : Role::dim_text), note.c_str());
}

void TreePen::symbol(const TreeRow& row, Side side, ImVec2 at) {
    if (!row.line.at(side)) return dot(at);
    switch (row.state.at(side)) {
        case LineState::Done:
            return check(at);
        case LineState::Now:
        case LineState::Asleep:
            return cursor(side, at);
        case LineState::Inside:
            draw_.AddRectFilled({at.x - sp(1), at.y - line_ / 2 + sp(2)}, {at.x + sp(1), at.y + line_ / 2 - sp(2)},
                                color_u32(Role::here));
            return;
        case LineState::ToCome:
        case LineState::Never:
            return dot(at);
        case LineState::Missing:
            return cross(at, row.is_news && !hides_);
        case LineState::Oops:
            return cross(at, true);
    }
}
void TreePen::dot(ImVec2 at) {
    draw_.AddCircleFilled(at, sp(1.6F), color_u32(Role::faint));
}
void TreePen::check(ImVec2 at) {
    const std::array<ImVec2, 3> points = {ImVec2{at.x - sp(5), at.y}, ImVec2{at.x - sp(1), at.y + sp(4)},
                                          ImVec2{at.x + sp(6), at.y - sp(5)}};
    draw_.AddPolyline(points.data(), 3, color_u32(Role::faint), ImDrawFlags_None, sp(2));
}
void TreePen::cross(ImVec2 at, bool is_danger) {
    const Role role = is_danger ? Role::danger : Role::faint;
    const float r = sp(4);
    draw_.AddLine({at.x - r, at.y - r}, {at.x + r, at.y + r}, color_u32(role), sp(2.5F));
    draw_.AddLine({at.x - r, at.y + r}, {at.x + r, at.y - r}, color_u32(role), sp(2.5F));
}
void TreePen::cursor(Side side, ImVec2 at) {
    const float way = side == Side::A ? 1.0F : -1.0F, r = sp(6);
    draw_.AddTriangleFilled({at.x + way * r, at.y}, {at.x - way * r, at.y - r}, {at.x - way * r, at.y + r},
                            color_u32(Role::here));
}

}  // namespace mdscope::gui
