// SPDX-License-Identifier: MIT
// Plays a lesson without a window: time runs when the lesson says so, questions are answered, and what a person is
// waited for is done as the lesson's `show` lines say. Everything the lesson expects is checked.
#pragma once

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "engine/story/lesson/lesson.hpp"

namespace mdscope::story_test {

class LessonScript {
   public:
    explicit LessonScript(const Lesson& lesson) : lesson_(lesson) {}

    void play() {
        for (const LessonStep& step : lesson_.opening) act(step);
        for (const LessonPage& page : lesson_.pages) {
            CHECK_FALSE(lesson_text(page.text, *duel_, tick_).empty());
            for (const LessonStep& step : page.steps) act(step);
        }
    }
    [[nodiscard]] bool is_done() const { return done_; }
    [[nodiscard]] const Duel& duel() const { return *duel_; }
    [[nodiscard]] std::size_t expectations() const { return expectations_; }

   private:
    void act(const LessonStep& step) {
        INFO(lesson_.name << ", line " << step.line << ", tick " << tick_);
        using enum LessonStep::Kind;
        switch (step.kind) {
            case Scenario:
                return open(step.setup);
            case Play:
                return play_until(step.condition);
            case Pause:
                return pause_until(step);
            case Goto:
                return go_to(step.place);
            case Do:
                return give(step);
            case WaitFor:
                return wait_for(step);
            case Expect:
                expectations_++;
                CHECK_MESSAGE(is_so(step.condition),
                              lesson_.name << ", line " << step.line << ": " << step.condition.text);
                return;
            case Done:
                done_ = true;
                return;
            default:
                return;
        }
    }

    void open(const LessonSetup& setup) {
        const Result<mdscope::Scenario> scenario = scenario_of(setup);
        REQUIRE_MESSAGE(scenario, scenario.error().text);
        foresight_.reset();
        duel_ = std::make_unique<Duel>(*scenario, opponent_of(*scenario));
        foresight_ = std::make_unique<Foresight>(*duel_);
        tick_ = duel_->end();
    }

    bool is_so(const When& condition) { return holds(condition, {*duel_, *foresight_}, tick_); }

    bool advance() {
        if (tick_ == duel_->end() && !duel_->advance()) return false;
        tick_++;
        return true;
    }

    void play_until(const When& condition) {
        while (!is_so(condition)) REQUIRE_MESSAGE(advance(), "it never happens: " << condition.text);
    }

    void pause_until(const LessonStep& step) {
        duel_->cut(tick_);
        while (!is_so(step.condition)) {
            const std::optional<Order> next = next_without(step.text, *duel_);
            REQUIRE_MESSAGE(next, "it never happens: " << step.condition.text);
            CHECK(duel_->give(*next).empty());
            tick_ = duel_->end();
        }
    }

    void go_to(const Place& place) {
        const auto find = [&] { return tick_of(place, {*duel_, *foresight_}); };
        while (!find()) REQUIRE(duel_->advance());
        tick_ = *find();
    }

    void give(const LessonStep& step) {
        duel_->cut(tick_);
        Order order = step.order;
        if (step.is_next) order.tick = tick_ + 1;
        const std::string wrong = duel_->give(order);
        REQUIRE_MESSAGE(wrong.empty(), wrong);
        tick_ = duel_->end();
    }

    void wait_for(const LessonStep& step) {
        const Want& want = step.want;
        if (want.kind == Want::Kind::Condition) CHECK_FALSE_MESSAGE(is_so(want.condition), "nothing is to be done");
        REQUIRE_MESSAGE(!step.shows.empty(), "a 'wait-for' without 'show'");
        std::uint64_t tries = 0;
        for (const Show& show : step.shows) {
            show_how(show);
            for (const Hint& hint : step.hints) is_so(hint.when);
            if (duel_->standstill() == Standstill::Ended) tries++;
        }
        if (want.kind == Want::Kind::Condition) CHECK_MESSAGE(is_so(want.condition), want.condition.text);
        if (want.kind == Want::Kind::Tries) CHECK(tries >= want.tries);
    }

    void show_how(const Show& show) {
        if (show.kind == Show::Kind::Release) {
            Schedule order;
            REQUIRE(read_order("release " + show.name, order).empty());
            duel_->cut(tick_);
            CHECK(duel_->give(order[0]).empty());
            duel_->play(5000, false);
        }
        if (show.kind != Show::Kind::Move) return;
        const auto place = tick_of(show.place, {*duel_, *foresight_});
        REQUIRE(place);
        std::size_t born = 0;
        while (std::ranges::find(duel_->at(Side::A, born).bios, show.name, &BioAt::name) ==
               duel_->at(Side::A, born).bios.end())
            REQUIRE(++born <= duel_->end());
        for (const std::string& words : {fmt::format("release {}", show.name),
                                         fmt::format("due {} {}", show.name, std::max(born + 1, *place - 1))}) {
            Schedule order;
            REQUIRE(read_order(words, order).empty());
            duel_->replay_with(born, order[0]);
        }
        tick_ = std::min(tick_, duel_->end());
    }

    const Lesson& lesson_;
    std::unique_ptr<Duel> duel_;
    std::unique_ptr<Foresight> foresight_;
    std::size_t tick_ = 0;
    bool done_ = false;
    std::size_t expectations_ = 0;
};

}  // namespace mdscope::story_test
