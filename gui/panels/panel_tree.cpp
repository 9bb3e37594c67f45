// SPDX-License-Identifier: MIT
// What is between the two stages: the one tree of the act with two cursors, and below it the reading place: a few lines
// of code, or what the thing is that the mouse is on.
//
//    A   The stop, line by line     B
//    ✓   __md_stop_writes           |       |  inside
//    ✗   + md_super_wait            ◀       a line of one kernel only
//    ▶     mddev_detach             ·       ▶ ◀  where A and B are
#include <fmt/format.h>

#include <algorithm>

#include "engine/explore/card.hpp"
#include "gui/frame/imgui_version.hpp"
#include "gui/frame/keys.hpp"
#include "gui/model/pointed.hpp"
#include "gui/panels/panel_stage.hpp"
#include "gui/panels/panels.hpp"
#include "gui/panels/stage_figures.hpp"
#include "gui/panels/tree_pen.hpp"

namespace mdscope::gui {

namespace {

using LineState = TreeLine::State;

// ---- a line

// The wait that can be put elsewhere, and where it can be put.
struct MovedWait {
    TreeRow row;
    std::vector<MendPlace> places;
    std::size_t at = 0;  // the place where it is drawn

    // With the wait in among the others: the row under its place has opened.
    void put_into(std::vector<TreeRow>& others) {
        row.depth = places[at].depth;
        others.insert(others.begin() + static_cast<std::ptrdiff_t>(places[at].row) + 1, row);
    }
    [[nodiscard]] std::size_t number() const { return places[at].row + 1; }
};

class Liner {
   public:
    Liner(State& state, const ui::Rect& rect, float line, const std::optional<MovedWait>& wait)
        : state_(state), wait_(wait), pen_(rect, line, state.hides_outcome()) {}

    void draw(const TreeRow& row, std::size_t number) {
        const float y = ImGui::GetCursorScreenPos().y;
        const bool is_wait = wait_ && number == wait_->number();
        pen_.ground(row, y);
        ImGui::PushID(is_wait ? -1 : static_cast<int>(number));  // it stays the same thing while it is dragged
        bool clicked = ImGui::Selectable("##line", false, ImGuiSelectableFlags_None, {pen_.rect().w, pen_.line()});
        ImGui::PopID();
        if (is_wait && drag(y)) clicked = false;
        const bool is_hovered = ImGui::IsItemHovered();
        mark(row, y);
        if (is_hovered) state_.hovers = "function/" + row.name;
        if (is_marked("function/" + row.name, state_.pointed(), state_.stages())) pen_.ring(y);
        if (is_wait) pen_.grip(row, y);
        pen_.draw(row, y);
        if (clicked) click(row);
    }

   private:
    // Of the line that was drawn last. True: it is being dragged, or was let go.
    bool drag(float y) {
        const StopFix& fix = *wait_->places[wait_->at].fix;
        const ui::Rect words = pen_.words_rect(y);
        ui::mark_rect({words.x, y, words.w, pen_.line()}, "tree/wait", "text",
                      fmt::format("{} {}", wait_->row.name, place_words(fix)));
        if (ImGui::IsItemHovered() || ImGui::IsItemActive()) ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeNS);
        const bool is_moved = state_.mend.is_dragged || std::abs(ImGui::GetMouseDragDelta(0, 0).y) >= sp(3);
        const bool is_dropped = ImGui::IsItemDeactivated();
        if (!is_moved || !(ImGui::IsItemActive() || is_dropped)) return false;
        const StopFix& target = *nearest(ImGui::GetIO().MousePos.y - y).fix;
        if (is_dropped)
            state_.try_wait_at(*wait_->row.only, target);
        else
            state_.mend.hover(*wait_->row.only, target);
        ui::ask_for_frame(0);
        return true;
    }

    // `below`: how far below the top of the line the mouse is. Counted in lines of the others, which keep their order.
    [[nodiscard]] const MendPlace& nearest(float below) const {
        const float row = static_cast<float>(wait_->number()) + below / pen_.line() - 0.5F;
        const auto distance = [&](const MendPlace& place) { return std::abs(static_cast<float>(place.row) + 1 - row); };
        return *std::ranges::min_element(wait_->places, {}, distance);
    }

