// The card of one array: its state in a word, the call tree of its stop, both counters, who waits, and the members.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "gui/panels/panels.hpp"

namespace mdscope::gui {

namespace {

// What the card says: danger is a look ahead.
Status shown(const State& state, const SideView& view) {
    return state.hides_outcome() && view.status == Status::InDanger ? Status::Stopping : view.status;
}

std::string id_of(Side side, std::string_view rest) {
    return fmt::format("card/{}/{}", side_name(side), rest);
}

// ---- the head

void draw_head(State& state, Side side, const SideView& view) {
    const StateLook look = look_of(shown(state, view));
    const char* word = status_word(state.player.duel().exhibit(), shown(state, view));
    const float right = ImGui::GetCursorPosX() + ImGui::GetContentRegionAvail().x;
    const float chip = ui::chip_width(look.shape, word);
    const ImVec2 begin = ImGui::GetCursorPos();
    const std::string title = fmt::format("{}   {}", side_name(side), side_title(state, side));
    if (ui::link(id_of(side, "title"), title)) {
        state.focus = side;
        state.show_side(SideTab::inspect);
    }
    ImGui::SetCursorPos({right - chip, begin.y - sp(2)});
    ui::chip(id_of(side, "status"), look.shape, word, look.role);
    ImGui::SetCursorPosY(begin.y + ImGui::GetTextLineHeight() + sp(8));
}

// So much of `height` that the last line is a whole one: half of one looks broken, and hides that there is more.
float whole_lines(float height, float line) {
    return std::max(line, std::floor(height / line) * line);
}

// ---- the call tree

std::string line_text(const TreeLine& line) {
    std::string text = line.name + "()";
    if (line.number > 0) text += fmt::format(" #{}", line.number);
    return text;
}

struct Columns {
    float left, right, line;
};

// What this kernel does not call stands there from the beginning, but it is no news before the stop has come that far.
StateLook look_in_tree(const std::vector<TreeLine>& tree, std::size_t number) {
    using enum TreeLine::State;
    const TreeLine::State state = tree[number].state;
    if (state != Missing || number == 0) return look_of(state);
    const TreeLine::State before = tree[number - 1].state;
    StateLook look = look_of(state);
    if (before == ToCome || before == Never || before == Missing) look.role = Role::dim_text;
    return look;
}

void draw_line_text(const TreeLine& line, const StateLook& look, const ImVec2& at, const Columns& columns) {
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    const bool is_quiet = line.state == TreeLine::State::ToCome || line.state == TreeLine::State::Never;
    const bool is_done = line.state == TreeLine::State::Done;
    const ImU32 ink = color_u32(is_quiet ? Role::dim_text : is_done ? Role::text : look.role);
    draw.AddText({at.x + sp(4), at.y}, color_u32(look.role), look.shape);
    const FontScope code(Font::code);
    const float indent = at.x + sp(20) + static_cast<float>(line.depth) * sp(9);
    const std::string text = ui::shortened(line_text(line), columns.right - indent - sp(4));
    draw.AddText({indent, at.y}, ink, text.c_str());
    if (line.note.empty()) return;
    const float note = indent + ImGui::CalcTextSize(text.c_str()).x + sp(10);
    const float room = columns.right - note - sp(4);
    if (room < sp(24)) return;
    const std::string shown = ui::shortened(line.note, room);
    draw.AddText({note, at.y}, color_u32(is_done ? Role::dim_text : look.role), shown.c_str());
}

void draw_tree_line(State& state, Side side, const std::vector<TreeLine>& tree, std::size_t number,
                    const Columns& columns) {
    const TreeLine& line = tree[number];
    const StateLook look = look_in_tree(tree, number);
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const bool marked = line.state == TreeLine::State::Now || line.state == TreeLine::State::Asleep ||
                        line.state == TreeLine::State::Missing || line.state == TreeLine::State::Oops;
    if (marked && look.role != Role::dim_text)
        ImGui::GetWindowDrawList()->AddRectFilled(at, {columns.right, at.y + columns.line}, fill_u32(look.role), sp(3));
    const std::string id = id_of(side, fmt::format("tree/{}", number));
    ImGui::PushID(static_cast<int>(number));
    const bool clicked =
        ImGui::Selectable("##line", false, ImGuiSelectableFlags_None, {columns.right - at.x, columns.line});
    ImGui::PopID();
    draw_line_text(line, look, {at.x, at.y + sp(1)}, columns);
    const std::string text = line.note.empty() ? line_text(line) : fmt::format("{}  {}", line_text(line), line.note);
    ui::mark(id, "row", text);
    ui::tip(text);
    if (clicked) state.run_to(side, line);
}

// Scrolls when another line has become the one to look at, and leaves it to the person otherwise.
void keep_in_view(std::size_t& last, std::size_t line, std::size_t lines, float height) {
    if (line == last || line >= lines) return;
    last = line;
    const float top = static_cast<float>(line) * height, room = ImGui::GetWindowHeight();
    if (top < ImGui::GetScrollY() + height || top + 2 * height > ImGui::GetScrollY() + room)
        ImGui::SetScrollY(std::max(0.0F, top - room * 0.6F));
}

void draw_tree(State& state, Side side, const SideView& view, float width, float height) {
    const float line = ImGui::GetTextLineHeight() + sp(3);
    ImGui::BeginChild("tree", {width, whole_lines(height, line)});
    const ImVec2 begin = ImGui::GetCursorScreenPos();
    const Columns columns{begin.x, begin.x + ImGui::GetContentRegionAvail().x, line};
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0, 0));
    std::size_t focus = view.tree.size();
    for (std::size_t i = 0; i < view.tree.size(); i++) {
        draw_tree_line(state, side, view.tree, i, columns);
        const TreeLine::State s = view.tree[i].state;
        if (s == TreeLine::State::Now || s == TreeLine::State::Asleep || s == TreeLine::State::Oops) focus = i;
    }
    ImGui::PopStyleVar();
    if (view.tree.empty()) ui::paragraph(id_of(side, "tree/none"), "Nobody stops this array.", Role::dim_text);
    keep_in_view(state.tree_focus[side], focus, view.tree.size(), line);
    ImGui::EndChild();
}

