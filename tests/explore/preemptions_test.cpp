// SPDX-License-Identifier: MIT
// A bound on preemptions: only schedules in which a task that could go on is passed over so often.
//
// Most bugs need one or two (Musuvathi and Qadeer, "Iterative context bounding for systematic testing of multithreaded
// programs"), so a search of what is far too large says something when it has come to its end within a bound. It says
// so, and does not say "safe".
#include <set>

#include "engine/explore/card.hpp"
#include "tests/explore/fixture.hpp"

namespace mdscope::explore_test {

namespace {

ExploreOptions within(std::optional<unsigned> preemptions, Strategy strategy = Strategy::Bfs) {
    ExploreOptions options;
    options.preemptions = preemptions;
    options.strategy = strategy;
    options.sleep_sets = false;
    return options;
}

// Two tasks of two steps each, with nothing between them.
Scenario two_tasks() {
    Scenario scenario;
    scenario.bitmap = "none";
    Statement daemon;
    daemon.kind = Statement::Kind::Daemon;
    for (const char* name : {"one", "two"}) scenario.tasks.push_back({name, {daemon, daemon}});
    return scenario;
}

}  // namespace

TEST_CASE("tasks that only take turns need no preemption, and each more allows more schedules, up to all") {
    for (const char* name : {"report-2021", "disk-error-fixed"}) {
        CAPTURE(name);
        const Scenario scenario = scenario_named(name);
        const Verdict all = explored(scenario, within({}));
        std::uint64_t before = 0;
        bool is_all = false;
        for (unsigned most = 0; most < 40 && !is_all; most++) {
            CAPTURE(most);
            const Verdict some = explored(scenario, within(most));
            CHECK(some.schedules >= before);
            CHECK(some.schedules <= all.schedules);
            CHECK(some.complete != some.is_bounded);
            CHECK((some.schedules == all.schedules) == some.complete);
            before = some.schedules;
            is_all = some.complete;
        }
        CHECK(is_all);
    }
}

// Two programs that share little: paths through states, and executions.
TEST_CASE("both searches count the same schedules within a bound") {
    const Scenario scenarios[] = {two_tasks(), scenario_named("report-2021"), scenario_named("disk-error-fixed")};
    for (const Scenario& scenario : scenarios)
        for (const unsigned most : {0U, 1U, 2U}) {
            CAPTURE(scenario.name);
            CAPTURE(most);
            CHECK(explored(scenario, within(most)).schedules ==
                  explored(scenario, within(most, Strategy::Dfs)).schedules);
        }
}

TEST_CASE("what is found within a bound is a schedule like any other") {
    for (const char* name : {"report-2021", "pools-stop", "unplug", "two-writers", "zero-events"}) {
        if (std::ranges::none_of(scenario_files(), [&](const auto& file) { return file.name == name; })) continue;
        CAPTURE(name);
        const Scenario scenario = scenario_named(name);
        for (const Granularity granularity : {Granularity::Coarse, Granularity::Fine}) {
            Scenario stepped = scenario;
            stepped.granularity = granularity;
            if (granularity == Granularity::Fine && name != std::string("report-2021")) continue;
            ExploreOptions options = within(2);
            options.stop_at_first_crash = true;
            const Verdict verdict = explored(stepped, options);
            REQUIRE(verdict.shortest);
            const Result<Run> run = run_once(stepped, &verdict.shortest->picks);
            REQUIRE_MESSAGE(run, run.error().text);
            CHECK(run->ending == verdict.shortest->ending);
            CHECK(run->what == verdict.shortest->what);
        }
    }
}

TEST_CASE("a search with a bound that left something out is not safe, but not known") {
    Scenario scenario = with(scenario_named("report-2021"), "upstream");
    scenario.expect.kind = Expectation::Kind::Safe;
    const Verdict bounded = explored(scenario, within(0));
    REQUIRE(bounded.is_bounded);
    CHECK(expectation_of(bounded) == Held::NotKnown);
    CHECK(verdict_word(bounded) == "no crash met");
    CHECK(verdict_card(bounded, "").find("all with so few preemptions") != std::string::npos);
    CHECK(expectation_of(explored(scenario, within({}))) == Held::Yes);
}

}  // namespace mdscope::explore_test
