// Where the panels are. Pure arithmetic, so it is tested without a window: panels fill it, none overlaps another, and
// what has no room of its own becomes a tab.
//
//   wide                                medium                     narrow
//   +---------toolbar-----------+       +------toolbar------+      +--toolbar--+
//   +---------now---------------+       +------now----------+      +--now------+
//   |   A   |   B   |  side     |       |    A    |    B    |      |  A or B   |
//   |-------+-------|           |       |---------+---------|      |-----------|
//   |    lanes      |           |       | lanes or side     |      | lanes or  |
//   +---------status------------+       +------status-------+      | side      |
//                                                                  +--status---+
//
// Where even that is too little (a small window with large text) all four share one place: single.
#pragma once

#include <array>

#include "gui/model/rect.hpp"

namespace mdscope::gui {

enum class Preset { compare, one, present };
enum class Shape { wide, medium, narrow };

struct LayoutInput {
    float width = 1600, height = 900;
    float unit = 1;  // pixels of one unit of length: sp(1)
    float toolbar_height = 40;
    float now_height = 48;
    Preset preset = Preset::compare;
    float side_width = 342;     // in units; what the person chose
    float cards_share = 0.44F;  // of the height between now and status
    bool has_lesson = false;
    float lesson_height = 132;  // pixels
};

struct Layout {
    Shape shape = Shape::wide;
    bool cards_are_tabs = false;  // A or B, not both
    bool side_is_tab = false;     // the sidebar shares its place with the lanes
    bool single = false;          // cards, lanes and sidebar share one place
    bool has_side = true;
    ui::Rect toolbar, now, lesson, tabs, cards, lanes, side, status;
    std::array<ui::Rect, 2> card;            // both the same if cards_are_tabs
    ui::Rect side_splitter, cards_splitter;  // empty: there is none
};

Layout layout_of(const LayoutInput& input);

}  // namespace mdscope::gui
