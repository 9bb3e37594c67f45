// SPDX-License-Identifier: MIT

#include "gui/panels/home_cards.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/explore/matrix.hpp"
#include "gui/frame/keys.hpp"
#include "gui/panels/stage_figures.hpp"

namespace mdscope::gui {

namespace {

constexpr float kCardHeight = 184, kCardGap = 20, kPictureHeight = 56;

// A write that is held, with its end to be dragged, and the same on the other array.
void draw_lab_picture(const PagePen& page, const ui::Rect& at) {
    const Pen& pen = page.pen();
    const float held = at.w * 0.44F;
    pen.fill(at.x, at.y + 4, at.w, 16, pen.ink(Role::field), 2);
    pen.hatch(page.on_screen({at.x + at.w * 0.12F, at.y + 4, held, 16}), pen.ink(Role::held), false);
    pen.frame(at.x + at.w * 0.12F, at.y + 4, held, 16, pen.ink(Role::held), 1.5F, 2);
    pen.fill(at.x + at.w * 0.12F + held - 4, at.y, 8, 24, pen.ink(Role::text), 2);
    pen.fill(at.x, at.y + 36, at.w, 16, pen.ink(Role::field), 2);
    pen.frame(at.x + at.w * 0.06F, at.y + 36, at.w * 0.3F, 16, pen.ink(Role::faint), 1.5F, 2);
    pen.line(pen.at(at.x + at.w * 0.62F, at.y - 4), pen.at(at.x + at.w * 0.62F, at.y + 58), pen.ink(Role::here), 2.5F);
}

// One counter of each array; one ends in a crash, the other well.
void draw_live_picture(const PagePen& page, const ui::Rect& at) {
    const Pen& pen = page.pen();
    for (const bool is_b : {false, true}) {
        const float low = at.y + (is_b ? 54.0F : 20.0F), high = low - 16;
        const float end = at.x + at.w * (is_b ? 0.74F : 0.78F);
        float x = at.x;
        for (int i = 0; i < 6; i++, x += at.w * 0.08F) {
            pen.path({pen.at(x, low), pen.at(x + at.w * 0.03F, low), pen.at(x + at.w * 0.03F, high),
                      pen.at(x + at.w * 0.06F, high), pen.at(x + at.w * 0.06F, low), pen.at(x + at.w * 0.08F, low)},
                     pen.ink(Role::mddev), 2);
        }
        pen.path({pen.at(x, low), pen.at(x + at.w * 0.04F, low), pen.at(x + at.w * 0.04F, high), pen.at(end, high)},
                 pen.ink(Role::mddev), 2);
        if (!is_b) {
            figures::draw_burst(pen, end + 8, high, 13);
            continue;
        }
        pen.path({pen.at(end, high), pen.at(end, low), pen.at(end + at.w * 0.1F, low)}, pen.ink(Role::mddev), 2);
        pen.fill(end + at.w * 0.1F + 4, low - 14, 14, 14, pen.ink(Role::safe), 2);
    }
}

void draw_matrix_picture(const PagePen& page, const ui::Rect& at) {
    const Pen& pen = page.pen();
    constexpr int kColumns = 14, kRows = 3;
    constexpr std::array<int, 6> kCrashes = {1, 2, 5, 9, kColumns + 1, kColumns + 5};  // as a drawing, not as a result
    const float cell = at.w / kColumns;
    for (int row = 0; row < kRows; row++)
        for (int column = 0; column < kColumns; column++) {
            const float x = at.x + static_cast<float>(column) * cell, y = at.y + static_cast<float>(row) * 20;
            const bool crashes = std::ranges::find(kCrashes, row * kColumns + column) != kCrashes.end();
            pen.fill(x, y, cell - 3, 17, crashes ? pen.ink(Role::danger_fill) : fill_u32(Role::safe), 2);
            if (!crashes) continue;
            const float mx = x + (cell - 3) / 2, my = y + 8.5F;
            pen.line(pen.at(mx - 4, my - 4), pen.at(mx + 4, my + 4), IM_COL32_WHITE, 2);
            pen.line(pen.at(mx - 4, my + 4), pen.at(mx + 4, my - 4), IM_COL32_WHITE, 2);
        }
}

// Which kernels had it, of the exhibits that are a bug of some.
void draw_museum_picture(const PagePen& page, const ui::Rect& at) {
    const Pen& pen = page.pen();
    const std::vector<const KernelEra*> eras = real_eras();
    const float step = at.w / static_cast<float>(eras.size());
    float y = at.y;
    for (const Exhibit* exhibit : exhibits_by_number()) {
        const auto had = had_in(*exhibit);
        if (had.empty() || had.size() + 1 >= eras.size()) continue;
        const auto first = static_cast<float>(std::ranges::find(eras, had.front()) - eras.begin());
        const auto last = static_cast<float>(std::ranges::find(eras, had.back()) - eras.begin()) + 1;
        pen.fill(at.x + first * step, y, (last - first) * step, 8, fill_u32(Role::danger), 1);
        pen.hatch(page.on_screen({at.x + first * step, y, (last - first) * step, 8}), pen.ink(Role::danger), true);
        y += 10;
        if (y > at.y + 32) break;
    }
    pen.line(pen.at(at.x, at.y + 42), pen.at(at.x + at.w, at.y + 42), pen.ink(Role::faint), 1);
    pen.text(at.x, at.y + 53, eras.front()->name, Face::text, 14, pen.ink(Role::dim_text));
    pen.text(at.x + at.w, at.y + 53, eras.back()->name, Face::text, 14, pen.ink(Role::dim_text), Align::right);
}

std::string matrix_words() {
    static const std::size_t kCells = matrix_cells(Granularity::Coarse).size();
    return fmt::format("{} set-ups searched completely; click one to see it happen.", kCells);
}
std::string museum_title() {
    return fmt::format("{} bugs, {} kernels", exhibits().size(), real_eras().size());
}

struct HomeCard {
    Mode mode;
    const char* key;
    const char* title;
    std::string second, words;
    void (*draw)(const PagePen&, const ui::Rect&);
};

void draw_home_card(State& state, const PagePen& page, const HomeCard& card, const ui::Rect& units) {
    const std::string id = fmt::format("home/card/{}", kWindowModes[card.mode]);
    page.panel(units);
    if (page.area(id, units, card.title)) state.mode = card.mode;
    const float left = units.x + 20, width = units.w - 40;
    const float title = page.pen().width_of(card.title, Face::bold, 19);
    page.text(id + "/title", card.title, {left, units.y + 14, title + 4, 0}, {19, true});
    const float room = width - title - 60;
    const bool fits = page.pen().width_of(card.second, Face::text, 14) <= room;
    page.text(id + "/second", fits ? card.second : card.second.substr(0, card.second.find(',')),
              {left + title + 12, units.y + 18, room, 0}, {14, false, 1, Role::dim_text});
    page.key(units.x + units.w - 18, units.y + 27, keys_of(card.key));
    page.text(id + "/words", card.words, {left, units.y + 50, width, 0}, {14, false, 3, Role::dim_text});
    card.draw(page, {left, units.y + kCardHeight - kPictureHeight - 16, width, kPictureHeight});
}

}  // namespace

float draw_home_cards(State& state, const PagePen& page, const ui::Rect& units) {
    const std::array<HomeCard, 4> cards = {{
        {Mode::lab, "mode_lab", "Lab", "Free play",
         "Any scenario: hold, release, fail, rewind, fork. Nothing can break.", draw_lab_picture},
        {Mode::live, "mode_live", "Live", "Two real mounts",
         "Write to both, stop both: one kernel crashes, your files stay.", draw_live_picture},
        {Mode::matrix, "mode_matrix", "Matrix", "When does it crash?", matrix_words(), draw_matrix_picture},
        {Mode::museum, "mode_museum", "Museum", museum_title(),
         "Who met it, the wrong order, the shortest run into it, ready to play.", draw_museum_picture},
    }};
    const std::size_t columns = units.w >= 1180 ? 4 : units.w >= 600 ? 2 : 1;
    const float width = (units.w - kCardGap * static_cast<float>(columns - 1)) / static_cast<float>(columns);
    for (std::size_t i = 0; i < cards.size(); i++)
        draw_home_card(state, page, cards.at(i),
                       {units.x + place_in_grid(i, columns).column * (width + kCardGap),
                        units.y + place_in_grid(i, columns).row * (kCardHeight + kCardGap), width, kCardHeight});
    const auto rows = grid_rows(cards.size(), columns);
    return units.y + rows * kCardHeight + (rows - 1) * kCardGap;
}

}  // namespace mdscope::gui
