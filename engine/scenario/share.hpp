// SPDX-License-Identifier: MIT
// A scenario as one line that fits into a chat: its array, its schedule, and where the playhead stands.
//
//   mds1:eNqVk...          `mds1:`, then the scenario's text, deflated (zlib's format), in base64 of RFC 4648's
//                          alphabet for URLs, without padding
//
// What comes in may be anything. It is never run, only read; what it inflates to is bounded before it is inflated, and
// zlib's checksum tells a code that was cut or mistyped. Blanks and ends of lines within a code are left out, because
// chats and mails break long lines.
#pragma once

#include <string>
#include <string_view>

#include "engine/scenario/scenario.hpp"

namespace mdscope {

inline constexpr std::string_view kCodePrefix = "mds1:";
inline constexpr std::size_t kLongestCode = std::size_t{64} << 10;

// Whether it means to be one.
bool is_share_code(std::string_view text);
// The scenario's name is not a part of it. Error: it does not fit into a code.
Result<std::string> share_code(const Scenario& scenario);
// The scenario is called `shared`. Error: what is wrong with the code, or the line of the text in it that is no
// scenario.
Result<Scenario> scenario_from_code(std::string_view code);

// The same with any text, which need not be a scenario. A code may be made that is not read back: its text is too long.
Result<std::string> code_of_text(const std::string& text);
Result<std::string> text_of_code(std::string_view code);

}  // namespace mdscope
