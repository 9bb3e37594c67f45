// SPDX-License-Identifier: MIT
// Bars of a mounted array on lanes, as data: what LiveTime shows of a HistoryWindow, in pixels of a given width. Bars
// that are narrower than a pixel are folded together, so their number is bounded by the width and not by the load.
#pragma once

#include <string>
#include <vector>

#include "gui/frame/theme.hpp"
#include "gui/model/live_state.hpp"

namespace mdscope::gui {

struct LiveBar {
    float left = 0, right = 0;  // pixels from the left edge
    int row = 0;
    Role role = Role::idle;
    bool is_held = false, is_open = false, is_cut = false;
    std::uint64_t begin_ns = 0, end_ns = 0;
    std::string label;  // "bitmap, sector 8"; empty where it is too narrow to be read
    std::string id;     // unique in its lane; empty with the label

    [[nodiscard]] bool is_readable() const { return is_held || right - left >= 3; }
};

struct LiveLane {
    std::string name;  // "sda bios", "md0_raid1"
    int rows = 1;
    bool is_member = false;
    std::vector<LiveBar> bars;

    static constexpr int kMostRows = 3;
};

// Where events are missing: nothing is known of any lane there.
struct LiveGap {
    float left = 0, right = 0;  // pixels from the left edge
    std::uint64_t from_ns = 0, to_ns = 0;
};
// Those in sight, as wide as can be seen; near ones are one.
std::vector<LiveGap> live_gaps(const HistoryWindow& history, std::uint64_t left_ns, std::uint64_t right_ns,
                               float width);

// Members first, then tasks in the order they came up; page.lanes keeps that order.
std::vector<LiveLane> live_lanes(LivePage& page, float width);

}  // namespace mdscope::gui
