// SPDX-License-Identifier: MIT
// What stands in an exhibit's tables fits together. What its page says: museum_page_test.cpp.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "engine/explore/matrix.hpp"
#include "tests/explore/fixture.hpp"

using namespace mdscope;
using namespace mdscope::explore_test;

TEST_CASE("an exhibit is found by the name of its folder, and the default one is the stop of 2021") {
    std::set<std::string> names;
    for (const Exhibit* exhibit : exhibits()) {
        CHECK(find_exhibit(exhibit->name) == exhibit);
        CHECK(names.insert(exhibit->name).second);
    }
    CHECK(&default_exhibit() == find_exhibit("stop_bitmap_2021"));
    CHECK(find_exhibit("") == nullptr);
}

TEST_CASE("an exhibit's scenario is its own, and somebody in it does what the exhibit is about") {
    for (const Exhibit* exhibit : exhibits()) {
        CAPTURE(exhibit->name);
        const Scenario scenario = scenario_named(exhibit->scenario);
        CHECK(&exhibit_of(scenario) == exhibit);
        CHECK(std::ranges::any_of(scenario.tasks, [&](const ScenarioTask& task) {
            return std::ranges::any_of(task.statements, exhibit->act.is);
        }));
    }
}

TEST_CASE("the counters that an exhibit's tables name are its own") {
    for (const Exhibit* exhibit : exhibits()) {
        const auto is_known = [&](const std::string& name) { return name.empty() || find_counter(*exhibit, name); };
        REQUIRE_FALSE(exhibit->counters.empty());
        for (const museum::Counter& counter : exhibit->counters) CHECK(is_known(counter.beside));
        for (const museum::WaitSite& wait : exhibit->waits) CHECK(is_known(wait.counter));
        for (const museum::Taker& taker : exhibit->takers) CHECK(is_known(taker.counter));
        CHECK(is_known(exhibit->blind_wait.looks_at));
        CHECK(is_known(exhibit->blind_wait.forgets));
    }
}

TEST_CASE("an Oops that a taker is met in can be told in one clause") {
    for (const Exhibit* exhibit : exhibits()) {
        REQUIRE_FALSE(exhibit->takers.empty());
        for (const museum::Taker& taker : exhibit->takers) {
            const bool is_met = taker.is_met != nullptr, has_clause = taker.clause != nullptr;
            CHECK(is_met == has_clause);
        }
    }
}

TEST_CASE("the braces of a sentence are filled by name") {
    CHECK(museum::filled("{who} {has} unbound {member}", {{"member", "sdb"}, {"who", "A"}, {"has", "has"}}) ==
          "A has unbound sdb");
    CHECK(museum::filled("nothing to fill", {{"who", "A"}}) == "nothing to fill");
    CHECK(museum::filled("{whom}, {who", {{"who", "A"}}) == "{whom}, {who");
}

TEST_CASE("a scenario says whose it is, and one that says what is not there is refused with what there is") {
    Scenario scenario = stop_mid_write("external", "array_state", 1);
    CHECK(scenario_text(scenario).find("exhibit") == std::string::npos);
    CHECK(&exhibit_of(scenario) == &default_exhibit());
    scenario.exhibit = "stop_bitmap_2021";
    const Result<Scenario> again = parse_scenario(scenario_text(scenario), scenario.name);
    REQUIRE(again);
    CHECK(again->exhibit == "stop_bitmap_2021");
    CHECK(run_once(scenario));

    scenario.exhibit = "stop_bitmap_2031";
    const Result<Run> run = run_once(scenario);
    REQUIRE_FALSE(run);
    CHECK(run.error().text.find("there is no exhibit 'stop_bitmap_2031'; near it: stop_bitmap_2021. `mdscope museum` "
                                "lists them") != std::string::npos);
}

TEST_CASE("the matrix of an exhibit has its homes and entrances, and each cell its scenario") {
    static constexpr std::array kOneHome = {BitmapHome::File};
    static constexpr std::array<const char*, 1> kOneEntrance = {"readonly"};
    Exhibit small = default_exhibit();
    small.matrix.homes = kOneHome;
    small.matrix.entrances = kOneEntrance;
    small.matrix.scenario = [](const std::string& home, const std::string& entrance, unsigned pages) {
        Scenario scenario = stop_mid_write(home, entrance, pages);
        scenario.title = "of this exhibit";
        return scenario;
    };
    const std::vector<MatrixCell> all = matrix_cells(Granularity::Coarse);
    const std::vector<MatrixCell> cells = matrix_cells(small, Granularity::Coarse);
    CHECK(cells.size() * 12 == all.size());
    for (const MatrixCell& cell : cells) {
        CHECK(cell.bitmap == "file");
        CHECK(cell.entrance == "readonly");
        CHECK(scenario_of(cell).title == "of this exhibit");
    }
}

TEST_CASE("an Oops is told in the sentences of the exhibit that it is of" * doctest::skip(!Arena::available())) {
    struct Case {
        const char* scenario;
        const char* told;
    };
    constexpr Case kCases[] = {
        {"removed-member", "A metadata write ended after its member was removed"},
        {"late-clone", "raid1_end_write_request had ended its request"},
        {"late-wake-up", "counted its request down, which let the stop go on"},
        {"late-file", "end_bitmap_write counted bitmap->pending_writes down to 0"},
    };
    for (const Case& one : kCases) {
        CAPTURE(one.scenario);
        const Scenario scenario = scenario_named(one.scenario);
        ExploreOptions options;
        options.strategy = scenario.strategy;
        options.budget = 20'000;
        options.stop_at_first_crash = true;
        const Verdict verdict = explored(scenario, options);
        REQUIRE(verdict.shortest.has_value());
        CHECK(verdict.shortest->console.find(one.told) != std::string::npos);
    }
}
