// SPDX-License-Identifier: MIT
// Where the panels are. Pure arithmetic, so it is tested without a window: panels fill it, none overlaps another, and A
// and B are never tabs: what gives way is the tree first, then the stage's corridor, then everything below scrolls.
//
//   full                              no tree                     compact
//   +---------toolbar-----------+     +------toolbar------+       +--toolbar--+
//   +---------now---------------+     +------now----------+       +--now------+
//   |    A    |  tree  |    B   |     |    A    |    B    |       | A         |
//   |         |        |        |     |         |         |       | B         |  scrolls
//   +---------+--------+--------+     +---------+---------+       | (tree)    |
//   |           lanes           |     |       lanes       |       | lanes     |
//   +---------status------------+     +------status-------+       +--status---+
//
// A stage is drawn in coordinates of its own, 564 by 416, scaled as a whole: nothing in it moves when a state changes.
#pragma once

#include <array>

#include "gui/model/rect.hpp"

namespace mdscope::gui {

enum class Preset { compare, one, present };

inline constexpr float kStageWidth = 564, kStageHeight = 416;
// By what a stage may be scaled, beside the text's size.
inline constexpr std::array<float, 6> kStageFactors = {1.6F, 1.37F, 1.09F, 1.0F, 0.92F, 0.82F};

struct LayoutInput {
    float width = 1600, height = 900;
    float unit = 1;  // pixels of one unit of length: sp(1)
    float toolbar_height = 40;
    float now_height = 86;
    bool has_lesson = false;
    float lesson_height = 132;  // pixels
    bool opens = false;         // the tree, or a closer page, was asked for: where it has no place, room is made
    Preset preset = Preset::compare;
};

struct Layout {
    float factor = 1;         // of the stages
    bool is_compact = false;  // headers and gauges instead of stages; what is below the sentence scrolls
    bool has_middle = true;
    ui::Rect toolbar, now, lesson, body, middle, lanes, status;
    std::array<ui::Rect, 2> card;
    float body_height = 0;  // of all that is in the body; more than the body's where it scrolls
};

Layout layout_of(const LayoutInput& input);

}  // namespace mdscope::gui