    // In both trees it has a place: A's is the whole line, which can be pressed; B's is its right part.
    void mark(const TreeRow& row, float y) {
        for (const Side side : kSides) {
            if (!row.line.at(side)) continue;
            const TreeLine& line = state_.player.view().sides[side].tree[*row.line.at(side)];
            const std::string id = fmt::format("card/{}/tree/{}", side_name(side), *row.line.at(side));
            const std::string text = line_text(row) + "()" + (line.note.empty() ? "" : "  " + line.note);
            if (side == Side::A || !row.line[Side::A])
                ui::mark(id, "row", text);
            else
                ui::mark_rect(right_part(y), id, "text", text);
        }
    }

    [[nodiscard]] ui::Rect right_part(float y) const {
        const ui::Rect words = pen_.words_rect(y);
        return {words.x, y, pen_.rect().right() - words.x, words.h};
    }

    void click(const TreeRow& row) {
        const bool right = ImGui::GetIO().MousePos.x > pen_.rect().x + pen_.rect().w * 0.6F;
        Side side = right ? Side::B : Side::A;
        if (!row.line.at(side)) side = side == Side::A ? Side::B : Side::A;
        state_.focus = side;
        state_.run_to(side, state_.player.view().sides[side].tree[*row.line.at(side)]);
    }

    State& state_;
    const std::optional<MovedWait>& wait_;
    TreePen pen_;
};

// Scrolls when another line has become the one to look at, and leaves it to the person otherwise.
void keep_in_view(State& state, std::size_t row, float line) {
    if (row == state.tree_focus) return;
    state.tree_focus = row;
    const float top = static_cast<float>(row) * line, room = ImGui::GetWindowHeight();
    if (top < ImGui::GetScrollY() + line || top + 2 * line > ImGui::GetScrollY() + room)
        ImGui::SetScrollY(std::max(0.0F, top - room * 0.5F));
}

// Where A is, or B where A has nowhere to be.
std::size_t row_to_look_at(const std::vector<TreeRow>& rows) {
    std::size_t found = rows.size();
    for (const Side side : {Side::B, Side::A})
        for (std::size_t i = 0; i < rows.size(); i++)
            if (is_here(rows[i].state.at(side))) found = i;
    return found;
}

// Where there is no room for all, those around everything else go without saying: the door through which the act came.
std::size_t wrappers(const std::vector<TreeRow>& rows, std::size_t room) {
    std::size_t first = 0;
    const auto is_around_all = [&](std::size_t at) {
        return std::all_of(rows.begin() + static_cast<std::ptrdiff_t>(at) + 1, rows.end(),
                           [&](const TreeRow& row) { return row.depth > rows[at].depth; });
    };
    while (rows.size() - first > room && first + 1 < rows.size() && is_around_all(first)) first++;
    return first;
}

// Takes the wait out of the rows, if it can be put elsewhere: where it is drawn is where it is, is dragged to, or is
// being tried.
std::optional<MovedWait> take_wait(const State& state, const Duel& duel, std::vector<TreeRow>& rows) {
    const auto at = state.can_mend() ? movable_wait(rows, duel) : std::nullopt;
    if (!at) return std::nullopt;
    std::vector<TreeRow> others = rows;
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(*at));
    MovedWait wait{rows[*at], mend_places(others), 0};
    const Side side = *wait.row.only;
    const bool is_elsewhere = state.mend.is_dragged || state.mend.search.is_searching();
    const StopFix* fix = is_elsewhere && state.mend.side == side
                             ? state.mend.fix
                             : &duel.tape(side).scenario().variants.row<variants::fix>();
    const auto place = std::ranges::find(wait.places, fix, &MendPlace::fix);
    if (wait.places.size() < 2 || place == wait.places.end()) return std::nullopt;
    wait.at = static_cast<std::size_t>(place - wait.places.begin());
    rows = std::move(others);
    return wait;
}

