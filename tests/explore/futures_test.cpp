// SPDX-License-Identifier: MIT
// Orders from a moment to an end, counted: the search counts the same from the start, and a run of the lab finds its
// own moments among the states.
#include "engine/explore/futures.hpp"

#include <doctest/doctest.h>

#include "engine/explore/explorer.hpp"
#include "engine/explore/world.hpp"
#include "engine/kernel/arena.hpp"
#include "engine/scenario/scenario_files.hpp"

namespace mdscope {

namespace {

Scenario race_with(const char* fix) {
    Result<Scenario> scenario = load_scenario_file("race");
    REQUIRE(scenario);
    REQUIRE(scenario->variants.choose("fix", fix));
    return *scenario;
}

const Futures& all_of(const FutureCounts& counts, const Scenario& scenario) {
    const World world(scenario, {.hashing = true, .offers_cuts = false});
    const Futures* all = counts.from(world.state_hash());
    REQUIRE(all != nullptr);
    return *all;
}

}  // namespace

TEST_CASE("as many orders are counted as the search counts" * doctest::skip(!Arena::available())) {
    for (const char* fix : {"none", "upstream", "after-run-1"}) {
        CAPTURE(fix);
        const Scenario scenario = race_with(fix);
        const Result<Verdict> verdict = explore(scenario, {});
        REQUIRE(verdict);
        const FutureCounts counts(scenario, 100'000, [] { return true; });
        const Futures& all = all_of(counts, scenario);
        CHECK(all.is_whole);
        CHECK(all.all == static_cast<double>(verdict->schedules));
        CHECK((all.crashes > 0) == (verdict->crashes > 0));
        CHECK(all.hangs + all.violations == 0);
        CHECK(all.bad() < all.all);
    }
}

TEST_CASE("of a count that was cut off it is said that there are at least so many" *
          doctest::skip(!Arena::available())) {
    const Scenario scenario = race_with("none");
    const FutureCounts whole(scenario, 100'000, [] { return true; });
    const FutureCounts part(scenario, 200, [] { return true; });
    CHECK_FALSE(all_of(part, scenario).is_whole);
    CHECK(all_of(part, scenario).all < all_of(whole, scenario).all);
    CHECK(all_of(part, scenario).crashes <= all_of(whole, scenario).crashes);
    const FutureCounts stopped(scenario, 100'000, [] { return false; });
    CHECK_FALSE(all_of(stopped, scenario).is_whole);
}

TEST_CASE("nothing is counted of fine steps, nor where the power may be cut") {
    Scenario scenario = race_with("none");
    CHECK(FutureCounts::can_count(scenario) == Arena::available());
    scenario.granularity = Granularity::Fine;
    CHECK_FALSE(FutureCounts::can_count(scenario));
    scenario = race_with("none");
    scenario.crash = CutKind::PowerCut;
    CHECK_FALSE(FutureCounts::can_count(scenario));
}

}  // namespace mdscope
