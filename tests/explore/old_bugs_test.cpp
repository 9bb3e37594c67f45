// SPDX-License-Identifier: MIT
// Exhibits of old md, each convicted and acquitted by museum_page_test.cpp: here is what their pages say beyond that.
//
// They share a way to judge data without a crash: `crash kill` with `cuts 0` keeps the ledger of what was promised, and
// cuts nothing.
#include "engine/explore/card.hpp"
#include "engine/explore/judge.hpp"
#include "tests/explore/fixture.hpp"

namespace mdscope::explore_test {

namespace {

Scenario small(const std::string& bitmap, const std::string& text) {
    const Result<Scenario> scenario =
        parse_scenario("mdscope-scenario 1\nbitmap " + bitmap +
                           "\nsize 1152K\nchunk 64K\ndelay 5s\nbits clear\nwrite-size 1K\n" + text,
                       "small");
    REQUIRE_MESSAGE(scenario, scenario.error().text);
    return *scenario;
}

Scenario with_row(Scenario scenario, const char* variant, const char* row) {
    REQUIRE(scenario.variants.choose(variant, row));
    return scenario;
}

// How many moments end badly for a reason that begins so.
std::uint64_t endings(const Verdict& verdict, std::string_view reason) {
    std::uint64_t count = 0;
    for (const auto& [what, times] : verdict.crash_ways)
        if (what.starts_with(reason)) count += times;
    return count;
}

}  // namespace

TEST_CASE("`cuts 0` judges data and cuts nothing") {
    const Scenario scenario = small("internal", "crash kill\ncuts 0\ntasks\n a: write 0\n");
    CHECK(scenario_text(*parse_scenario(scenario_text(scenario), "small")) == scenario_text(scenario));
    const Verdict verdict = explored(scenario);
    CHECK(verdict.complete);
    CHECK(verdict.crash_points == 0);
    CHECK(verdict.violations == 0);
}

TEST_CASE("a violation is expected by its judge, and no other ending is" * doctest::skip(!Arena::available())) {
    Scenario scenario = scenario_named("acknowledged-too-early");
    CHECK(expectation_text(scenario.expect) == "violation recorded");
    Verdict verdict = explored(scenario);  // a search leaves the schedule aside, and what it ends in
    verdict.scenario.expect = scenario.expect;
    CHECK(expectation_holds(verdict));
    Run run;
    run.ending = Ending::Violation;
    run.judge = verdict.shortest->judge;
    CHECK(expectation_holds(scenario, run));
    verdict.scenario.expect.function = "";
    CHECK(expectation_holds(verdict));
    verdict.scenario.expect.function = "stale";
    CHECK_FALSE(expectation_holds(verdict));
    for (const auto kind : {Expectation::Kind::Safe, Expectation::Kind::Hang, Expectation::Kind::Crash}) {
        verdict.scenario.expect = {kind, ""};
        CHECK_FALSE(expectation_holds(verdict));
    }
}

TEST_CASE("M3: a write that nobody noted is lost to the member that missed it, also when its failure is on record" *
          doctest::skip(!Arena::available())) {
    Scenario scenario = scenario_named("missed-write");
    const std::string stale = "sdb may be read, and its sector 0 has what was there at the beginning";
    CHECK(endings(explored(scenario), stale) == 42);
    scenario.unasked.clear();  // then the hole of M11 is found as well
    const Verdict verdict = explored(scenario);
    CHECK(endings(verdict, "a write was acknowledged that sdb has not got") == 66);
    CHECK(endings(verdict, stale) == 42);
    scenario.unasked = "recored";
    const Result<Verdict> misspelt = explore(scenario, {});
    REQUIRE_FALSE(misspelt);
    CHECK(misspelt.error().text.find("there is no judge 'recored'; there are: crash, counters") != std::string::npos);
}

TEST_CASE("M6: who waits for the record of a failed member is not helped by being sent back to the gate" *
          doctest::skip(!Arena::available())) {
    CHECK(explored(with_row(scenario_named("suspended-writer"), "suspend-record", "sent-back")).hangs == 0);
    const Scenario scenario = small("none",
                                    "granularity calls\nsetup\n store safe_mode_delay 0\n write 1\n"
                                    "tasks\n a: write 0\n b: fail sdb\n c: store suspend_lo 8\n");
    const Verdict sent_back = explored(with_row(scenario, "suspend-record", "sent-back"));
    CHECK(sent_back.hangs == 4);
    REQUIRE(sent_back.shortest);
    CHECK(sent_back.shortest->what.find("sleeps in rdev->blocked_wait") != std::string::npos);
    const Verdict mended = explored(with_row(scenario, "suspend-record", "written"));
    CHECK(mended.complete);
    CHECK(mended.hangs == 0);
}

TEST_CASE("M8: the same is found with a re-add by a person" * doctest::skip(!Arena::available())) {
    const Scenario scenario = with_row(small("internal",
                                             "crash kill\ncuts 0\nsetup\n fail sdb\n remove sdb\n"
                                             "tasks\n writer: write 0\n person: re-add sdb\n"),
                                       "recovery-start", "at-once");
    ExploreOptions options;
    options.stop_at_first_crash = true;
    const Verdict verdict = explored(scenario, options);
    REQUIRE(verdict.shortest);
    CHECK(verdict.shortest->judge->name == "stale");
}

TEST_CASE("M9: with superblocks and a log of bad blocks a kill brings the lost write to light" *
          doctest::skip(!Arena::available())) {
    Scenario scenario = with_row(small("none",
                                       "crash kill\ncuts 1\nerrors 2\nsetup\n store safe_mode_delay 0\n write 1\n"
                                       "tasks\n writer: write 0\n"),
                                 "failed-write", "at-once");
    ExploreOptions options;
    options.stop_at_first_crash = true;
    const Verdict verdict = explored(scenario, options);
    REQUIRE(verdict.shortest);
    CHECK(verdict.shortest->judge->name == "durable");
}

}  // namespace mdscope::explore_test
