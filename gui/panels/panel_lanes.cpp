// Swim-lanes of both arrays on one axis of ticks, and the playhead. The mouse moves the playhead along the axis, pans
// and zooms, and moves the end of a write to another tick.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gui/frame/imgui_version.hpp"
#include "gui/frame/keys.hpp"
#include "gui/model/lane_view.hpp"
#include "gui/panels/panels.hpp"

namespace mdscope::gui {

namespace {

struct Place {
    LaneView view;
    float top, bottom;
};

void draw_axis(const LaneView& view, float y, float bottom) {
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    const std::size_t every = view.label_step(sp(48));
    for (std::size_t tick = view.first_tick() / every * every; tick <= view.last_tick(); tick += every) {
        const float x = view.x_of(static_cast<double>(tick));
        if (x < view.left || x > view.right) continue;
        const std::string label = std::to_string(tick);
        draw.AddText({x - ImGui::CalcTextSize(label.c_str()).x / 2, y}, color_u32(Role::dim_text), label.c_str());
        draw.AddLine({x, y + ImGui::GetTextLineHeight() + sp(2)}, {x, bottom}, color_u32(Role::border));
    }
}

Role bar_role(const Bar& bar) {
    switch (bar.kind) {
        case Bar::Kind::Function:
            return Role::idle;
        case Bar::Kind::Sleep:
            return Role::safe;
        case Bar::Kind::Data:
        case Bar::Kind::Resync:
            return Role::data_write;
        case Bar::Kind::Superblock:
            return Role::daemon;
        case Bar::Kind::Bitmap:
            return Role::bitmap_write;
        case Bar::Kind::Oops:
            return Role::danger;
    }
    return Role::idle;
}

void draw_hatch(const ui::Rect& rect, Role role) {
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    draw.PushClipRect({rect.x, rect.y}, {rect.right(), rect.bottom()}, true);
    for (float x = rect.x - rect.h; x < rect.right(); x += sp(7))
        draw.AddLine({x, rect.bottom()}, {x + rect.h, rect.y}, color_u32(role, 0.5F), sp(1.5F));
    draw.PopClipRect();
}

void draw_bar_shape(const LaneView& view, const Bar& bar, const ui::Rect& rect, std::size_t upto) {
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    const Role role = bar_role(bar);
    const ImVec2 from(rect.x, rect.y), to(rect.right(), rect.bottom());
    draw.AddRectFilled(from, to, fill_u32(role), sp(3));
    for (const auto& [begin, end] : bar.held) {
        if (begin > upto) continue;
        const float left = std::max(rect.x, view.x_of(static_cast<double>(begin)));
        const float right = std::min(rect.right(), view.x_of(static_cast<double>(std::min(end, upto))));
        if (right > left) draw_hatch({left, rect.y, right - left, rect.h}, role);
    }
    draw.AddRect(from, to, color_u32(role), sp(3), ImDrawFlags_None, sp(1.2F));
    const bool is_held = !bar.held.empty() && bar.held.back().second >= upto && bar.end >= upto;
    const std::string label = ui::shortened(is_held ? bar.label + " HELD" : bar.label, rect.w - sp(10));
    if (rect.w > sp(22))
        draw.AddText({rect.x + sp(5), rect.y + (rect.h - ImGui::GetTextLineHeight()) / 2}, color_u32(Role::text),
                     label.c_str());
}

// The outline of where a write in flight will end by itself.
void draw_ghost(State& state, Side side, const LaneView& view, const Bar& bar, const ui::Rect& rect) {
    if (state.hides_future() || !state.player.at_end() || !bar.is_open || bar.bio.empty()) return;
    const auto due =
        static_cast<double>(std::max<std::uint64_t>(state.player.duel().due_of(side, bar.bio), bar.end + 1));
    const float to = std::min(view.right, view.x_of(due));
    if (to <= rect.right()) return;
    ImGui::GetWindowDrawList()->AddRect({rect.right(), rect.y}, {to, rect.bottom()}, color_u32(Role::dim_text), sp(3));
}

void drag_end(State& state, const LaneView& view, const Bar& bar, const ui::Rect& rect, const std::string& id) {
    const float grip = sp(8);
    ImGui::SetCursorScreenPos({rect.right() - grip / 2, rect.y});
    ImGui::InvisibleButton((id + "/grip").c_str(), {grip, rect.h});
    ui::mark(id + "/end", "slider", fmt::format("end of {}, tick {}", bar.bio, bar.end), static_cast<double>(bar.end));
    if (ImGui::IsItemHovered() || ImGui::IsItemActive()) ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeEW);
    ui::tip("Drag: let it end earlier or later. With the keyboard: + and −.");
    if (ImGui::IsItemActive()) {
        const float x = ImGui::GetIO().MousePos.x;
        ImGui::GetForegroundDrawList()->AddLine({x, rect.y - sp(4)}, {x, rect.bottom() + sp(4)},
                                                color_u32(Role::current), sp(2));
    }
    if (focused_id() == last_item_id()) {
        if (pressed("splitter_grow")) state.move_end(bar.bio, bar.end + 1);
        if (pressed("splitter_shrink") && bar.end > 0) state.move_end(bar.bio, bar.end - 1);
    }
    if (!ImGui::IsItemDeactivated() || std::abs(ImGui::GetMouseDragDelta(0, 0).x) < sp(3)) return;
    state.move_end(bar.bio, view.tick_at(ImGui::GetIO().MousePos.x));
}

void draw_bar(State& state, Side side, const LaneView& view, const Bar& bar, float y, float height,
              std::size_t number) {
    const std::size_t upto = state.last_seen();
    if (bar.begin > upto) return;
    const std::size_t last = std::min(bar.end, upto);
    const float left = view.x_of(static_cast<double>(bar.begin)), right = view.x_of(static_cast<double>(last));
    if (right < view.left || left > view.right) return;
    const ui::Rect rect{std::max(left, view.left), y,
                        std::max(sp(3), std::min(right, view.right) - std::max(left, view.left)), height};
    draw_bar_shape(view, bar, rect, upto);
    draw_ghost(state, side, view, bar, rect);
    const std::string id = bar.bio.empty() ? fmt::format("lane/{}/bar/{}", side_name(side), number)
                                           : fmt::format("lane/{}/bio/{}", side_name(side), bar.bio);
    if (bar.bio.empty()) {
        ui::mark_rect(rect, id, "bar", bar.label, static_cast<double>(bar.begin));
        return;
    }
    ImGui::SetCursorScreenPos({rect.x, rect.y});
    if (ImGui::InvisibleButton(id.c_str(), {std::max(sp(4), rect.w), rect.h})) {
        state.selected_bio = bar.bio;
        state.focus = side;
    }
    ImGui::SetItemAllowOverlap();  // its end can be gripped
    ui::mark(id, "bar", fmt::format("{}, ticks {} to {}", bar.bio, bar.begin, last), static_cast<double>(last));
    ui::tip(fmt::format("{}: ticks {} to {}", bar.bio, bar.begin,
                        bar.is_open || last < bar.end ? std::string("…") : std::to_string(bar.end)));
    if (bar.bio == state.selected_bio)
        ImGui::GetWindowDrawList()->AddRect({rect.x - 1, rect.y - 1}, {rect.right() + 1, rect.bottom() + 1},
                                            color_u32(Role::accent), sp(3), ImDrawFlags_None, sp(2));
    if (!bar.is_open && last == bar.end) drag_end(state, view, bar, rect, id);
}

float draw_side_lanes(State& state, Side side, const LaneView& view, float y, float row) {
    std::size_t number = 0;
    bool is_first = true;
    for (const Lane& lane : state.player.view().sides[side].lanes) {
        const float height = row * static_cast<float>(lane.rows);
        const std::string name = lane.is_disk ? lane.name + " bios" : lane.name;
        const ImVec2 at(view.left - sp(110), y + (row - ImGui::GetTextLineHeight()) / 2);
        if (is_first)
            ImGui::GetWindowDrawList()->AddText(
                {at.x - sp(20), at.y}, color_u32(side == Side::A ? Role::danger : Role::safe), side_name(side));
        is_first = false;
        const std::string shown = ui::shortened(name, sp(104));
        ImGui::GetWindowDrawList()->AddText(at, color_u32(Role::dim_text), shown.c_str());
        for (const Bar& bar : lane.bars)
            draw_bar(state, side, view, bar, y + static_cast<float>(bar.row) * row + sp(2), row - sp(4), number++);
        y += height;
    }
    return y;
}

float lanes_height(State& state, Side side, float row) {
    int rows = 0;
    for (const Lane& lane : state.player.view().sides[side].lanes) rows += lane.rows;
    return static_cast<float>(rows) * row;
}

void draw_first_difference(State& state, const LaneView& view, float top, float bottom) {
    const auto tick = state.player.view().first_difference;
    if (!tick || *tick == 0 || (state.hides_future() && *tick > state.player.tick())) return;
    const float x = view.x_of(static_cast<double>(*tick));
    if (x < view.left || x > view.right) return;
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    draw.AddLine({x, top}, {x, bottom}, color_u32(Role::current), sp(2));
    const std::string label = fmt::format("first difference t={}", *tick);
    const float width = ImGui::CalcTextSize(label.c_str()).x;
    const float left = x + sp(4) + width < view.right ? x + sp(4) : x - sp(4) - width;
    // Where the lanes scroll it stays in sight, on a ground of its own.
    const float line = ImGui::GetTextLineHeight();
    const float y = std::min(bottom, ImGui::GetWindowPos().y + ImGui::GetWindowHeight() - sp(2)) - line;
    draw.AddRectFilled({left - sp(2), y}, {left + width + sp(2), y + line}, color_u32(Role::panel), sp(2));
    draw.AddText({left, y}, color_u32(Role::current), label.c_str());
    ui::mark_rect({left, y, width, line}, "lanes/first_difference", "text", label, static_cast<double>(*tick));
}

void draw_playhead(State& state, const LaneView& view, float top, float bottom) {
    const float x = view.x_of(static_cast<double>(state.player.tick()));
    if (x < view.left - 1 || x > view.right + 1) return;
    ImGui::GetWindowDrawList()->AddLine({x, top}, {x, bottom}, color_u32(Role::text), sp(2));
}

// The bar below everything: the whole run, whatever the zoom.
void draw_scrub(State& state, const ui::Rect& rect) {
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    Player& player = state.player;
    ImGui::SetCursorScreenPos({rect.x - sp(8), rect.y});
    ImGui::InvisibleButton("scrub", {rect.w + sp(16), rect.h});
    const std::size_t end = state.last_seen();
    const float share = static_cast<float>(player.tick()) / static_cast<float>(std::max<std::size_t>(end, 1));
    ui::mark("lanes/scrub", "slider", fmt::format("tick {} of {}", player.tick(), end),
             static_cast<double>(player.tick()));
    if (ImGui::IsItemActive() && end > 0) {
        const float at = std::clamp((ImGui::GetIO().MousePos.x - rect.x) / rect.w, 0.0F, 1.0F);
        player.go_to(static_cast<std::size_t>(std::lround(at * static_cast<float>(end))));
    }
    const float y = rect.y + rect.h / 2, x = rect.x + share * rect.w;
    draw.AddRectFilled({rect.x, y - sp(3)}, {rect.right(), y + sp(3)}, color_u32(Role::field), sp(3));
    draw.AddRectFilled({rect.x, y - sp(3)}, {x, y + sp(3)}, color_u32(Role::accent), sp(3));
    draw.AddCircleFilled({x, y}, sp(7), color_u32(Role::text));
    const std::string label =
        state.hides_future() ? fmt::format("{}", player.tick()) : fmt::format("{} / {}", player.tick(), player.end());
    draw.AddText({rect.x - sp(130), y - ImGui::GetTextLineHeight() / 2}, color_u32(Role::dim_text),
                 ("↺ tick " + label).c_str());
}

void pan_and_zoom(State& state, const LaneView& view) {
    const ImGuiIO& io = ImGui::GetIO();
    if (!ImGui::IsWindowHovered(ImGuiHoveredFlags_ChildWindows) || io.MouseWheel == 0 || io.MousePos.x < view.left)
        return;
    if (io.KeyShift) {
        state.scroll -= io.MouseWheel * 4;
        return;
    }
    state.zoom_at(view, io.MousePos.x, io.MouseWheel > 0 ? 1.25F : 0.8F);
}

}  // namespace

