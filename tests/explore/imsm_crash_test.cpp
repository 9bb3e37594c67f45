// SPDX-License-Identifier: MIT
// Arrays with the metadata of IMSM, killed or without power at every step, and once more in the life after it.
//
// Goal: nothing that was acknowledged (a kill) or flushed (a power cut) is lost, and what is left can be assembled.
// Method: the same judges as for the other homes, over small volumes. One operation is searched to its end; the others
// as far as a bound goes, which is printed.
#include <fmt/format.h>

#include "engine/explore/card.hpp"
#include "engine/explore/judge.hpp"
#include "engine/kernel/arena.hpp"
#include "tests/explore/crash_scenarios.hpp"

namespace mdscope::explore_test {

namespace {

constexpr std::uint64_t kMostImsmStates = 1'200, kMostToTheEnd = 100'000;
constexpr std::string_view kToItsEnd = "imsm-none-fail";

struct ImsmSearches {
    std::uint64_t points = 0, lives = 0, states = 0;
    double seconds = 0;
    std::string bounded;

    void search(const std::string& home, const CrashOperation& operation, const std::string& crash) {
        const Scenario scenario = crash_scenario(home, operation, crash);
        CAPTURE(scenario.name);
        ExploreOptions options;
        options.jobs = 2;
        options.budget = scenario.name == kToItsEnd ? kMostToTheEnd : kMostImsmStates;
        const Verdict verdict = explored(scenario, options);
        INFO(verdict_card(verdict, ""));
        if (scenario.name == kToItsEnd) CHECK(verdict.complete);
        CHECK(verdict.crashes + verdict.hangs + verdict.violations == 0);
        points += verdict.crash_points;
        lives += verdict.lives;
        states += verdict.states;
        seconds += verdict.seconds;
        if (!verdict.complete)
            bounded += fmt::format("\n    {} {}: {} states", crash, scenario.name, grouped(verdict.states));
    }
};

}  // namespace

TEST_CASE("IMSM: nothing that was promised is lost, wherever a kill or a power cut comes, as far as a bound goes" *
          doctest::skip(!Arena::available())) {
    ImsmSearches searches;
    for (const CrashOperation& operation : imsm_crash_operations())
        for (const char* const crash : {"kill", "power-cut"})
            for (const char* const home : {"imsm", "imsm-none"}) searches.search(home, operation, crash);
    MESSAGE(grouped(searches.points) << " crash points, " << grouped(searches.lives) << " lives, "
                                     << grouped(searches.states) << " states, " << searches.seconds
                                     << " s; not searched to their end (tests/soak does that):" << searches.bounded);
    CHECK(searches.points > 5'000);
}

// With a bitmap the bit's write flushes what is before it in the cache, and with it the anchor.
TEST_CASE("IMSM: a failure that is recorded as mdmon records it is forgotten in a power cut; as we do it, it is not" *
          doctest::skip(!Arena::available())) {
    const CrashOperation operation{"fail-flush", " a: fail sdb; write 0; flush\n"};
    Scenario scenario = crash_scenario("imsm-none", operation, "power-cut");
    scenario.cuts = 1;
    const Verdict flushed = explored(scenario);
    INFO(verdict_card(flushed, ""));
    CHECK(flushed.complete);
    CHECK(flushed.crashes + flushed.hangs + flushed.violations == 0);
    REQUIRE(scenario.variants.choose("anchor-writes", "md"));
    for (const char* const judge : {"recorded", "equal"}) {
        const Verdict as_md = explored(scenario);
        CHECK(as_md.complete);
        REQUIRE(as_md.shortest);
        REQUIRE(as_md.shortest->judge != nullptr);
        CHECK(as_md.shortest->judge->name == std::string(judge));
        scenario.unasked = "recorded";  // and what comes of it
    }
}

}  // namespace mdscope::explore_test
