// SPDX-License-Identifier: MIT

#include "engine/explore/explorer.hpp"

#include <algorithm>
#include <stdexcept>

#include "engine/explore/search.hpp"
#include "engine/host/host.hpp"

namespace mdscope {

static constexpr double kBetweenReports = 0.05;  // seconds; who wants to cancel a search waits for so long

// ---- the tally

Tally::Tally(const Scenario& scenario, const ExploreOptions& options)
    : options_(options), began_(host_monotonic_seconds()), reported_(began_) {
    verdict.scenario = scenario;
    verdict.strategy = options.strategy;
}

void Tally::ended(const End& end, const Picks& picks) {
    const Ending ending = end.ending;
    verdict.depth = std::max<std::uint64_t>(verdict.depth, picks.size());
    if (ending == Ending::Done) {
        verdict.done++;
        return;
    }
    (ending == Ending::Crash ? verdict.crashes : ending == Ending::Hang ? verdict.hangs : verdict.violations)++;
    ways_[end.what]++;
    if (found() && end.steps >= shortest_steps_) return;
    shortest_ = ending;
    shortest_steps_ = end.steps;
    shortest_picks_ = picks;
}

bool Tally::go_on() {
    if (options_.stop_at_first_crash && found()) return false;
    if (!options_.progress) return true;
    const double now = host_monotonic_seconds();
    if (now - reported_ < kBetweenReports) return true;
    reported_ = now;
    verdict.seconds = now - began_;
    if (options_.progress(verdict)) return true;
    verdict.interrupted = true;
    return false;
}

Verdict Tally::finish(bool complete, ConflictMap* conflicts) {
    verdict.seconds = host_monotonic_seconds() - began_;
    verdict.complete = complete && !left_out;
    verdict.is_bounded = complete && left_out;
    verdict.preemptions = options_.preemptions;
    verdict.crash_ways.assign(ways_.begin(), ways_.end());
    std::ranges::sort(verdict.crash_ways, [](const auto& a, const auto& b) {
        return a.second != b.second ? a.second > b.second : a.first < b.first;
    });
    if (!found()) return std::move(verdict);
    Picks picks = shortest_picks_;
    if (options_.preemptions) picks = picks_without_bound(verdict.scenario, picks, *options_.preemptions, conflicts);
    if (conflicts != nullptr) picks = picks_without_conflicts(verdict.scenario, picks, *conflicts);
    auto run = run_once(verdict.scenario, &picks);
    if (!run) throw std::runtime_error("the schedule found does not replay: " + run.error().text);
    CounterExample example;
    example.ending = run->ending;
    example.picks = std::move(run->picks);
    example.steps = shortest_steps_;
    example.oops = std::move(run->oops);
    example.judge = run->judge;
    example.what = std::move(run->what);
    example.console = std::move(run->console);
    example.lanes = std::move(run->lanes);
    verdict.shortest = std::move(example);
    return std::move(verdict);
}

// ---- the search asked for

static Verdict search(const Scenario& scenario, const ExploreOptions& options, ConflictMap* conflicts) {
    switch (options.strategy) {
        case Strategy::Bfs:
            return search_breadth_first(scenario, options, conflicts);
        case Strategy::Dfs:
            return search_depth_first(scenario, options, conflicts);
        case Strategy::Random:
        case Strategy::Pct:
            return search_random(scenario, options, conflicts);
    }
    throw std::logic_error("no such strategy");
}

// Fine steps: the places where an order can matter are learned by searching, until a search teaches nothing new. A
// pick means the same only with the same places, so a fine schedule stops at every access when it is replayed.
static Verdict search_fine(const Scenario& scenario, const ExploreOptions& options) {
    ConflictMap conflicts;
    for (;;) {
        Verdict verdict = search(scenario, options, &conflicts);
        if (!conflicts.use_what_was_learned() || verdict.interrupted) return verdict;
    }
}

Result<Verdict> explore(const Scenario& asked, const ExploreOptions& options) {
    Scenario scenario = asked;
    if (!scenario.schedule.empty()) {  // Every schedule is looked at, so what that one ends in is not asked.
        scenario.schedule.clear();
        scenario.playhead.reset();
        scenario.expect = {};
    }
    try {
        if (scenario.after_cut() && options.strategy == Strategy::Bfs) return search_crashes(scenario, options);
        if (scenario.granularity == Granularity::Fine && Arena::available()) return search_fine(scenario, options);
        return search(scenario, options, nullptr);
    } catch (const std::runtime_error& error) {
        return Error{EINVAL, error.what()};
    }
}

}  // namespace mdscope
