// SPDX-License-Identifier: MIT
// One tree for two kernels: each line once, with what it is in A and in B. A line that only one of them calls stands at
// the same height for both, so an absence is seen without comparing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/story/tell/stop_tree.hpp"

namespace mdscope::gui {

struct TreeRow {
    std::string name;
    std::string note;  // of both if it is true of both; else each with its side: "A nothing to write"
    int depth = 0, number = 0;
    std::array<std::optional<std::size_t>, 2> line;  // its number in the tree of each side; none: it is not there
    std::array<TreeLine::State, 2> state{TreeLine::State::Missing, TreeLine::State::Missing};
    std::optional<Side> only;  // the side that calls it, where the other does not
    bool is_news = false;      // ... and the act has come as far as that line, in either
};

std::vector<TreeRow> tree_rows(const std::vector<TreeLine>& a, const std::vector<TreeLine>& b);

}  // namespace mdscope::gui
