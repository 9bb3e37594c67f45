// SPDX-License-Identifier: MIT

#include "engine/story/record/counter_scenario.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include "engine/explore/cut_by_hand.hpp"
#include "engine/explore/judge.hpp"
#include "engine/story/record/tape.hpp"

namespace mdscope {

namespace {

// What a search chose from, beside a tape that takes the same steps: there each cut is a choice, here it has words.
class Searched {
   public:
    explicit Searched(const Scenario& scenario)
        : tape_(scenario), world_(scenario, {.event_log = false, .invariants = true, .hashing = false}) {}
    [[nodiscard]] bool is_over() const { return world_.moment() != Moment::Open; }
    [[nodiscard]] bool is_full() const { return tape_.is_full(); }
    [[nodiscard]] std::size_t choices() const { return world_.choices().size(); }
    Order take(std::size_t index) {
        Order order;
        if (World::is_cut(world_.choices()[index])) {
            order.how = Choice::Kind::Cut;
            order.name = cut_words(world_.cut_option(index));
        } else {
            order = tape_.options()[index];
        }
        world_.take(index);
        tape_.take(order);
        return order;
    }

   private:
    Tape tape_;
    World world_;
};

// A pick stands for each place where there was a choice; where there was none, and behind the last pick, the first.
Schedule schedule_of(const std::vector<std::uint32_t>& picks, const Scenario& scenario) {
    Searched run(scenario);
    Schedule schedule;
    std::size_t next = 0;
    while (!run.is_over()) {
        if (run.is_full()) throw std::runtime_error(fmt::format("no end in {} steps", Tape::kMostSteps));
        const std::size_t pick = run.choices() > 1 && next < picks.size() ? picks[next++] : 0;
        if (pick >= run.choices())
            throw std::runtime_error(fmt::format("pick {} is {}, but there are {} choices", next, pick, run.choices()));
        schedule.push_back(run.take(pick));
    }
    return schedule;
}

Expectation expectation_of(const CounterExample& example) {
    Expectation expect;
    if (example.ending == Ending::Hang) expect.kind = Expectation::Kind::Hang;
    if (example.ending == Ending::Violation) {
        expect.kind = Expectation::Kind::Violation;
        if (example.judge != nullptr) expect.function = example.judge->name;
    }
    if (example.ending != Ending::Crash) return expect;
    expect.kind = Expectation::Kind::Crash;
    if (example.oops) expect.function = example.oops->function;
    return expect;
}

}  // namespace

Scenario scenario_of(const CounterExample& example, const Scenario& scenario) {
    Scenario told = scenario;
    told.schedule = schedule_of(example.picks, scenario);
    told.playhead.reset();
    told.expect = expectation_of(example);
    return told;
}

}  // namespace mdscope
