// SPDX-License-Identifier: MIT
// What somebody may have meant who wrote a name that is none.
#pragma once

#include <string>
#include <vector>

namespace mdscope {

// Those of the names that differ from `word` by a letter or two, or begin as it does; in their order.
std::vector<std::string> near_names(const std::string& word, const std::vector<std::string>& names);

}  // namespace mdscope
