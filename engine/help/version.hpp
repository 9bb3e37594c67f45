// SPDX-License-Identifier: MIT
// Which mdscope this is.
#pragma once

#include <string>

namespace mdscope {

// "0.1.0 (43610cd, 2026-11-29)": the commit it was built from and its day; without git only the number.
std::string version_text();
std::string version_number();  // "0.1.0"

}  // namespace mdscope