void take_wait_keys(State& state, const MovedWait& wait) {
    const bool later = pressed("wait_later"), earlier = pressed("wait_earlier");
    if (later && wait.at + 1 < wait.places.size()) state.try_wait_at(*wait.row.only, *wait.places[wait.at + 1].fix);
    if (earlier && wait.at > 0) state.try_wait_at(*wait.row.only, *wait.places[wait.at - 1].fix);
}

void draw_rows(State& state, const ui::Rect& rect) {
    std::vector<TreeRow> rows = state.player.view().rows;
    const std::size_t left_out = wrappers(rows, static_cast<std::size_t>(rect.h / sp(17)));
    rows.erase(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(left_out));
    for (TreeRow& row : rows) row.depth -= static_cast<int>(left_out);
    std::optional<MovedWait> wait = take_wait(state, state.player.duel(), rows);
    if (wait) wait->put_into(rows);
    const float least = sp(17);
    const float line = std::clamp(rect.h / static_cast<float>(std::max<std::size_t>(rows.size(), 1)), least, sp(20));
    const float scale = std::floor(line);
    ImGui::SetCursorScreenPos({rect.x, rect.y});
    ImGui::BeginChild("tree", {rect.w, rect.h});
    const float width = ImGui::GetContentRegionAvail().x;
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0, 0));
    Liner liner(state, {rect.x, rect.y, width, rect.h}, scale, wait);
    for (std::size_t i = 0; i < rows.size(); i++) liner.draw(rows[i], i);
    ImGui::PopStyleVar();
    if (rows.empty())
        ui::paragraph("tree/none", fmt::format("Nothing here belongs to a {}.", state.player.duel().exhibit().act.noun),
                      Role::dim_text);
    const std::size_t row = row_to_look_at(rows);
    keep_in_view(state, row < rows.size() ? row : 0, scale);  // before anything has happened: the top
    ImGui::EndChild();
    state.has_wait_to_move = wait.has_value();
    if (wait) take_wait_keys(state, *wait);
    if (!ImGui::IsMouseDown(0)) state.mend.is_dragged = false;  // its line may be gone
}

// ---- the reading place

struct Reading {
    const museum::Code* code = nullptr;
    std::array<std::optional<std::size_t>, 2> here;  // the line each side is at
    std::array<std::optional<std::size_t>, 2> fell;  // ... or met its Oops in
    [[nodiscard]] bool has_fallen_at(std::size_t line) const { return fell[0] == line || fell[1] == line; }
};

const museum::Code* code_by(const Exhibit& exhibit, std::string_view function) {
    const auto found = std::ranges::find(exhibit.code, function,
                                         [](const museum::Code& code) { return std::string_view(code.function); });
    return found != exhibit.code.end() ? &*found : nullptr;
}

// The function around that row of which there are lines, or the row's own.
const museum::Code* code_around(const Exhibit& exhibit, const std::vector<TreeRow>& rows, std::size_t at) {
    int depth = rows[at].depth + 1;
    for (std::size_t i = at + 1; i-- > 0;) {
        if (rows[i].depth >= depth) continue;
        depth = rows[i].depth;
        const museum::Code* code = code_by(exhibit, rows[i].name);
        const bool calls = code != nullptr && (i == at || std::ranges::any_of(code->lines, [&](const auto& line) {
                                                   return line.calls == rows[at].name;
                                               }));
        if (calls && (i != at || at == 0 || code_by(exhibit, rows[at].name) == code)) return code;
    }
    return nullptr;
}

// The line of a completion that met the Oops of this side.
std::optional<std::size_t> line_that_met(const museum::Code& code, const std::optional<SnapshotOops>& oops) {
    if (!oops) return std::nullopt;
    for (std::size_t i = 0; i < code.lines.size(); i++)
        if (oops->object == code.lines[i].meets) return i;
    return std::nullopt;
}

