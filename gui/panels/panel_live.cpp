// SPDX-License-Identifier: MIT
// The mode "Live": an array that is mounted, followed through its files while it works.
//
//   wide                                   narrow
//   +--------- who answers ------------+   +--- who answers ---+
//   | counters, waits   | control,     |   | counters | time | |
//   |-------------------| members,     |   | control | ...   | |
//   | lanes on one axis | bitmap, ...  |   |  the one chosen   |
//   +-------------------+--------------+   +-------------------+
#include "gui/panels/panel_live.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace mdscope::gui {

namespace live {

// ---- what pages share

void flow(float width) {
    const float right = ImGui::GetWindowPos().x + ImGui::GetWindowContentRegionMax().x;
    const float gap = ImGui::GetItemRectSize().x > 0 ? ImGui::GetStyle().ItemSpacing.x : 0;  // 0: the flow begins here
    if (ImGui::GetItemRectMax().x + gap + width <= right) ImGui::SameLine(0, gap);
}

bool flow_button(std::string_view id, std::string_view label, const ui::ButtonLook& look) {
    flow(ui::button_width(label));
    return ui::button(id, label, look);
}

void command_button(State& state, std::string_view id, std::string_view label, const LiveCommand& command,
                    const ui::ButtonLook& look) {
    if (flow_button(id, label, look)) state.live.command(command);
}

void draw_advice(std::string_view id, const Advice& advice) {
    if (!advice.empty()) ui::paragraph(id, advice.text(), Role::danger);
}

void draw_share(std::string_view id, std::string_view words, double share, Role role) {
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x, height = sp(6);
    const auto part = static_cast<float>(std::clamp(share, 0.0, 1.0));
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    draw.AddRectFilled(at, {at.x + width, at.y + height}, color_u32(Role::field), sp(3));
    draw.AddRectFilled(at, {at.x + width * part, at.y + height}, color_u32(role), sp(3));
    ImGui::Dummy({width, height});
    ui::mark(id, "bar", words, share);
}

std::string counted(std::uint64_t number) {
    std::string text = std::to_string(number);
    for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
    return text;
}

std::string milliseconds(std::uint64_t ns) {
    return counted(ns / 1'000'000) + " ms";
}

// ---- the whole

namespace {

struct LivePageRow {
    LiveTab tab;
    ui::Tab label;
    void (*draw)(State&);
};
constexpr std::array kPages = {
    LivePageRow{LiveTab::now, {"now", "Counters"}, draw_counters},
    LivePageRow{LiveTab::time, {"time", "Time"}, draw_time},
    LivePageRow{LiveTab::control, {"control", "Control"}, draw_control},
    LivePageRow{LiveTab::faults, {"faults", "Faults"}, draw_faults},
    LivePageRow{LiveTab::members, {"members", "Members"}, draw_members},
    LivePageRow{LiveTab::bitmap, {"bitmap", "Bitmap"}, draw_bitmap},
    LivePageRow{LiveTab::events, {"events", "Events"}, draw_events},
    LivePageRow{LiveTab::oops, {"oops", "Oops"}, draw_oops},
    LivePageRow{LiveTab::commands, {"commands", "Commands"}, draw_commands},
};
constexpr std::size_t kAlwaysShownWide = 2;

void draw_tabs(State& state, std::size_t first) {
    std::vector<ui::Tab> labels;
    for (std::size_t i = first; i < kPages.size(); i++) labels.push_back(kPages[i].label);
    if (static_cast<std::size_t>(state.live.tab) < first) state.live.tab = LiveTab::control;
    int chosen = static_cast<int>(static_cast<std::size_t>(state.live.tab) - first);
    if (ui::tabs("live", labels, chosen)) state.live.tab = kPages[first + static_cast<std::size_t>(chosen)].tab;
    const LivePageRow& page = kPages[static_cast<std::size_t>(state.live.tab)];
    ImGui::Spacing();
    const Page scrolling(page.label.id.data(), {0, 0},
                         page.tab == LiveTab::time ? ImGuiWindowFlags_NoScrollWithMouse : ImGuiWindowFlags_None);
    page.draw(state);
}

void draw_wide(State& state, ImVec2 size) {
    const float gap = sp(8), left = std::floor(size.x * 0.6F) - gap;
    const float counters = std::floor(std::max(sp(200), size.y * 0.46F));
    ImGui::BeginChild("left", {left, size.y});
    if (const float factor = live_stage_factor(state, {left, size.y}); factor > 0) {
        draw_live_stage(state, factor);
    } else {
        const Page page("counters", {0, counters});
        draw_counters(state);
    }
    {
        const Page page("lanes", {0, 0}, ImGuiWindowFlags_NoScrollWithMouse);
        draw_time(state);
    }
    ImGui::EndChild();
    ImGui::SameLine(0, gap);
    ImGui::BeginChild("right", {0, size.y});
    draw_tabs(state, kAlwaysShownWide);
    ImGui::EndChild();
}

// In a child of their own: the header stays, and is never so high that nothing is left.
void draw_pages(State& state) {
    const ImVec2 room = ImGui::GetContentRegionAvail();
    const ImVec2 size(room.x, std::max(sp(240), room.y - failure_height(state.live)));
    if (size.x >= sp(1100)) {
        draw_wide(state, size);
    } else {
        ImGui::BeginChild("narrow", size);
        draw_tabs(state, 0);
        ImGui::EndChild();
    }
    draw_last_failure(state.live);
}

}  // namespace

}  // namespace live

void draw_live(State& state, const ui::Rect& rect) {
    const Panel panel("live", rect, {.fill = Role::background, .border = Role::background});
    if (state.live.has_pair()) return live::draw_pair(state);
    if (!state.live.is_attached()) return live::draw_mounting(state);
    live::draw_header(state);
    if (!state.live.is_attached()) return;
    ImGui::Spacing();
    if (state.live.view().snapshot)
        live::draw_pages(state);
    else if (state.live.view().state == LiveState::Gone)
        ui::paragraph("live/nothing", "It is looked for again and again, and shown when it is back.", Role::dim_text);
}

}  // namespace mdscope::gui