// ---- the counters

void draw_steps(const std::vector<mdscope::CounterStep>& steps, std::size_t end, std::size_t upto, Role role,
                const ui::Rect& rect) {
    int most = 1;
    for (const mdscope::CounterStep& step : steps) most = std::max(most, step.value);
    const auto x = [&](std::size_t tick) {
        return rect.x + rect.w * static_cast<float>(tick) / static_cast<float>(std::max<std::size_t>(end, 1));
    };
    const auto y = [&](int value) {
        return rect.bottom() - (rect.h - sp(2)) * static_cast<float>(value) / static_cast<float>(most);
    };
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    std::vector<ImVec2> points;
    for (std::size_t i = 0; i < steps.size() && steps[i].tick <= upto; i++) {
        if (!points.empty()) points.emplace_back(x(steps[i].tick), points.back().y);
        points.emplace_back(x(steps[i].tick), y(steps[i].value));
    }
    if (points.empty()) return;
    points.emplace_back(x(upto), points.back().y);
    draw.AddPolyline(points.data(), static_cast<int>(points.size()), color_u32(role), ImDrawFlags_None, sp(2));
}

struct CounterLook {
    const char* id;
    const char* name;
    Role role;
};

// Where there is no room for more: the number, and what it counts, in one line.
void draw_counter_line(Side side, const CounterLook& look, int value, const std::string& words, float height) {
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x;
    ImGui::GetWindowDrawList()->AddRectFilled(at, {at.x + width, at.y + height}, color_u32(Role::card), sp(4));
    const float line = ImGui::GetTextLineHeight();
    ImGui::SetCursorScreenPos({at.x + sp(4), at.y + (height - line) / 2});
    ui::text(id_of(side, fmt::format("counter/{}", look.id)), std::to_string(value), look.role, Font::text, sp(16));
    ImGui::SetCursorScreenPos({at.x + sp(20), at.y + (height - line) / 2});
    ui::text(id_of(side, fmt::format("counter/{}/name", look.id)), look.name, look.role, Font::code, width - sp(22));
    ui::tip(fmt::format("{} {}", value, words));
    ImGui::SetCursorScreenPos({at.x, at.y + height + sp(6)});
}

