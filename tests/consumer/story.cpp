#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include "engine/explore/explorer.hpp"

constexpr const char* kStop = R"(mdscope-scenario 1
bitmap  external
kernel  5.12
setup
  write 0
  store array_state clean
tasks
  stopper: store array_state clear
)";

TEST_CASE("a stop waits for the last bitmap writes, with the fix of 2021 and only with it") {
    mdscope::Scenario scenario = *mdscope::parse_scenario(kStop, "stop");
    const auto before = mdscope::explore(scenario, {});  // every order of events
    CHECK(before->crashes > 0);
    CHECK(before->shortest->oops->function == "super_written");
    CHECK(scenario.variants.choose("fix", "upstream"));
    const auto after = mdscope::explore(scenario, {});
    CHECK(after->complete);
    CHECK(after->crashes + after->hangs + after->violations == 0);
}
