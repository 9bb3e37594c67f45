// SPDX-License-Identifier: MIT
// The first page: what this is in two lines, one button, the race in small, the course, and what else there is.
//
//   wide                                        narrow: below each other, and the page scrolls
//   +--------------------+ +------+ +------+
//   | two lines          | |  A   | |  B   |
//   | [Start here]       | |      | |      |
//   +--------------------+-+------+-+------+
//   | (1)----(2)----(3)----(4) ...         |
//   +--------+--------+----------+---------+
//   | Lab    | Live   | Matrix   | Museum  |
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gui/frame/keys.hpp"
#include "gui/model/course.hpp"
#include "gui/panels/home_cards.hpp"
#include "gui/panels/miniature.hpp"
#include "gui/panels/page_pen.hpp"
#include "gui/panels/panels.hpp"

namespace mdscope::gui {

namespace {

constexpr float kHomeMargin = 24, kHomeGap = 16;
constexpr float kStartHeight = 76;

// ---- the one button

struct HomeStart {
    std::string label, below;
    std::optional<int> lesson;  // nullopt: the lab, or the lesson that is under way
};

HomeStart start_of(const State& state) {
    if (state.lesson)
        return {"Continue", fmt::format("lesson {}, page {}", state.lesson->number(), state.lesson->page() + 1), {}};
    if (const auto& left = state.left_lesson)
        return {"Continue", fmt::format("lesson {}, page {}", left->number(), left->page() + 1), left->number()};
    const std::optional<int> next = next_lesson(state.lessons_done);
    if (!next) return {"Free play", "the whole course is done", {}};
    const CourseRow& row = *std::ranges::find(kCourse, *next, &CourseRow::lesson);
    if (*next == 0) return {"Start here", "lesson 0, 90 seconds, from the very start", next};
    return {state.lessons_done.empty() ? "Start here" : "Continue",
            fmt::format("lesson {}, {}, {}", *next, row.title, row.time), next};
}

void begin_lesson(State& state, std::optional<int> lesson) {
    if (!lesson && state.lesson && state.lesson->is_away())
        state.lesson->come_back(state);
    else if (!lesson)
        state.mode = Mode::lab;
    else
        state.answer(LessonRun::start(state, *lesson));
}

void draw_start(State& state, const PagePen& page, const ui::Rect& units) {
    const Pen& pen = page.pen();
    const HomeStart start = start_of(state);
    const bool is_pressed = page.area("home/start", units, start.label);
    const ImU32 white = IM_COL32_WHITE;
    pen.fill(units.x, units.y, units.w, units.h, pen.ink(Role::act), 8);
    const float y = units.y + units.h / 2;
    pen.polygon({pen.at(units.x + 26, y - 15), pen.at(units.x + 50, y), pen.at(units.x + 26, y + 15)}, white);
    pen.text(units.x + 68, y - 13, start.label, Face::bold, 22, white);
    const float key = units.x + units.w - 18 - (pen.width_of("Enter", Face::bold, 14) + 16);
    pen.text(units.x + 68, y + 15, start.below, Face::text, 14, white);
    pen.frame(key, y - 15, units.x + units.w - 18 - key, 30, white, 1.5F, 5);
    pen.text((key + units.x + units.w - 18) / 2, y, "Enter", Face::bold, 14, white, Align::middle);
    if (is_pressed) begin_lesson(state, start.lesson);
}

// ---- what it is

// A link with its key; returns how wide it is.
float draw_way(State& state, const PagePen& page, const char* id, const char* words, const char* key, Mode mode,
               ImVec2 at) {
    const Pen& pen = page.pen();
    const float width = pen.width_of(words, Face::bold, 16);
    const float box = pen.width_of(keys_of(key), Face::bold, 14) + 16;
    if (page.area(id, {at.x, at.y - 13, width + 10 + box, 26}, words)) state.mode = mode;
    pen.text(at.x, at.y, words, Face::bold, 16, pen.ink(Role::accent));
    page.key(at.x + width + 10 + box, at.y, keys_of(key));
    return width + 10 + box;
}

float draw_ways(State& state, const PagePen& page, float x, float y, float width) {
    const float first = page.pen().text(x, y, "Know md already?", Face::text, 16, page.pen().ink(Role::dim_text)) + 12;
    const bool is_row = width > 640;
    const ImVec2 live = is_row ? ImVec2(x + first, y) : ImVec2(x, y + 32);
    const float next =
        draw_way(state, page, "home/to_live", "See it on two real mounts", "mode_live", Mode::live, live);
    const ImVec2 museum = is_row ? ImVec2(live.x + next + 20, y) : ImVec2(x, y + 64);
    draw_way(state, page, "home/to_museum", is_row ? "or every bug we know" : "Every bug we know", "mode_museum",
             Mode::museum, museum);
    return is_row ? 26 : 90;
}

// Returns its bottom.
float draw_hero(State& state, const PagePen& page, const ui::Rect& units) {
    const float size = units.w >= 700 ? 44 : units.w >= 550 ? 36 : units.w >= 420 ? 26 : 19;
    const bool is_small = units.w < 420;  // then what is pressed comes before what is explained
    float y = units.y + 8;
    y += page.text("home/title/0", "Stop a disk in mid-write.", {units.x, y, units.w, 0}, {size, true, 4});
    y += page.text("home/title/1", "One kernel crashes, one waits.", {units.x, y, units.w, 0}, {size, true, 4}) + 14;
    const ui::Rect start{units.x, y, std::min(units.w, 466.0F), kStartHeight};
    if (is_small) draw_start(state, page, start);
    if (is_small) y += kStartHeight + 16;
    y += page.text("home/what",
                   "The same RAID1 code runs twice, on the same disks, in the same order. One line differs. You can "
                   "stop it, rewind it, and move every event.",
                   {units.x, y, std::min(units.w, 720.0F), 0}, {is_small ? 16.0F : 19.0F, false, 12, Role::dim_text}) +
         22;
    if (!is_small) draw_start(state, page, {start.x, y, start.w, start.h});
    if (!is_small) y += kStartHeight + 32;
    return y + draw_ways(state, page, units.x, y, units.w);
}

// ---- the race, in small

float draw_race(State& state, const PagePen& page, float right, float y, float factor) {
    const auto& stages = state.home.stages();
    const float width = kMiniatureWidth * factor, height = kMiniatureHeight * factor;
    float x = right - 2 * width - kHomeGap;
    for (const Side side : kSides) {
        const std::string id = fmt::format("home/race/{}", side_name(side));
        draw_miniature(stages.at(side), {page.on_screen({x, y, width, height}), id, "in flight"});
        x += width + kHomeGap;
    }
    const char* words = state.home.is_playing() ? "playing: Space pauses it"
                        : state.home.is_over()  ? "A crashed, B waited: Space plays it again"
                                                : "this is lesson 1, paused: press Space to watch it";
    const float left = right - 2 * width - kHomeGap;
    if (page.area("home/race/play", {left, y + height + 6, 2 * width + kHomeGap, 26}, words)) state.home.toggle_play();
    page.pen().text(left + width + kHomeGap / 2, y + height + 19, words, Face::text, 14, page.pen().ink(Role::dim_text),
                    Align::middle);
    return y + height + 34;
}

// ---- the course

void draw_lesson_disc(const PagePen& page, const CourseRow& row, float x, float y, bool is_next, bool is_done) {
    const Pen& pen = page.pen();
    const Role edge = is_done ? Role::safe : is_next ? Role::here : Role::faint;
    constexpr float kDisc = 24;
    if (row.is_game) {
        const ImVec2 up = pen.at(x, y - 27), right = pen.at(x + 27, y), down = pen.at(x, y + 27),
                     left = pen.at(x - 27, y);
        pen.polygon({up, right, down, left}, pen.ink(is_done ? Role::safe : is_next ? Role::act : Role::card));
        pen.path({up, right, down, left, up}, pen.ink(edge), is_next ? 3 : 1.5F);
    } else {
        pen.circle(x, y, kDisc, pen.ink(is_done ? Role::safe : is_next ? Role::act : Role::card));
        pen.ring(x, y, is_next ? kDisc + 6 : kDisc, pen.ink(edge), is_next ? 3 : 1.5F);
    }
    if (is_done)
        return pen.path({pen.at(x - 9, y), pen.at(x - 3, y + 7), pen.at(x + 9, y - 7)}, pen.ink(Role::background),
                        3.5F);
    pen.text(x, y, std::to_string(row.lesson), Face::bold, 19, is_next ? IM_COL32_WHITE : pen.ink(Role::text),
             Align::middle);
}

// One lesson: a disc, a title, a time and four words, all of it one place to press.
void draw_lesson_of(State& state, const PagePen& page, const CourseRow& row, const ui::Rect& units, bool is_next) {
    const Pen& pen = page.pen();
    const bool is_done = state.lessons_done.contains(row.lesson);
    const float x = units.x + units.w / 2;
    if (page.area(fmt::format("home/lesson/{}", row.lesson), units, fmt::format("{}  {}", row.lesson, row.title)))
        begin_lesson(state, row.lesson);
    draw_lesson_disc(page, row, x, units.y + 38, is_next, is_done);
    pen.text(x, units.y + 88, row.title, Face::bold, 16, pen.ink(Role::text), Align::middle);
    pen.text(x, units.y + 112, is_done ? "done" : row.time, Face::text, 14,
             pen.ink(is_done   ? Role::safe
                     : is_next ? Role::current
                               : Role::dim_text),
             Align::middle);
    pen.text(x, units.y + 135, row.what, Face::text, 14, pen.ink(Role::dim_text), Align::middle);
}

void draw_course_progress(const State& state, const PagePen& page, float right, float y) {
    const Pen& pen = page.pen();
    const auto done = static_cast<std::size_t>(
        std::ranges::count_if(kCourse, [&](const CourseRow& row) { return state.lessons_done.contains(row.lesson); }));
    const std::string words = fmt::format("{} of {}", done, kCourse.size());
    const float width = pen.text(right, y, words, Face::text, 14, pen.ink(Role::dim_text), Align::right);
    const float share = static_cast<float>(done) / static_cast<float>(kCourse.size());
    pen.fill(right - width - 162, y - 4, 150, 8, pen.ink(Role::card), 4);
    if (done > 0) pen.fill(right - width - 162, y - 4, 150 * share, 8, pen.ink(Role::safe), 4);
}

float draw_course(State& state, const PagePen& page, const ui::Rect& units) {
    constexpr float kCell = 186, kHead = 48, kRow = 156;
    const auto count = kCourse.size();
    const auto fits = static_cast<std::size_t>(std::max(1.0F, (units.w - 16) / kCell));
    const std::size_t rows = (count + fits - 1) / fits, columns = (count + rows - 1) / rows;
    const float height = kHead + static_cast<float>(rows) * kRow + 12;
    page.panel({units.x, units.y, units.w, height});
    const Pen& pen = page.pen();
    const bool has_room = units.w > 520;
    page.text("home/course", "The course", {units.x + kHomeMargin, units.y + 14, 200, 0}, {19, true});
    if (has_room)
        page.text("home/course/what", "half an hour; come back where you left",
                  {units.x + kHomeMargin + 130, units.y + 18, units.w - 2 * kHomeMargin - 380, 0},
                  {14, false, 1, Role::dim_text});
    if (has_room) draw_course_progress(state, page, units.x + units.w - kHomeMargin, units.y + 28);
    const float cell = (units.w - 16) / static_cast<float>(columns);
    const std::optional<int> next = next_lesson(state.lessons_done);
    for (std::size_t i = 0; i < count; i++) {
        const auto column = place_in_grid(i, columns).column, row = place_in_grid(i, columns).row;
        const ui::Rect place{units.x + 8 + column * cell, units.y + kHead + row * kRow, cell, kRow - 6};
        if (i % columns > 0)  // the way that leads here
            pen.line(pen.at(place.x - cell / 2 + 32, place.y + 38), pen.at(place.x + cell / 2 - 32, place.y + 38),
                     pen.ink(Role::border), 4);
        draw_lesson_of(state, page, kCourse.at(i), place, kCourse.at(i).lesson == next);
    }
    return units.y + height;
}

// ---- the whole

float draw_home_top(State& state, const PagePen& page, float width) {
    constexpr float kText = 510;
    for (const float factor : {1.0F, 0.92F}) {
        const float race = 2 * kMiniatureWidth * factor + kHomeGap;
        if (kHomeMargin + kText + race + 2 * kHomeMargin > width) continue;
        const float text = width - race - 3 * kHomeMargin;
        const float bottom = draw_hero(state, page, {kHomeMargin, 20, text, 0});
        return std::max(bottom, draw_race(state, page, width - 8, 24, factor));
    }
    const float bottom = draw_hero(state, page, {kHomeMargin, 12, width - 2 * kHomeMargin, 0});
    const float factor = std::min(1.0F, (width - 2 * kHomeMargin - kHomeGap) / (2 * kMiniatureWidth));
    if (factor < 0.8F) return bottom;  // no words of it could be read
    return draw_race(state, page, kHomeMargin + 2 * kMiniatureWidth * factor + kHomeGap, bottom + 8, factor);
}

void take_home_keys(State& state) {
    if (!focus_moves() && pressed("press")) return begin_lesson(state, start_of(state).lesson);
    if (pressed("play")) state.home.toggle_play();
    constexpr std::array kDigits = {"digit_0", "digit_1", "digit_2", "digit_3",
                                    "digit_4", "digit_5", "digit_6", "digit_7"};
    static_assert(kDigits.size() == kCourse.size());
    for (std::size_t i = 0; i < kDigits.size(); i++)
        if (pressed(kDigits.at(i))) return begin_lesson(state, kCourse.at(i).lesson);
}

}  // namespace

void draw_home(State& state, const ui::Rect& rect) {
    const Panel panel("home", rect, {.fill = Role::background, .border = Role::background});
    const PagePen page;
    const float width = std::floor(ImGui::GetContentRegionAvail().x / (sp(1000) / 1000));
    const float top = draw_home_top(state, page, width);
    const float course = draw_course(state, page, {0, top + kHomeGap, width, 0});
    const float bottom = draw_home_cards(state, page, {0, course + kHomeGap, width, 0});
    page.end_at(bottom + 4);
    if (state.home.is_playing()) ui::ask_for_frame(0);
    if (is_dialog_open(state)) return;
    take_home_keys(state);
    ui::scroll_by_keys();
}

}  // namespace mdscope::gui
