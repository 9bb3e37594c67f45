// SPDX-License-Identifier: MIT
// What `mdscope run` says of a scenario with a schedule: the two ends of the race, as its files tell them, and what is
// done and said when a schedule ends too early or cannot go on.
#include "engine/story/record/outcome.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/explore/fixture.hpp"

namespace mdscope::story_test {

using explore_test::scenario_named;

namespace {

struct Told {
    explicit Told(const Scenario& scenario) : duel(scenario, opponent_of(scenario)), unasked(play_out(duel)) {
        for (const Side side : kSides) {
            Result<Run> run = run_of(duel.tape(side));
            REQUIRE_MESSAGE(run, run.error().text);
            runs[side] = std::move(*run);
        }
    }
    Duel duel;
    Unasked unasked;
    std::array<Run, 2> runs;
};

std::string drift_of(const Scenario& scenario) {
    try {
        const Duel duel(scenario, opponent_of(scenario));
    } catch (const Drift& drift) {
        return drift.what();
    }
    return "";
}

}  // namespace

TEST_CASE("hold, stop, release: A crashes, B waits and then stops cleanly") {
    const Told told(scenario_named("hold-stop-release"));
    CHECK(told.unasked.let_go.empty());
    CHECK(told.runs[Side::A].ending == Ending::Crash);
    CHECK(told.runs[Side::A].what == "NULL pointer dereference of rdev->mddev in super_written");
    CHECK(told.runs[Side::B].ending == Ending::Done);
    CHECK(first_oops(told.duel) == told.duel.tape(Side::A).size() - 1);  // A did something in every tick before.
}

TEST_CASE("released before the members are unbound, both stop cleanly") {
    const Told told(scenario_named("release-early"));
    CHECK(told.runs[Side::A].ending == Ending::Done);
    CHECK(told.runs[Side::B].ending == Ending::Done);
    CHECK_FALSE(first_oops(told.duel));
}

TEST_CASE("without a schedule the race is started, and ends by itself") {
    const Told told(scenario_named("race"));
    CHECK(told.duel.standstill() == Standstill::Ended);
    CHECK(told.duel.is_started(Side::A, "stopper"));
}

TEST_CASE("what is still held at the very end is let go, and that is said") {
    Scenario scenario = scenario_named("hold-stop-release");
    scenario.schedule.pop_back();
    const Told told(scenario);
    CHECK(told.unasked.let_go == std::vector<std::string>{"sda bitmap 1", "sdb bitmap 1"});
    CHECK(told.duel.tick(told.unasked.tick + 1).order.name == "sdb bitmap 1");
    CHECK(told.runs[Side::A].ending == Ending::Crash);
}

TEST_CASE("a run told again is the run of the tape, step by step") {
    for (const char* name :
         {"hold-stop-release", "release-early", "race", "report-2021", "disk-error", "delayed-delete"}) {
        CAPTURE(name);
        const Told told(scenario_named(name));
        for (const Side side : kSides) {
            const Tape& tape = told.duel.tape(side);
            CHECK(told.runs[side].is_over);
            CHECK(told.runs[side].what == tape.what());
            CHECK(told.runs[side].picks == tape.picks());
            CHECK(told.runs[side].console == tape.console());
        }
    }
}

TEST_CASE("the first difference is the same tick in the card, in the JSON and in the duel") {
    const Told told(scenario_named("hold-stop-release"));
    REQUIRE(told.duel.first_difference());
    const std::size_t tick = *told.duel.first_difference();
    const std::string card = duel_card(told.duel, told.runs);
    CHECK(card.find("difference   first at tick " + std::to_string(tick) + ", 'stopper'\n") != std::string::npos);
    CHECK(card.find("  A            fix none: crash: NULL") != std::string::npos);
    CHECK(card.find("  B            fix upstream: done\n") != std::string::npos);
    const auto json = nlohmann::json::parse(duel_json(told.duel, told.runs));
    CHECK(json["first_difference"] == tick);
    CHECK(json["ticks"] == told.duel.end());
    CHECK(json["a"]["ending"] == "crash");
    CHECK(json["b"]["ending"] == "done");
    CHECK(json["b"]["scenario"]["fix"] == "upstream");
    CHECK(json["b"]["expectation_holds"] == true);  // What is expected is said of A.
}

TEST_CASE("a schedule that drifts says where, what it wanted and what is possible") {
    Scenario scenario = scenario_named("release-early");
    const auto order = std::ranges::find(scenario.schedule, "sdb bitmap 1", &Order::name);
    REQUIRE(order != scenario.schedule.end());
    order->name = "sdb bitmap 2";
    CHECK(drift_of(scenario) ==
          "line 33: tick 32: 'sdb bitmap 2' is not possible; possible are 'sda bitmap 1', 'sdb bitmap 1', 'stopper'");
    order->line = 0;
    CHECK(drift_of(scenario).starts_with("step 35 of the schedule: tick 32: "));
}

TEST_CASE("a run that was stopped before its end has none") {
    Duel duel(scenario_named("hold-stop-release"), opponent_of(scenario_named("hold-stop-release")));
    duel.cut(4);
    const Result<Run> run = run_of(duel.tape(Side::A));
    REQUIRE(run);
    CHECK_FALSE(run->is_over);
    CHECK(run->lanes.size() == 4);
}

}  // namespace mdscope::story_test
