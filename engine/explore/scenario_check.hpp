// SPDX-License-Identifier: MIT
// What a scenario says that makes no sense, though it can be run: words for its author.
#pragma once

#include <string>

#include "engine/scenario/scenario.hpp"

namespace mdscope {

// A new native bitmap has all its bits set, and what is written then changes none: a search of such a scenario says
// nothing about the bitmap. Runs it once, tasks first. Empty: not all are set when the tasks begin, one changes while
// they run, or nobody writes to the array.
std::string warning_about_bits(const Scenario& scenario);

// A store that md does not understand does nothing, and a search of it says nothing: what happens in one execution.
// Empty: each is understood.
std::string warning_about_stores(const Scenario& scenario);

// Where data is judged, each sector is looked at, and each moment keeps what differs: large arrays are not. Empty: it
// is small enough, or data is not judged in this scenario.
std::string wrong_about_size(const Scenario& scenario);

// Two tasks that write to the same sectors: which of them is there in the end no disk promises, nor do two members
// agree, so nothing can be said of the data. Empty: none does, or data is not judged in this scenario.
std::string wrong_about_writers(const Scenario& scenario);

}  // namespace mdscope
