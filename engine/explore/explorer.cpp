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
    constexpr std::uint64_t kBetweenLooks = 256;  // at what the program takes: that is a file of the system
    if (options_.memory != 0 && looks_++ % kBetweenLooks == 0 && host_resident_bytes() >= options_.memory) {
        verdict.out_of_memory = true;
        return false;
    }
    if (!options_.progress) return true;
    const double now = host_monotonic_seconds();
    if (now - reported_ < kBetweenReports) return true;
    reported_ = now;
    verdict.seconds = now - began_;
    if (options_.progress(verdict)) return true;
    verdict.interrupted = true;
    return false;
}

static constexpr std::array kCounts = {
    &Verdict::states,  &Verdict::transitions, &Verdict::schedules,  &Verdict::depth,        &Verdict::done,
    &Verdict::crashes, &Verdict::hangs,       &Verdict::violations, &Verdict::crash_points, &Verdict::lives};

void Tally::save(SearchWriter& to) const {
    for (const auto count : kCounts) to.number(verdict.*count);
    for (const std::uint64_t place : verdict.crash_places) to.number(place);
    to.number(verdict.cuts_are_whole ? 1 : 0);
    to.number(left_out ? 1 : 0);
    to.number(static_cast<std::uint64_t>((host_monotonic_seconds() - began_) * 1000));
    to.number(ways_.size());
    for (const auto& [what, times] : ways_) {
        to.text(what);
        to.number(times);
    }
    to.number(static_cast<std::uint64_t>(shortest_));
    to.number(shortest_steps_);
    to.numbers(shortest_picks_);
}

void Tally::load(SearchReader& from) {
    for (const auto count : kCounts) verdict.*count = from.number();
    for (std::uint64_t& place : verdict.crash_places) place = from.number();
    verdict.cuts_are_whole = from.flag();
    left_out = from.flag();
    began_ -= static_cast<double>(from.number()) / 1000;
    for (std::size_t left = from.count(); left > 0; left--) {
        const std::string what(from.text());
        ways_[what] = from.number();
    }
    shortest_ = static_cast<Ending>(from.number_to(static_cast<std::uint64_t>(Ending::Violation)));
    shortest_steps_ = from.number();
    shortest_picks_ = from.numbers();
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

static void write_layout(SearchWriter& to, const Arena::Writes& layout) {
    to.number(layout.bytes);
    to.number(layout.blocks.size());
    for (const bool is_written : layout.blocks) to.number(is_written ? 1 : 0);
    to.number(layout.later.size());
    for (const std::uint32_t blocks : layout.later) to.number(blocks);
}

static Arena::Writes read_layout(SearchReader& from) {
    Arena::Writes layout;
    layout.bytes = from.number_to(Arena::kCapacity / 2);
    layout.blocks.resize(from.count());
    for (std::size_t i = 0; i < layout.blocks.size(); i++) layout.blocks[i] = from.flag();
    layout.later.resize(from.number_to(Arena::kClasses));
    for (std::uint32_t& blocks : layout.later) blocks = from.small();
    return layout;
}

static std::string with_conflicts(const ConflictMap& conflicts, const std::string& rest) {
    SearchWriter to;
    to.number(conflicts.count());
    conflicts.for_each([&](std::uint64_t place, std::uint64_t actor, unsigned flags) {
        to.number(place);
        to.number(actor);
        to.number(flags);
    });
    to.number(conflicts.is_full() ? 1 : 0);
    write_layout(to, conflicts.layout().value_or(Arena::Writes{}));
    to.text(rest);
    return to.take();
}

static std::string take_conflicts(std::string_view saved, ConflictMap& conflicts) {
    SearchReader from(saved);
    for (std::size_t left = from.number_to(ConflictMap::kMost); left > 0; left--) {
        const std::uint64_t place = from.number_to(Arena::kCapacity);
        const std::uint64_t actor = from.number();
        if (place == 0) throw SearchReader::wrong();
        conflicts.put(place, actor, static_cast<unsigned>(from.number_to(7)));
    }
    conflicts.set_full(from.flag());
    conflicts.set_layout(read_layout(from));
    std::string rest(from.text());
    from.end();
    return rest;
}

// Fine steps: the places where an order can matter are learned by searching, until a search teaches nothing new. A
// pick means the same only with the same places, so a fine schedule stops at every access when it is replayed, and a
// search that is gone on with has the places that it had.
static Verdict search_fine(const Scenario& scenario, ExploreOptions options) {
    ConflictMap conflicts;
    std::string begun;
    if (options.resume != nullptr) {
        begun = take_conflicts(*options.resume, conflicts);
        options.resume = &begun;
    }
    for (;;) {
        Verdict verdict = search(scenario, options, &conflicts);
        if (!verdict.rest.empty()) verdict.rest = with_conflicts(conflicts, verdict.rest);
        if (verdict.interrupted || !conflicts.use_what_was_learned()) return verdict;
        options.resume = nullptr;
    }
}

bool counts_lives(const Scenario& scenario, Strategy strategy) {
    return scenario.after_cut() && strategy == Strategy::Bfs;
}

Result<Verdict> explore(const Scenario& asked, const ExploreOptions& options) {
    Scenario scenario = asked;
    if (!scenario.schedule.empty()) {  // Every schedule is looked at, so what that one ends in is not asked.
        scenario.schedule.clear();
        scenario.playhead.reset();
        scenario.expect = {};
    }
    try {
        if (counts_lives(scenario, options.strategy)) return search_crashes(scenario, options);
        if (scenario.granularity == Granularity::Fine && Arena::available()) return search_fine(scenario, options);
        return search(scenario, options, nullptr);
    } catch (const std::runtime_error& error) {
        return Error{EINVAL, error.what()};
    }
}

}  // namespace mdscope
