// SPDX-License-Identifier: MIT
// Scenarios by name, and searches that must succeed.
#pragma once

#include <doctest/doctest.h>

#include "engine/explore/explorer.hpp"
#include "engine/kernel/arena.hpp"
#include "tests/explore/scenario_files.hpp"

namespace mdscope::explore_test {

inline Scenario scenario_named(const std::string& name) {
    for (const ScenarioFile& file : scenario_files())
        if (file.name == name) {
            Result<Scenario> scenario = parse_scenario(file.text, name);
            REQUIRE_MESSAGE(scenario, scenario.error().text);
            return *scenario;
        }
    FAIL("there is no scenario " << name);
    std::abort();
}

inline Scenario with(Scenario scenario, const std::string& fix, const std::string& order = "2022",
                     const std::string& pools = "mddev", Granularity granularity = Granularity::Coarse) {
    REQUIRE(scenario.variants.choose("fix", fix));
    REQUIRE(scenario.variants.choose("order", order));
    REQUIRE(scenario.variants.choose("pools", pools));
    scenario.granularity = granularity;
    return scenario;
}

inline Verdict explored(const Scenario& scenario, const ExploreOptions& options = {}) {
    Result<Verdict> verdict = explore(scenario, options);
    REQUIRE_MESSAGE(verdict, verdict.error().text);
    return std::move(*verdict);
}

inline Run ran(const Scenario& scenario) {
    Result<Run> run = run_once(scenario);
    REQUIRE_MESSAGE(run, run.error().text);
    return std::move(*run);
}

}  // namespace mdscope::explore_test
