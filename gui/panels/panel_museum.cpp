// SPDX-License-Identifier: MIT
// The museum: a list of the bugs, and a page of the one that is chosen. The page tells what `mdscope museum M2` tells;
// its one button looks for the shortest schedule that goes wrong, and plays it in the lab beside the array with the
// fix.
//
//   M24  A completion that counts down before it is over            [Play the crash  Space]
//   +- who met it -+ +- wrong order --------+ +- right order -------+
//   +--------------+ +----------------------+ +---------------------+      narrow: below each other
//   | the shortest crash:  1 > 2 > 3 > 4 > 5                        |
//   +- which kernels had it ----------------+ +- three questions ---+
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/explore/card.hpp"
#include "gui/frame/imgui_version.hpp"
#include "gui/frame/keys.hpp"
#include "gui/panels/museum_page.hpp"

namespace mdscope::gui {

namespace {

constexpr double kBetweenFrames = 0.1;  // seconds, while a search is under way

// ---- the list

// What was met in Linux and mended there first; what is still there has a word of its own.
void draw_exhibit_entry(State& state, const PagePen& page, const Exhibit& exhibit, const ui::Rect& units) {
    const std::string id = fmt::format("museum/list/{}", exhibit.page.number);
    const Pen& pen = page.pen();
    page.panel(units, &exhibit == &state.museum.chosen() ? Role::here : Role::border);
    if (page.area(id, units, fmt::format("{} {}", exhibit.page.number, exhibit.title))) state.museum.choose(exhibit);
    const float left = units.x + 14, right = units.x + units.w - 14;
    pen.text(left, units.y + 22, exhibit.page.number, Face::bold, 16, pen.ink(Role::accent));
    const char* word = is_still_there(exhibit) ? "still there" : exhibit.page.symptom;
    const Role role = is_still_there(exhibit) ? Role::danger : Role::dim_text;
    const float width = pen.width_of(word, Face::bold, 14) + 20;
    if (is_still_there(exhibit))
        pen.dashed_frame(right - width, units.y + 10, width, 24, pen.ink(role), 1.5F);
    else
        pen.frame(right - width, units.y + 10, width, 24, pen.ink(Role::border), 1, 4);
    pen.text(right - width / 2, units.y + 22, word, Face::bold, 14, pen.ink(role), Align::middle);
    page.text(id + "/title", exhibit.title, {left + 48, units.y + 12, right - width - left - 60, 0}, {14, true, 3});
    page.text(id + "/kernels", fmt::format("Linux: {}", exhibit.page.kernels),
              {left + 48, units.y + 68, right - left - 48, 0}, {14, false, 2, Role::dim_text});
}

void draw_exhibits(State& state) {
    const PagePen page;
    const float width = std::floor(ImGui::GetContentRegionAvail().x / (sp(1000) / 1000));
    constexpr float kHeight = 112;
    const std::vector<const Exhibit*> all = exhibits_by_number();
    page.text("museum/heading", "Every bug of md's RAID1 that is known here", {8, 6, width - 16, 0}, {26, true, 3});
    float y = 6 + page.height_of("Every bug of md's RAID1 that is known here", width - 16, {26, true, 3}) + 4;
    const std::string below = fmt::format("{} of them, each found again by the search. Click one.", all.size());
    y += page.text("museum/below", below, {8, y, width - 16, 0}, {16, false, 3, Role::dim_text}) + 12;
    const auto columns = static_cast<std::size_t>(std::clamp(std::floor(width / 380), 1.0F, 4.0F));
    const float each = (width - kMuseumGap * static_cast<float>(columns - 1)) / static_cast<float>(columns);
    for (std::size_t i = 0; i < all.size(); i++)
        draw_exhibit_entry(state, page, *all[i],
                           {place_in_grid(i, columns).column * (each + kMuseumGap),
                            y + place_in_grid(i, columns).row * (kHeight + kMuseumGap), each, kHeight});
    page.end_at(y + grid_rows(all.size(), columns) * (kHeight + kMuseumGap));
}

// ---- the page

void leave_list(State& state, int step) {
    state.museum.choose_beside(step);
}

// Back to all of them, and the neighbours. Returns its bottom.
float draw_way_back(State& state, const PagePen& page, float width) {
    const Pen& pen = page.pen();
    const std::vector<const Exhibit*> all = exhibits_by_number();
    const auto at = std::ranges::find(all, &state.museum.chosen()) - all.begin();
    const std::string back = fmt::format("◀ all {}", all.size());
    const float back_width = pen.width_of(back, Face::text, 14) + 56;
    if (page.area("museum/all", {0, 0, back_width, 28}, back)) state.museum.shows_list = true;
    pen.text(6, 14, back, Face::text, 14, pen.ink(Role::accent));
    page.key(back_width - 2, 14, "Esc", Role::dim_text);
    const std::string where = fmt::format("Exhibit {} of {}", at + 1, all.size());
    page.text("museum/where", where, {back_width + 20, 4, pen.width_of(where, Face::text, 14) + 4, 0},
              {14, false, 1, Role::dim_text});
    const std::string next = "next ▸";
    const float next_width = pen.width_of(next, Face::text, 14) + 44;
    if (page.area("museum/next", {width - next_width, 0, next_width, 28}, next)) leave_list(state, 1);
    page.key(width - 2, 14, "N", Role::dim_text);
    pen.text(width - next_width + 6, 14, next, Face::text, 14, pen.ink(Role::accent));
    return 32;
}

// The one button of the page; returns its left edge.
float draw_play_button(State& state, const PagePen& page, float right, float y) {
    MuseumPage& museum = state.museum;
    const Pen& pen = page.pen();
    const bool runs = museum.is_searching();
    const std::string label = runs ? "Cancel" : "Play the " + bad_end_of(museum.chosen());
    const float key = runs ? 0 : pen.width_of("Space", Face::bold, 14) + 30;
    const float width = pen.width_of(label, Face::bold, 16) + 32 + key;
    const ui::Rect box{right - width, y, width, 44};
    if (page.area(runs ? "museum/cancel" : "museum/play", box, label)) {
        if (runs)
            museum.cancel();
        else
            state.answer(museum.play());
    }
    pen.fill(box.x, box.y, box.w, box.h, pen.ink(runs ? Role::card : Role::act), 6);
    const ImU32 ink = runs ? pen.ink(Role::text) : IM_COL32_WHITE;
    pen.text(box.x + 16, y + 22, label, Face::bold, 16, ink);
    if (runs) return box.x;
    pen.frame(right - 14 - (key - 14), y + 10, key - 14, 24, ink, 1.5F, 4);
    pen.text(right - 14 - (key - 14) / 2, y + 22, "Space", Face::bold, 14, ink, Align::middle);
    return box.x;
}

// Returns its bottom.
float draw_exhibit_title(State& state, const PagePen& page, float width, float y) {
    const Exhibit& exhibit = state.museum.chosen();
    const bool is_narrow = width < 620;
    const float right = is_narrow ? width : draw_play_button(state, page, width, y + 2) - 16;
    const float size = width < 420 ? 19 : 26;
    float at = y + page.text("museum/title", fmt::format("{}  {}", exhibit.page.number, exhibit.title),
                             {4, y, right - 8, 0}, {size, true, 4});
    at += page.text("museum/head", museum_head(exhibit), {4, at + 2, right - 8, 0}, {16, false, 6, Role::dim_text}) + 2;
    if (!is_narrow) return std::max(at, y + 48) + 10;
    draw_play_button(state, page, width, at + 6);
    return at + 60;
}

void draw_exhibit(State& state) {
    const PagePen page;
    const float width = std::floor(ImGui::GetContentRegionAvail().x / (sp(1000) / 1000));
    float y = draw_way_back(state, page, width);
    y = draw_exhibit_title(state, page, width, y);
    y = draw_museum_facts(state, page, {0, y, width, 0}) + kMuseumGap;
    y = draw_museum_crash(state, page, {0, y, width, 0}) + kMuseumGap;
    y = draw_museum_kernels(state, page, {0, y, width, 0});
    page.end_at(y + 4);
}

void take_museum_keys(State& state) {
    MuseumPage& museum = state.museum;
    if (is_dialog_open(state) || museum.shows_list) return;
    if (pressed("close") && !nav_is_visible()) museum.shows_list = true;
    if (pressed("next_exhibit")) leave_list(state, 1);
    if (!focus_moves() && pressed("play")) state.answer(museum.play());
    constexpr std::array kDigits = {"digit_1", "digit_2", "digit_3"};
    for (std::size_t i = 0; i < kDigits.size(); i++)
        if (pressed(kDigits.at(i))) museum.ask(i);
    if (pressed("digit_0")) museum.uncover(museum.question);
}

// What the search has found is played in the lab, from the start or from one of its pictures.
void play_found(State& state) {
    MuseumPage& museum = state.museum;
    if (museum.shows_list) return;
    if (const auto wrong = museum.pass(static_cast<double>(ImGui::GetIO().DeltaTime))) state.answer(*wrong);
    if (museum.is_searching()) ui::ask_for_frame(kBetweenFrames);
    const auto from = museum.take_play();
    if (!from) return;
    const Scenario run = museum.run()->scenario;
    if (state.open(run, run.title)) state.player.go_to(*from);  // the end is watched rather than met
}

}  // namespace

void draw_museum(State& state, const ui::Rect& rect) {
    // One of its own for each page: none keeps the scrolling of another.
    const std::string id = state.museum.shows_list ? "museum" : state.museum.chosen().page.number;
    const Panel panel(id.c_str(), rect, {.fill = Role::background, .border = Role::background});
    if (state.hides_future()) {
        ui::paragraph("museum/hidden", "A question is open that this page would answer. Answer it in the lab first.");
        return;
    }
    take_museum_keys(state);
    if (!is_dialog_open(state)) ui::scroll_by_keys();
    if (state.museum.shows_list)
        draw_exhibits(state);
    else
        draw_exhibit(state);
    play_found(state);
}

}  // namespace mdscope::gui
