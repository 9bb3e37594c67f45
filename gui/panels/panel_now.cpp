// SPDX-License-Identifier: MIT
// The one sentence of a step, large, with the one below it and the button that goes on.
#include <fmt/format.h>

#include <algorithm>

#include "gui/frame/focus.hpp"
#include "gui/frame/keys.hpp"
#include "gui/panels/panel_stage.hpp"
#include "gui/panels/panels.hpp"

namespace mdscope::gui {

namespace {

constexpr float kTop = 8, kSecond = 16;

// By the window's width alone: the sentence of the next step must not be of another size.
float first_size(const State& state, float width) {
    const float units = width / (sp(1000) / 1000);
    if (state.is_presenting()) return units >= 1440 ? 44 : units >= 1180 ? 36 : units >= 900 ? 26 : 19;
    return units >= 1440 ? 26 : units >= 1180 ? 22 : units >= 900 ? 19 : 16;
}

int first_lines(const State& state, float width) {
    if (state.is_presenting()) return 2;
    return width / (sp(1000) / 1000) >= 1100 ? 1 : 2;
}

bool is_told_by_lesson(const State& state) {
    return state.lesson || state.choosing_lesson || state.prediction;
}

// Where there is room for one of them, a lesson's words are the sentence.
bool is_left_out(const State& state) {
    return is_told_by_lesson(state) && ImGui::GetIO().DisplaySize.y / (sp(1000) / 1000) < 420;
}

int second_lines(const State& state, float width) {
    if (is_told_by_lesson(state) || state.is_presenting()) return 0;
    return width / (sp(1000) / 1000) >= 1180 ? 1 : 2;
}

// What is pressed next, as far as one can say.
struct Act {
    std::string label;
    const char* key;  // of keys.hpp
    void (*press)(State&);
    const char* id = "now/act";
};
std::string begin_words(const State& state) {
    const std::string noun = state.player.duel().exhibit().act.noun;
    return noun == "stop" ? "Stop both" : "Start the " + noun;
}

void begin_next_lesson(State& state) {
    state.answer(LessonRun::start(state, state.lesson->number() + 1));
}

// A lesson has said what to do, and it is not this.
bool is_up_to_person(const State& state) {
    if (!state.lesson || state.lesson->is_away()) return false;
    const auto waits = state.lesson->waiting();
    const Standstill still = state.player.standstill();
    const bool has_hand = still == Standstill::NotBegun || still == Standstill::Held;
    return waits == LessonRun::Waiting::Nothing || (waits == LessonRun::Waiting::Person && !has_hand);
}

std::optional<Act> next_act(State& state) {
    if (state.hides_future()) return std::nullopt;
    if (state.lesson && state.lesson->is_through() && state.lesson->goes_on_by_enter())
        return Act{"Next lesson", "press", begin_next_lesson, "lesson/another"};
    if (state.lesson && state.lesson->can_go_next())
        return Act{"Next", "press", [](State& s) { s.lesson->next(s); }, "lesson/next"};
    if (is_up_to_person(state)) return std::nullopt;
    if (state.player.is_playing()) return Act{"Pause", "play", [](State& s) { s.toggle_play(); }};
    switch (state.player.standstill()) {
        case Standstill::No:
            return Act{"Play on", "play", [](State& s) { s.toggle_play(); }};
        case Standstill::NotBegun:
            return Act{begin_words(state), "stop_both", [](State& s) { s.answer(s.player.stop()); }};
        case Standstill::Held:
            return Act{"Let it end", "release", [](State& s) { s.answer(s.player.release("all")); }};
        case Standstill::Ended:
        case Standstill::Full:
            return Act{"From the start", "first", [](State& s) { s.player.go_to(0); }};
    }
    return std::nullopt;
}

std::string with_key(const std::string& label, const char* key) {
    if (std::string_view(key) == "press") return label + "   Enter";
    return fmt::format("{}   {}", label, keys_of(key));
}

// The buttons at the right edge; returns how much room they take. The widest label of the act keeps its place.
float draw_buttons(State& state, float right, float y) {
    const float gap = sp(8), widest = ui::button_width("From the start   Home") + sp(16);
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, sp(12, 9));
    const std::string why = with_key("Why?", "why");
    const float why_width = ui::button_width(why);
    ImGui::SetCursorScreenPos({right - widest - gap - why_width, y});
    if (ui::button("now/why", why, {.tip = "the chain from cause to effect"})) state.show_side(SideTab::why);
    if (const auto act = next_act(state)) {
        ImGui::SetCursorScreenPos({right - widest, y});
        if (ui::button(act->id, with_key(act->label, act->key), {.role = Role::act, .width = widest}))
            act->press(state);
    }
    ImGui::PopStyleVar();
    return widest + gap + why_width;
}

constexpr float kKeyBox = 20, kKeyGap = 8;

float answer_width(const std::string& answer) {
    return ui::button_width(answer) + sp(kKeyBox + kKeyGap);
}

// The key that gives an answer, in the button's left part.
void draw_key_box(const std::string& name) {
    const ui::Rect rect = ui::rect_of_item();
    const float size = sp(kKeyBox), x = rect.x + ImGui::GetStyle().FramePadding.x, y = rect.y + (rect.h - size) / 2;
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    draw.AddRect({x, y}, {x + size, y + size}, color_u32(Role::dim_text), sp(4), ImDrawFlags_None, sp(1.2F));
    const ImVec2 text = ImGui::CalcTextSize(name.c_str());
    draw.AddText({x + (size - text.x) / 2, y + (size - text.y) / 2}, color_u32(Role::text), name.c_str());
}

float answers_width(const std::vector<std::string>& answers) {
    float width = 0;
    for (const std::string& answer : answers) width += answer_width(answer) + sp(8) + sp(8);
    return width;
}

// Answers, where the button is otherwise; returns how much room they take.
float draw_answers(State& state, float right, float y) {
    const Prediction question = *state.prediction;
    const float width = answers_width(question.answers);
    std::optional<std::size_t> given;
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, sp(12, 9));
    ImGui::PushStyleVar(ImGuiStyleVar_FrameBorderSize, sp(2));
    ImGui::PushStyleVar(ImGuiStyleVar_ButtonTextAlign, ImVec2(1, 0.5F));
    ImGui::PushStyleColor(ImGuiCol_Border, color(Role::here));
    float x = right - width + sp(8);
    for (std::size_t i = 0; i < question.answers.size(); i++) {
        ImGui::SetCursorScreenPos({x, y});
        if (ui::button(fmt::format("predict/{}", i), question.answers[i],
                       {.width = answer_width(question.answers[i]), .tip = "0 shows the answer"}))
            given = i;
        draw_key_box(std::to_string(i + 1));
        x = ImGui::GetItemRectMax().x + sp(8);
    }
    ImGui::PopStyleColor();
    ImGui::PopStyleVar(3);
    if (question.wants_focus) state.prediction->wants_focus = !focus_on("predict/0");
    if (given) state.answer_question(*given);
    return width;
}

