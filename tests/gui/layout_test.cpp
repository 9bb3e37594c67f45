// SPDX-License-Identifier: MIT
// Panels fill the window, none overlaps another, and A and B are both there: at every size and text size a person may
// have.
#include "gui/model/layout.hpp"

#include <doctest/doctest.h>

#include <vector>

namespace mdscope::gui {

namespace {

struct LayoutSize {
    float width, height, unit;
};
constexpr LayoutSize kLayoutSizes[] = {{900, 600, 1},    {1280, 720, 1},  {1600, 900, 1},  {1920, 1080, 1.5F},
                                       {1600, 900, 2},   {2560, 1440, 2}, {2560, 1440, 1}, {1920, 1080, 2.5F},
                                       {900, 600, 2.5F}, {1000, 800, 1},  {3840, 2160, 1}};

LayoutInput input_of(const LayoutSize& size, bool lesson = false, bool opens = false) {
    LayoutInput input;
    input.width = size.width;
    input.height = size.height;
    input.unit = size.unit;
    input.toolbar_height = 40 * size.unit;
    input.now_height = 76 * size.unit;
    input.has_lesson = lesson;
    input.opens = opens;
    return input;
}

bool overlap(const ui::Rect& a, const ui::Rect& b) {
    return a.x < b.right() - 0.5F && b.x < a.right() - 0.5F && a.y < b.bottom() - 0.5F && b.y < a.bottom() - 0.5F;
}

std::vector<ui::Rect> places(const Layout& layout) {
    std::vector<ui::Rect> all{layout.card[0], layout.card[1], layout.lanes};
    if (layout.has_middle) all.push_back(layout.middle);
    return all;
}

TEST_CASE("panels lie side by side, inside the window, or inside of what scrolls") {
    for (const LayoutSize& size : kLayoutSizes)
        for (const bool lesson : {false, true})
            for (const bool opens : {false, true}) {
                CAPTURE(size.width);
                CAPTURE(size.unit);
                CAPTURE(lesson);
                CAPTURE(opens);
                const Layout layout = layout_of(input_of(size, lesson, opens));
                std::vector<ui::Rect> all = places(layout);
                for (const ui::Rect& rect : all) {
                    CHECK(rect.y >= layout.body.y - 0.5F);
                    CHECK(rect.bottom() <= layout.body.y + layout.body_height + 0.5F);
                    CHECK(rect.x >= layout.body.x - 0.5F);
                    CHECK(rect.right() <= layout.body.right() + 0.5F);
                    CHECK(rect.w > 0);
                    CHECK(rect.h > 0);
                }
                CHECK((layout.is_compact || layout.body_height == layout.body.h));
                const std::vector<ui::Rect> strips{layout.toolbar, layout.now, layout.lesson, layout.body,
                                                   layout.status};
                for (std::size_t i = 0; i < strips.size(); i++)
                    for (std::size_t j = i + 1; j < strips.size(); j++) CHECK_FALSE(overlap(strips[i], strips[j]));
                CHECK(layout.status.bottom() <= size.height + 0.5F);
                for (std::size_t i = 0; i < all.size(); i++)
                    for (std::size_t j = i + 1; j < all.size(); j++) CHECK_FALSE(overlap(all[i], all[j]));
            }
}

TEST_CASE("a stage is as large as it can be, and never cut") {
    for (const LayoutSize& size : kLayoutSizes)
        for (const bool opens : {false, true}) {
            CAPTURE(size.width);
            CAPTURE(size.unit);
            const Layout layout = layout_of(input_of(size, false, opens));
            if (layout.is_compact) continue;
            for (const ui::Rect& card : layout.card) {
                CHECK(card.w >= kStageWidth * layout.factor * size.unit - 0.5F);
                CHECK(card.h >= kStageHeight * layout.factor * size.unit - 0.5F);
            }
        }
    CHECK(layout_of(input_of({1600, 900, 1})).factor == 1);
    CHECK(layout_of(input_of({2560, 1440, 1})).factor > 1.5F);
    CHECK(layout_of(input_of({1280, 720, 1})).factor == doctest::Approx(1.09));
}

TEST_CASE("what gives way is the tree, and then the corridor; A and B are never tabs") {
    CHECK(layout_of(input_of({1600, 900, 1})).has_middle);
    const Layout laptop = layout_of(input_of({1280, 720, 1}));
    CHECK_FALSE(laptop.has_middle);
    CHECK_FALSE(laptop.is_compact);
    const Layout opened = layout_of(input_of({1280, 720, 1}, false, true));
    CHECK(opened.has_middle);
    CHECK_FALSE(opened.is_compact);
    const Layout small = layout_of(input_of({900, 600, 1}));
    CHECK(small.is_compact);
    CHECK(small.card[0].y == small.card[1].y);
    const Layout narrow = layout_of(input_of({900, 600, 2.5F}));
    CHECK(narrow.card[0].y < narrow.card[1].y);
}

}  // namespace

}  // namespace mdscope::gui
