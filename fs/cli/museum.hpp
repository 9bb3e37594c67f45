// SPDX-License-Identifier: MIT
// explore --museum.
#pragma once

#include <string>

#include "engine/explore/explorer.hpp"

namespace mdscope {

// Every exhibit searched: with the row that `kernel` has of its variant; without a kernel, with the row of the bug and
// with the mended one. Prints, and gives the exit code.
int explore_museum(const std::string& kernel, ExploreOptions options, bool json);

}  // namespace mdscope
