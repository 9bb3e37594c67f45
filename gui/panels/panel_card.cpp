// SPDX-License-Identifier: MIT
// The stage of one array, in the lab: drawn from what is at the playhead, and what the mouse does to it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "gui/model/pointed.hpp"
#include "gui/panels/panel_stage.hpp"
#include "gui/panels/panels.hpp"

namespace mdscope::gui {

void draw_card(State& state, Side side, const ui::Rect& rect, const Layout& layout) {
    ImGui::SetCursorScreenPos({rect.x, rect.y});
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(0, 0));
    ImGui::BeginChild(side == Side::A ? "card A" : "card B", {rect.w, rect.h}, false,
                      ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
    StageLook look;
    look.rect = {ImGui::GetWindowPos().x, ImGui::GetWindowPos().y, rect.w, rect.h};
    look.factor = layout.factor;
    look.is_compact = layout.is_compact;
    look.motion = state.motion.of(side);
    look.id = fmt::format("card/{}", side_name(side));
    look.has_stops = true;
    look.has_rows = !state.lesson;  // a lesson says what differs
    look.is_marked = [&state](const std::string& key) { return is_marked(key, state.pointed(), state.stages()); };
    const StageTouch touch = draw_stage(state.stages().at(side), look);
    ImGui::EndChild();
    ImGui::PopStyleVar();
    if (!touch.hovered.empty()) state.hovers = touch.hovered;
    if (!touch.pressed.empty()) state.pinned = touch.pressed;
    if (touch.is_title_clicked) {
        state.focus = side;
        state.show_side(SideTab::inspect);
    }
}

}  // namespace mdscope::gui
