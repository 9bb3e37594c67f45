// SPDX-License-Identifier: MIT
// The lines of a lesson file, one by one: each kind is a row of a table, and what a line says is checked as far as that
// is possible without playing it. A complaint is a text without a line number; empty: all is well.
#pragma once

#include <string>
#include <string_view>

#include "engine/story/lesson/lesson.hpp"

namespace mdscope {

using Complaint = std::string;

// `play until differs`: everything but the lines that shape the lesson (title, say) and those below a wait-for.
Complaint read_lesson_line(std::string_view word, std::string_view rest, LessonStep& step);
// `hint` and `show`.
Complaint read_below_wait(std::string_view word, std::string_view rest, LessonStep& wait);

}  // namespace mdscope
