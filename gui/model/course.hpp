// SPDX-License-Identifier: MIT
// The course: the lessons in their order, as the first page shows them. Who adds a lesson adds a row.
#pragma once

#include <array>
#include <optional>
#include <set>

#include "engine/story/lesson/lesson.hpp"

namespace mdscope::gui {

struct CourseRow {
    int lesson;
    const char* title;  // two or three words; the lesson's own may be longer
    const char* time;   // "60 s", "3 min"
    const char* what;   // in four words
    bool is_game = false;
};
inline constexpr std::array<CourseRow, kLessons> kCourse = {{
    {0, "What is a mirror?", "90 s", "disks, a note, in flight"},
    {1, "The race", "60 s", "watch it crash once"},
    {2, "Two counters", "3 min", "one name, two homes"},
    {3, "Three passes", "4 min", "why 2, 1, 0"},
    {4, "Break the fix", "5 min", "you against the search"},
    {5, "The second bug", "5 min", "2022: counted too early"},
    {6, "Pull the plug", "5 min", "what the disks still have"},
    {7, "The moved line", "5 min", "one line, five places", true},
}};

// The first that was not completed; nullopt: all were.
std::optional<int> next_lesson(const std::set<int>& done);

}  // namespace mdscope::gui
