// SPDX-License-Identifier: MIT
// The strip of the lesson: what it says, what it asks, and the ways on, back and out. Without a lesson it holds the
// choice of one, or a question of predict mode.
//
//   Lesson 1  The race in 60 seconds  ● ● ○ ○ ○             [Show me] [◀ Back] [Next ▶] [×]     head
//   Right: ...                                                                                  words
//   Now you: ...
//   When that write ends, what happens to A?  [Oops] [it hangs] [it is fine]                    foot
#include "gui/panels/panel_lesson.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "gui/frame/flow.hpp"
#include "gui/frame/imgui_version.hpp"
#include "gui/frame/keys.hpp"
#include "gui/model/pointed.hpp"
#include "gui/panels/panel_stage.hpp"

namespace mdscope::gui {

namespace {

using Waiting = LessonRun::Waiting;

constexpr const char* kBackInBar = "◀";

// ---- buttons of the head, from right to left so that each keeps its place

struct HeadButton {
    const char* id;
    std::string label;
    bool enabled = true;
    Role role = Role::button;
    const char* tip = "";
};

// Next is the button of the sentence, where there is one.
void add_way_on(const LessonRun& lesson, std::vector<HeadButton>& buttons, bool has_next) {
    if (lesson.waiting() == Waiting::Nothing) {
        buttons.push_back(
            {"lesson/explore", "Explore", true, Role::button, "leave the lesson; all of the window is yours"});
        if (lesson.number() < kLastLesson && !has_next)
            buttons.push_back(
                {"lesson/another", fmt::format("Lesson {} ▶", lesson.number() + 1), true, Role::accent, ""});
        return;
    }
    if (lesson.can_go_next() && !has_next)
        buttons.push_back({"lesson/next", "Next ▶", true, Role::act, "go on (Space)"});
}

std::vector<HeadButton> head_buttons(const LessonRun& lesson, bool has_next) {
    std::vector<HeadButton> buttons = {
        {"lesson/close", "×", true, Role::button, "leave the lesson (Esc); its place is kept"}};
    add_way_on(lesson, buttons, has_next);
    buttons.push_back(
        {"lesson/back", "◀ Back", lesson.can_go_back(), Role::button, "to the page before, as it was then"});
    if (lesson.can_show())
        buttons.push_back({"lesson/show", "Show me", true, Role::button, "does what you are asked to do"});
    if (lesson.is_away())
        buttons.push_back({"lesson/return", "Back to the lesson", true, Role::accent, "everything as it was there"});
    else if (lesson.can_try_again() && lesson.waiting() == Waiting::Person)
        buttons.push_back(
            {"lesson/return", "Try again", true, Role::button, "everything as it was when you were asked"});
    return buttons;
}

// One of them was pressed; the lesson may be gone after that.
void press(State& state, std::string_view id) {
    LessonRun& lesson = *state.lesson;
    if (id == "lesson/close" || id == "lesson/explore") return LessonRun::close(state);
    if (id == "lesson/next") return lesson.next(state);
    if (id == "lesson/back") return lesson.back(state);
    if (id == "lesson/show") return lesson.show(state);
    if (id == "lesson/return") return lesson.come_back(state);
    if (id == "lesson/another") state.answer(LessonRun::start(state, lesson.number() + 1));
}

// What was pressed; empty: nothing. The title gets the room that they leave.
std::string draw_head_buttons(const std::vector<HeadButton>& buttons, const std::string& title, const std::string& dots,
                              const std::string& called = "") {
    const float gap = ImGui::GetStyle().ItemSpacing.x;
    const ImVec2 begin = ImGui::GetCursorScreenPos();
    float x = begin.x + ImGui::GetContentRegionAvail().x;
    for (const HeadButton& button : buttons) x -= ui::button_width(button.label) + gap;
    const float dots_width = dots.empty() ? 0 : ImGui::CalcTextSize(dots.c_str()).x + 2 * gap;
    ImGui::AlignTextToFramePadding();
    if (called.empty()) {
        ui::text("lesson/title", title, Role::accent, Font::text, x - begin.x - dots_width);
    } else if (!title.empty()) {  // it is there in full, and known by a longer name
        ImGui::TextColored(color(Role::accent), "%s", title.c_str());
        ui::mark("lesson/title", "text", called);
    }
    if (!dots.empty()) {
        if (!title.empty()) ImGui::SameLine(0, 2 * gap);
        ui::text("lesson/dots", dots, Role::dim_text, Font::text, dots_width);
        if (title.empty()) {  // there is no room for it
            ui::mark_rect(ui::rect_of_item(), "lesson/title", "text", called);
            ui::tip(called);
        }
    }
    std::string pressed_id;
    for (auto button = buttons.rbegin(); button != buttons.rend(); ++button) {
        ImGui::SetCursorScreenPos({x + gap, begin.y});
        x += ui::button_width(button->label) + gap;
        if (ui::button(button->id, button->label,
                       {.role = button->role, .enabled = button->enabled, .tip = button->tip}))
            pressed_id = button->id;
    }
    return pressed_id;
}

std::string dots_of(const LessonRun& lesson) {
    std::string dots;
    for (std::size_t i = 0; i < lesson.lesson().pages.size(); i++)
        dots += std::string(i > 0 ? " " : "") + (i <= lesson.page() ? "●" : "○");
    return dots + fmt::format("   {} of {}", lesson.page() + 1, lesson.lesson().pages.size());
}

// ---- the words, in the middle

void draw_told(State& state, const char* id, const std::string& text, Role role) {
    ui::paragraph(id, text, role);
    const std::string key = key_of_word(ui::word_under_mouse(text));
    if (!key.empty()) state.hovers = key;
}

// Where its head is in the toolbar, its words are the second sentence. What was said before something has happened is
// the past then, and goes.
void draw_words_as_sentence(State& state) {
    const LessonRun& lesson = *state.lesson;
    draw_feedback(lesson.feedback(), lesson.was_right());
    if (lesson.feedback().empty()) {
        const Phrases phrases = lesson_phrases(state, lesson.said(), lesson.text());
        const ImVec2 at = ImGui::GetCursorScreenPos();
        const float width = ImGui::GetContentRegionAvail().x;
        const ui::Rect rect{at.x, at.y, width, lesson_phrases_height(phrases, width)};
        draw_phrases(phrases, rect, kLessonWords, false, kLessonLines);
        if (ImGui::IsWindowHovered()) {
            const std::string key =
                key_in_phrases(phrases, rect, kLessonWords, false, kLessonLines, ImGui::GetIO().MousePos);
            if (!key.empty()) state.hovers = key;
        }
        ImGui::Dummy({width, rect.h});
        ui::mark_rect(rect, "lesson/text", "text", lesson.text());
        if (!lesson.said().empty()) ui::mark_rect(rect, "lesson/said", "text", lesson.said());
    }
    if (!lesson.hint().empty()) ui::paragraph("lesson/hint", lesson.hint(), Role::held);
    draw_given(state);
}

void draw_words(State& state) {
    const LessonRun& lesson = *state.lesson;
    draw_feedback(lesson.feedback(), lesson.was_right());
    if (!lesson.said().empty()) draw_told(state, "lesson/said", lesson.said(), Role::dim_text);
    if (lesson.is_away()) {
        ui::paragraph("lesson/text", "You are somewhere else; the lesson waits for you.", Role::dim_text);
        return;
    }
    // Once it has happened, what was said before it is the past.
    draw_told(state, "lesson/text", lesson.text(), lesson.feedback().empty() ? Role::text : Role::dim_text);
    if (!lesson.hint().empty()) ui::paragraph("lesson/hint", lesson.hint(), Role::held);
    draw_given(state);
}

// ---- without a lesson

void draw_choice(State& state) {
    std::string chosen = draw_head_buttons({{"lesson/close", "×", true, Role::button, "close (Esc)"}}, "Lessons", "");
    Flow flow(ImGui::GetContentRegionAvail().x, true);
    static const std::vector<std::string> titles = [] {
        std::vector<std::string> all;
        for (int number = 0; number <= kLastLesson; number++) all.push_back(lesson_title(number));
        return all;
    }();
    for (int number = 0; number <= kLastLesson; number++) {
        const bool is_done = state.lessons_done.contains(number);
        const std::string label =
            fmt::format("{}  {}{}", number, titles[static_cast<std::size_t>(number)], is_done ? "  ✓" : "");
        flow.item(ui::button_width(label));
        const bool is_here = state.lesson && state.lesson->number() == number;
        if (!ui::button(fmt::format("lesson/choose/{}", number), label,
                        {.role = is_here ? Role::accent : Role::button, .tip = is_done ? "completed" : ""}))
            continue;
        state.choosing_lesson = false;
        state.answer(LessonRun::start(state, number));
        return;
    }
    if (!chosen.empty()) state.choosing_lesson = false;
}

void draw_free_question(State& state) {
    const std::string pressed_id = draw_head_buttons({{"lesson/close", "×", true, Role::button, "never mind (Esc)"}},
                                                     "What will happen?  (Shift+P turns these questions off)", "");
    draw_given(state);
    draw_question(state);
    if (!pressed_id.empty()) state.prediction.reset();
}

std::string title_of(const LessonRun& lesson) {
    return fmt::format("Lesson {}   {}", lesson.number(), lesson.lesson().title);
}

std::vector<HeadButton> buttons_of(const State& state) {
    return head_buttons(*state.lesson, shows_sentence(state) && !asks_in_sentence(state));
}

void draw_running(State& state, bool has_head) {
    const LessonRun& lesson = *state.lesson;
    const std::string pressed_id =
        has_head ? draw_head_buttons(buttons_of(state), title_of(lesson), dots_of(lesson)) : "";
    const float foot = question_height(state, ImGui::GetContentRegionAvail().x);
    const float words = std::max(ImGui::GetTextLineHeight(), ImGui::GetContentRegionAvail().y - foot);
    ImGui::BeginChild("words", {0, words});
    if (has_head)
        draw_words(state);
    else
        draw_words_as_sentence(state);
    ImGui::EndChild();
    if (state.prediction && !lesson.is_away()) draw_question(state);
    if (lesson.reading_left() > 0 && lesson.waiting() == Waiting::Next) ui::ask_for_frame(lesson.reading_left());
    if (!pressed_id.empty()) press(state, pressed_id);
}

// What was opened last goes first; the lesson itself only when nothing else is open, and its place is kept.
void step_back_by_escape(State& state) {
    const bool asks = state.prediction && !state.prediction->hides && !(state.lesson && state.lesson->is_away());
    if (state.choosing_lesson)
        state.choosing_lesson = false;
    else if (state.shows_side || state.shows_tree)
        state.shows_side = state.shows_tree = false;
    else if (state.lesson && !asks)
        LessonRun::close(state);
    else
        state.prediction.reset();  // it need not be answered
}

// Escape first takes back the focus that Tab has shown, and a dialog or a message comes before the strip.
bool is_escape_meant(const State& state) {
    static bool was_focus_shown = false;  // in the frame before: this one has hidden it already
    const bool meant =
        pressed("close") && !was_focus_shown && !is_popup_open() && state.messages.empty() && state.pinned.empty();
    was_focus_shown = nav_is_visible();
    return meant && !ImGui::GetIO().WantTextInput;
}

void take_escape(State& state) {
    if (is_escape_meant(state)) step_back_by_escape(state);
}

}  // namespace

// A lesson that runs is about the simulated arrays: it waits while a mounted one is looked at.
bool has_lesson_strip(const State& state) {
    if (state.mode == Mode::learn) return false;
    // In large type its sentence is the state's; only what has to be answered needs a place, if the sentence has none.
    if (state.is_presenting() && !state.choosing_lesson) return state.is_asked() && !asks_in_sentence(state);
    if (state.mode == Mode::live) return state.choosing_lesson;
    return state.lesson || state.choosing_lesson || state.prediction;
}

// The same on every page: with all buttons that may come.
float lesson_head_width(const State& state, bool has_title) {
    if (!state.lesson || state.lesson->is_away() || state.choosing_lesson || !has_lesson_strip(state)) return 0;
    const float gap = ImGui::GetStyle().ItemSpacing.x;
    const float title = has_title ? ui::text_width(state.lesson->lesson().title) + 2 * gap : 0;
    float width = title + ui::text_width(dots_of(*state.lesson)) + 2 * gap;
    for (const char* label : {"×", kBackInBar, "Show me", "Try again"}) width += ui::button_width(label) + gap;
    return width;
}

void draw_lesson_head(State& state, bool has_title) {
    const LessonRun& lesson = *state.lesson;
    std::vector<HeadButton> buttons = buttons_of(state);
    for (HeadButton& button : buttons)
        if (std::string_view(button.id) == "lesson/back") button.label = kBackInBar;
    const std::string pressed_id =
        draw_head_buttons(buttons, has_title ? lesson.lesson().title : "", dots_of(lesson), title_of(lesson));
    if (!pressed_id.empty()) press(state, pressed_id);
}

void draw_lesson(State& state, const ui::Rect& rect) {
    if (has_lesson_strip(state) || state.mode == Mode::lab) take_escape(state);
    if (!has_lesson_strip(state)) return;
    {
        const bool is_folded = has_lesson_in_toolbar(state);
        ImVec2 padding = ImGui::GetStyle().WindowPadding;
        if (is_folded) padding = {sp(8), 0};  // in line with the sentence
        ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, padding);
        const Panel panel("lesson", rect,
                          {.fill = is_folded ? Role::background : Role::panel,
                           .border = is_folded ? Role::background : Role::border,
                           .scrolls = true});
        ImGui::PopStyleVar();
        if (state.choosing_lesson)
            draw_choice(state);
        else if (state.lesson)
            draw_running(state, !is_folded);
        else
            draw_free_question(state);
    }
    // What somebody points at has frames of its own.
    if (state.lesson && !state.choosing_lesson && state.pointed().empty()) draw_highlights(*state.lesson);
}

}  // namespace mdscope::gui
