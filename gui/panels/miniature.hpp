// SPDX-License-Identifier: MIT
// A stage in small, of a few words: one door, who walks, one counter, the write that is told of, two members, and how
// it ended. For where a stage is a picture and not the thing that is worked with: the first page, a museum's page.
#pragma once

#include <string>

#include "gui/model/rect.hpp"
#include "gui/model/stage_model.hpp"

namespace mdscope::gui {

inline constexpr float kMiniatureWidth = 323, kMiniatureHeight = 286, kMiniatureHead = 40;

struct MiniatureLook {
    ui::Rect rect;     // on the screen; it is scaled to its width
    std::string id;    // of its mark
    std::string name;  // of the counter: "in flight"
    bool has_head = true;
};
void draw_miniature(const StageModel& stage, const MiniatureLook& look);

}  // namespace mdscope::gui
