// SPDX-License-Identifier: MIT
// What happened, line by line; and an Oops as the console prints it, each line explained.
#include <fmt/format.h>

#include <algorithm>

#include "gui/model/titles.hpp"
#include "gui/panels/panels.hpp"

namespace mdscope::gui {

namespace {

void draw_console(State& state, Side side) {
    const std::vector<Annotation> lines = annotated_console(state.player.duel(), side);
    for (std::size_t i = 0; i < lines.size(); i++) {
        const std::string id = fmt::format("oops/{}/{}", side_name(side), i);
        {
            const FontScope code(Font::code);
            ui::paragraph(id, lines[i].line.empty() ? " " : lines[i].line,
                          lines[i].meaning.empty() ? Role::text : Role::danger);
        }
        if (lines[i].meaning.empty()) continue;
        if (lines[i].tick) {
            if (ui::link(id + "/cause", fmt::format("→ step {}", *lines[i].tick))) state.player.go_to(*lines[i].tick);
            ImGui::SameLine();
        }
        ui::paragraph(id + "/meaning", lines[i].meaning, Role::dim_text);
    }
}

std::string console_of(const State& state, Side side) {
    return state.player.duel().tape(side).console();
}

}  // namespace

void draw_log(State& state) {
    ui::field("log/filter", state.log_filter, "filter");
    const std::vector<LogRow>& all = state.log_rows();
    const std::vector<std::size_t>& rows = state.log_shown();
    if (ui::button("log/copy", fmt::format("Copy {} lines", rows.size()))) {
        std::string text;
        for (const std::size_t row : rows) text += fmt::format("{:>5} {}\n", all[row].tick, all[row].text);
        ImGui::SetClipboardText(text.c_str());
    }
    const Page page("lines");
    ImGuiListClipper clipper;
    clipper.Begin(static_cast<int>(rows.size()), ImGui::GetTextLineHeight() + sp(4) + ImGui::GetStyle().ItemSpacing.y);
    while (clipper.Step())
        for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; i++) {
            const std::size_t number = rows[static_cast<std::size_t>(i)];
            const LogRow& row = all[number];
            const ui::RowLook look{.selected = row.tick == state.player.tick(),
                                   .role = row.is_kernel ? Role::text : Role::dim_text,
                                   .font = Font::code};
            if (ui::row(fmt::format("log/{}", number), fmt::format("{:>4}  {}", row.tick, row.text), look))
                state.player.go_to(row.tick);
        }
    clipper.End();
}

void draw_oops(State& state) {
    const Exhibit& exhibit = state.player.duel().exhibit();
    bool any = false;
    for (const Side side : kSides) {
        const std::string console = console_of(state, side);
        if (console.empty() || state.hides_future()) continue;
        any = true;
        ui::header(fmt::format("oops/{}", side_name(side)), fmt::format("The console of array {}", side_name(side)));
        ui::paragraph(fmt::format("oops/{}/note", side_name(side)), console_note(state.player.duel(), side),
                      Role::dim_text);
        if (ui::button(fmt::format("oops/{}/copy", side_name(side)), "Copy")) ImGui::SetClipboardText(console.c_str());
        draw_console(state, side);
    }
    if (!any) ui::paragraph("oops/none", fmt::format("No Oops in this run. {}", exhibit.recipe), Role::dim_text);
}

}  // namespace mdscope::gui