void draw_question_as_sentence(State& state, const ui::Rect& rect) {
    const std::string text = state.prediction->question;
    const float answers = draw_answers(state, rect.right() - sp(4), rect.y + sp(kTop));
    const float size = first_size(state, rect.w), line = sp(std::round(size * 1.32F));
    const ui::Rect first{rect.x + sp(8), rect.y + sp(kTop), rect.w - answers - sp(32), rect.h - sp(kTop)};
    float smaller = size;
    while (smaller > 16 &&
           static_cast<float>(draw_phrases({{text}}, first, smaller, true, 9, false)) * line > first.h + line / 2)
        smaller -= 3;
    draw_phrases({{text}}, first, smaller, true, 2);
    ui::mark_rect(first, "predict/question", "text", text);
}

// Draws a sentence; what is known of the word under the mouse is told in the reading place.
void draw_sentence(State& state, const Phrases& phrases, const ui::Rect& rect, float size, bool is_bold, int lines) {
    draw_phrases(phrases, rect, size, is_bold, lines);
    if (!ImGui::IsWindowHovered()) return;
    const std::string key = key_in_phrases(phrases, rect, size, is_bold, lines, ImGui::GetIO().MousePos);
    if (!key.empty()) state.hovers = key;
}

}  // namespace

void press_next_act(State& state) {
    if (const auto act = next_act(state)) act->press(state);
}

bool fits_in_sentence(const State& state, const std::vector<std::string>& answers) {
    return shows_sentence(state) && answers_width(answers) < ImGui::GetIO().DisplaySize.x * 0.52F;
}

bool asks_in_sentence(const State& state) {
    return state.prediction && !state.prediction->given && !(state.lesson && state.lesson->is_away()) &&
           fits_in_sentence(state, state.prediction->answers);
}

bool shows_sentence(const State& state) {
    return state.mode == Mode::lab && !is_left_out(state);
}

float now_height(const State& state, float width) {
    if (is_left_out(state)) return 0;
    const float first = static_cast<float>(first_lines(state, width)) * std::round(first_size(state, width) * 1.32F);
    const auto second = static_cast<float>(second_lines(state, width));
    return sp(2 * kTop + std::max(38.0F, first) + (second > 0 ? 2 + second * std::round(kSecond * 1.32F) : 0));
}

void draw_now(State& state, const ui::Rect& rect) {
    const Panel panel("now", rect, {.fill = Role::background, .border = Role::background, .scrolls = false});
    if (asks_in_sentence(state)) return draw_question_as_sentence(state, rect);
    Sentence sentence = state.sentence();
    if (!is_told_by_lesson(state) && !sentence.press.empty()) sentence.first.push_back({sentence.press});
    const float buttons = draw_buttons(state, rect.right() - sp(4), rect.y + sp(kTop));
    const float left = rect.x + sp(8), size = first_size(state, rect.w);
    const float width = rect.w - buttons - sp(32);
    const float line = sp(std::round(size * 1.32F));
    const ui::Rect first{left, rect.y + sp(kTop), width, line * static_cast<float>(first_lines(state, rect.w))};
    draw_sentence(state, sentence.first, first, size, true, first_lines(state, rect.w));
    ui::mark_rect(first, "now/what", "text", plain_text(sentence.first));
    const int lines = second_lines(state, rect.w);
    if (lines == 0) return;
    const float top = rect.y + sp(kTop) + std::max(sp(38), first.h) + sp(2);
    const ui::Rect second{left, top, lines == 1 ? rect.w - sp(16) : width, rect.bottom() - top};
    draw_sentence(state, sentence.second, second, kSecond, false, lines);
    ui::mark_rect(second, "now/meaning", "text", plain_text(sentence.second));
}

}  // namespace mdscope::gui
