// SPDX-License-Identifier: MIT
// The texts of lessons: what may be in them, and what their braces stand for.
#pragma once

#include <string>
#include <string_view>

namespace mdscope {

bool is_utf8(std::string_view text);
// Empty, or what is wrong: too long, braces that mean nothing.
std::string check_lesson_text(std::string_view text);

}  // namespace mdscope
