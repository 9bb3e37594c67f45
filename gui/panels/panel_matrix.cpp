// SPDX-License-Identifier: MIT
// "When does it crash?": every configuration as a cell, with what a search of all its schedules found. A cell is a
// shape, a word and a number on the colour of its state; it opens its shortest schedule in the lab.
#include <fmt/format.h>

#include <algorithm>

#include "gui/frame/focus.hpp"
#include "gui/frame/keys.hpp"
#include "gui/frame/ui_parts.hpp"
#include "gui/panels/panels.hpp"

namespace mdscope::gui {

namespace {

using View = MatrixRun::View;
using Phase = MatrixRun::Phase;

struct CellLook {
    const char* shape;
    Role role;
};
CellLook look_of(CellState state) {
    switch (state) {
        case CellState::Waiting:
            return {"·", Role::dim_text};
        case CellState::Running:
            return {"▶", Role::current};
        case CellState::Safe:
            return {"✓", Role::safe};
        case CellState::Unsure:
            return {"?", Role::idle};
        case CellState::Crashes:
            return {"✗", Role::danger};
        case CellState::Hangs:
            return {"…", Role::held};
        case CellState::Violates:
        case CellState::Failed:
            return {"▲", Role::danger};
    }
    return {"·", Role::dim_text};
}

// Widths and heights of everything in a table, in pixels.
struct Grid {
    float home, entrance, cell, line, gap, between_homes, between_tables;
    std::size_t columns = 4;
    [[nodiscard]] float width() const { return home + entrance + static_cast<float>(columns) * (cell + gap); }
};

// As wide as the words need, and wider where there is room for it.
Grid grid_of(const std::vector<MatrixTable>& tables, float room, std::size_t& columns) {
    Grid grid{};
    grid.columns = tables.empty() ? 0 : tables.front().columns.size();
    grid.home = ui::text_width("external") + sp(12);
    grid.entrance = ui::text_width("STOP_ARRAY") + sp(12);
    grid.gap = sp(3);
    const float least = ui::text_width("✗ crashes 99,999") + 2 * sp(6);
    grid.cell = least;
    grid.line = ImGui::GetTextLineHeight() + sp(5);
    grid.between_homes = sp(5);
    grid.between_tables = sp(24);
    columns = room >= 2 * grid.width() + grid.between_tables ? 2 : 1;
    const float share = (room - static_cast<float>(columns - 1) * grid.between_tables) / static_cast<float>(columns);
    const float fits = (share - grid.home - grid.entrance) / static_cast<float>(std::max<std::size_t>(1, grid.columns));
    grid.cell = std::clamp(fits - grid.gap, least, least * 1.6F);
    return grid;
}

// ---- one cell

void paint(const ui::Rect& rect, CellLook look, const std::string& words, bool hovered) {
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    const ImVec2 end(rect.right(), rect.bottom());
    draw.AddRectFilled({rect.x, rect.y}, end, fill_u32(look.role), sp(3));
    if (hovered || theme().name == ThemeName::contrast)
        draw.AddRect({rect.x, rect.y}, end, color_u32(look.role), sp(3));
    const std::string text = ui::shortened(fmt::format("{} {}", look.shape, words), rect.w - 2 * sp(6));
    draw.AddText({rect.x + sp(6), rect.y + sp(2)}, color_u32(look.role), text.c_str());
}

void draw_cell(State& state, const View& view, std::size_t number, const ui::Rect& rect) {
    const MatrixCell& cell = view.cell(number);
    const CellState what = state_of(view, number);
    const CellLook look = look_of(what);
    const std::string words = cell_words(view, number), id = "matrix/" + cell_id(cell);
    const ui::IdScope scope(id);
    const ui::DisabledScope disabled(!cell.explored);
    ImGui::SetCursorScreenPos({rect.x, rect.y});
    const bool clicked = ImGui::InvisibleButton("##it", ui::at_least_one({rect.w, rect.h}));
    const bool hovered = ImGui::IsItemHovered(ImGuiHoveredFlags_AllowWhenDisabled);
    paint(rect, look, words, hovered);
    ui::draw_focus();
    ui::mark(id, "cell", words, static_cast<double>(what));
    ui::note_missing(look.shape);
    if (hovered) ui::tip(cell_details(view, number));
    if (clicked) state.open_cell(number);
}

// ---- one table

std::string with_capital(std::string text) {
    text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
    return text;
}

std::string table_tip(const MatrixTable& table) {
    std::string text;
    for (const char* const name : table.like.exhibit->matrix.variants.subspan(1)) {
        const Variant& variant = *find_variant(name);
        text += fmt::format("{}{}: {}.", text.empty() ? "" : "\n", variant.facts->label,
                            table.like.variants.row(variant).what);
    }
    return text;
}

void draw_heads(const MatrixTable& table, const Grid& grid, const std::string& id, ImVec2 at) {
    ImGui::SetCursorScreenPos(at);
    ui::text(id + "/title", with_capital(table_words(table.like)), Role::text, Font::text, grid.width());
    ui::tip(table_tip(table));
    float x = at.x + grid.home + grid.entrance;
    const Variant& variant = column_variant(*table.like.exhibit);
    for (const std::string& row : table.columns) {
        ImGui::SetCursorScreenPos({x, at.y + grid.line});
        ui::text(fmt::format("{}/{}/{}", id, variant.name(), row), fmt::format("{} {}", variant.name(), row),
                 Role::dim_text, Font::text, grid.cell);
        ui::tip(variant.find(row)->what);
        x += grid.cell + grid.gap;
    }
}

void draw_row(State& state, const View& view, const MatrixRow& row, const Grid& grid, const std::string& id, ImVec2 at,
              bool new_home) {
    if (new_home) {
        ImGui::SetCursorScreenPos({at.x, at.y + sp(2)});
        ui::text(fmt::format("{}/home/{}", id, row.home), row.home, Role::text, Font::text, grid.home);
    }
    ImGui::SetCursorScreenPos({at.x + grid.home, at.y + sp(2)});
    ui::text(fmt::format("{}/row/{}/{}", id, row.home, row.entrance), row.entrance, Role::dim_text, Font::text,
             grid.entrance);
    float x = at.x + grid.home + grid.entrance;
    for (const std::size_t number : row.cells) {
        draw_cell(state, view, number, {x, at.y, grid.cell, grid.line - grid.gap + sp(1)});
        x += grid.cell + grid.gap;
    }
}

void draw_table(State& state, const View& view, const MatrixTable& table, const Grid& grid, ImVec2 at) {
    const std::string id = "matrix/" + table.id;
    draw_heads(table, grid, id, at);
    float y = at.y + 2 * grid.line;
    std::string home;
    for (const MatrixRow& row : table.rows) {
        if (!home.empty() && row.home != home) y += grid.between_homes;
        draw_row(state, view, row, grid, id, {at.x, y}, row.home != home);
        home = row.home;
        y += grid.line;
    }
}

float height_of(const MatrixTable& table, const Grid& grid) {
    float height = 2 * grid.line;
    for (std::size_t i = 0; i < table.rows.size(); i++)
        height += grid.line + (i > 0 && table.rows[i].home != table.rows[i - 1].home ? grid.between_homes : 0);
    return height + sp(10);
}

// In what is left of the panel, and in a child of their own: they move in both directions, and the words above stay.
void draw_tables(State& state, const View& view) {
    const std::vector<MatrixTable> tables = tables_of(view);
    const float height = std::max(sp(72), ImGui::GetContentRegionAvail().y);
    const Page page("tables", {0, height}, ImGuiWindowFlags_HorizontalScrollbar);
    std::size_t columns = 1;
    const float bar = ImGui::GetScrollMaxY() > 0 ? 0 : ImGui::GetStyle().ScrollbarSize;  // it may be there next time
    const Grid grid = grid_of(tables, ImGui::GetContentRegionAvail().x - bar, columns);
    const ImVec2 begin = ImGui::GetCursorScreenPos();
    for (std::size_t i = 0; i < tables.size(); i++) {
        const float right = static_cast<float>(i % columns) * (grid.width() + grid.between_tables);
        const std::size_t line = i / columns;
        const float down = static_cast<float>(line) * height_of(tables[i], grid);
        draw_table(state, view, tables[i], grid, {begin.x + right, begin.y + down});
    }
}

// ---- above the tables

void draw_granularities(State& state) {
    int chosen = state.matrix.shown == Granularity::Fine ? 1 : 0;
    constexpr std::array<ui::Tab, 2> kTabs = {{{"coarse", "Coarse steps"}, {"fine", "Fine steps"}}};
    if (ui::tabs("matrix/steps", kTabs, chosen))
        state.matrix.shown = chosen == 1 ? Granularity::Fine : Granularity::Coarse;
}

// Goes on beside the last item if there is room, else below it.
void flow(float width) {
    const float right = ImGui::GetWindowPos().x + ImGui::GetWindowContentRegionMax().x;
    if (ImGui::GetItemRectMax().x + ImGui::GetStyle().ItemSpacing.x + width <= right) ImGui::SameLine();
}

bool flow_button(const char* id, const char* label, const char* tip, Role role = Role::button) {
    flow(ui::button_width(label));
    return ui::button(id, label, {.role = role, .tip = tip});
}

void copy_as_text(const View& view) {
    std::vector<MatrixCell> cells;
    for (const auto& cell : view.cells) cells.push_back(*cell);
    ImGui::SetClipboardText(matrix_text(cells).c_str());
}

void draw_hands(State& state, MatrixRun& run, const View& view) {
    const bool fine = state.matrix.shown == Granularity::Fine;
    if (view.phase == Phase::NotBegun &&
        flow_button("matrix/start", "Explore", fine ? "takes minutes; go on with something else meanwhile" : "",
                    Role::accent))
        run.start();
    if (view.phase == Phase::Cancelled && flow_button("matrix/start", "Go on", "with the cells that are missing"))
        run.start();
    if (view.phase == Phase::Running && flow_button("matrix/pause", "Pause", "keeps what it has, uses no processor"))
        run.pause(true);
    if (view.phase == Phase::Paused && flow_button("matrix/resume", "Resume", "goes on where it stood"))
        run.pause(false);
    const bool active = view.phase == Phase::Running || view.phase == Phase::Paused;
    if (active && flow_button("matrix/cancel", "Cancel", "keeps the cells that are complete")) run.cancel();
    if (view.done > 0 && flow_button("matrix/copy", "Copy as text", "what `mdscope explore --matrix` prints (Ctrl+C)"))
        copy_as_text(view);
}

void draw_progress(const View& view) {
    const std::string words = progress_words(view);
    flow(ui::text_width(words));
    ImGui::AlignTextToFramePadding();
    ui::text("matrix/progress", words, Role::dim_text);
    if (view.done == view.cells.size()) return;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x, height = sp(4);
    const float share = static_cast<float>(view.done) / static_cast<float>(view.cells.size());
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    draw.AddRectFilled(at, {at.x + width, at.y + height}, color_u32(Role::field), sp(2));
    draw.AddRectFilled(at, {at.x + width * share, at.y + height}, color_u32(Role::accent), sp(2));
    ImGui::Dummy({width, height});
    ui::mark("matrix/bar", "bar", words, static_cast<double>(share));
}

struct Paragraph {
    const char* id;
    std::string text;
    Role role;
};

std::vector<Paragraph> paragraphs(const View& view, bool fine) {
    const MatrixWords words = matrix_words(view);
    std::vector<Paragraph> all = {
        {"matrix/what", words.what, Role::text},
        {"matrix/why", words.why, Role::text},
        {"matrix/legend",
         "✓ safe N: none of N states crashes or hangs   ✗ crashes N: N states are a crash   … hangs N   ? not "
         "everything was looked at.   Click a cell: its shortest run that goes wrong, in the lab.",
         Role::dim_text}};
    if (fine && view.phase == Phase::NotBegun)
        all.push_back(
            {"matrix/fine",
             fmt::format("Fine steps: each access to what two tasks share is a step of its own. Some of these "
                         "cells have millions of states; no more than {} are looked at in each.",
                         kMatrixBudget),
             Role::dim_text});
    return all;
}

// As high as they are, but never most of the panel: then they scroll.
void draw_words(const View& view, bool fine) {
    const std::vector<Paragraph> all = paragraphs(view, fine);
    const ImVec2 room = ImGui::GetContentRegionAvail();
    float height = 0;
    for (const Paragraph& paragraph : all)
        height +=
            ImGui::CalcTextSize(paragraph.text.c_str(), nullptr, false, room.x).y + ImGui::GetStyle().ItemSpacing.y;
    const float most = std::max(2 * ImGui::GetTextLineHeightWithSpacing(), room.y * 0.4F);
    const Page page("words", {0, std::min(height, most)});
    for (const Paragraph& paragraph : all) ui::paragraph(paragraph.id, paragraph.text, paragraph.role);
}

void keep_focus(State& state, const View& view) {
    if (!state.matrix.wants_focus || view.done == 0) return;
    for (std::size_t i = 0; i < view.cells.size(); i++)
        if (view.cell(i).explored && focus_on("matrix/" + cell_id(view.cell(i)))) {
            state.matrix.wants_focus = false;
            return;
        }
    ui::ask_for_frame(0);  // the cells have not been drawn yet
}

}  // namespace

void draw_matrix(State& state, const ui::Rect& rect) {
    state.matrix.enter();
    MatrixRun& run = state.matrix.run();
    const std::shared_ptr<const View> view = run.view();
    keep_focus(state, *view);
    const Panel panel("matrix", rect);
    if (state.hides_future()) {
        ui::paragraph("matrix/hidden", "A question is open that this page would answer. Answer it in the lab first.");
        return;
    }
    if (pressed("copy")) copy_as_text(*view);
    draw_words(*view, state.matrix.shown == Granularity::Fine);
    draw_granularities(state);
    draw_hands(state, run, *view);
    draw_progress(*view);
    ImGui::Spacing();
    draw_tables(state, *view);
}

}  // namespace mdscope::gui
