// SPDX-License-Identifier: MIT
// The act of exhibits in which somebody writes to the array.
#pragma once

#include "engine/museum/exhibit.hpp"

namespace mdscope::museum {

// `over` is said when the writes have ended, and nothing went wrong.
Act act_of_writing(const char* over);

}  // namespace mdscope::museum
