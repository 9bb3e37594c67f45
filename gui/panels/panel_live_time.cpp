// SPDX-License-Identifier: MIT
// Lanes from real I/O: bios of each member, sleeps and daemon passes of each task, on one axis of the array's clock. It
// follows the newest event until somebody moves or zooms it: then it stays where it is, and says so.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gui/frame/imgui_version.hpp"
#include "gui/frame/ui_parts.hpp"
#include "gui/panels/live_lanes.hpp"
#include "gui/panels/panel_live.hpp"
#include "gui/panels/time_axis.hpp"

namespace mdscope::gui::live {

namespace {

struct Axis {
    float x = 0, width = 1;
    std::uint64_t left = 0, span = 1;
    [[nodiscard]] float x_of(std::uint64_t ns) const {
        return x + static_cast<float>((static_cast<double>(ns) - static_cast<double>(left)) /
                                      static_cast<double>(span) * static_cast<double>(width));
    }
    [[nodiscard]] std::uint64_t ns_of(float at) const {
        const double share = std::clamp(static_cast<double>((at - x) / width), 0.0, 1.0);
        return left + static_cast<std::uint64_t>(share * static_cast<double>(span));
    }
    [[nodiscard]] std::int64_t ns_of_width(float pixels) const {
        return static_cast<std::int64_t>(static_cast<double>(pixels / width) * static_cast<double>(span));
    }
};

// ---- above the lanes

std::string span_words(std::uint64_t ns) {
    return ns < 1'000'000'000 ? milliseconds(ns) : fmt::format("{:.1f} s", static_cast<double>(ns) / 1e9);
}

void draw_hands(LiveTime& time, std::uint64_t last) {
    const std::int64_t quarter = time.quarter(last);
    ui::header("live/time/title", "Time, in ms of the array's clock");
    if (ui::button("live/time/back", "◀", {.tip = "earlier"})) time.pan(-quarter, last);
    if (flow_button("live/time/forward", "▶", {.tip = "later"})) time.pan(quarter, last);
    if (flow_button("live/time/in", "+", {.tip = "zoom in (the wheel as well)"})) time.zoom(0.5, std::nullopt, last);
    if (flow_button("live/time/out", "−", {.tip = "zoom out"})) time.zoom(2, std::nullopt, last);
    const bool frozen = time.is_frozen();
    const std::string words =
        frozen ? fmt::format("viewing {} to {}", milliseconds(time.left(last)), milliseconds(time.right(last)))
               : "the last " + span_words(time.span(last));
    flow(ui::text_width(words));
    ImGui::AlignTextToFramePadding();
    ui::text("live/time/what", words, frozen ? Role::current : Role::dim_text);
    if (frozen && flow_button("live/time/go_live", "Go live", {.role = Role::accent})) time.go_live();
}

// 1, 2, 5, 10, 20, ... microseconds, the first that leaves room for a label.
std::uint64_t label_step(const Axis& axis, float room) {
    const auto least = static_cast<std::uint64_t>(std::max<std::int64_t>(axis.ns_of_width(room), 1));
    for (std::uint64_t power = 1'000;; power *= 10)
        for (const std::uint64_t factor : {1U, 2U, 5U})
            if (power * factor >= least) return power * factor;
}

std::string axis_label(std::uint64_t ns, std::uint64_t step) {
    if (step >= 1'000'000) return counted(ns / 1'000'000);
    return fmt::format("{}.{:03}", counted(ns / 1'000'000), ns / 1'000 % 1'000);
}

void draw_axis(const Axis& axis, float y, float bottom) {
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    const std::uint64_t step = label_step(axis, sp(96));
    for (std::uint64_t at = (axis.left + step - 1) / step * step; at <= axis.left + axis.span; at += step) {
        const float x = axis.x_of(at);
        const std::string label = axis_label(at, step);
        const float half = ui::text_width(label) / 2;
        draw.AddLine({x, y + ImGui::GetTextLineHeight()}, {x, bottom}, color_u32(Role::border));
        if (x - half >= axis.x && x + half <= axis.x + axis.width)
            draw.AddText({x - half, y}, color_u32(Role::dim_text), label.c_str());
    }
}

// ---- lanes

const char* end_words(const LiveBar& bar) {
    if (bar.is_held) return ", HELD";
    if (bar.is_open) return ", not over";
    return bar.is_cut ? ", its end was not seen" : "";
}

std::string bar_words(const LiveBar& bar) {
    const std::string what = bar.label.empty() ? "several, zoom in" : bar.label;
    return fmt::format("{}: {:.3f} to {:.3f} ms ({:.3f} ms){}", what, static_cast<double>(bar.begin_ns) / 1e6,
                       static_cast<double>(bar.end_ns) / 1e6, static_cast<double>(bar.end_ns - bar.begin_ns) / 1e6,
                       end_words(bar));
}

void draw_bar(const LiveBar& bar, const ui::Rect& rect, const std::string& id) {
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    const ImVec2 from(rect.x, rect.y), to(rect.right(), rect.bottom());
    if (rect.w < sp(4)) return draw.AddRectFilled(from, to, color_u32(bar.role));
    draw.AddRectFilled(from, to, fill_u32(bar.role), sp(2));
    if (bar.is_held) draw_hatch(rect, Role::held);
    draw.AddRect(from, to, color_u32(bar.is_held ? Role::held : bar.role), sp(2));
    const std::string label = bar.is_held ? bar.label + " HELD" : bar.label;
    if (rect.w > sp(40)) {
        const std::string shown = ui::shortened(label, rect.w - sp(8));
        draw.AddText({rect.x + sp(4), rect.y + (rect.h - ImGui::GetTextLineHeight()) / 2}, color_u32(Role::text),
                     shown.c_str());
    }
    if (rect.w > sp(12) && !bar.id.empty())
        ui::mark_rect(rect, id, "bar", label, static_cast<double>(bar.end_ns - bar.begin_ns) / 1e6);
}

// The bar under the mouse, if there is one.
const LiveBar* draw_lane(const LiveLane& lane, const Axis& axis, float names, float y, float row) {
    const LiveBar* hovered = nullptr;
    const float text_y = y + (row - ImGui::GetTextLineHeight()) / 2;
    ImGui::SetCursorScreenPos({names, text_y});
    ui::text("live/lane/" + lane.name, lane.name, Role::dim_text, Font::text, axis.x - names - sp(6));
    for (const LiveBar& bar : lane.bars) {
        const float left = std::max(axis.x, axis.x + bar.left);
        const ui::Rect rect{left, y + static_cast<float>(bar.row) * row + sp(2),
                            std::max(sp(1), axis.x + bar.right - left), row - sp(4)};
        draw_bar(bar, rect, fmt::format("live/bar/{}/{}", lane.name, bar.id));
        if (ImGui::IsMouseHoveringRect({rect.x - 1, rect.y}, {rect.right() + 1, rect.bottom()})) hovered = &bar;
    }
    return hovered;
}

// Below the bars: what is known from a snapshot lies over it.
void draw_gaps(const LivePage& page, const Axis& axis, float y, float height) {
    for (const LiveGap& gap : live_gaps(page.history(), axis.left, axis.left + axis.span, axis.width)) {
        const ui::Rect rect{axis.x + gap.left, y, gap.right - gap.left, height};
        draw_hatch(rect, Role::border);
        constexpr const char* kWords = "not recorded";
        ui::mark_rect(rect, fmt::format("live/gap/{}", gap.from_ns), "gap", kWords,
                      static_cast<double>(gap.to_ns - gap.from_ns) / 1e6);
        if (rect.w < ui::text_width(kWords) + sp(8)) continue;
        const ImVec2 at(rect.x + sp(4), y);
        ImGui::GetWindowDrawList()->AddText(at, color_u32(Role::dim_text), kWords);
    }
}

// From the Oops on this kernel does nothing any more.
void draw_crash(const LivePage& page, const Axis& axis, float y, float height) {
    const std::optional<SnapshotOops>& oops = page.view().snapshot->oops;
    if (!oops || oops->at_ns > axis.left + axis.span) return;
    const float x = std::max(axis.x, axis.x_of(oops->at_ns));
    const ui::Rect rect{x, y, axis.x + axis.width - x, height};
    draw_hatch(rect, Role::danger);
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    if (oops->at_ns >= axis.left) draw.AddLine({x, y}, {x, y + height}, color_u32(Role::danger), sp(3));
    const std::string words = fmt::format("✗ Oops in {}", oops->function);
    ui::mark_rect(rect, "live/crash", "mark", words, static_cast<double>(oops->at_ns) / 1e6);
    const float width = ui::text_width(words) + sp(8);
    const float at = std::max(axis.x, std::min(x + sp(4), axis.x + axis.width - width));
    draw.AddRectFilled({at, y}, {at + width, y + ImGui::GetTextLineHeight() + sp(4)}, color_u32(Role::panel), sp(3));
    draw.AddText({at + sp(4), y + sp(2)}, color_u32(Role::danger), words.c_str());
}

float height_of(const std::vector<LiveLane>& lanes, float row) {
    float height = 0;
    for (const LiveLane& lane : lanes) height += row * static_cast<float>(lane.rows) + sp(2);
    return height;
}

// One item under all lanes: what is pressed there moves time.
void take_mouse(LivePage& page, const Axis& axis, const ui::Rect& rect) {
    const std::uint64_t last = page.history().last_ns;
    ImGui::SetCursorScreenPos({rect.x, rect.y});
    before_overlapped_item();
    ImGui::InvisibleButton("##area", ui::at_least_one({rect.w, rect.h}));
    after_overlapped_item();
    ui::mark("live/time/area", "lanes", "drag to move in time, turn the wheel to zoom",
             static_cast<double>(page.time.right(last)) / 1e6);
    ui::draw_focus();
    const ImGuiIO& io = ImGui::GetIO();
    if (ImGui::IsItemActivated()) page.time.freeze(last);
    if (ImGui::IsItemActive() && io.MouseDelta.x != 0) page.time.pan(axis.ns_of_width(-io.MouseDelta.x), last);
    if (ImGui::IsItemHovered() && io.MouseWheel != 0)
        page.time.zoom(io.MouseWheel > 0 ? 0.8 : 1.25, axis.ns_of(io.MousePos.x), last);
}

void draw_rows(LivePage& page, const std::vector<LiveLane>& lanes, const Axis& axis, float row) {
    const ImVec2 begin = ImGui::GetCursorScreenPos();
    const float height = std::max(height_of(lanes, row), ImGui::GetContentRegionAvail().y - sp(2));
    take_mouse(page, axis, {axis.x, begin.y, axis.width, height});
    const LiveBar* hovered = nullptr;
    const bool is_hovered = ImGui::IsItemHovered();
    float y = begin.y;
    ImGui::PushClipRect({begin.x, ImGui::GetWindowPos().y}, {axis.x + axis.width, begin.y + height}, true);
    draw_axis(axis, begin.y - 2 * row, begin.y + height);
    draw_gaps(page, axis, begin.y, height);
    std::string words;
    for (const LiveLane& lane : lanes) {
        hovered = draw_lane(lane, axis, begin.x, y, row);
        if (hovered != nullptr && is_hovered) words = bar_words(*hovered);
        y += row * static_cast<float>(lane.rows) + sp(2);
    }
    draw_crash(page, axis, begin.y, height);
    ImGui::PopClipRect();
    ImGui::SetCursorScreenPos({axis.x, begin.y});
    ImGui::Dummy({axis.width, height});
    if (!words.empty()) ui::tip(words);
}

}  // namespace

void draw_time(State& state) {
    LivePage& page = state.live;
    draw_hands(page.time, page.history().last_ns);
    const float line = ImGui::GetTextLineHeight(), row = line + sp(6);
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float names = sp(112), bar = ImGui::GetStyle().ScrollbarSize + sp(4);
    Axis axis;
    axis.x = at.x + names;
    axis.width = std::max(sp(60), ImGui::GetContentRegionAvail().x - names - bar);
    axis.left = page.time.left(page.history().last_ns);
    axis.span = page.time.span(page.history().last_ns);
    draw_axis(axis, at.y, at.y + line + sp(4));
    ImGui::SetCursorScreenPos({at.x, at.y + line + sp(4)});
    const std::vector<LiveLane> lanes = live_lanes(page, axis.width);
    ImGui::BeginChild("lanes", {0, std::max(3 * row, ImGui::GetContentRegionAvail().y)}, false,
                      ImGuiWindowFlags_NoScrollWithMouse);
    draw_rows(page, lanes, axis, row);
    ImGui::EndChild();
}

}  // namespace mdscope::gui::live
