// SPDX-License-Identifier: MIT
// A counter of a mounted array over real time, as steps: what its events and its snapshots say, each column of pixels
// from the least to the most it was.
#pragma once

#include <array>
#include <string>

#include "engine/look/snapshot.hpp"
#include "gui/frame/theme.hpp"
#include "gui/live/history.hpp"
#include "gui/model/rect.hpp"

namespace mdscope::gui {

// The counters of a mounted array that are shown: their colour is that of the stage.
struct ShownCounter {
    Counter counter;
    const char* id;  // the last part of one
    const char* name;
    Role role;
};
inline constexpr std::array kShownCounters = {
    ShownCounter{Counter::Mddev, "mddev", "mddev->pending_writes", Role::mddev},
    ShownCounter{Counter::Bitmap, "bitmap", "bitmap->pending_writes", Role::bitmap},
};
inline int value_of(const ShownCounter& shown, const SnapshotArray& array) {
    return shown.counter == Counter::Mddev ? array.pending_writes : array.bitmap_pending_writes;
}

struct CounterPlot {
    const HistoryWindow& history;
    Counter counter;
    std::uint64_t left_ns, right_ns;  // of the array's clock; left < right
};

// Draws it and marks it as ID/plot. The most it was in sight.
std::int64_t draw_counter_plot(const CounterPlot& plot, const ui::Rect& rect, Role role, const std::string& id);

}  // namespace mdscope::gui
