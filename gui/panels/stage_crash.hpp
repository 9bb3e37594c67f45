// The crash on a stage: what nobody can miss. The stage below it is dimmed already.
#pragma once

#include "gui/model/stage_model.hpp"
#include "gui/panels/pen.hpp"

namespace mdscope::gui {

void draw_crash(const Pen& pen, const StageModel& stage, const std::string& id);

}  // namespace mdscope::gui
