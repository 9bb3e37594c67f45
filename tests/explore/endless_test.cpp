// SPDX-License-Identifier: MIT
// An execution in which somebody is never chosen need not end: a depth-first search leaves it out, and hears meanwhile
// that it is to end.
#include "engine/kernel/arena.hpp"
#include "tests/explore/fixture.hpp"

namespace mdscope::explore_test {

TEST_CASE("a depth-first search in an execution without an end is ended by who asks for it" *
          doctest::skip(!Arena::available())) {
    // Behind some thousand executions mdmon and the daemon take turns, and the writer is never chosen.
    const Result<Scenario> scenario = parse_scenario(
        "mdscope-scenario 1\nbitmap external\nsize 1152K\nchunk 64K\ndelay 5s\nmdmon on\nbits clear\nwrite-size 1K\n"
        "crash kill\ntasks\n a: write 0; idle 1s\n",
        "endless");
    REQUIRE(scenario);
    ExploreOptions options;
    options.strategy = Strategy::Dfs;
    options.jobs = 1;
    options.budget = 1'000'000;
    options.progress = [](const Verdict& so_far) { return so_far.transitions < 100'000; };
    const Verdict verdict = explored(*scenario, options);
    CHECK(verdict.interrupted);
    CHECK(verdict.schedules < options.budget);
    CHECK_FALSE(verdict.complete);
}

}  // namespace mdscope::explore_test
