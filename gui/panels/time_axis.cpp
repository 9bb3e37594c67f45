// SPDX-License-Identifier: MIT

#include "gui/panels/time_axis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gui/frame/fonts.hpp"
#include "gui/frame/theme.hpp"
#include "gui/panels/panel_futures.hpp"
#include "gui/panels/panels.hpp"

namespace mdscope::gui {

namespace {

constexpr float kDifferenceWords = 136;  // the room they take

// Right of it only where on the left the panel's title is.
bool is_told_on_the_right(const LaneView& view, float x) {
    return x - sp(kDifferenceWords) < view.left - sp(20);
}

constexpr float kHalfFlag = 44;
bool is_under_flag(float x, float flag) {
    return std::abs(flag - x) < sp(kHalfFlag + 14);
}

constexpr float kNoReturnWords = 156;  // the room they take

}  // namespace

void draw_axis(const LaneView& view, float y, float bottom, const std::vector<Taken>& taken) {
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    const std::size_t every = view.label_step(sp(48));
    for (std::size_t tick = view.first_tick() / every * every; tick <= view.last_tick(); tick += every) {
        const float x = view.x_of(static_cast<double>(tick));
        if (x < view.left || x > view.right) continue;
        const std::string label = std::to_string(tick);
        const float half = ImGui::CalcTextSize(label.c_str()).x / 2;
        const auto covers = [&](const Taken& one) { return x + half > one.left && x - half < one.right; };
        if (std::ranges::none_of(taken, covers)) draw.AddText({x - half, y}, color_u32(Role::faint), label.c_str());
        draw.AddLine({x, y + ImGui::GetTextLineHeight() + sp(4)}, {x, bottom}, color_u32(Role::card));
    }
}

const StageWrite* write_with_ends(State& state) {
    const StageWrite* write = state.stages()[Side::A].main_write();
    const bool is_told = write != nullptr && write->is_held && !state.hides_outcome() && !state.player.is_playing();
    return is_told ? write : nullptr;
}

std::optional<float> x_of_difference(State& state, const LaneView& view) {
    const auto tick = state.player.view().first_difference;
    if (!tick || *tick == 0 || (state.hides_future() && *tick > state.player.tick())) return std::nullopt;
    const float x = view.x_of(static_cast<double>(*tick));
    if (x < view.left || x > view.right) return std::nullopt;
    return x;
}

Taken taken_by_difference(const LaneView& view, float x, float flag) {
    if (is_told_on_the_right(view, x)) return {x - sp(9), x + sp(kDifferenceWords)};
    const float left = is_under_flag(x, flag) ? flag - sp(kHalfFlag) : x;
    return {left - sp(kDifferenceWords), x + sp(9)};
}

Taken taken_by_no_return(float x) {
    return {x - sp(9), x + sp(kNoReturnWords)};
}

float x_of_no_return(State& state, const LaneView& view, const std::vector<Taken>& taken) {
    std::optional<double> tick;
    if (write_with_ends(state) != nullptr && state.ends.is_done()) {
        const std::vector<EndZones::Zone> zones = state.ends.zones();
        if (zones.size() >= 2 && zones.back().crashes) tick = static_cast<double>(zones.back().from) - 1;
    } else if (const auto known = tick_of_no_return(state)) {
        tick = static_cast<double>(*known);
    }
    if (!tick) return -1;
    const Taken words = taken_by_no_return(view.x_of(*tick));
    const auto covers = [&](const Taken& one) { return words.right > one.left && words.left < one.right; };
    const bool has_room = words.left >= view.left && words.right <= view.right && std::ranges::none_of(taken, covers);
    return has_room ? view.x_of(*tick) : -1;
}

void draw_point_of_no_return(float x, float y) {
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    const FontScope bold(type(Face::bold, 14));
    const std::string label = "point of no return";
    const float line = ImGui::GetTextLineHeight(), r = sp(6), middle = y + line / 2 + sp(2);
    draw.AddTriangle({x, middle - r}, {x + r, middle + r}, {x - r, middle + r}, color_u32(Role::danger), sp(2));
    draw.AddText({x + sp(13), y + sp(2)}, color_u32(Role::danger), label.c_str());
    ui::mark_rect({x - r, y, sp(19) + ImGui::CalcTextSize(label.c_str()).x, line + sp(4)}, "lanes/no_return", "text",
                  label);
}

// On the axis, where no bar is.
void draw_first_difference(State& state, const LaneView& view, float y) {
    const std::optional<float> x = x_of_difference(state, view);
    if (!x) return;
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    const FontScope bold(type(Face::bold, 14));
    const std::string label = "first difference";
    const float width = ImGui::CalcTextSize(label.c_str()).x, line = ImGui::GetTextLineHeight(), r = sp(6);
    const float flag = view.x_of(static_cast<double>(state.player.tick()));
    const bool is_covered = is_under_flag(*x, flag);
    const float left = is_told_on_the_right(view, *x) ? *x + sp(14)
                       : is_covered                   ? flag - sp(kHalfFlag + 6) - width
                                                      : *x - width - sp(14);
    const float middle = y + line / 2 + sp(2);
    draw.AddText({left, y + sp(2)}, color_u32(Role::text), label.c_str());
    if (!is_covered) {
        draw.AddQuadFilled({*x, middle - r}, {*x + r, middle}, {*x, middle + r}, {*x - r, middle},
                           color_u32(Role::text));
        ui::mark_rect({*x - r, middle - r, 2 * r, 2 * r}, "lanes/first_difference/sign", "shape");
    }
    const float begin = is_covered ? left : std::min(left, *x - r);
    const float end = is_covered ? left + width : std::max(left + width, *x + r);
    ui::mark_rect({begin, y, end - begin, line + sp(4)}, "lanes/first_difference", "text", label,
                  static_cast<double>(*state.player.view().first_difference));
}

// The flag of the playhead, on the axis.
void draw_flag(State& state, const LaneView& view, float y, float height) {
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    const FontScope bold(type(Face::bold, 14));
    const std::string label = fmt::format("step {}", state.player.tick());
    const float width = ImGui::CalcTextSize(label.c_str()).x + sp(16);
    const float at = std::clamp(view.x_of(static_cast<double>(state.player.tick())), view.left, view.right);
    const float x = std::clamp(at - width / 2, view.left - sp(40), view.right + sp(12) - width);
    draw.AddRectFilled({x, y}, {x + width, y + height}, color_u32(Role::here), sp(4));
    draw.AddText({x + sp(8), y + (height - ImGui::GetTextLineHeight()) / 2}, IM_COL32(18, 23, 30, 255), label.c_str());
    ui::mark_rect({x, y, width, height}, "now/tick", "text", label, static_cast<double>(state.player.tick()));
}

// All of the axis is the playhead's handle.
void take_scrub(State& state, const LaneView& view, float y, float height) {
    Player& player = state.player;
    ImGui::SetCursorScreenPos({view.left - sp(8), y});
    ImGui::InvisibleButton("scrub", {view.right - view.left + sp(16), height});
    const std::size_t end = state.last_seen();
    ui::mark("lanes/scrub", "slider", fmt::format("step {} of {}", player.tick(), end),
             static_cast<double>(player.tick()));
    if (ImGui::IsItemHovered() || ImGui::IsItemActive()) ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeEW);
    if (ImGui::IsItemActive() && end > 0) player.go_to(std::min(end, view.tick_at(ImGui::GetIO().MousePos.x)));
}

void draw_hatch(const ui::Rect& rect, Role role) {
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    draw.PushClipRect({rect.x, rect.y}, {rect.right(), rect.bottom()}, true);
    for (float x = rect.x - rect.h; x < rect.right(); x += sp(7))
        draw.AddLine({x, rect.bottom()}, {x + rect.h, rect.y}, color_u32(role, 0.5F), sp(1.5F));
    draw.PopClipRect();
}

}  // namespace mdscope::gui
