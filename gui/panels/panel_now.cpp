// The strip that says what is going on, in words made from the state under the playhead.
#include <fmt/format.h>

#include <algorithm>

#include "gui/frame/keys.hpp"
#include "gui/panels/panels.hpp"

namespace mdscope::gui {

void draw_now(State& state, const ui::Rect& rect) {
    const Panel panel("now", rect, {.fill = Role::panel, .border = Role::accent});
    const MomentView& view = state.player.view();
    const std::string label = fmt::format("Why? ({})", keys_of("why"));
    const float button = ui::button_width(label);
    const ImVec2 begin = ImGui::GetCursorScreenPos();
    const float right = begin.x + ImGui::GetContentRegionAvail().x;

    ui::text("now/tick", fmt::format("Now  t={}", state.player.tick()), Role::accent, Font::text, sp(96));
    const float indent = sp(104);
    ImGui::SetCursorScreenPos({begin.x + indent, begin.y});
    ImGui::BeginChild("words", {right - button - sp(16) - begin.x - indent, 0});
    ui::paragraph("now/what", view.now.what);
    if (!state.hides_outcome()) ui::paragraph("now/meaning", view.now.meaning, Role::dim_text);
    ImGui::EndChild();

    ImGui::SetCursorScreenPos({right - button, begin.y});
    if (ui::button("now/why", label, {.tip = "the chain from cause to effect"})) state.show_side(SideTab::why);
}

void draw_status(State& state, const ui::Rect& rect) {
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, sp(8, 2));
    {
        const Panel panel("status", rect, {.fill = Role::card, .border = Role::card, .scrolls = false});
        constexpr std::array<std::string_view, 8> kKeys = {"play",    "step_forward", "stop_both", "hold",
                                                           "release", "fork",         "why",       "help"};
        constexpr std::array<std::string_view, 3> kMatrixKeys = {"matrix", "focus_next", "help"};
        constexpr std::array<std::string_view, 2> kMuseumKeys = {"focus_next", "help"};
        const bool matrix = state.mode == Mode::matrix, live = state.mode == Mode::live;
        const bool museum = state.mode == Mode::museum;
        const std::string keys = live ? live_status_text(state.live.is_attached())
                                      : status_text(matrix   ? std::span<const std::string_view>(kMatrixKeys)
                                                    : museum ? std::span<const std::string_view>(kMuseumKeys)
                                                             : std::span<const std::string_view>(kKeys));
        const std::string place = live     ? state.live.status_line()
                                  : matrix ? progress_words(*state.matrix.run().view())
                                  : museum ? fmt::format("{} exhibits", exhibits().size())
                                           : state.status_line();
        const float width = ImGui::CalcTextSize(place.c_str()).x + sp(8);
        const float room = ImGui::GetContentRegionAvail().x;
        ui::text("status/keys", keys, Role::dim_text, Font::text, std::max(sp(40), room - width - sp(24)));
        ImGui::SameLine(std::max(sp(48), room - width) + ImGui::GetStyle().WindowPadding.x);
        ui::text("status/place", place, Role::dim_text, Font::text, width);
    }
    ImGui::PopStyleVar();
}

}  // namespace mdscope::gui
