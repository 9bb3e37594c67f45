// SPDX-License-Identifier: MIT
// The judges: each finds what it is there for, and its words are those that are printed.
//
// Goal: what must hold is a list, and whoever prints a verdict reads it from there. Method: an array that is well, and
// for each row the smallest thing that breaks it; then what a card, JSON and a world say of it.
#include <nlohmann/json.hpp>
#include <set>

#include "engine/explore/card.hpp"
#include "engine/explore/world.hpp"
#include "tests/explore/fixture.hpp"

namespace mdscope::explore_test {

namespace {

const Judge& judge_named(std::string_view name) {
    for (const Judge& judge : judges())
        if (judge.name == name) return judge;
    FAIL("there is no judge " << name);
    std::abort();
}

// Of a world in which nothing was wrong until `breakage`.
struct Found {
    const Judge* judge;
    std::string reason;
};
template <class Breakage>
Found found_after(Breakage breakage) {
    World world(scenario_named("referee-external"), {});
    world.advance();
    REQUIRE(world.moment() == Moment::Open);
    REQUIRE(world.broken() == nullptr);
    const Sight sight{world.lab(), world.choices()};
    for (const Judge& judge : judges())
        if (!judge.is_of_data) CHECK_FALSE(judge.is_broken(sight));
    breakage(world.lab());
    const Judge* const judge = first_broken(sight, Asked::EachStep);
    return {judge, judge != nullptr ? judge->reason(sight) : ""};
}

}  // namespace

TEST_CASE("each row has a name of its own and a sentence") {
    std::set<std::string_view> names;
    for (const Judge& judge : judges()) {
        CAPTURE(std::string(judge.name));
        CHECK(names.insert(judge.name).second);
        CHECK(judge.must_hold.ends_with('.'));
        CHECK(judge.moment != Moment::Open);
        CHECK(judge.moment != Moment::Done);
    }
    CHECK(names == std::set<std::string_view>{"crash", "counters", "in-flight", "intent", "recorded", "stale",
                                              "durable", "hang", "equal"});
}

TEST_CASE("a counter below zero is found, whichever it is, and named") {
    const Found writes = found_after([](SimLab& lab) { lab.mddev().writes_pending.init(-1); });
    CHECK(writes.judge == &judge_named("counters"));
    CHECK(writes.reason == "mddev->writes_pending is below zero");
    const Found superblocks = found_after([](SimLab& lab) { lab.mddev().pending_writes.init(-1); });
    CHECK(superblocks.reason == "mddev->pending_writes is below zero");
    const Found member = found_after([](SimLab& lab) { all_rdevs_at_rest(lab.mddev()).back()->nr_pending.init(-1); });
    CHECK(member.reason == "rdev->nr_pending is below zero");
}

TEST_CASE("a superblock-class write in flight that nobody has counted is found") {
    World world(with(scenario_named("referee-external"), "none"), {});
    for (world.advance(); world.lab().kernel.count_in_flight(super_written) < 2; world.advance()) {
        REQUIRE(world.moment() == Moment::Open);
        world.take(0);
    }
    REQUIRE(world.lab().mddev().pending_writes.peek() == 2);
    world.lab().mddev().pending_writes.init(1);
    world.take(0);
    CHECK(world.moment() == Moment::Violation);
    REQUIRE(world.broken() == &judge_named("in-flight"));
    CHECK(world.what() == "2 superblock-class writes are in flight, mddev->pending_writes is 1");
    CHECK(world.choices().empty());
}

TEST_CASE("who does not ask for invariants is told of crashes and hangs alone") {
    World world(scenario_named("referee-external"), {});
    world.lab().mddev().writes_pending.init(-1);
    const Sight sight{world.lab(), world.choices()};
    CHECK(first_broken(sight, Asked::EachStep, true) == &judge_named("counters"));
    CHECK(first_broken(sight, Asked::EachStep, false) == nullptr);
}

TEST_CASE("a hang is asked for when nothing but time is left, and a crash comes before all others") {
    World world(scenario_named("referee-external"), {});
    const Sight nothing{world.lab(), {}};
    CHECK(is_at_rest(nothing));
    CHECK_FALSE(is_at_rest({world.lab(), world.choices()}));
    CHECK(first_broken(nothing, Asked::EachStep) == nullptr);
    CHECK(first_broken(nothing, Asked::AtRest) == &judge_named("hang"));
    CHECK(&judges().front() == &judge_named("crash"));
}

TEST_CASE("of a violation the card and JSON say what must hold; of a crash they say no more than before") {
    Run run;
    run.ending = Ending::Violation;
    run.judge = &judge_named("counters");
    run.what = "rdev->nr_pending is below zero";
    const Scenario scenario = scenario_named("referee-external");
    CHECK(run_card(scenario, run)
              .find("  ending       violation: rdev->nr_pending is below zero\n"
                    "  must hold    counters: No count of I/O falls below zero.\n") != std::string::npos);
    CHECK(nlohmann::json::parse(run_json(scenario, run))["judge"]["name"] == "counters");

    const Run crash = ran(with(scenario_named("referee-external"), "none"));
    REQUIRE(crash.ending == Ending::Crash);
    CHECK(crash.judge == &judge_named("crash"));
    CHECK(run_card(scenario, crash).find("must hold") == std::string::npos);
    CHECK_FALSE(nlohmann::json::parse(run_json(scenario, crash)).contains("judge"));
}

}  // namespace mdscope::explore_test