void draw_counter(State& state, Side side, const CounterLook& look, int value,
                  const std::vector<mdscope::CounterStep>& steps, const std::string& words, float height) {
    if (height < 2 * ImGui::GetTextLineHeight() + sp(14)) return draw_counter_line(side, look, value, words, height);
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x;
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    draw.AddRectFilled(at, {at.x + width, at.y + height}, color_u32(Role::card), sp(4));
    const ImVec2 inside(at.x + sp(8), at.y + sp(4));
    ImGui::SetCursorScreenPos(inside);
    ui::text(id_of(side, fmt::format("counter/{}/name", look.id)), look.name, look.role, Font::code, width - sp(12));
    ImGui::SetCursorScreenPos({inside.x, ImGui::GetItemRectMax().y + sp(2)});
    ui::text(id_of(side, fmt::format("counter/{}", look.id)), std::to_string(value), look.role, Font::large, sp(48));
    const ui::Rect number = ui::rect_of_item();
    ImGui::SetCursorScreenPos({number.right() + sp(8), number.y + (number.h - ImGui::GetTextLineHeight()) / 2});
    ui::text(id_of(side, fmt::format("counter/{}/words", look.id)), words, Role::dim_text, Font::text,
             at.x + width - number.right() - sp(12));
    const float top = number.bottom() + sp(2);
    if (at.y + height - sp(6) - top > sp(10))
        draw_steps(steps, state.player.end(), state.player.tick(), look.role,
                   {inside.x, top, width - sp(16), at.y + height - sp(6) - top});
    ImGui::SetCursorScreenPos({at.x, at.y + height + sp(6)});
}

// The bitmap's own counter counts writes to a bitmap file, and nothing else: in another home it never moves.
std::string counter_words(const State& state, Side side, int value, const std::vector<mdscope::CounterStep>& steps,
                          bool of_bitmap) {
    if (value == 1) return "write in flight";
    if (value > 1) return "writes in flight";
    const auto has_moved = [&state](const mdscope::CounterStep& step) {
        return step.value != 0 && step.tick <= state.player.tick();
    };
    if (std::ranges::any_of(steps, has_moved)) return "none in flight";
    const bool never = of_bitmap && state.player.scenario(side).bitmap != "file" && !state.hides_outcome();
    return never ? "never moves here" : "has not moved";
}

void draw_waits(Side side, const SideView& view) {
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const ImVec2 avail = ImGui::GetContentRegionAvail();
    ImGui::GetWindowDrawList()->AddRectFilled(at, {at.x + avail.x, at.y + avail.y}, color_u32(Role::card), sp(4));
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, sp(8, 4));
    ImGui::PushStyleColor(ImGuiCol_ChildBg, ImU32{0});
    const float gap = ImGui::GetStyle().ItemSpacing.y;
    const float words = whole_lines(avail.y - sp(4) + gap, ImGui::GetTextLineHeight() + gap) - gap;
    ImGui::BeginChild("waits", {avail.x, sp(4) + words}, false, ImGuiWindowFlags_AlwaysUseWindowPadding);
    if (view.waits.empty()) ui::text(id_of(side, "waits"), "nobody sleeps", Role::dim_text);
    for (std::size_t i = 0; i < view.waits.size(); i++) {
        const Wait& wait = view.waits[i];
        ui::paragraph(id_of(side, fmt::format("wait/{}/task", i)), fmt::format("{} waits on", wait.task),
                      Role::dim_text);
        ui::text(id_of(side, fmt::format("wait/{}/queue", i)), wait.queue, Role::safe, Font::code);
        ui::paragraph(id_of(side, fmt::format("wait/{}/condition", i)), wait.condition);
        if (!wait.values.empty())
            ui::text(id_of(side, fmt::format("wait/{}/values", i)), wait.values, Role::current, Font::code);
        if (!wait.wakers.empty())
            ui::paragraph(id_of(side, fmt::format("wait/{}/wakers", i)),
                          fmt::format("woken by {}", fmt::join(wait.wakers, ", ")), Role::dim_text);
    }
    ImGui::EndChild();
    ImGui::PopStyleColor();
    ImGui::PopStyleVar();
}

