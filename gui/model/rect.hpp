// SPDX-License-Identifier: MIT
// Where something is on the screen, in pixels. Only numbers: what ImGui calls a point is converted in
// gui/frame/marks.hpp.
#pragma once

namespace mdscope::gui::ui {

struct Point {
    float x = 0, y = 0;
};

struct Rect {
    float x = 0, y = 0, w = 0, h = 0;
    [[nodiscard]] float right() const { return x + w; }
    [[nodiscard]] float bottom() const { return y + h; }
    [[nodiscard]] Point center() const { return {x + w / 2, y + h / 2}; }
    [[nodiscard]] bool overlaps(const Rect& other) const {
        return x < other.right() && other.x < right() && y < other.bottom() && other.y < bottom();
    }
    [[nodiscard]] bool covers(Point at) const { return at.x >= x && at.x < right() && at.y >= y && at.y < bottom(); }
};

}  // namespace mdscope::gui::ui