Reading reading_of(State& state) {
    const Exhibit& exhibit = state.player.duel().exhibit();
    const std::vector<TreeRow>& rows = state.player.view().rows;
    Reading reading;
    // After a crash in the completion it is that; else who sleeps is more than who goes on.
    for (const Side side : kSides)
        if (const StageModel& stage = state.stages().at(side); stage.has_oops() && stage.crash->in_completion)
            reading.code = code_by(exhibit, stage.completion);
    if (reading.code != nullptr) {
        for (const Side side : kSides)
            if (state.stages().at(side).has_oops())
                reading.fell.at(side) =
                    line_that_met(*reading.code, state.player.view().sides[side].step->snapshot.oops);
        return reading;
    }
    std::optional<std::size_t> row;
    for (std::size_t i = 0; i < rows.size(); i++)
        for (const Side side : kSides)
            if (is_here(rows[i].state.at(side)) && (!row || rows[i].state.at(side) == LineState::Asleep)) row = i;
    if (!row) return reading;
    // A wait reads best where it is called.
    if (rows[*row].only && *row > 0) {
        for (std::size_t i = *row; i-- > 0;)
            if (rows[i].depth < rows[*row].depth) {
                reading.code = code_by(exhibit, rows[i].name);
                break;
            }
    }
    if (reading.code == nullptr) reading.code = code_around(exhibit, rows, *row);
    if (reading.code == nullptr) return reading;
    for (const TreeRow& one : rows)
        for (const Side side : kSides)
            for (std::size_t i = 0; i < reading.code->lines.size() && is_here(one.state.at(side)); i++)
                if (one.name == reading.code->lines[i].calls) reading.here.at(side) = i;
    return reading;
}

// Who is at that line, or has crashed in it. Returns its width.
float draw_tag(const Reading& reading, std::size_t number, const ui::Rect& line) {
    const bool falls = reading.has_fallen_at(number);
    std::string who;
    for (const Side side : kSides)
        if ((falls ? reading.fell : reading.here).at(side) == number)
            who += (who.empty() ? "" : " and ") + std::string(side_name(side));
    if (who.empty()) return 0;
    const std::string tag = who + (falls ? " crashed here" : who.size() == 1 ? " is here" : " are here");
    const FontScope bold(type(Face::bold, 14));
    const float width = ImGui::CalcTextSize(tag.c_str()).x + sp(20), right = line.right() - sp(12);
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    const ui::Rect box{right - width, line.y + sp(1), width, line.h - sp(2)};
    draw.AddRectFilled({box.x, box.y}, {box.right(), box.bottom()}, color_u32(falls ? Role::drastic : Role::here),
                       sp(3));
    const ImU32 ink =
        falls ? ImGui::ColorConvertFloat4ToU32(ui::ink_on(color(Role::drastic))) : IM_COL32(18, 23, 30, 255);
    draw.AddText({box.x + sp(10), line.y + (line.h - ImGui::GetTextLineHeight()) / 2}, ink, tag.c_str());
    ui::mark_rect(box, fmt::format("reading/{}/{}", falls ? "fell" : "here", number), "text", tag);
    return width + sp(8);
}

void draw_code(State& state, const ui::Rect& rect) {
    const Reading reading = reading_of(state);
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    if (reading.code == nullptr) {
        const FontScope small(type(Face::text, 14));
        ImGui::SetCursorScreenPos({rect.x + sp(12), rect.y + sp(10)});
        ui::text("reading", "Point at anything to read what it is.", Role::dim_text, Font::text, rect.w - sp(24));
        return;
    }
    const float line = std::floor(std::min(sp(20), (rect.h - sp(8)) / static_cast<float>(reading.code->lines.size())));
    const bool has_mending = shows_upstream_lines(state.player.duel());
    std::string all = std::string(reading.code->function) + "\n";
    float y = rect.y + sp(4) - line;
    for (std::size_t i = 0; i < reading.code->lines.size(); i++) {
        const museum::CodeLine& one = reading.code->lines[i];
        if (one.is_mended && !has_mending) continue;
        y += line;
        const bool adds = one.is_mended;
        const bool falls = reading.has_fallen_at(i);
        if (adds || falls)
            draw.AddRectFilled({rect.x + sp(2), y}, {rect.right() - sp(2), y + line},
                               fill_u32(falls ? Role::danger : Role::safe));
        const FontScope code(font(Font::code));
        const float text_y = y + (line - ImGui::GetTextLineHeight()) / 2;
        if (adds) draw.AddText({rect.x + sp(10), text_y}, color_u32(Role::safe), "+");
        if (falls) draw.AddText({rect.x + sp(10), text_y}, color_u32(Role::danger), "▶");
        const float tag = draw_tag(reading, i, {rect.x, y, rect.w, line});
        const std::string shown = ui::shortened(one.text, rect.w - sp(36) - tag);
        draw.AddText({rect.x + sp(28), text_y}, color_u32(adds ? Role::safe : Role::text), shown.c_str());
        all += std::string(one.text) + "\n";
    }
    ui::mark_rect(rect, "reading", "text", all);
}