void draw_counters(State& state, Side side, const SideView& view, float width, float height) {
    ImGui::BeginChild("counters", {width, height}, false, ImGuiWindowFlags_NoScrollbar);
    const float line = ImGui::GetTextLineHeight();
    const float full = 2 * line + sp(26);
    const bool fits = height >= 2 * full + sp(6);
    const float each = fits ? std::clamp(height * 0.31F, full, sp(108)) : std::min((height - sp(6)) / 2, line + sp(10));
    draw_counter(state, side, {"bitmap", "bitmap->pending_writes", Role::data_write}, view.bitmap_pending,
                 view.bitmap_steps, counter_words(state, side, view.bitmap_pending, view.bitmap_steps, true), each);
    draw_counter(state, side, {"mddev", "mddev->pending_writes", Role::bitmap_write}, view.mddev_pending,
                 view.mddev_steps, counter_words(state, side, view.mddev_pending, view.mddev_steps, false), each);
    if (ImGui::GetContentRegionAvail().y > sp(30)) draw_waits(side, view);
    ImGui::EndChild();
}

// ---- the foot: members, and what will come of it

// Those the run began with: an rdev that nobody holds any more is no member of a snapshot.
void draw_members(const State& state, Side side, const SideView& view) {
    std::vector<std::string> names;
    for (const SnapshotMember& member : state.player.duel().at(side, 0).snapshot.members) names.push_back(member.name);
    std::ranges::sort(names);  // md lists the newest first
    bool is_first = true;
    for (const std::string& name : names) {
        const auto& members = view.step->snapshot.members;
        const auto found = std::ranges::find(members, name, &SnapshotMember::name);
        const bool bound = found != members.end() && found->bound;
        const bool is_off = view.status == Status::Off;
        const std::string text = is_off ? fmt::format("{}: not assembled", name)
                                        : fmt::format("rdev {} → {}", name, bound ? "mddev ✓" : "NULL ▲");
        if (!is_first) ImGui::SameLine(0, sp(18));
        is_first = false;
        ui::text(id_of(side, "member/" + name), text,
                 bound    ? Role::text
                 : is_off ? Role::dim_text
                          : Role::danger,
                 Font::text, std::max(sp(40), ImGui::CalcTextSize(text.c_str()).x + sp(2)));
    }
}

std::string completion_of(const Exhibit& exhibit, const Cover& cover) {
    const museum::Counter* counter = find_counter(exhibit, cover.counter);
    return counter != nullptr ? fmt::format("{}()", counter->completion) : "its completion";
}

std::string verdict(const Exhibit& exhibit, const SideView& view) {
    for (const Cover& cover : view.covers)
        if (!cover.covered && cover.is_taken)
            return fmt::format("If {} ends now, {} meets what is gone.", cover.bio, completion_of(exhibit, cover));
    for (const Cover& cover : view.covers)
        if (!cover.covered) return fmt::format("Nobody waits for {}.", cover.bio);
    for (const Cover& cover : view.covers)
        if (cover.is_waited) return fmt::format("Safe: {}() waits for {}.", cover.wait, cover.bio);
    return "";
}

void draw_foot(const State& state, Side side, const SideView& view) {
    draw_members(state, side, view);
    if (state.hides_outcome()) return ui::text(id_of(side, "verdict"), " ", Role::dim_text);
    const std::string text = view.status == Status::Oops      ? "This kernel has halted. Step back, or see the Oops."
                             : view.status == Status::Stopped ? state.player.duel().exhibit().act.over
                                                              : verdict(state.player.duel().exhibit(), view);
    const Role role = view.status == Status::InDanger || view.status == Status::Oops ? Role::danger : Role::safe;
    ui::text(id_of(side, "verdict"), text.empty() ? " " : text, role);
}

Role border_of(Status status) {
    if (status == Status::InDanger || status == Status::Oops) return Role::danger;
    return status == Status::Waiting ? Role::safe : Role::border;
}

}  // namespace

void draw_card(State& state, Side side, const ui::Rect& rect) {
    const SideView& view = state.player.view().sides[side];
    const Panel panel(side == Side::A ? "card A" : "card B", rect,
                      {.fill = Role::panel, .border = border_of(shown(state, view)), .scrolls = true});
    draw_head(state, side, view);
    const float foot = 2 * ImGui::GetTextLineHeight() + ImGui::GetStyle().ItemSpacing.y + sp(6);
    const ImVec2 room = ImGui::GetContentRegionAvail();
    const float height = std::max(sp(64), room.y - foot);
    const float counters = std::clamp(room.x * 0.31F, sp(184), sp(230));
    draw_tree(state, side, view, room.x - counters - sp(8), height);
    ImGui::SameLine(0, sp(8));
    draw_counters(state, side, view, counters, height);
    draw_foot(state, side, view);
}

}  // namespace mdscope::gui
