// SPDX-License-Identifier: MIT

#include "gui/model/lesson_run.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "gui/model/state.hpp"

namespace mdscope::gui {

namespace {

// Apart from their schedules: a person who changes these is somewhere else.
bool is_the_same_place(const Scenario& a, const Scenario& b) {
    return a.name == b.name && a.bitmap == b.bitmap && a.variants == b.variants && a.members == b.members &&
           a.pages == b.pages && a.granularity == b.granularity;
}

}  // namespace

std::string LessonRun::start(State& state, int number) {
    if (state.left_lesson && state.left_lesson->number() == number) return go_on_where_left(state);
    Result<Lesson> lesson = load_lesson(number);
    if (!lesson) return lesson.error().text;
    LessonRun run(std::move(*lesson));
    state.mode = Mode::lab;
    state.prediction.reset();
    state.shows_side = state.shows_tree = false;
    for (const LessonStep& step : run.lesson_.opening)
        if (!run.do_at_once(state, step)) return fmt::format("Lesson {} cannot be begun.", number);
    run.open_page(state, 0);
    state.lesson = std::move(run);
    state.lesson->go_on(state, 0);
    return {};
}

void LessonRun::close(State& state) {
    if (!state.lesson) return;
    state.prediction.reset();
    if (state.lesson->waiting_ != Waiting::Nothing)
        state.left_lesson = std::move(state.lesson);
    else if (state.left_lesson && state.left_lesson->number() == state.lesson->number())
        state.left_lesson.reset();
    state.lesson.reset();
}

std::string LessonRun::go_on_where_left(State& state) {
    state.choosing_lesson = false;
    state.prediction.reset();
    state.shows_side = state.shows_tree = false;
    state.lesson = std::move(state.left_lesson);
    state.left_lesson.reset();
    state.lesson->come_back(state);
    return {};
}

bool LessonRun::is_so(State& state, const When& condition) const {
    return holds(condition, {state.player.duel(), state.player.foresight()}, state.player.tick());
}

bool LessonRun::will_ask() const {
    const auto asks = [](const LessonStep& step) {
        return step.kind == LessonStep::Kind::Ask && !step.question.is_quiz;
    };
    const auto& here = lesson_.pages[page_].steps;
    if (std::any_of(here.begin() + static_cast<std::ptrdiff_t>(std::min(step_, here.size())), here.end(), asks))
        return true;
    return std::any_of(lesson_.pages.begin() + static_cast<std::ptrdiff_t>(page_) + 1, lesson_.pages.end(),
                       [&](const LessonPage& page) { return std::ranges::any_of(page.steps, asks); });
}

// ---- from page to page

void LessonRun::open_page(State& state, std::size_t page) {
    page_ = page;
    step_ = 0;
    begun_ = false;
    waiting_ = Waiting::Time;
    highlights_.clear();
    hint_.clear();
    said_.clear();
    verdict_.clear();
    feedback_.clear();
    text_ = lesson_text(lesson_.pages[page].text, state.player.duel(), state.player.tick());
    page_age_ = 0;
    was_tried_ = false;
    state.prediction.reset();
    pages_.resize(page_);
    pages_.push_back({state.player.bookmark(), state.player.speed()});
    remember_spot(state);
}

void LessonRun::next(State& state) {
    if (!can_go_next()) return;
    if (state.player.version() != spot_version_ || state.player.tick() != spot_tick_) come_back(state);
    if (step_ < lesson_.pages[page_].steps.size()) {  // it was read before its time was over
        step_++;
        begun_ = false;
    } else if (page_ + 1 < lesson_.pages.size()) {
        open_page(state, page_ + 1);
    }
    waiting_ = Waiting::Time;
    go_on(state, 0);
}

void LessonRun::back(State& state) {
    if (!can_go_back()) return;
    const Kept moment = pages_[page_ - 1];
    if (const std::string wrong = state.player.restore(moment.run); !wrong.empty()) return state.say(wrong, true);
    state.player.set_speed(moment.speed);
    state.mode = Mode::lab;
    is_away_ = false;
    open_page(state, page_ - 1);
    go_on(state, 0);
}

void LessonRun::come_back(State& state) {
    const Kept moment = spot_;
    if (const std::string wrong = state.player.restore(moment.run); !wrong.empty()) return state.say(wrong, true);
    state.player.set_speed(moment.speed);
    state.mode = Mode::lab;
    is_away_ = was_tried_ = false;
    hint_.clear();
    said_.clear();
    begun_ = begun_ && waiting_ == Waiting::Next;  // what it waits for begins again: a question is asked again
    remember_spot(state);
    if (waiting_ != Waiting::Next && waiting_ != Waiting::Nothing) go_on(state, 0);
}

void LessonRun::remember_spot(State& state) {
    spot_ = {state.player.bookmark(), state.player.speed()};
    spot_version_ = state.player.version();
    spot_tick_ = state.player.tick();
}

// ---- as time passes

void LessonRun::pass(State& state, double seconds) {
    page_age_ += seconds;
    judge_away(state);
    if (!is_away_) go_on(state, seconds);
}

bool LessonRun::may_step(State& state) {
    if (is_away_ || waiting_ != Waiting::Time || !begun_) return true;
    return step().kind != LessonStep::Kind::Play || !is_so(state, step().condition);
}

// Does what can be done now, up to where somebody or something is waited for.
void LessonRun::go_on(State& state, double seconds) {
    while (true) {
        const std::vector<LessonStep>& steps = lesson_.pages[page_].steps;
        if (step_ == steps.size()) {
            if (waiting_ == Waiting::Next || waiting_ == Waiting::Nothing) return;
            end_of_page(state);
            if (waiting_ != Waiting::Time) return;
            continue;
        }
        const LessonStep& now = steps[step_];
        if (!begun_ && !begin(state, now)) return;
        if (!is_over(state, now, seconds)) return;
        step_++;
        begun_ = false;
        waiting_ = Waiting::Time;
        seconds = 0;
    }
}

void LessonRun::end_of_page(State& state) {
    const bool is_last = page_ + 1 == lesson_.pages.size();
    tell_verdict();
    remember_spot(state);
    if (is_last) {
        waiting_ = Waiting::Nothing;
    } else if (lesson_.pages[page_].goes_on_by_itself()) {
        open_page(state, page_ + 1);
    } else {
        waiting_ = Waiting::Next;
        state.player.play(false);
    }
}

void LessonRun::judge_away(State& state) {
    const bool wants_mode = waiting_ == Waiting::Person && step().want.kind == Want::Kind::Mode;
    const bool wanted_mode = waiting_ == Waiting::Next || waiting_ == Waiting::Nothing;  // it may be what was wanted
    const bool elsewhere = !is_the_same_place(state.player.scenario(Side::A), spot_.run.a) ||
                           !is_the_same_place(state.player.scenario(Side::B), spot_.run.b);
    const bool in_mode = state.mode == Mode::lab || wants_mode || wanted_mode;
    const bool stuck = waiting_ == Waiting::Time && !state.player.is_playing() &&
                       state.player.standstill() != Standstill::No && !is_so(state, step().condition);
    const bool was_away = is_away_;
    is_away_ = elsewhere || !in_mode || stuck;
    // Somewhere else the question makes no sense, and must not hide anything.
    if (is_away_ && !was_away && waiting_ == Waiting::Answer) state.prediction.reset();
}

// What cannot be done as the lesson says is a fault of the lesson; it must not hold anybody up.
void LessonRun::fail(State& state, const std::string& why) {
    state.say(fmt::format("Lesson {}, line {}: {}", lesson_.number, step().line, why), true);
}

}  // namespace mdscope::gui
