// SPDX-License-Identifier: MIT
// What the two arrays of a comparison are called, by what is different between them; and what is said of their
// consoles.
#pragma once

#include <string>

#include "engine/scenario/scenario.hpp"
#include "engine/story/record/duel.hpp"

namespace mdscope::gui {

struct Titles {
    std::string title;  // "without the fix"; or the rows, where the fix of 2021 is not what differs
    std::string rows;   // "fix none, bitmap file"
};
// What the emulated console of a side may be compared with: a real one, if this Oops is one that was reported.
std::string console_note(const Duel& duel, Side side);
Titles titles_of(const Scenario& own, const Scenario& other);

}  // namespace mdscope::gui