void draw_card_of(State& state, const PointedCard& card, const ui::Rect& rect) {
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    draw.AddRect({rect.x, rect.y}, {rect.right(), rect.bottom()}, color_u32(Role::here), sp(6), ImDrawFlags_None,
                 sp(2));
    const Ink ink = !card.counter ? Ink::text : *card.counter == 0 ? Ink::first : Ink::second;
    const float left = rect.x + sp(12), width = rect.w - sp(24);
    draw_phrases({{card.name, ink, card.counter.has_value() || state.pointed().starts_with("function/"), true}},
                 {left, rect.y + sp(7), width, sp(22)}, 16, false, 1);
    if (card.counter) {
        const FontScope bold(type(Face::bold, 14));
        const std::string values = fmt::format("A {}   B {}", card.values[0], card.values[1]);
        draw.AddText({rect.right() - sp(12) - ImGui::CalcTextSize(values.c_str()).x, rect.y + sp(9)},
                     color_u32(Role::text), values.c_str());
    }
    draw_phrases({{card.what}}, {left, rect.y + sp(32), width, sp(40)}, 14, false, 3);
    if (!card.up.empty() && rect.h > sp(96))
        draw_phrases(
            {{"+1 ", Ink::dim}, {card.up, Ink::text, true}, {"   −1 ", Ink::dim}, {card.down, Ink::text, true}},
            {left, rect.bottom() - sp(24), width, sp(20)}, 14, false, 1);
    ui::mark_rect(rect, "reading", "text", card.name + ": " + card.what);
}

void draw_reading(State& state, const ui::Rect& rect) {
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    draw.AddRectFilled({rect.x, rect.y}, {rect.right(), rect.bottom()}, color_u32(Role::background), sp(6));
    const auto card = card_of(state.pointed(), state.stages());
    if (card) return draw_card_of(state, *card, rect);
    draw.AddRect({rect.x, rect.y}, {rect.right(), rect.bottom()}, color_u32(Role::border), sp(6));
    draw_code(state, rect);
}

std::string tree_title(const State& state) {
    if (state.mend.is_dragged) return "Let go to look at all orders";
    if (state.mend.search.is_searching())
        return fmt::format("Looking at all orders: {} states", grouped(state.mend.search.looked_at()));
    return fmt::format("The {}, line by line", state.player.duel().exhibit().act.noun);
}

}  // namespace

void draw_tree(State& state, const ui::Rect& rect) {
    const Panel panel("middle", rect, {.scrolls = false});
    const float head = sp(30), reading = std::min(sp(112), rect.h * 0.3F), margin = sp(8);
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    {
        const FontScope bold(type(Face::bold, 16));
        draw.AddText({rect.x + sp(20), rect.y + sp(9)}, color_u32(Role::text), "A");
        draw.AddText({rect.right() - sp(32), rect.y + sp(9)}, color_u32(Role::text), "B");
    }
    const std::string title = tree_title(state);
    const float width = ImGui::CalcTextSize(title.c_str()).x;
    ImGui::SetCursorScreenPos({rect.x + (rect.w - width) / 2, rect.y + sp(8)});
    ui::text("tree/title", title, Role::dim_text, Font::text, width + sp(2));
    draw_rows(state, {rect.x + margin, rect.y + head, rect.w - 2 * margin, rect.h - head - reading - 2 * margin});
    draw_reading(state, {rect.x + margin, rect.bottom() - reading - margin, rect.w - 2 * margin, reading});
}

}  // namespace mdscope::gui
