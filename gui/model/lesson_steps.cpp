// SPDX-License-Identifier: MIT
// What each line of a lesson does in the window.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "gui/model/lesson_run.hpp"
#include "gui/model/state.hpp"

namespace mdscope::gui {

namespace {

constexpr std::size_t kMostSteps = 5'000;  // that a lesson may take at once

// Where panels take turns, what a page is about comes to the front.
void bring_to_front(State& state, std::string_view id) {
    constexpr std::array<std::string_view, 4> kOfTheSide = {"bio/", "bitmap/", "hex/", "in_flight/"};
    const bool is_card = id.starts_with("card/"), is_lane = id.starts_with("lane");
    const bool is_tree = is_card && id.find("/tree") != std::string_view::npos;
    const bool is_side = std::ranges::any_of(kOfTheSide, [id](std::string_view page) { return id.starts_with(page); });
    if (is_card) state.focus = id.starts_with("card/B") ? Side::B : Side::A;
    if (!is_card && !is_lane && !is_side) return;
    state.shows_side = is_side;
    state.shows_tree = is_tree;
}

}  // namespace

// ---- at once

bool LessonRun::do_at_once(State& state, const LessonStep& step) {
    using enum LessonStep::Kind;
    std::string wrong;
    switch (step.kind) {
        case Scenario:
            wrong = open(state, step.setup);
            break;
        case Pause:
            wrong = pause_task(state, step);
            break;
        case Goto:
            wrong = seek(state, step.place);
            break;
        case Do: {
            Order order = step.order;
            if (step.is_next) order.tick = state.player.tick() + 1;
            wrong = state.player.order(order);
            break;
        }
        case Speed:
            state.player.set_speed(step.number);
            break;
        case Open:
            state.side_tab = kSideTabs.find(step.text).value_or(state.side_tab);
            break;
        case Highlight:
            if (highlights_.empty()) bring_to_front(state, step.text);
            highlights_.push_back(step.text);
            break;
        case Done:
            state.lessons_done.insert(lesson_.number);
            break;
        default:  // Expect: whether it is so is for the tests to say
            break;
    }
    if (!wrong.empty()) state.say(fmt::format("Lesson {}, line {}: {}", lesson_.number, step.line, wrong), true);
    return wrong.empty();
}

std::string LessonRun::open(State& state, const LessonSetup& setup) {
    const Result<Scenario> scenario = scenario_of(setup);
    if (!scenario) return scenario.error().text;
    std::string wrong = state.player.open(*scenario);
    state.zoom = 0;
    state.scroll = 0;
    state.selected_bio.clear();
    state.selected_chunk.reset();
    return wrong;
}

std::string LessonRun::seek(State& state, const Place& place) {
    Player& player = state.player;
    const auto found = [&] { return tick_of(place, {player.duel(), player.foresight()}); };
    if (!found()) player.go_to(player.end());
    for (std::size_t i = 0; i < kMostSteps && !found(); i++)
        if (!player.step()) break;
    const auto tick = found();
    if (!tick) return fmt::format("'{}' does not come", place.when.text);
    player.go_to(*tick);
    return {};
}

std::string LessonRun::pause_task(State& state, const LessonStep& step) {
    for (std::size_t i = 0; i < kMostSteps && !is_so(state, step.condition); i++) {
        const std::optional<Order> next = next_without(step.text, state.player.duel());
        if (!next) return fmt::format("'{}' does not come", step.condition.text);
        if (std::string wrong = state.player.order(*next); !wrong.empty()) return wrong;
    }
    return {};
}

// ---- what takes time

bool LessonRun::begin(State& state, const LessonStep& step) {
    using enum LessonStep::Kind;
    begun_ = true;
    waiting_ = Waiting::Time;
    if (step.kind == Read || step.kind == Ask || step.kind == WaitFor || step.kind == Scenario) tell_verdict();
    switch (step.kind) {
        case Play:
            remember_spot(state);
            if (!is_so(state, step.condition)) state.player.play(true);
            return true;
        case Read:
            remember_spot(state);
            reading_left_ = step.number;
            waiting_ = Waiting::Next;
            state.player.play(false);
            return true;
        case Ask:
            remember_spot(state);
            if (!step.question.is_quiz) waiting_ = Waiting::Answer;
            state.player.play(false);
            ask(state, step.question);
            return true;
        case WaitFor:
            remember_spot(state);
            waiting_ = Waiting::Person;
            was_tried_ = false;
            shown_ = 0;
            tries_.clear();
            if (step.want.kind != Want::Kind::Play) state.player.play(false);
            return true;
        default:
            do_at_once(state, step);
            return true;
    }
}

bool LessonRun::is_over(State& state, const LessonStep& step, double seconds) {
    using enum LessonStep::Kind;
    switch (step.kind) {
        case Play:
            if (!is_so(state, step.condition)) return false;
            state.player.play(false);
            return true;
        case Read:
            reading_left_ = std::max(0.0, reading_left_ - seconds);
            if (reading_left_ > 0) return false;
            if (state.player.version() != spot_version_ || state.player.tick() != spot_tick_) return false;
            return true;
        case Ask:
            return step.question.is_quiz || take_answer(state);
        case WaitFor:
            return has_wanted(state, step);
        default:
            return true;
    }
}

// ---- questions

void LessonRun::ask(State& state, const Question& question) {
    Prediction prediction;
    prediction.id = question.id;
    prediction.question = question.text;
    prediction.answers = question.answers;
    prediction.correct = question.correct;
    prediction.why = question.why;
    prediction.hides = !question.is_quiz;
    state.prediction = std::move(prediction);
}

bool LessonRun::take_answer(State& state) {
    if (!state.prediction) {  // somebody took it away, by opening something else and coming back
        begun_ = false;
        return false;
    }
    if (!state.prediction->given) return false;
    was_right_ = *state.prediction->given == state.prediction->correct;
    verdict_ = state.prediction->feedback();
    said_ = state.prediction->said();
    state.prediction.reset();
    return true;
}

// What was asked about has happened.
void LessonRun::tell_verdict() {
    if (verdict_.empty()) return;
    feedback_ = std::exchange(verdict_, {});
    said_.clear();
}

// ---- waiting for a person

bool LessonRun::has_wanted(State& state, const LessonStep& step) {
    const Player& player = state.player;
    const bool changed = player.version() != spot_version_;
    was_tried_ = was_tried_ || changed;
    look_for_hints(state, step);
    switch (step.want.kind) {
        case Want::Kind::Condition:
            return is_so(state, step.want.condition);
        case Want::Kind::Play:
            return player.is_playing() || player.tick() > spot_tick_;
        case Want::Kind::Tries:
            if (changed && player.duel().standstill() == Standstill::Ended) tries_.insert(player.version());
            return tries_.size() >= step.want.tries;
        case Want::Kind::Mode:
            return state.mode == kWindowModes.find(step.want.name);
        case Want::Kind::Tab:
            return state.side_tab == kSideTabs.find(step.want.name);
    }
    return true;
}

void LessonRun::look_for_hints(State& state, const LessonStep& step) {
    hint_.clear();
    if (!was_tried_) return;
    for (const Hint& hint : step.hints)
        if (is_so(state, hint.when)) hint_ = lesson_text(hint.text, state.player.duel(), state.player.tick());
}

void LessonRun::show(State& state) {
    if (!can_show()) return;
    const Show& show = step().shows[shown_++ % step().shows.size()];
    Player& player = state.player;
    std::string wrong;
    switch (show.kind) {
        case Show::Kind::Play:
            player.play(true);
            break;
        case Show::Kind::Move: {
            const auto place = tick_of(show.place, {player.duel(), player.foresight()});
            wrong = !place ? "there is no such place in this run"
                           : player.move_completion(show.name, std::max<std::size_t>(*place, 1) - 1);
            player.play(wrong.empty());
            break;
        }
        case Show::Kind::Release:
            wrong = player.release(show.name);
            player.play(wrong.empty());
            break;
        case Show::Kind::Mode:
            state.mode = kWindowModes.find(show.name).value_or(state.mode);
            break;
        case Show::Kind::Tab:
            state.show_side(kSideTabs.find(show.name).value_or(state.side_tab));
            break;
    }
    state.answer(wrong);
}

}  // namespace mdscope::gui
