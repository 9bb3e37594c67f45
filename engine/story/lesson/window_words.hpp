// SPDX-License-Identifier: MIT
// What a lesson can name of the window: its modes, and the pages of its sidebar. They stand here because a lesson's
// file is checked where no window is; the window iterates the same lists. The words are format: lessons, --mode,
// --panel and the ids of widgets.
#pragma once

#include "engine/kernel/words.hpp"

namespace mdscope {

enum class WindowMode { learn, lab, live, matrix, museum };
inline constexpr Words<WindowMode, 5> kWindowModes{{"learn", "lab", "live", "matrix", "museum"}};

enum class SideTab { in_flight, why, inspect, bitmap, hex, log, oops, plug, branches };
inline constexpr Words<SideTab, 9> kSideTabs{
    {"in_flight", "why", "inspect", "bitmap", "hex", "log", "oops", "plug", "branches"}};

}  // namespace mdscope
