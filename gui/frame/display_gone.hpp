// SPDX-License-Identifier: MIT
// The display goes before the window does: a server that was ended, or Ctrl-C at `xvfb-run mdscope-gui`, which is for
// both. Xlib then calls exit() from wherever it is, under threads that draw and search, and that was a segmentation
// fault. Here the process ends at once: with 0 if it was asked to end anyway, else with 1 and the reason.
#pragma once

namespace mdscope::gui {

// REQUIRES: SDL's video driver is there; without X nothing is done.
void end_with_the_display();

}  // namespace mdscope::gui
