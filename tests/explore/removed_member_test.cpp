// SPDX-License-Identifier: MIT
// The exhibit metadata_write_rdev_2016: ed3b98c71cd9, a reference to the member in md_super_write. Goal: the search
// finds the Oops of the seed without a stop where a metadata write does not hold its member, and nothing where it does.
#include <algorithm>

#include "engine/md/variants/super_reference.hpp"
#include "tests/explore/fixture.hpp"

using namespace mdscope;
using namespace mdscope::explore_test;

TEST_CASE("a member is removed under its own bitmap write: the Oops of the stop, without a stop") {
    const Verdict verdict = explored(scenario_named("removed-member"));
    CHECK(verdict.complete);
    CHECK(verdict.states == 260);
    CHECK(verdict.schedules == 8193);
    CHECK(verdict.crashes == 42);
    CHECK(verdict.hangs == 0);
    REQUIRE(verdict.shortest);
    CHECK(verdict.shortest->what == "NULL pointer dereference of rdev->mddev in super_written");
    CHECK(verdict.shortest->picks.size() == 5);
    const std::vector<std::string>& stack = verdict.shortest->oops->stack;
    CHECK(std::ranges::find(stack, "do_md_stop") == stack.end());
}

TEST_CASE("a metadata write that holds its member makes the removal wait, in every schedule") {
    Scenario scenario = scenario_named("removed-member");
    scenario.variants.choose<variants::super_reference>(*find_row<variants::super_reference>("held"));
    const Verdict verdict = explored(scenario);
    CHECK(verdict.complete);
    CHECK(verdict.states == 176);
    CHECK(verdict.schedules == 7454);
    CHECK(verdict.crashes + verdict.hangs + verdict.violations == 0);
}

TEST_CASE("each row gives back what it has taken: nothing holds a member when its writes have ended") {
    for (const char* row : {"none", "held"}) {
        CAPTURE(row);
        Scenario scenario = stop_mid_write("internal", "array_state", 1);
        REQUIRE(scenario.variants.choose("super-reference", row));
        CHECK(ran(scenario).ending == Ending::Done);
    }
}
