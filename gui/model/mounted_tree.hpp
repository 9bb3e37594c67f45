// SPDX-License-Identifier: MIT
// The tree of the stop for two mounted arrays. A mount tells where its stop is now, and nothing of where it was; so the
// lines are those of the same two kernels in the lab, run once, and each array's place in them is read off its stack.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "engine/story/tell/mounted.hpp"
#include "gui/model/tree_rows.hpp"

namespace mdscope::gui {

class MountedTree {
   public:
    // The lines, with where both arrays are. Kept until one has another kernel or another bitmap home.
    const std::vector<TreeRow>& rows(const std::array<const Snapshot*, 2>& snapshots,
                                     const std::array<const Mounted*, 2>& seen);

   private:
    std::array<std::string, 2> homes_;  // of their bitmaps, as they were last: stopped, an array has none
    std::string made_for_;
    std::vector<TreeRow> lines_, placed_;
};

// Where an array is in the lines: those before its place are done, those around it are entered.
void place_in_rows(std::vector<TreeRow>& rows, Side side, const Mounted& seen);

}  // namespace mdscope::gui
