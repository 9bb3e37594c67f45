// SPDX-License-Identifier: MIT
// The crash on a stage: what nobody can miss. The stage below it is dimmed already.
#pragma once

#include "gui/model/stage_model.hpp"
#include "gui/panels/pen.hpp"

namespace mdscope::gui {

struct CrashShares {
    float burst = 1, typed = 1;  // how large it is, how much of the console is there
};
void draw_crash(const Pen& pen, const StageModel& stage, const std::string& id, const CrashShares& shares);
// On the screen.
ui::Rect crash_console_rect(const Pen& pen, const StageModel& stage);
ui::Rect crash_burst_rect(const Pen& pen);

}  // namespace mdscope::gui
