// SPDX-License-Identifier: MIT
// What a search finds can be opened: its shortest bad schedule, in words, leads the same array to the same end.
#include "engine/story/record/counter_scenario.hpp"

#include "engine/explore/card.hpp"
#include "engine/explore/matrix.hpp"
#include "engine/story/record/outcome.hpp"
#include "tests/explore/fixture.hpp"

namespace mdscope::story_test {

using explore_test::explored;
using explore_test::scenario_named;

namespace {

// Through the text, as it is saved.
void check_leads_to(const CounterExample& example, const Scenario& scenario) {
    const Scenario told = scenario_of(example, scenario);
    const Result<Scenario> read = parse_scenario(scenario_text(told), told.name);
    REQUIRE_MESSAGE(read, read.error().text);
    CHECK(*read == told);
    Duel duel(*read, opponent_of(*read));
    CHECK(duel.tape(Side::A).picks() == example.picks);
    CHECK(duel.tape(Side::A).what() == example.what);
    (void)play_out(duel);
    const Result<Run> run = run_of(duel.tape(Side::A));
    REQUIRE_MESSAGE(run, run.error().text);
    CHECK(run->ending == example.ending);
    CHECK(expectation_holds(told, *run));
}

}  // namespace

TEST_CASE("the shortest crash of every scenario that has one opens as a scenario") {
    for (const char* name :
         {"report-2021", "pools-stop", "delayed-delete", "four-pages", "counter-one", "disk-error"}) {
        CAPTURE(name);
        ExploreOptions options;
        options.stop_at_first_crash = true;
        const Verdict verdict = explored(scenario_named(name), options);
        REQUIRE(verdict.shortest);
        check_leads_to(*verdict.shortest, verdict.scenario);
    }
}

TEST_CASE("so does that of a cell of the matrix, in fine steps too") {
    for (const Granularity granularity : {Granularity::Coarse, Granularity::Fine}) {
        if (granularity == Granularity::Fine && !Arena::available()) continue;  // takes minutes under a sanitizer
        int seen = 0;
        for (MatrixCell& cell : matrix_cells(granularity)) {
            if (cell.variants.name("fix") != "none" || cell.bitmap != "external" || cell.entrance != "array_state")
                continue;
            ExploreOptions options;
            options.stop_at_first_crash = true;
            explore_cell(cell, options);
            REQUIRE_MESSAGE(cell.error.empty(), cell.error);
            REQUIRE(cell.verdict.shortest);
            check_leads_to(*cell.verdict.shortest, scenario_of(cell));
            seen++;
        }
        CHECK(seen == 4);
    }
}

TEST_CASE("a hang is one, too") {
    Scenario scenario = scenario_named("referee-external");
    scenario.tasks = {{"writer", {Statement{}}}};  // nobody writes `active`, so it waits for ever
    const Verdict verdict = explored(scenario);
    REQUIRE(verdict.shortest);
    REQUIRE(verdict.shortest->ending == Ending::Hang);
    check_leads_to(*verdict.shortest, verdict.scenario);
}

TEST_CASE("picks of another scenario are refused") {
    CounterExample example;
    example.picks = {99};
    CHECK_THROWS_AS((void)scenario_of(example, scenario_named("referee-external")), std::runtime_error);
}

}  // namespace mdscope::story_test
