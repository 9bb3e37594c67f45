// Panels fill the window, none overlaps another, and what has no room of its own becomes a tab: at every size and text
// size a person may have.
#include "gui/model/layout.hpp"

#include <doctest/doctest.h>

#include <vector>

namespace mdscope::gui {

namespace {

struct LayoutSize {
    float width, height, unit;
};
constexpr LayoutSize kLayoutSizes[] = {{900, 600, 1},  {1280, 720, 1},  {1600, 900, 1},  {1920, 1080, 1.5F},
                                       {1600, 900, 2}, {2560, 1440, 2}, {2560, 1440, 1}, {1920, 1080, 2.5F}};

LayoutInput input_of(const LayoutSize& size, Preset preset, bool lesson) {
    LayoutInput input;
    input.width = size.width;
    input.height = size.height;
    input.unit = size.unit;
    input.toolbar_height = 40 * size.unit;
    input.now_height = 56 * size.unit;
    input.preset = preset;
    input.has_lesson = lesson;
    return input;
}

bool overlap(const ui::Rect& a, const ui::Rect& b) {
    return a.x < b.right() - 0.5F && b.x < a.right() - 0.5F && a.y < b.bottom() - 0.5F && b.y < a.bottom() - 0.5F;
}

std::vector<ui::Rect> places(const Layout& layout) {
    std::vector<ui::Rect> all{layout.toolbar, layout.now, layout.lanes, layout.status};
    if (!layout.single) all.push_back(layout.card[0]);
    if (layout.lesson.h > 0) all.push_back(layout.lesson);
    if (!layout.cards_are_tabs && !layout.single) all.push_back(layout.card[1]);
    if (layout.has_side && !layout.side_is_tab) all.push_back(layout.side);
    if (layout.side_is_tab) all.push_back(layout.tabs);
    return all;
}

TEST_CASE("panels lie side by side, inside the window") {
    for (const LayoutSize& size : kLayoutSizes)
        for (const Preset preset : {Preset::compare, Preset::one, Preset::present})
            for (const bool lesson : {false, true}) {
                CAPTURE(size.width);
                CAPTURE(size.unit);
                CAPTURE(lesson);
                const std::vector<ui::Rect> all = places(layout_of(input_of(size, preset, lesson)));
                for (std::size_t i = 0; i < all.size(); i++) {
                    CHECK(all[i].x >= 0);
                    CHECK(all[i].right() <= size.width + 0.5F);
                    CHECK(all[i].bottom() <= size.height + 0.5F);
                    for (std::size_t j = i + 1; j < all.size(); j++) CHECK_FALSE(overlap(all[i], all[j]));
                }
            }
}

TEST_CASE("a large window has everything beside each other, a small one has tabs") {
    const Layout large = layout_of(input_of({1600, 900, 1}, Preset::compare, false));
    CHECK_FALSE(large.side_is_tab);
    CHECK_FALSE(large.cards_are_tabs);
    const Layout small = layout_of(input_of({900, 600, 1}, Preset::compare, false));
    CHECK(small.side_is_tab);
    CHECK_FALSE(small.cards_are_tabs);
    CHECK(layout_of(input_of({1600, 900, 2}, Preset::compare, false)).single);
    CHECK_FALSE(layout_of(input_of({1600, 900, 1}, Preset::present, false)).has_side);
}

TEST_CASE("a lesson in a short window leaves room for one thing at a time, and all of it") {
    for (const LayoutSize& size : {LayoutSize{900, 600, 1}, LayoutSize{1600, 900, 2}}) {
        LayoutInput input = input_of(size, Preset::compare, true);
        input.now_height = 0;
        const Layout layout = layout_of(input);
        CHECK(layout.single);
        CHECK(layout.lanes.h >= 150 * size.unit);
        CHECK(layout.card[0].h == layout.lanes.h);
        CHECK((layout.card[0].w < layout.lanes.w) == (size.unit == 1));  // where there is room, side by side
    }
    CHECK_FALSE(layout_of(input_of({900, 600, 1}, Preset::compare, false)).single);
    CHECK_FALSE(layout_of(input_of({1600, 900, 1}, Preset::compare, true)).single);
}

TEST_CASE("wherever a splitter is dragged to, there is room on both sides") {
    for (const float share : {-1.0F, 0.0F, 0.5F, 1.0F, 7.0F}) {
        LayoutInput input = input_of({1600, 900, 1}, Preset::compare, true);
        input.cards_share = share;
        input.side_width = share * 1000;
        const Layout layout = layout_of(input);
        CHECK(layout.cards.h >= 100);
        CHECK(layout.lanes.h >= 100);
        CHECK(layout.side.w >= 200);
        CHECK(layout.cards.w >= 400);
    }
}

}  // namespace

}  // namespace mdscope::gui
