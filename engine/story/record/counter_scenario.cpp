#include "engine/story/record/counter_scenario.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include "engine/story/record/tape.hpp"

namespace mdscope {

namespace {

// A pick stands for each place where there was a choice; where there was none, and behind the last pick, the first.
Schedule schedule_of(const std::vector<std::uint32_t>& picks, const Scenario& scenario) {
    Tape tape(scenario);
    Schedule schedule;
    std::size_t next = 0;
    while (tape.moment() == Moment::Open) {
        if (tape.is_full()) throw std::runtime_error(fmt::format("no end in {} steps", Tape::kMostSteps));
        const std::vector<Order>& options = tape.options();
        const std::size_t pick = options.size() > 1 && next < picks.size() ? picks[next++] : 0;
        if (pick >= options.size())
            throw std::runtime_error(
                fmt::format("pick {} is {}, but there are {} choices", next, pick, options.size()));
        schedule.push_back(options[pick]);
        tape.take(schedule.back());
    }
    return schedule;
}

Expectation expectation_of(const CounterExample& example) {
    Expectation expect;
    if (example.ending == Ending::Hang) expect.kind = Expectation::Kind::Hang;
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
