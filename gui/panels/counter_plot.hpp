// SPDX-License-Identifier: MIT
// A counter of a mounted array over real time, as steps: what its events and its snapshots say, each column of pixels
// from the least to the most it was.
#pragma once

#include <string>

#include "gui/frame/theme.hpp"
#include "gui/live/history.hpp"
#include "gui/model/rect.hpp"

namespace mdscope::gui {

struct CounterPlot {
    const HistoryWindow& history;
    Counter counter;
    std::uint64_t left_ns, right_ns;  // of the array's clock; left < right
};

// Draws it and marks it as ID/plot. The most it was in sight.
std::int64_t draw_counter_plot(const CounterPlot& plot, const ui::Rect& rect, Role role, const std::string& id);

}  // namespace mdscope::gui