void draw_lanes(State& state, const ui::Rect& rect) {
    const Panel panel("lanes", rect, {.scrolls = false});
    const float line = ImGui::GetTextLineHeight();
    const ImVec2 begin = ImGui::GetCursorScreenPos();
    ui::text("lanes/title", "One schedule, two kernels", Role::text, Font::text, sp(220));
    if (rect.w > sp(700)) {
        ImGui::SameLine(sp(240));
        ui::text("lanes/hint",
                 "one tick is one step of the schedule; drag to rewind, drag the end of a write to move it",
                 Role::dim_text);
    }
    const float left = begin.x + sp(140), right = rect.right() - sp(22);
    const float axis = begin.y + line + sp(4), scrub = rect.bottom() - sp(34);
    LaneView view = state.lane_view(left, right);
    const float top = axis + line + sp(4);

    ImGui::SetCursorScreenPos({begin.x, top});
    ImGui::BeginChild("rows", {rect.right() - begin.x - sp(8), std::max(sp(20), scrub - top)});
    const float row = line + sp(8);
    const float inside = ImGui::GetCursorScreenPos().y;
    const float height = lanes_height(state, Side::A, row) + lanes_height(state, Side::B, row) + line + sp(14);
    draw_axis(view, axis, std::min(scrub, inside + height));
    const float middle = draw_side_lanes(state, Side::A, view, inside, row) + sp(4);
    ImGui::GetWindowDrawList()->AddLine({begin.x, middle}, {right, middle}, color_u32(Role::border));
    const float end = draw_side_lanes(state, Side::B, view, middle + sp(4), row);
    draw_first_difference(state, view, inside, end + line + sp(4));
    draw_playhead(state, view, inside, end + line + sp(4));
    ImGui::SetCursorScreenPos({begin.x, inside + height});
    ImGui::Dummy({1, 1});
    pan_and_zoom(state, view);
    ImGui::EndChild();

    draw_axis(view, axis, axis + line + sp(6));
    draw_scrub(state, {left, scrub + sp(4), right - left, sp(20)});
}

}  // namespace mdscope::gui
