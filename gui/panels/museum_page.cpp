// SPDX-License-Identifier: MIT

#include "gui/panels/museum_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/explore/card.hpp"
#include "gui/panels/miniature.hpp"

namespace mdscope::gui {

namespace {

constexpr float kMuseumPadding = 16;

// ---- who met it

// Draws it if `draws`; the height either way.
float put_parts(const PagePen& page, const std::vector<MuseumPart>& parts, const ui::Rect& units, bool draws) {
    float y = units.y;
    const TextLook title{16, true, 1}, words{14, false, 99, Role::dim_text};
    for (const MuseumPart& part : parts) {
        if (draws) page.text(fmt::format("museum/{}", part.id), part.title, {units.x, y, units.w, 0}, title);
        y += line_of(title.size) + 2;
        for (std::size_t i = 0; i < part.paragraphs.size(); i++) {
            const std::string& text = part.paragraphs[i];
            if (draws) page.text(fmt::format("museum/{}/{}", part.id, i), text, {units.x, y, units.w, 0}, words);
            y += page.height_of(text, units.w, words) + 2;
        }
        y += 8;
    }
    return y - units.y;
}

// ---- the two orders

// The counter that a line is about, by its place on the stage; none: it names none.
std::optional<std::size_t> counter_in(const Exhibit& exhibit, std::string_view line) {
    const auto counters = stage_counters(exhibit);
    for (std::size_t i = 0; i < counters.size(); i++)
        if (counters.at(i) != nullptr && line.find(counters.at(i)->name) != std::string_view::npos) return i;
    return std::nullopt;
}

struct BoxedOrder {
    const char* id;
    const char* title;
    museum::Names lines;
    Role role;
};

// Numbered boxes, one below the other; what looks at a counter has its colour. The height either way.
float put_order(const Exhibit& exhibit, const PagePen& page, const BoxedOrder& order, const ui::Rect& units,
                bool draws) {
    const TextLook words{14, false, 99};
    const Pen& pen = page.pen();
    float y = units.y;
    if (draws)
        page.text(fmt::format("museum/{}", order.id), order.title, {units.x, y, units.w, 0}, {19, true, 1, order.role});
    y += line_of(19) + 8;
    for (std::size_t i = 0; i < order.lines.size(); i++) {
        const std::string text = order.lines[i];
        const float height = page.height_of(text, units.w - 62, words) + 18;
        if (draws) {
            const auto counter = counter_in(exhibit, text);
            const Role edge = !counter ? Role::border : *counter == 0 ? Role::mddev : Role::bitmap;
            pen.fill(units.x, y, units.w, height, pen.ink(Role::background), 6);
            pen.frame(units.x, y, units.w, height, pen.ink(edge), counter ? 2 : 1);
            pen.circle(units.x + 22, y + height / 2, 12, pen.ink(Role::border));
            pen.text(units.x + 22, y + height / 2, std::to_string(i + 1), Face::bold, 14, pen.ink(Role::text),
                     Align::middle);
            page.text(fmt::format("museum/{}/{}", order.id, i), text, {units.x + 46, y + 9, units.w - 62, 0}, words);
        }
        y += height + 6;
    }
    return y - units.y;
}

// ---- five pictures

void draw_arrow(const Pen& pen, float x, float y) {
    pen.polygon({pen.at(x - 6, y - 9), pen.at(x + 7, y), pen.at(x - 6, y + 9)}, pen.ink(Role::faint));
}

void draw_frame(State& state, const PagePen& page, std::size_t number, const ui::Rect& units, float factor) {
    const MuseumFrame& frame = state.museum.run()->frames[number];
    const bool is_last = number + 1 == state.museum.run()->frames.size();
    const std::string id = fmt::format("museum/frame/{}", number);
    const Pen& pen = page.pen();
    const Role edge = is_last && frame.stage.crash ? Role::danger_fill : Role::border;
    pen.fill(units.x, units.y, units.w, units.h, pen.ink(Role::card), 8);
    pen.frame(units.x, units.y, units.w, units.h, pen.ink(edge), is_last ? 3 : 1.5F, 8);
    if (page.area(id, units, frame.words)) state.answer(state.museum.play(frame.tick));
    const float width = kMiniatureWidth * factor, height = (kMiniatureHeight - kMiniatureHead) * factor;
    pen.circle(units.x + 22, units.y + 22, 13, pen.ink(Role::background));
    pen.text(units.x + 22, units.y + 22, std::to_string(number + 1), Face::bold, 14, pen.ink(Role::text),
             Align::middle);
    page.text(id + "/words", frame.words, {units.x + 44, units.y + 10, units.w - 54, 0},
              {14, true, 3, is_last ? Role::danger : Role::text});
    draw_miniature(frame.stage,
                   {page.on_screen({units.x + (units.w - width) / 2, units.y + units.h - height - 6, width, height}),
                    id + "/stage", "counted", false});
}

// How the pictures stand, in units.
struct FrameGrid {
    std::size_t columns = 1, rows = 1;
    float width = 0, factor = 1, height = 0;
    static constexpr float kBetween = 26;
    [[nodiscard]] float total() const { return static_cast<float>(rows) * (height + kMuseumGap) - kMuseumGap; }
};

FrameGrid frame_grid(std::size_t count, float room) {
    constexpr float kLeast = 230, kMost = 330;
    FrameGrid grid;
    const float between = FrameGrid::kBetween;
    grid.columns = std::clamp<std::size_t>(static_cast<std::size_t>((room + between) / (kLeast + between)), 1, count);
    grid.rows = (count + grid.columns - 1) / grid.columns;
    const auto columns = static_cast<float>(grid.columns);
    grid.width = std::min(kMost, (room - between * (columns - 1)) / columns);
    grid.factor = std::min(1.0F, (grid.width - 8) / kMiniatureWidth);
    grid.height = 72 + (kMiniatureHeight - kMiniatureHead) * grid.factor;
    return grid;
}

void draw_frames(State& state, const PagePen& page, const FrameGrid& grid, ImVec2 at) {
    for (std::size_t i = 0; i < state.museum.run()->frames.size(); i++) {
        const float x = at.x + place_in_grid(i, grid.columns).column * (grid.width + FrameGrid::kBetween);
        const float y = at.y + place_in_grid(i, grid.columns).row * (grid.height + kMuseumGap);
        draw_frame(state, page, i, {x, y, grid.width, grid.height}, grid.factor);
        if (i % grid.columns > 0) draw_arrow(page.pen(), x - FrameGrid::kBetween / 2, y + grid.height / 2);
    }
}

std::string search_words(const MuseumPage& museum) {
    if (museum.is_searching()) return fmt::format("looking for it: {} so far", grouped(museum.looked_at()));
    if (museum.run() != nullptr) return "the steps that matter, found by the search; click one, or play it";
    return "Play looks for it";
}

// ---- which kernels

// A kernel as a box: hatched where it has the bug. A click opens the lab with its rows.
void draw_era(State& state, const PagePen& page, const KernelEra& era, bool has_it, const ui::Rect& units) {
    const std::string id = fmt::format("museum/era/{}", era.name);
    const Pen& pen = page.pen();
    const Role role = has_it ? Role::danger : Role::safe;
    pen.fill(units.x, units.y, units.w, 34, fill_u32(role), 3);
    if (has_it) pen.hatch(page.on_screen({units.x, units.y, units.w, 34}), pen.ink(role, 0.7F), true);
    const char* word = has_it ? "had it" : "safe";
    const float width = pen.width_of(word, Face::bold, 14) + 10;
    pen.fill(units.x + (units.w - width) / 2, units.y + 6, width, 22, pen.ink(Role::background), 4);
    pen.text(units.x + units.w / 2, units.y + 17, word, Face::bold, 14, pen.ink(role), Align::middle);
    pen.text(units.x + units.w / 2, units.y + 46, era.name, Face::text, 14, pen.ink(Role::dim_text), Align::middle);
    if (!page.area(id, {units.x, units.y, units.w, 56}, fmt::format("{}: {}", era.name, word))) return;
    const Result<Scenario> scenario = scenario_in(state.museum.chosen(), era);
    if (!scenario) return state.answer(scenario.error().text);
    if (state.open(*scenario, scenario->title)) state.player.go_to(0);
}

// The height either way.
float put_kernels(State& state, const PagePen& page, const ui::Rect& units, bool draws) {
    constexpr float kCell = 74, kRow = 66;
    const std::vector<const KernelEra*> had = had_in(state.museum.chosen());
    if (draws) {
        const float title = page.pen().width_of("Which kernels had it", Face::bold, 19);
        page.text("museum/kernels", "Which kernels had it", {units.x, units.y, title + 4, 0}, {19, true});
        if (units.w - title > 200)
            page.text("museum/kernels/what", "click one: the lab takes its rows",
                      {units.x + title + 14, units.y + 4, units.w - title - 14, 0}, {14, false, 1, Role::dim_text});
    }
    const auto columns = static_cast<std::size_t>(std::max(1.0F, units.w / kCell));
    const float each = units.w / static_cast<float>(columns), top = units.y + line_of(19) + 10;
    std::size_t i = 0;
    for (const KernelEra* era : real_eras()) {
        const ui::Rect box{units.x + place_in_grid(i, columns).column * each,
                           top + place_in_grid(i, columns).row * kRow, each - 4, kRow};
        if (draws) draw_era(state, page, *era, std::ranges::find(had, era) != had.end(), box);
        i++;
    }
    float height = line_of(19) + 10 + grid_rows(i, columns) * kRow + 4;
    height += put_parts(page, museum_proofs(state.museum.chosen()), {units.x, units.y + height, units.w, 0}, draws);
    return height;
}

// ---- the questions

// The height either way.
float put_questions(State& state, const PagePen& page, const ui::Rect& units, bool draws) {
    MuseumPage& museum = state.museum;
    const museum::Page& told = museum.chosen().page;
    const Pen& pen = page.pen();
    const std::size_t now = std::min(museum.question, told.questions.size() - 1);
    const museum::Question& question = told.questions[now];
    if (draws && std::exchange(museum.brings_question, false))
        ImGui::SetScrollFromPosY(pen.at(units.x, units.y).y - ImGui::GetWindowPos().y, 0.3F);
    if (draws) page.text("museum/questions", "Three questions", {units.x, units.y, units.w - 130, 0}, {19, true});
    for (std::size_t i = 0; draws && i < told.questions.size(); i++) {
        const float x = units.x + units.w - 16 - 38 * static_cast<float>(told.questions.size() - 1 - i),
                    y = units.y + 13;
        if (page.area(fmt::format("museum/question/{}/choose", i), {x - 16, y - 16, 32, 32}, std::to_string(i + 1)))
            museum.question = i;
        if (i == now)
            pen.circle(x, y, 13, pen.ink(Role::here));
        else
            pen.ring(x, y, 13, pen.ink(museum.is_uncovered(i) ? Role::safe : Role::faint), 2);
        pen.text(x, y, std::to_string(i + 1), Face::bold, 14,
                 i == now ? IM_COL32(18, 23, 30, 255) : pen.ink(Role::text), Align::middle);
    }
    const std::string id = fmt::format("museum/question/{}", now);
    float y = units.y + line_of(19) + 10;
    const TextLook asks{16, true, 99}, answer{16, false, 99, Role::safe};
    if (draws) page.text(id, question.asks, {units.x, y, units.w, 0}, asks);
    y += page.height_of(question.asks, units.w, asks) + 10;
    if (museum.is_uncovered(now)) {
        if (draws) page.text(id + "/answer", question.answer, {units.x, y, units.w, 0}, answer);
        return y + page.height_of(question.answer, units.w, answer) - units.y;
    }
    const float width = pen.width_of("Think first, then see the answer", Face::text, 16) + 32;
    if (draws && page.area(id + "/reveal", {units.x, y, width, 36}, "see the answer")) museum.uncover(now);
    if (draws) {
        pen.fill(units.x, y, width, 36, pen.ink(Role::card));
        pen.frame(units.x, y, width, 36, pen.ink(Role::border), 1);
        pen.text(units.x + 16, y + 18, "Think first, then see the answer", Face::text, 16, pen.ink(Role::text));
    }
    return y + 40 - units.y;
}

// Two or more panels of one height, beside each other if there is room for it, else below each other.
template <class Put>
float put_in_panels(const PagePen& page, const ui::Rect& units, const std::vector<float>& shares, float from,
                    Put&& put) {
    const bool is_row = units.w >= from;
    float height = 0, x = units.x, y = units.y;
    const float all = units.w - kMuseumGap * static_cast<float>(shares.size() - 1);
    const auto width_of = [&](std::size_t i) { return is_row ? std::floor(all * shares[i]) : units.w; };
    const auto inside = [&](std::size_t i) {
        return ui::Rect{x + kMuseumPadding, y + kMuseumPadding, width_of(i) - 2 * kMuseumPadding, 0};
    };
    for (std::size_t i = 0; is_row && i < shares.size(); i++) height = std::max(height, put(i, inside(i), false));
    for (std::size_t i = 0; i < shares.size(); i++) {
        const float own = is_row ? height : put(i, inside(i), false);
        const Role edge = put.edge(i);
        page.panel({x, y, width_of(i), own + 2 * kMuseumPadding}, edge, edge == Role::border ? 1 : 2);
        put(i, inside(i), true);
        if (is_row)
            x += width_of(i) + kMuseumGap;
        else
            y += own + 2 * kMuseumPadding + kMuseumGap;
    }
    return is_row ? units.y + height + 2 * kMuseumPadding : y - kMuseumGap;
}

struct PutFacts {
    const PagePen& page;
    const Exhibit& exhibit;
    float operator()(std::size_t i, const ui::Rect& at, bool draws) const {
        if (i == 0) return put_parts(page, museum_parts(exhibit), at, draws);
        const BoxedOrder wrong{"wrong_order", "✗ The wrong order", exhibit.page.wrong_order, Role::danger};
        const BoxedOrder right{"right_order", "✓ The right order", exhibit.page.right_order, Role::safe};
        return put_order(exhibit, page, i == 1 ? wrong : right, at, draws);
    }
    static Role edge(std::size_t i) { return i == 0 ? Role::border : i == 1 ? Role::danger : Role::safe; }
};

struct PutKernels {
    State& state;
    const PagePen& page;
    float operator()(std::size_t i, const ui::Rect& at, bool draws) const {
        return i == 0 ? put_kernels(state, page, at, draws) : put_questions(state, page, at, draws);
    }
    static Role edge(std::size_t /*i*/) { return Role::border; }
};

}  // namespace

float draw_museum_facts(State& state, const PagePen& page, const ui::Rect& units) {
    return put_in_panels(page, units, {0.3F, 0.35F, 0.35F}, 880, PutFacts{page, state.museum.chosen()});
}

float draw_museum_crash(State& state, const PagePen& page, const ui::Rect& units) {
    const MuseumPage& museum = state.museum;
    const std::string words = "The shortest " + bad_end_of(museum.chosen());
    const float title = page.pen().width_of(words, Face::bold, 19);
    const float top = units.y + kMuseumPadding + line_of(19) + 10;
    const float inside = units.w - 2 * kMuseumPadding, left = units.x + kMuseumPadding;
    const bool has_frames = museum.run() != nullptr && !museum.run()->frames.empty();
    const bool is_narrow = inside - title < 400;
    // As high as its pictures will be: nothing below it moves when they come.
    const FrameGrid grid = frame_grid(has_frames ? museum.run()->frames.size() : kMuseumFrames, inside);
    const float bottom = top + grid.total() + kMuseumPadding;
    page.panel({units.x, units.y, units.w, bottom - units.y});
    page.text("museum/crash", words, {left, units.y + kMuseumPadding, title + 4, 0}, {19, true});
    if (!is_narrow)
        page.text("museum/progress", search_words(museum),
                  {left + title + 14, units.y + kMuseumPadding + 4, inside - title - 14, 0},
                  {14, false, 1, Role::dim_text});
    else if (!has_frames)
        page.text("museum/progress", search_words(museum), {left, top, inside, 0}, {14, false, 3, Role::dim_text});
    if (has_frames) draw_frames(state, page, grid, {left, top});
    return bottom;
}

float draw_museum_kernels(State& state, const PagePen& page, const ui::Rect& units) {
    return put_in_panels(page, units, {0.6F, 0.4F}, 880, PutKernels{state, page});
}

}  // namespace mdscope::gui
