// SPDX-License-Identifier: MIT
// The strip of lessons and questions, between what happens now and the arrays. Of a lesson that runs it is only its
// words, below the sentence; the rest is in the bar at the top, where there is room for it.
#pragma once

#include "gui/panels/panels.hpp"

namespace mdscope::gui {

bool has_lesson_strip(const State& state);
float lesson_height(const State& state, float width);
void draw_lesson(State& state, const ui::Rect& rect);
// Its title, if there is room for it, where one is in it, and its buttons: for the bar at the top. 0: nothing of it is
// there.
float lesson_head_width(const State& state, bool has_title);
void draw_lesson_head(State& state, bool has_title);  // to the right edge
// A page's words as the second sentence: what was said is dim, and counters have their shape and colour.
constexpr float kLessonWords = 16;  // at 100 %
constexpr int kLessonLines = 9;     // more than any page has
Phrases lesson_phrases(const State& state, const std::string& said, const std::string& text);
float lesson_phrases_height(const Phrases& phrases, float width);
// What the question of the state asks, with buttons or, once it is answered, what was right.
void draw_question(State& state);
// What came of the answer to the question of the state; before that is to be seen, what was said.
void draw_given(const State& state);
void draw_feedback(const std::string& feedback, bool was_right);
// Room below the words of a page, for its question. REQUIRES: a lesson.
float question_height(const State& state, float width);
// Frames around the widgets that the lesson is about. REQUIRES: in a frame, outside of any window's clipping.
void draw_highlights(const LessonRun& lesson);

}  // namespace mdscope::gui
