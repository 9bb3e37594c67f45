// SPDX-License-Identifier: MIT
// What somebody may have meant who wrote a name that is none.
#pragma once

#include <string>
#include <vector>

namespace mdscope {

// Those of the names that differ from `word` by a letter or two, begin as it does, or have it within: the nearest
// first, and not many.
std::vector<std::string> near_names(const std::string& word, const std::vector<std::string>& names);
// "; near it: race, race-lost", or nothing. To be followed by what lists all of them.
std::string near_text(const std::string& word, const std::vector<std::string>& names);

}  // namespace mdscope
