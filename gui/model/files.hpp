// SPDX-License-Identifier: MIT
// Small files, as a whole: read with a limit, and replaced so that a full disk or a crash leaves the old one.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "engine/kernel/result.hpp"

namespace mdscope::gui {

// Of the host: what does not fit, is a folder, or would block is an error.
Result<std::string> read_small_file(const std::string& path, std::size_t limit_bytes);

// A new file beside it, synced, then renamed over it. What is no regular file (/dev/stdout) is written to instead.
Result<bool> replace_file(const std::string& path, std::string_view bytes);

}  // namespace mdscope::gui
