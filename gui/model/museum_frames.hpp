// SPDX-License-Identifier: MIT
// Five pictures of a run that goes wrong: the moments that matter, each as a stage and a sentence.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "gui/model/stage_model.hpp"

namespace mdscope::gui {

inline constexpr std::size_t kMuseumFrames = 5;

struct MuseumFrame {
    std::size_t tick = 0;  // of the run, as the lab counts them
    StageModel stage;      // of A
    std::string words;
};

// Whether two pictures of a stage in small show the same.
bool look_alike(const StageModel& a, const StageModel& b);

// In the order of time; the last is how it ends. Fewer where less happens; none if `goes_on` says so in between.
// Throws what Player does.
std::vector<MuseumFrame> frames_of(const Scenario& run, const std::function<bool()>& goes_on);

}  // namespace mdscope::gui
