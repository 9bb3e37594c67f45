// SPDX-License-Identifier: MIT
// Which ticks the lanes show, and where: the arithmetic between ticks and pixels.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace mdscope::gui {

struct LaneView {
    float left = 0, right = 1;  // pixels
    double scroll = 0;          // the tick at the left edge
    double per_tick = 8;        // pixels

    [[nodiscard]] float x_of(double tick) const { return left + static_cast<float>((tick - scroll) * per_tick); }
    [[nodiscard]] std::size_t tick_at(float x) const {
        return static_cast<std::size_t>(std::max(0.0, std::round(scroll + (x - left) / per_tick)));
    }
    [[nodiscard]] std::size_t first_tick() const { return static_cast<std::size_t>(std::max(0.0, scroll)); }
    [[nodiscard]] std::size_t last_tick() const { return tick_at(right) + 1; }
    // A round number of ticks between two labels that are at least so many pixels apart.
    [[nodiscard]] std::size_t label_step(float pixels) const {
        std::size_t step = 1;
        for (const std::size_t factor : {2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000})
            if (static_cast<double>(step) * per_tick < pixels) step = factor;
        return step;
    }
};

}  // namespace mdscope::gui
