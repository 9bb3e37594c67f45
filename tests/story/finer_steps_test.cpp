// SPDX-License-Identifier: MIT
// A crash that a search found in a few long steps is told again call by call: the same crash, for the same reason.
#include "engine/story/record/finer_steps.hpp"

#include <doctest/doctest.h>

#include "engine/explore/matrix.hpp"
#include "engine/story/record/counter_scenario.hpp"
#include "engine/story/record/duel.hpp"

namespace mdscope::story_test {

TEST_CASE("every crash of the coarse matrix is told again call by call, and ends the same") {
    int seen = 0;
    for (MatrixCell& cell : matrix_cells(Granularity::Coarse)) {
        if (cell.variants.name("fix") != "none" || cell.bitmap != "external" || cell.entrance == "readonly") continue;
        ExploreOptions options;
        options.stop_at_first_crash = true;
        explore_cell(cell, options);
        REQUIRE(cell.verdict.shortest);
        const Scenario coarse = scenario_of(*cell.verdict.shortest, scenario_of(cell));
        const std::optional<Scenario> told = retold_in_calls(coarse);
        REQUIRE(told);
        CHECK(told->granularity == Granularity::Calls);
        CHECK(told->schedule.size() > 3 * coarse.schedule.size());
        const Duel duel(*told, opponent_of(*told));
        CHECK(duel.at(Side::A, duel.end()).moment == Moment::Crash);
        CHECK(duel.tape(Side::A).what() == cell.verdict.shortest->what);
        CHECK(duel.tape(Side::B).moment() != Moment::Crash);
        seen++;
    }
    CHECK(seen == 12);
}

TEST_CASE("a schedule of wishes is not told again: what it comes to is up to the steps") {
    Scenario scenario = stop_mid_write("external", "array_state", 1);
    REQUIRE(read_order("hold bitmap", scenario.schedule).empty());
    CHECK_FALSE(retold_in_calls(scenario));
}

}  // namespace mdscope::story_test
