// Scenarios that test nothing are told so.
#include "engine/explore/scenario_check.hpp"

#include <doctest/doctest.h>

#include "tests/explore/fixture.hpp"

using namespace mdscope;
using namespace mdscope::explore_test;

namespace {

Scenario parsed(const std::string& text) {
    const Result<Scenario> scenario = parse_scenario("mdscope-scenario 1\n" + text, "own");
    REQUIRE_MESSAGE(scenario, scenario.error().text);
    return *scenario;
}

}  // namespace

TEST_CASE("a scenario whose writes change no bit warns, until its bits are cleared") {
    const std::string tasks = "tasks\n  w: write 0\n", setup = "setup\n  write 0\n";
    CHECK(warning_about_bits(parsed("bitmap internal\n" + tasks)).find("`bits clear`") != std::string::npos);
    CHECK(warning_about_bits(parsed("bitmap internal\nbits clear\n" + tasks)).empty());
    CHECK(warning_about_bits(parsed("bitmap internal\nsetup\n  write 0\n  daemon\n  daemon\n  daemon\n" + tasks))
              .empty());
    CHECK(warning_about_bits(parsed("bitmap none\n" + setup + tasks)).empty());
    CHECK(warning_about_bits(parsed("bitmap internal\n" + setup + "tasks\n  s: stop\n")).empty());
}

TEST_CASE("no scenario that comes with mdscope tests nothing") {
    for (const ScenarioFile& file : scenario_files()) {
        CAPTURE(file.name);
        CHECK(warning_about_bits(scenario_named(file.name)) == "");
    }
}
