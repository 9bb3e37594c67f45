// The search for schedules: whole teardowns a second and core, and what one simulated step costs.
//
//   search_bench ROUNDS      prints one JSON object: {"executions": {"external": [...], ...}, "step_ns": {...}}
//
// Executions are those of the depth-first search without sleep sets, so that none is left out; they begin at the first
// choice with more than one option, steps without a choice are taken as they come, and invariants are off. A step is
// measured over teardowns at random, without what it takes to go back to their beginning.
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <string>

#include "engine/explore/world.hpp"

namespace {

using namespace mdscope;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point began) {
    return std::chrono::duration<double>(Clock::now() - began).count();
}

[[noreturn]] void die(const std::string& what) {
    fmt::print(stderr, "search_bench: {}\n", what);
    std::exit(1);
}

double executions_a_second(const std::string& bitmap) {
    Scenario scenario = stop_mid_write(bitmap, "array_state", bitmap == "external" ? 2 : 1);
    scenario.fix = "none";
    ExploreOptions options;
    options.strategy = Strategy::Dfs;
    options.sleep_sets = false;
    options.invariants = false;
    const auto verdict = explore(scenario, options);
    if (!verdict) die(verdict.error().text);
    if (!verdict->complete) die("the search did not end");
    return static_cast<double>(verdict->schedules) / verdict->seconds;
}

// Whole teardowns at random, less what it takes to go back to their beginning.
double step_ns(Granularity granularity) {
    constexpr int kExecutions = 5000;
    Scenario scenario = stop_mid_write("internal", "array_state", 1);
    scenario.granularity = granularity;
    World world(scenario, {.event_log = false, .invariants = false, .hashing = false, .conflicts = nullptr});
    Prng prng(1);
    std::uint64_t steps = 0;
    const auto began = Clock::now();
    for (int i = 0; i < kExecutions; i++) {
        world.restart();
        while (world.moment() == Moment::Open) {
            const std::size_t count = world.choices().size();
            world.take(count == 1 ? 0 : static_cast<std::size_t>(prng.below(count)));
        }
        steps += world.steps();
    }
    const double all = seconds_since(began);
    const auto again = Clock::now();
    for (int i = 0; i < kExecutions; i++) world.restart();
    return 1e9 * (all - seconds_since(again)) / static_cast<double>(steps);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2 || std::atoi(argv[1]) < 1) die("usage: search_bench ROUNDS");
    std::string external, internal, coarse, fine;
    for (int round = 0; round < std::atoi(argv[1]); round++) {
        const char* comma = round == 0 ? "" : ", ";
        external += fmt::format("{}{:.0f}", comma, executions_a_second("external"));
        internal += fmt::format("{}{:.0f}", comma, executions_a_second("internal"));
        coarse += fmt::format("{}{:.1f}", comma, step_ns(Granularity::Coarse));
        fine += fmt::format("{}{:.1f}", comma, step_ns(Granularity::Fine));
    }
    fmt::print(
        "{{\"executions\": {{\"external\": [{}], \"internal\": [{}]}}, \"step_ns\": {{\"coarse\": [{}], \"fine\": "
        "[{}]}}}}\n",
        external, internal, coarse, fine);
}
