// SPDX-License-Identifier: MIT
// Questions and answers in the strip of a lesson, and how much room its pages need.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gui/frame/flow.hpp"
#include "gui/frame/focus.hpp"
#include "gui/model/stage_parts.hpp"
#include "gui/panels/panel_lesson.hpp"
#include "gui/panels/panel_stage.hpp"

namespace mdscope::gui {

namespace {

float question_lines(const std::string& text, const std::vector<std::string>& answers, float width) {
    Flow flow(width, false);
    flow.item(ImGui::CalcTextSize(text.c_str()).x);
    for (const std::string& answer : answers) flow.item(ui::button_width(answer));
    return static_cast<float>(flow.lines());
}

struct Heights {
    float words, foot;
};

float wrapped(const std::string& text, float width) {
    return text.empty() ? 0
                        : ImGui::CalcTextSize(text.c_str(), nullptr, false, width).y + ImGui::GetStyle().ItemSpacing.y;
}

const Question* question_of(const LessonPage& page) {
    for (const LessonStep& step : page.steps)
        if (step.kind == LessonStep::Kind::Ask) return &step.question;
    return nullptr;
}

bool is_short_window() {
    return ImGui::GetIO().DisplaySize.y < sp(760);
}

// What the words on the answer to the question of a page need.
float answer_height(const LessonPage& page, float width) {
    const Question* question = question_of(page);
    return question == nullptr
               ? 0
               : wrapped("Not quite. It is \"" + question->answers[question->correct] + "\": " + question->why, width);
}

// Where the sentence asks it, it needs a place only once it is answered, and that only if it stays to be looked at.
bool needs_foot(const State& state, const Question& question) {
    return question.is_quiz || !fits_in_sentence(state, question.answers);
}

// The longest that may be said before them.
std::string said_at_most(const LessonPage& page) {
    const Question* question = question_of(page);
    if (question == nullptr) return "";
    Prediction longest;
    longest.answers = question->answers;
    const auto answer = std::ranges::max_element(question->answers, {}, &std::string::size);
    longest.given = static_cast<std::size_t>(answer - question->answers.begin());
    return longest.said();
}

Heights heights_of_page(const State& state, std::size_t number, float width) {
    const LessonPage& page = state.lesson->lesson().pages[number];
    const Question* question = question_of(page);
    const float answer = answer_height(page, width);
    Heights heights{wrapped(page.text, width) + answer, 0};
    if (has_lesson_in_toolbar(state))
        heights.words =
            std::max(lesson_phrases_height(lesson_phrases(state, said_at_most(page), page.text), width), answer);
    if (question != nullptr && needs_foot(state, *question))
        heights.foot = question_lines(question->text, question->answers, width);
    return heights;
}

// The most that any page of the lesson needs: the strip keeps its height, and what is below keeps its place. Only where
// there is little room, each page takes no more than it needs.
Heights heights_of(const State& state, float width) {
    const LessonRun& run = *state.lesson;
    if (is_short_window()) return heights_of_page(state, run.page(), width);
    Heights most{0, 0};
    for (std::size_t i = 0; i < run.lesson().pages.size(); i++) {
        const Heights heights = heights_of_page(state, i, width);
        most = {std::max(most.words, heights.words), std::max(most.foot, heights.foot)};
    }
    return most;
}

float foot_height(float lines) {
    const float gap = ImGui::GetStyle().ItemSpacing.y;
    return lines * (ImGui::GetFrameHeight() + gap);
}

// An answered question says what was right, and what was not, once that has happened.
void draw_answered(const Prediction& question, std::size_t answer, bool is_over) {
    const bool is_given = answer == question.given && !question.was_shown;
    const char* shape = is_given ? "●" : "·";
    Role role = is_given ? Role::text : Role::dim_text;
    if (is_over && answer == question.correct) {
        shape = "✓";
        role = Role::safe;
    } else if (is_over && is_given) {
        shape = "✗";
        role = Role::held;
    }
    ui::chip(fmt::format("predict/{}", answer), shape, question.answers[answer], role);
}

// Behind the answers, if there is room: no line is made for it.
void draw_answer_keys(std::size_t answers) {
    const std::string words = fmt::format("keys 1 to {}; 0 shows it", answers);
    const float right = ImGui::GetWindowPos().x + ImGui::GetWindowContentRegionMax().x;
    if (ImGui::GetItemRectMax().x + sp(16) + ui::text_width(words) > right) return;
    ImGui::SameLine(0, sp(16));
    ImGui::AlignTextToFramePadding();
    ui::text("predict/keys", words, Role::dim_text);
}

}  // namespace

Phrases lesson_phrases(const State& state, const std::string& said, const std::string& text) {
    Phrases phrases;
    if (!said.empty()) phrases.push_back({said + "   ", Ink::dim});
    const auto counters = stage_counters(state.player.duel().exhibit());
    for (std::size_t at = 0; at < text.size();) {
        std::size_t next = text.size();
        const museum::Counter* named = nullptr;
        for (const museum::Counter* counter : counters)
            if (const std::size_t found = counter != nullptr ? text.find(counter->name, at) : text.npos; found < next) {
                next = found;
                named = counter;
            }
        if (next > at) phrases.push_back({text.substr(at, next - at)});
        if (named != nullptr) phrases.push_back(counter_phrase(state.player.duel().exhibit(), named->name));
        at = next + (named != nullptr ? std::string_view(named->name).size() : 0);
    }
    return phrases;
}

float lesson_phrases_height(const Phrases& phrases, float width) {
    const ui::Rect rect{0, 0, width, 0};
    const int lines = draw_phrases(phrases, rect, kLessonWords, false, kLessonLines, false);
    return static_cast<float>(lines) * sp(std::round(kLessonWords * 1.32F));
}

void draw_question(State& state) {
    const Prediction& question = *state.prediction;
    if (asks_in_sentence(state)) return;
    Flow flow(ImGui::GetContentRegionAvail().x, true);
    const float width = std::min(ImGui::CalcTextSize(question.question.c_str()).x, ImGui::GetContentRegionAvail().x);
    flow.item(width);
    ImGui::AlignTextToFramePadding();
    ui::text("predict/question", question.question, Role::text, Font::text, width);
    std::optional<std::size_t> given;
    for (std::size_t i = 0; i < question.answers.size(); i++) {
        flow.item(question.given ? ui::chip_width("✓", question.answers[i]) : ui::button_width(question.answers[i]));
        if (question.given)
            draw_answered(question, i, question.is_over(state.player.tick()));
        else if (ui::button(fmt::format("predict/{}", i), question.answers[i], {.role = Role::current}))
            given = i;
    }
    if (!question.given) draw_answer_keys(question.answers.size());
    if (question.wants_focus) state.prediction->wants_focus = !focus_on("predict/0");
    if (given) state.answer_question(*given);
}

void draw_given(const State& state) {
    if (!state.prediction || !state.prediction->given) return;
    const Prediction& question = *state.prediction;
    if (question.is_over(state.player.tick()))
        draw_feedback(question.feedback(), *question.given == question.correct);
    else if (const std::string said = question.said(); !said.empty())
        ui::paragraph("lesson/said", said, Role::dim_text);
}

void draw_feedback(const std::string& feedback, bool was_right) {
    if (!feedback.empty()) ui::paragraph("lesson/feedback", feedback, was_right ? Role::safe : Role::held);
}

float question_height(const State& state, float width) {
    return foot_height(heights_of(state, width).foot);
}

float lesson_height(const State& state, float width) {
    const ImGuiStyle& style = ImGui::GetStyle();
    const float head = ImGui::GetFrameHeight() + style.ItemSpacing.y + 2 * style.WindowPadding.y;
    const float inside = width - 2 * sp(8) - 2 * style.WindowPadding.x;
    if (!state.lesson) return head + 3 * foot_height(1);
    const Heights heights = heights_of(state, inside);
    const float above = has_lesson_in_toolbar(state) ? 0 : head;
    return above + heights.words + style.ItemSpacing.y + foot_height(heights.foot);
}

}  // namespace mdscope::gui
