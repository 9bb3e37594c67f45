// SPDX-License-Identifier: MIT
// Writing a file so that there is the old one or the whole new one, never half of one.
#pragma once

#include <string>
#include <string_view>

#include "engine/kernel/result.hpp"

namespace mdscope {

// Through a temporary file beside it, synced and renamed. What is no ordinary file (a terminal, a pipe) is written to
// as it is. Error: "cannot write PATH: why"; nothing was changed then, and no temporary file is left.
Result<bool> save_file(const std::string& path, std::string_view text);
// Whether it could begin now, for who would else learn after hours that it cannot. The same error; nothing is changed.
Result<bool> can_save_file(const std::string& path);

}  // namespace mdscope
