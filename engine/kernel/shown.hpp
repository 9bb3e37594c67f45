// SPDX-License-Identifier: MIT
// Text from a disk or a command line, fit for a terminal: what would move its cursor or change its colours is written
// out, as \x1b. A name is one word of one line; a text may have lines.
#pragma once

#include <string>
#include <string_view>

namespace mdscope {

[[nodiscard]] std::string shown(std::string_view name);
[[nodiscard]] std::string shown_lines(std::string_view text);  // keeps newlines and tabs
// A path as a shell reads it as one word, for commands in messages.
[[nodiscard]] std::string shell_word(const std::string& path);

}  // namespace mdscope
