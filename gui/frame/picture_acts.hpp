// SPDX-License-Identifier: MIT
// What is done before a picture is taken, as a person at the window would do it, so that a picture of any moment is
// made by a command:
//
//   key Space                    a key goes down and up: Space, Enter, Left, Right, Home, End, or a letter
//   click predict/0              at the middle of a mark (marks.hpp)
//   hover card/A/counter/mddev   the mouse is put there
//   drag tree/wait lanes/title   from one onto the other, and held there
//   wait 2.5                     so many seconds pass
//   until lesson/next            time passes until there is such a mark; a minute at most
#pragma once

#include <string>
#include <vector>

#include "gui/frame/screen.hpp"
#include "gui/frame/stage.hpp"

namespace mdscope::gui {

// Empty, or what is wrong with one of them.
std::string do_acts(Stage& stage, Screen& screen, const std::vector<std::string>& acts);

}  // namespace mdscope::gui
