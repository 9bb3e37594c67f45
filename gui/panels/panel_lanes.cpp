// SPDX-License-Identifier: MIT
// Swim-lanes of both arrays on one axis of ticks (time_axis.hpp), and the playhead, whose handle is on that axis. The
// mouse moves it, pans and zooms, and moves the end of a write to another tick.
//
//             0        10      first difference ◆      [step 33]          the one axis: drag it to rewind
//   A stopper [md_bitmap_flush][__md_stop]
//     sdb           [bitmap 1 HELD /////////|
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <optional>

#include "gui/frame/imgui_version.hpp"
#include "gui/frame/keys.hpp"
#include "gui/model/lane_view.hpp"
#include "gui/model/pointed.hpp"
#include "gui/panels/panel_futures.hpp"
#include "gui/panels/panels.hpp"
#include "gui/panels/time_axis.hpp"

namespace mdscope::gui {

namespace {

// A write has the colour of the counter it is counted in; who is counted in neither has none.
Role bar_role(const State& state, const Bar& bar) {
    switch (bar.kind) {
        case Bar::Kind::Sleep:
            return Role::safe;
        case Bar::Kind::Oops:
            return Role::danger;
        case Bar::Kind::Function:
            return Role::idle;
        default:
            break;
    }
    BioName name;
    return read_bio_name(bar.bio, &name) ? role_of(state.player.duel().exhibit(), name) : Role::idle;
}

void draw_bar_shape(const LaneView& view, const Bar& bar, const ui::Rect& rect, std::size_t upto, Role role) {
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    const ImVec2 from(rect.x, rect.y), to(rect.right(), rect.bottom());
    draw.AddRectFilled(from, to, fill_u32(role), sp(3));
    bool was_held = false;
    for (const auto& [begin, end] : bar.held) {
        if (begin > upto) continue;
        const float left = std::max(rect.x, view.x_of(static_cast<double>(begin)));
        const float right = std::min(rect.right(), view.x_of(static_cast<double>(std::min(end, upto))));
        if (right <= left) continue;
        draw_hatch({left, rect.y, right - left, rect.h}, Role::held);
        was_held = true;
    }
    draw.AddRect(from, to, color_u32(was_held ? Role::held : role), sp(3), ImDrawFlags_None, sp(1.2F));
    const bool is_held = was_held && bar.held.back().second >= upto && bar.end >= upto;
    const std::string label = ui::shortened(is_held ? bar.label + " HELD" : bar.label, rect.w - sp(10));
    constexpr std::size_t kFewLetters = 4 + std::string_view("…").size();
    if (label.size() < kFewLetters && label != bar.label) return;  // a letter and an ellipsis say nothing
    const ImVec2 text(rect.x + sp(5), rect.y + (rect.h - ImGui::GetTextLineHeight()) / 2);
    if (was_held)  // words on hatching are not read
        draw.AddRectFilled({text.x - sp(3), rect.y + sp(1)},
                           {text.x + ImGui::CalcTextSize(label.c_str()).x + sp(3), rect.bottom() - sp(1)},
                           fill_u32(role), sp(2));
    draw.AddText(text, color_u32(Role::text), label.c_str());
}

// The outline of where a write in flight will end by itself; false: there is none. In a kernel that has halted nothing
// ends any more.
bool draw_ghost(State& state, Side side, const LaneView& view, const Bar& bar, const ui::Rect& rect) {
    if (state.hides_future() || !state.player.at_end() || !bar.is_open || bar.bio.empty()) return false;
    if (state.stages().at(side).has_oops()) return false;
    if (!bar.held.empty() && bar.held.back().second >= bar.end) return false;  // it does not, until somebody lets it
    const auto due =
        static_cast<double>(std::max<std::uint64_t>(state.player.duel().due_of(side, bar.bio), bar.end + 1));
    const float to = std::min(view.right, view.x_of(due));
    if (to <= rect.right()) return false;
    ImGui::GetWindowDrawList()->AddRect({rect.right(), rect.y}, {to, rect.bottom()}, color_u32(Role::dim_text), sp(3));
    ui::mark_rect({rect.right(), rect.y, to - rect.right(), rect.h},
                  fmt::format("lane/{}/due/{}", side_name(side), bar.bio), "shape");
    return true;
}

// Behind the playhead: what comes of it if it ends there. Each was tried.
void draw_ends(State& state, Side side, const LaneView& view, const Bar& bar, const ui::Rect& rect) {
    const StageWrite* write = write_with_ends(state);
    if (side != Side::A || write == nullptr || write->bio != bar.bio) return;
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    for (const EndZones::Zone& zone : state.ends.zones()) {
        const float left = std::max(rect.right(), view.x_of(static_cast<double>(zone.from) - 1));
        const float right = std::min(view.right, view.x_of(static_cast<double>(zone.to)));
        if (right <= left) continue;
        const ui::Rect at{left, rect.y, right - left, rect.h};
        const Role role = zone.crashes ? Role::danger : Role::safe;
        draw.AddRectFilled({at.x, at.y}, {at.right(), at.bottom()}, fill_u32(role));
        if (zone.crashes) draw_hatch(at, Role::danger_fill);
        const FontScope small(type(zone.crashes ? Face::bold : Face::text, 14));
        const std::string label = zone.crashes ? "ends here: Oops" : "ends here: no crash";
        const ImVec2 size = ImGui::CalcTextSize(label.c_str());
        ui::mark_rect(at, fmt::format("lane/A/ends/{}", zone.from), "zone", label, static_cast<double>(zone.to));
        if (size.x + sp(12) > at.w) continue;
        const ImVec2 text(at.x + (at.w - size.x) / 2, at.y + (at.h - size.y) / 2);
        if (zone.crashes)
            draw.AddRectFilled({text.x - sp(5), at.y + sp(1)}, {text.x + size.x + sp(5), at.bottom() - sp(1)},
                               color_u32(Role::panel), sp(3));
        draw.AddText(text, color_u32(role), label.c_str());
    }
}

void drag_end(State& state, const LaneView& view, const Bar& bar, const ui::Rect& rect, const std::string& id) {
    const float grip = sp(8);
    ImGui::SetCursorScreenPos({rect.right() - grip / 2, rect.y});
    ImGui::InvisibleButton((id + "/grip").c_str(), {grip, rect.h});
    ui::mark(id + "/end", "bar", fmt::format("end of {}, tick {}", bar.bio, bar.end), static_cast<double>(bar.end));
    if (ImGui::IsItemHovered() || ImGui::IsItemActive()) ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeEW);
    ui::tip("Drag: let it end earlier or later. With the focus here: + and −.");
    if (ImGui::IsItemActive()) {
        const float x = ImGui::GetIO().MousePos.x;
        ImGui::GetForegroundDrawList()->AddLine({x, rect.y - sp(4)}, {x, rect.bottom() + sp(4)},
                                                color_u32(Role::current), sp(2));
    }
    if (focused_id() == last_item_id()) {
        state.is_end_focused = true;
        if (pressed("splitter_grow")) state.move_end(bar.bio, bar.end + 1);
        if (pressed("splitter_shrink") && bar.end > 0) state.move_end(bar.bio, bar.end - 1);
    }
    const bool is_moved = state.end_drag || std::abs(ImGui::GetMouseDragDelta(0, 0).x) >= sp(3);
    const std::size_t tick = view.tick_at(ImGui::GetIO().MousePos.x);
    // A quick hand moves and lets go between two frames.
    if ((ImGui::IsItemActive() || ImGui::IsItemDeactivated()) && is_moved) state.drag_end(bar.bio, tick, view);
    if (ImGui::IsItemDeactivated() && is_moved) state.drop_end(tick);
}

void draw_ring(const ui::Rect& rect) {
    ImGui::GetWindowDrawList()->AddRect({rect.x - 2, rect.y - 2}, {rect.right() + 2, rect.bottom() + 2},
                                        color_u32(Role::here), sp(4), ImDrawFlags_None, sp(3));
}

// A hang is the end of the run: who sleeps then does so for ever.
bool has_hung(State& state, Side side) {
    const Duel& duel = state.player.duel();
    return duel.tape(side).moment() == Moment::Hang && state.last_seen() == duel.end();
}

bool sleeps_for_ever(State& state, const std::string& task) {
    return std::ranges::any_of(kSides, [&](Side side) {
        if (!has_hung(state, side)) return false;
        const std::vector<Wait> sleepers = waits(state.player.duel(), side, state.player.end());
        return std::ranges::find(sleepers, task, &Wait::task) != sleepers.end();
    });
}

// Returns whether there is an outline behind it.
bool draw_bar(State& state, Side side, const LaneView& view, const Bar& bar, float y, float height,
              std::size_t number) {
    const std::size_t upto = state.last_seen();
    if (bar.begin > upto) return false;
    const std::size_t last = std::min(bar.end, upto);
    const bool goes_on = bar.is_open && bar.bio.empty() && bar.kind != Bar::Kind::Oops && has_hung(state, side);
    const float left = view.x_of(static_cast<double>(bar.begin));
    const float right = goes_on ? view.right : view.x_of(static_cast<double>(last));
    if (right < view.left || left > view.right) return false;
    ui::Rect rect{std::max(left, view.left), y,
                  std::max(sp(3), std::min(right, view.right) - std::max(left, view.left)), height};
    // Where a kernel crashed; it was in there no longer.
    if (bar.kind == Bar::Kind::Oops) rect.w = std::min(rect.w, ImGui::CalcTextSize(bar.label.c_str()).x + sp(12));
    draw_bar_shape(view, bar, rect, upto, bar_role(state, bar));
    const bool has_ghost = draw_ghost(state, side, view, bar, rect);
    draw_ends(state, side, view, bar, rect);
    const std::string id = bar.bio.empty() ? fmt::format("lane/{}/bar/{}", side_name(side), number)
                                           : fmt::format("lane/{}/bio/{}", side_name(side), bar.bio);
    if (bar.bio.empty()) {
        ui::mark_rect(rect, id, "bar", bar.label, static_cast<double>(bar.begin));
        if (is_marked("function/" + bar.label, state.pointed(), state.stages())) draw_ring(rect);
        return has_ghost;
    }
    ImGui::SetCursorScreenPos({rect.x, rect.y});
    before_overlapped_item();  // its end can be gripped
    if (ImGui::InvisibleButton(id.c_str(), {std::max(sp(4), rect.w), rect.h})) {
        state.selected_bio = bar.bio;
        state.focus = side;
    }
    after_overlapped_item();
    ui::mark(id, "bar", fmt::format("{}, ticks {} to {}", bar.bio, bar.begin, last), static_cast<double>(last));
    ui::tip(fmt::format("{}: ticks {} to {}", bar.bio, bar.begin,
                        bar.is_open || last < bar.end ? std::string("…") : std::to_string(bar.end)));
    if (ImGui::IsItemHovered()) state.hovers = "write/" + bar.bio;
    if (is_marked("write/" + bar.bio, state.pointed(), state.stages())) draw_ring(rect);
    if (bar.bio == state.selected_bio)
        ImGui::GetWindowDrawList()->AddRect({rect.x - 1, rect.y - 1}, {rect.right() + 1, rect.bottom() + 1},
                                            color_u32(Role::accent), sp(3), ImDrawFlags_None, sp(2));
    if (!bar.is_open && last == bar.end) drag_end(state, view, bar, rect, id);
    return has_ghost;
}

// Which lanes there is room for: every row, one row of each task and disk, those of the disks, or that of the write
// which matters, of both arrays or of A.
enum class Lanes { All, Rows, Disks, One, OneOfA };

bool has_lanes(Side side, Lanes lanes) {
    return side == Side::A || lanes != Lanes::OneOfA;
}

bool is_of_main_write(State& state, const Lane& lane) {
    for (const StageModel& stage : state.stages())
        if (const StageWrite* write = stage.main_write(); write != nullptr) return write->member == lane.name;
    return lane.name == state.stages()[0].members.back().name;
}

// A thread of which there is nothing to see on either side would only be a name.
bool is_shown(State& state, const Lane& lane, Lanes lanes) {
    if (!lane.is_disk && sleeps_for_ever(state, lane.name)) return true;
    if (lanes >= Lanes::One) return lane.is_disk && is_of_main_write(state, lane);
    if (lane.is_disk) return true;
    if (lanes == Lanes::Disks) return false;
    for (const Side side : kSides) {
        const auto& tasks = state.player.scenario(side).tasks;
        if (std::ranges::find(tasks, lane.name, &ScenarioTask::name) != tasks.end()) return true;
        for (const Lane& other : state.player.view().sides[side].lanes)
            if (other.name == lane.name && !other.bars.empty()) return true;
    }
    return false;
}

int rows_of(const Lane& lane, Lanes lanes) {
    return lanes == Lanes::All || lane.is_disk ? lane.rows : 1;
}

// In one row, a long sleep lies over the stage it is in; the rest of the second row is left out.
bool is_in_row(const LaneView& view, const Lane& lane, const Bar& bar, Lanes lanes) {
    constexpr double kLong = 56;  // pixels
    if (rows_of(lane, lanes) > bar.row) return true;
    if (bar.kind == Bar::Kind::Sleep && bar.is_open) return true;
    return bar.kind == Bar::Kind::Sleep && static_cast<double>(bar.end - bar.begin) * view.per_tick > sp(kLong);
}

// Behind its crash nothing happens in a kernel any more; behind a broken rule it would, and is not recorded.
std::optional<ui::Rect> halted_rect(State& state, Side side, const LaneView& view, float top, float bottom) {
    if (!state.stages().at(side).crash) return std::nullopt;
    const Duel& duel = state.player.duel();
    const auto tick = duel.tick_of(side, duel.tape(side).size() - 1);
    if (!tick) return std::nullopt;
    const float x = std::max(view.left, view.x_of(static_cast<double>(*tick)) + sp(4));
    if (x >= view.right) return std::nullopt;
    return ui::Rect{x, top + sp(2), view.right - x, bottom - top - sp(4)};
}

void draw_halted_ground(State& state, Side side, const ui::Rect& rect) {
    ImGui::GetWindowDrawList()->AddRectFilled({rect.x, rect.y}, {rect.right(), rect.bottom()},
                                              color_u32(Role::danger_fill, 0.13F));
    if (state.stages().at(side).has_oops()) draw_hatch(rect, Role::danger_fill);
}

// In the row of those that is next to the middle: nothing else is drawn there.
void draw_halted_words(State& state, Side side, const ui::Rect& rect, const std::vector<float>& rows, float row) {
    const FontScope bold(type(Face::bold, 14));
    const std::string label = state.stages().at(side).has_oops() ? "this kernel has halted" : "the run ends here";
    const ImVec2 size = ImGui::CalcTextSize(label.c_str());
    if (size.x + sp(24) > rect.w) return;
    float y = rect.y + (rect.h - row) / 2;
    const auto off = [middle = y](float at) { return std::abs(at - middle); };
    if (!rows.empty() && rect.h > 2 * row) y = *std::ranges::min_element(rows, {}, off);
    const ui::Rect words{rect.x + sp(6), y + (row - size.y) / 2 - sp(2), size.x + sp(12), size.y + sp(4)};
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    draw.AddRectFilled({words.x, words.y}, {words.right(), words.bottom()}, color_u32(Role::panel), sp(3));
    draw.AddText({words.x + sp(6), words.y + sp(2)}, color_u32(Role::danger), label.c_str());
    ui::mark_rect(rect, fmt::format("lanes/{}/halted", side_name(side)), "text", label);
    ui::mark_rect(words, fmt::format("lanes/{}/halted/words", side_name(side)), "shape");
}

float draw_side_lanes(State& state, Side side, const LaneView& view, float y, float row, Lanes lanes) {
    std::size_t number = 0;
    bool is_first = true;
    // A copy: when the end of a bar is let go, the run is another one, and so are its lanes.
    const std::vector<Lane> shown_lanes = state.player.view().sides[side].lanes;
    float all = 0;
    for (const Lane& lane : shown_lanes)
        all += is_shown(state, lane, lanes) ? row * static_cast<float>(rows_of(lane, lanes)) : 0;
    const std::optional<ui::Rect> halted = halted_rect(state, side, view, y, y + all);
    if (halted) draw_halted_ground(state, side, *halted);
    std::vector<float> free_rows;
    for (const Lane& lane : shown_lanes) {
        if (!is_shown(state, lane, lanes)) continue;
        const int rows = rows_of(lane, lanes);
        const float height = row * static_cast<float>(rows);
        const std::string& name = lane.name;
        const ImVec2 at(view.left - sp(110), y + (row - ImGui::GetTextLineHeight()) / 2);
        if (is_first)
            ImGui::GetWindowDrawList()->AddText({at.x - sp(20), at.y}, color_u32(Role::text), side_name(side));
        is_first = false;
        const std::string shown = ui::shortened(name, sp(104));
        ImGui::GetWindowDrawList()->AddText(at, color_u32(Role::dim_text), shown.c_str());
        bool has_ghost = false;  // or something else is drawn behind the end
        for (const Bar& bar : lane.bars) {
            const float bar_y = y + static_cast<float>(std::min(bar.row, rows - 1)) * row + sp(2);
            // A bar that goes on behind the end of its kernel has the row as well.
            has_ghost |=
                halted && (bar.kind == Bar::Kind::Oops || view.x_of(static_cast<double>(bar.end)) > halted->x + sp(12));
            if (is_in_row(view, lane, bar, lanes))
                has_ghost |= draw_bar(state, side, view, bar, bar_y, row - sp(4), number);
            number++;
        }
        for (int i = 0; i < rows && !has_ghost; i++) free_rows.push_back(y + row * static_cast<float>(i));
        y += height;
    }
    if (halted) draw_halted_words(state, side, *halted, free_rows, row);
    return y;
}

float lanes_height(State& state, float row, Lanes lanes) {
    int rows = 0;
    for (const Side side : kSides)
        for (const Lane& lane : state.player.view().sides[side].lanes)
            rows += has_lanes(side, lanes) && is_shown(state, lane, lanes) ? rows_of(lane, lanes) : 0;
    return static_cast<float>(rows) * row + (lanes == Lanes::OneOfA ? 0 : sp(10));
}

// What is left is theirs, up to a measure.
float lanes_row(State& state, float row, Lanes lanes, float room) {
    const float needed = lanes_height(state, row, lanes), rows = std::max(1.0F, std::floor(needed / row));
    return row + std::clamp((room - sp(8) - needed) / rows, 0.0F, sp(6));
}

std::optional<Lanes> lanes_that_fit(State& state, float row, float room, std::initializer_list<Lanes> choice) {
    for (const Lanes lanes : choice)
        if (lanes_height(state, row, lanes) <= room) return lanes;
    return std::nullopt;
}

// The band of futures says more than lanes do: it goes first, as long as the write which matters has its own.
Lanes lanes_below_futures(State& state, float row, float room) {
    if (state.shows_all_lanes) return Lanes::Rows;
    return lanes_that_fit(state, row, room - futures_height(), {Lanes::Rows, Lanes::Disks, Lanes::One})
        .value_or(Lanes::OneOfA);
}

Lanes lanes_for(State& state, float row, float room) {
    if (state.shows_all_lanes) return Lanes::All;
    if (const auto lanes = lanes_that_fit(state, row, room, {Lanes::Rows, Lanes::Disks})) return *lanes;
    // Most of all that there are: they scroll, and little is out of sight.
    return lanes_height(state, row, Lanes::Rows) <= room * 1.7F ? Lanes::Rows : Lanes::One;
}

// A dotted line: over it bars are drawn, and their words are not crossed.
void draw_dots(float x, float top, float bottom, Role role) {
    for (float y = top; y < bottom; y += sp(6))
        ImGui::GetWindowDrawList()->AddLine({x, y}, {x, std::min(bottom, y + sp(2.5F))}, color_u32(role), sp(2));
}

void draw_playhead(State& state, const LaneView& view, float top, float bottom) {
    const float x = view.x_of(static_cast<double>(state.player.tick()));
    if (x < view.left - 1 || x > view.right + 1) return;
    ImGui::GetWindowDrawList()->AddLine({x, top}, {x, bottom}, color_u32(Role::here), sp(2.5F));
}

// What nobody may see yet.
void draw_veil(State& state, const LaneView& view, float top, float bottom) {
    if (!state.hides_future()) return;
    const float x = view.x_of(static_cast<double>(state.player.tick())) + sp(2);
    if (x >= view.right) return;
    const ui::Rect rect{x, top, view.right - x, bottom - top};
    draw_hatch(rect, Role::border);
    const std::string label = "hidden until the outcome is reached";
    const float width = ImGui::CalcTextSize(label.c_str()).x;
    if (width + sp(24) > rect.w) return;
    const ImVec2 at(rect.x + (rect.w - width) / 2, rect.y + (rect.h - ImGui::GetTextLineHeight()) / 2);
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    draw.AddRectFilled({at.x - sp(12), at.y - sp(8)}, {at.x + width + sp(12), at.y + sp(26)}, color_u32(Role::panel),
                       sp(4));
    draw.AddText(at, color_u32(Role::dim_text), label.c_str());
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
    ImGui::SetCursorScreenPos({begin.x, begin.y + sp(2)});
    ui::text("lanes/title", "one schedule", Role::dim_text, Font::text, sp(120));
    const float left = begin.x + sp(140), right = rect.right() - sp(22);
    const float axis = begin.y, axis_height = line + sp(6);
    const LaneView view = state.lane_view(left, right);
    float row = line + sp(7);
    const float begin_of_rows = axis + axis_height + sp(4);
    const float room = rect.bottom() - sp(6) - begin_of_rows;
    const Lanes below = lanes_below_futures(state, row, room);
    const bool has_futures = can_show_futures(state) && futures_height() + lanes_height(state, row, below) <= room;
    const float futures = has_futures ? futures_height() : 0;
    const float top = begin_of_rows + futures;
    const float flag = view.x_of(static_cast<double>(state.player.tick()));
    std::vector<Taken> taken{{flag - sp(44), flag + sp(44)}};
    if (const auto x = x_of_difference(state, view)) taken.push_back(taken_by_difference(view, *x, flag));
    const float no_return = x_of_no_return(state, view, taken);
    if (no_return >= 0) taken.push_back(taken_by_no_return(no_return));
    draw_axis(view, axis + sp(2), begin_of_rows, taken);
    take_scrub(state, view, axis, axis_height);
    if (futures > 0) draw_futures(state, view, begin_of_rows, futures);

    ImGui::SetCursorScreenPos({begin.x, top});
    ImGui::BeginChild("rows", {rect.right() - begin.x - sp(8), std::max(sp(20), rect.bottom() - sp(6) - top)});
    const float inside = ImGui::GetCursorScreenPos().y;
    const bool chooses = !has_futures || state.shows_all_lanes;
    const Lanes lanes = chooses ? lanes_for(state, row, rect.bottom() - sp(6) - top) : below;
    row = lanes_row(state, row, lanes, rect.bottom() - sp(6) - top);
    const float height = lanes_height(state, row, lanes);
    draw_axis(view, inside - line - sp(4), inside + height, taken);
    if (const auto x = x_of_difference(state, view)) {
        draw_dots(*x, inside, inside + height, Role::text);
        ui::mark_rect({*x - 1, inside, 2, height}, "lanes/first_difference/dots", "shape");
    }
    const float middle = draw_side_lanes(state, Side::A, view, inside, row, lanes) + sp(4);
    if (no_return >= 0) draw_dots(no_return, inside, inside + height, Role::danger);
    if (has_lanes(Side::B, lanes)) {
        ImGui::GetWindowDrawList()->AddLine({begin.x, middle}, {right, middle}, color_u32(Role::border));
        draw_side_lanes(state, Side::B, view, middle + sp(4), row, lanes);
    }
    draw_veil(state, view, inside, inside + height);
    draw_playhead(state, view, inside - sp(4), inside + height);
    ImGui::SetCursorScreenPos({begin.x, inside + height});
    ImGui::Dummy({1, 1});
    pan_and_zoom(state, view);
    ImGui::EndChild();
    if (no_return >= 0) draw_point_of_no_return(no_return, axis);
    draw_flag(state, view, axis, axis_height);
    draw_first_difference(state, view, axis);
}

}  // namespace mdscope::gui
