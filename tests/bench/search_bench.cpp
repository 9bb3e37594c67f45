// SPDX-License-Identifier: MIT
// The search for schedules: whole teardowns a second and core, and what one simulated step costs.
//
//   search_bench ROUNDS      prints one JSON object: {"executions": {"external": [...], ...}, "step_ns": {"coarse":
//                            [...], ...}, "step_accesses": {"coarse": 34.7, ...}}
//
// Executions are those of the depth-first search without sleep sets, so that none is left out; they begin at the first
// choice with more than one option, steps without a choice are taken as they come, and invariants are off. A step is
// measured over teardowns at random, without what it takes to go back to their beginning; how many shared fields are
// touched in one is counted, too.
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
    if (!scenario.variants.choose("fix", "none")) std::abort();
    ExploreOptions options;
    options.strategy = Strategy::Dfs;
    options.sleep_sets = false;
    options.invariants = false;
    const auto verdict = explore(scenario, options);
    if (!verdict) die(verdict.error().text);
    if (!verdict->complete) die("the search did not end");
    return static_cast<double>(verdict->schedules) / verdict->seconds;
}

struct StepCost {
    double ns;
    double accesses;
};

// Whole teardowns at random, less what it takes to go back to their beginning.
StepCost step_cost(Granularity granularity) {
    constexpr int kExecutions = 5000;
    Scenario scenario = stop_mid_write("internal", "array_state", 1);
    scenario.granularity = granularity;
    World world(scenario, {.event_log = false, .invariants = false, .hashing = false, .conflicts = nullptr});
    Prng prng(1);
    std::uint64_t steps = 0;
    std::uint64_t accesses = 0;
    const auto began = Clock::now();
    for (int i = 0; i < kExecutions; i++) {
        world.restart();
        const std::uint64_t before = world.lab().kernel.accesses();
        while (world.moment() == Moment::Open) {
            const std::size_t count = world.choices().size();
            world.take(count == 1 ? 0 : static_cast<std::size_t>(prng.below(count)));
        }
        steps += world.steps();
        accesses += world.lab().kernel.accesses() - before;
    }
    const double all = seconds_since(began);
    const auto again = Clock::now();
    for (int i = 0; i < kExecutions; i++) world.restart();
    const auto count = static_cast<double>(steps);
    return {1e9 * (all - seconds_since(again)) / count, static_cast<double>(accesses) / count};
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2 || std::atoi(argv[1]) < 1) die("usage: search_bench ROUNDS");
    std::string external, internal, coarse_ns, fine_ns;
    StepCost coarse{}, fine{};
    for (int round = 0; round < std::atoi(argv[1]); round++) {
        const char* comma = round == 0 ? "" : ", ";
        external += fmt::format("{}{:.0f}", comma, executions_a_second("external"));
        internal += fmt::format("{}{:.0f}", comma, executions_a_second("internal"));
        coarse = step_cost(Granularity::Coarse);
        fine = step_cost(Granularity::Fine);
        coarse_ns += fmt::format("{}{:.1f}", comma, coarse.ns);
        fine_ns += fmt::format("{}{:.1f}", comma, fine.ns);
    }
    fmt::print(
        "{{\"executions\": {{\"external\": [{}], \"internal\": [{}]}}, \"step_ns\": {{\"coarse\": [{}], \"fine\": "
        "[{}]}}, "
        "\"step_accesses\": {{\"coarse\": {:.1f}, \"fine\": {:.1f}}}}}\n",
        external, internal, coarse_ns, fine_ns, coarse.accesses, fine.accesses);
}
