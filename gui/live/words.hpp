// SPDX-License-Identifier: MIT
// How long something lasts already, in words.
#pragma once

#include <cstdint>
#include <string>

namespace mdscope::gui {

// "12 ms", "12.4 s", "10 min 30 s", "2 h 05 min".
std::string age_words(std::uint64_t ns);
// From `since_ns` to `now_ns`, which may lie before it: two clocks are read one after the other.
std::string age_words(std::uint64_t since_ns, std::uint64_t now_ns);

}  // namespace mdscope::gui
