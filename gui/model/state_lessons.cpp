// SPDX-License-Identifier: MIT
// The part of the state that is about lessons and questions.
#include <fmt/format.h>

#include "gui/model/predict.hpp"
#include "gui/model/state.hpp"

namespace mdscope::gui {

std::string Prediction::feedback() const {
    if (!given) return {};
    if (was_shown) return fmt::format("{}: {}", answers[correct], why);
    if (*given == correct) return fmt::format("Right: {}", why);
    return fmt::format("Not quite. It is \"{}\": {}", answers[correct], why);
}

std::string Prediction::said() const {
    if (!given || was_shown) return {};
    return fmt::format("You said \"{}\".", answers[*given]);
}

void State::toggle_lessons() {
    choosing_lesson = !choosing_lesson;
}

void State::pass(double seconds) {
    player.pass(seconds);
    if (mode == Mode::learn) home.pass(seconds);
    follow_drag();
    if (lesson && !end_drag) lesson->pass(*this, seconds);  // what is only tried is no answer
}

bool State::may_step() {
    if (hides_future()) return false;
    if (lesson && !lesson->is_away()) return lesson->may_step(*this);
    return !predict_mode || !ask_about_next_step(*this);
}

void State::answer_question(std::size_t answer) {
    if (!prediction || prediction->given || answer >= prediction->answers.size()) return;
    prediction->given = answer;
    if (prediction->goes_on) player.play(true);
}

void State::show_answer() {
    if (!is_asked()) return;
    prediction->was_shown = true;
    answer_question(prediction->correct);
}

}  // namespace mdscope::gui
