// SPDX-License-Identifier: MIT
// Kills while a member is taken in, native metadata: every schedule of small arrays, killed at every step, and once
// more in the life after it.
//
// Goal: nothing that was acknowledged is lost, and the array starts; with the row of md it is lost.
#include "engine/kernel/arena.hpp"
#include "tests/explore/fixture.hpp"

namespace mdscope::explore_test {

static Scenario taking_in(const std::string& bitmap, const std::string& tasks) {
    const Result<Scenario> scenario = parse_scenario("mdscope-scenario 1\nbitmap " + bitmap +
                                                         "\nsize 1152K\nchunk 64K\ndelay 5s\nmdmon on\nbits clear\n"
                                                         "write-size 1K\ncrash kill\ncuts 2\nsetup\nwrite 0; fail sdb; "
                                                         "remove sdb; write 1\ntasks\n" +
                                                         tasks,
                                                     "taking-in");
    REQUIRE_MESSAGE(scenario, scenario.error().text);
    return *scenario;
}

TEST_CASE("a member that is taken in survives a kill at any step, and another one after that" *
          doctest::skip(!Arena::available())) {
    for (const std::string bitmap : {"internal", "file", "none"})
        for (const std::string tasks : {"a: add sdb; wait\n", "a: re-add sdb; wait\n"}) {
            if (bitmap == "none" && tasks.starts_with("a: re-add")) continue;
            CAPTURE(bitmap);
            CAPTURE(tasks);
            Scenario scenario = taking_in(bitmap, tasks);
            const Verdict verdict = explored(scenario);
            CHECK(verdict.complete);
            CHECK(verdict.crash_points > 1000);
            CHECK(verdict.crashes + verdict.hangs + verdict.violations == 0);

            REQUIRE(scenario.variants.choose("spare-role", "md"));
            ExploreOptions options;
            options.stop_at_first_crash = true;
            CHECK(explored(scenario, options).violations > 0);
        }
}

}  // namespace mdscope::explore_test
