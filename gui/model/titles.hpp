// What the two arrays of a comparison are called: by what is different between them.
#pragma once

#include <string>

#include "engine/scenario/scenario.hpp"

namespace mdscope::gui {

struct Titles {
    std::string title;  // "without the fix"; or the rows, where the fix of 2021 is not what differs
    std::string rows;   // "fix none, bitmap file"
};
Titles titles_of(const Scenario& own, const Scenario& other);

}  // namespace mdscope::gui
