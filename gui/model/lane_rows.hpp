// SPDX-License-Identifier: MIT
// The lanes as a person wants them at first: of each task the stage of the exhibit it is in, and below it what the
// exhibit has there (daemon passes) and the sleeps; not every function it is in.
#pragma once

#include <vector>

#include "engine/story/draw/lanes.hpp"

namespace mdscope::gui {

std::vector<Lane> condensed(const std::vector<Lane>& lanes, const Exhibit& exhibit);

}  // namespace mdscope::gui
