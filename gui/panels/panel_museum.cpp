// SPDX-License-Identifier: MIT
// The museum: a list of the bugs, and a page of the one that is chosen. The page tells what `mdscope museum M2` tells;
// its first button looks for the shortest schedule that goes wrong, and plays it in the lab beside the array with the
// fix.
#include <fmt/format.h>

#include <algorithm>

#include "engine/explore/card.hpp"
#include "gui/frame/ui_parts.hpp"
#include "gui/panels/panels.hpp"

namespace mdscope::gui {

namespace {

constexpr double kBetweenFrames = 0.1;  // seconds, while a search is under way

std::string line_of(const Exhibit& exhibit) {
    return fmt::format("{:<4} {}", exhibit.page.number, exhibit.title);
}

// ---- the list

void draw_list(State& state) {
    for (const Exhibit* exhibit : exhibits_by_number()) {
        const std::string id = fmt::format("museum/list/{}", exhibit->page.number);
        const bool chosen = exhibit == &state.museum.chosen();
        if (ui::row(id, line_of(*exhibit), {.selected = chosen})) state.museum.choose(*exhibit);
    }
}

// As wide as the longest line.
float list_width() {
    float width = 0;
    for (const Exhibit* exhibit : exhibits()) width = std::max(width, ui::text_width(line_of(*exhibit)));
    return width + sp(48);
}

// Where there is no room for a list beside the page.
void draw_choice(State& state) {
    const std::vector<const Exhibit*> all = exhibits_by_number();
    std::vector<std::string> lines;
    for (const Exhibit* exhibit : all) lines.push_back(line_of(*exhibit));
    int chosen = static_cast<int>(std::ranges::find(all, &state.museum.chosen()) - all.begin());
    if (ui::combo("museum/choice", lines, chosen, 0, "which bug"))
        state.museum.choose(*all[static_cast<std::size_t>(chosen)]);
}

// ---- the page

void draw_part(const MuseumPart& part) {
    ImGui::Spacing();
    ui::header(fmt::format("museum/{}", part.id), part.title);
    for (std::size_t i = 0; i < part.paragraphs.size(); i++)
        ui::paragraph(fmt::format("museum/{}/{}", part.id, i), part.paragraphs[i]);
}

void draw_order(const char* id, const char* title, museum::Names lines, Role role) {
    ui::text(fmt::format("museum/{}", id), title, role);
    for (std::size_t i = 0; i < lines.size(); i++)
        ui::paragraph(fmt::format("museum/{}/{}", id, i), fmt::format("{}. {}", i + 1, lines[i]));
}

// Beside each other where there is room for it.
void draw_orders(const museum::Page& page) {
    ImGui::Spacing();
    const int columns = ImGui::GetContentRegionAvail().x >= sp(560) ? 2 : 1;
    if (!ImGui::BeginTable("orders", columns, ImGuiTableFlags_SizingStretchSame | ImGuiTableFlags_NoPadOuterX)) return;
    ImGui::TableNextColumn();
    draw_order("wrong_order", "✗ The wrong order", page.wrong_order, Role::danger);
    ImGui::TableNextColumn();
    draw_order("right_order", "✓ The right order", page.right_order, Role::safe);
    ImGui::EndTable();
}

void draw_questions(State& state, const museum::Page& page) {
    ImGui::Spacing();
    ui::header("museum/questions", "Three questions: predict, then reveal");
    for (std::size_t i = 0; i < page.questions.size(); i++) {
        const museum::Question& question = page.questions[i];
        const std::string id = fmt::format("museum/question/{}", i);
        ui::paragraph(id, fmt::format("{}. {}", i + 1, question.asks));
        if (state.museum.is_uncovered(i))
            ui::paragraph(id + "/answer", question.answer, Role::safe);
        else if (ui::button(id + "/reveal", "Reveal"))
            state.museum.uncover(i);
    }
}

// The one button of the page, and what becomes of it.
void draw_play(State& state) {
    MuseumPage& museum = state.museum;
    if (auto found = museum.take()) {
        if (!*found) return state.answer(found->error().text);
        if (!state.open(**found, (*found)->title)) return;
        state.player.go_to(0);  // the end is watched rather than met
        return;
    }
    if (!museum.is_searching()) {
        if (ui::button(
                "museum/play", "▶ Play it, beside the fix",
                {.role = Role::accent, .tip = "looks for the schedule that goes wrong, and opens it in the lab"}))
            state.answer(museum.start());
        return;
    }
    ui::ask_for_frame(kBetweenFrames);
    if (ui::button("museum/cancel", "Cancel")) museum.cancel();
    ImGui::SameLine();
    ImGui::AlignTextToFramePadding();
    ui::text("museum/progress", fmt::format("searching: {} so far", grouped(museum.looked_at())), Role::dim_text);
}

void draw_page(State& state) {
    const Exhibit& exhibit = state.museum.chosen();
    const museum::Page& page = exhibit.page;
    ui::paragraph("museum/title", fmt::format("{}  {}", page.number, exhibit.title), Role::accent);
    ui::paragraph("museum/head", museum_head(exhibit), Role::dim_text);
    draw_play(state);
    for (const MuseumPart& part : museum_parts(exhibit)) draw_part(part);
    draw_orders(page);
    for (const MuseumPart& part : museum_proofs(exhibit)) draw_part(part);
    draw_questions(state, page);
}

}  // namespace

void draw_museum(State& state, const ui::Rect& rect) {
    const Panel panel("museum", rect);
    if (state.hides_future()) {
        ui::paragraph("museum/hidden", "A question is open that this page would answer. Answer it in the lab first.");
        return;
    }
    const ImVec2 room = ImGui::GetContentRegionAvail();
    const float list = list_width();
    if (room.x - list >= sp(520)) {
        {
            const Page page("list", {list, 0});
            draw_list(state);
        }
        ImGui::SameLine();
    } else {
        draw_choice(state);
    }
    const Page page(fmt::format("page/{}", state.museum.chosen().page.number).c_str());
    draw_page(state);
}

}  // namespace mdscope::gui
