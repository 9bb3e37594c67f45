// SPDX-License-Identifier: MIT
// One schedule, two kernels: the bug report's story, told by the same orders to an array without the fix and to one
// with it; and going back, which must be exact.
#include "tests/story/fixture.hpp"

namespace mdscope::story_test {

TEST_CASE("hold, stop, release: the left one crashes, the right one waits and then stops cleanly") {
    Duel duel = race();
    hold_and_stop(duel);
    CHECK(duel.standstill() == Standstill::Held);
    CHECK(duel.tape(Side::A).last().snapshot.array.pending_writes == 2);
    CHECK(duel.tape(Side::A).last().snapshot.array.bitmap_pending_writes == 0);
    CHECK(duel.tape(Side::B).last().snapshot.array.pending_writes == 2);
    REQUIRE(duel.first_difference());
    CHECK(duel.give(wish(Order::Kind::Release, "all")).empty());
    duel.play(1000, false);
    CHECK(duel.standstill() == Standstill::Ended);
    CHECK(duel.tape(Side::A).moment() == Moment::Crash);
    CHECK(duel.tape(Side::A).what() == "NULL pointer dereference of rdev->mddev in super_written");
    CHECK(duel.tape(Side::B).moment() == Moment::Done);
    CHECK(duel.tape(Side::B).last().snapshot.array.state == "clear");
}

TEST_CASE("released early, both stop cleanly") {
    Duel duel = race();
    CHECK(duel.give(wish(Order::Kind::Hold, "bitmap")).empty());
    CHECK(duel.give(wish(Order::Kind::Start, "stopper")).empty());
    while (duel.tick(duel.end()).held[Side::A].size() < 2) REQUIRE(duel.advance());
    CHECK(duel.give(wish(Order::Kind::Release, "all")).empty());
    while (duel.tape(Side::A).last().snapshot.array.pending_writes > 0)
        CHECK(duel.give(duel.tape(Side::A).options().back()).empty());
    duel.play(1000, false);
    CHECK(duel.tape(Side::A).moment() == Moment::Done);
    CHECK(duel.tape(Side::B).moment() == Moment::Done);
}

TEST_CASE("a schedule in words drives another duel to the same states") {
    Duel duel = race();
    hold_and_stop(duel);
    CHECK(duel.give(wish(Order::Kind::Release, "sdb bitmap 1")).empty());
    duel.play(1000, false);
    Scenario scenario = with(scenario_named("referee-external"), "none");
    scenario.schedule = duel.schedule(duel.end());
    const Result<Scenario> read = parse_scenario(scenario_text(scenario), scenario.name);
    REQUIRE_MESSAGE(read, read.error().text);
    CHECK(read->schedule == scenario.schedule);
    const Duel again(*read, opponent_of(*read));
    REQUIRE(again.size() == duel.size());
    for (std::size_t tick = 0; tick < duel.size(); tick++)
        for (const Side side : kSides) {
            CHECK(again.at(side, tick).state_hash == duel.at(side, tick).state_hash);
            CHECK(again.tick(tick).held == duel.tick(tick).held);
        }
}

TEST_CASE("from the end to the beginning and back every state is the one that was recorded") {
    Duel duel = race();
    hold_and_stop(duel);
    CHECK(duel.give(wish(Order::Kind::Release, "all")).empty());
    duel.play(1000, false);
    for (const Side side : kSides) {
        Tape& tape = duel.tape(side);
        const auto visit = [&](std::size_t step) {
            CHECK(tape.visit(step).state_hash() == tape.step(step).state_hash);
        };
        for (std::size_t step = tape.size(); step-- > 0;) visit(step);
        for (std::size_t step = 0; step < tape.size(); step++) visit(step);
    }
}

TEST_CASE("a random walk of a thousand steps, back and forth, stays what it was") {
    Scenario scenario = scenario_named("reboot");
    scenario.tasks = {};
    scenario.mdmon = true;
    for (int i = 0; i < 14; i++) {
        ScenarioTask task;
        task.name = "writer" + std::to_string(i);
        for (std::uint64_t chunk = 0; chunk < 16; chunk++) {
            Statement write;
            write.chunk = chunk + static_cast<std::uint64_t>(i);
            task.statements.push_back(write);
        }
        scenario.tasks.push_back(task);
    }
    const std::uint64_t seed = 42;
    CAPTURE(seed);
    Prng prng(seed);
    Tape tape(scenario);
    while (tape.size() <= 1000 && tape.moment() == Moment::Open)
        tape.take(tape.options()[prng.below(tape.options().size())]);
    CAPTURE(tape.what());
    CHECK(tape.size() > 1000);
    const auto visit = [&tape](std::size_t step) {
        CHECK(tape.visit(step).state_hash() == tape.step(step).state_hash);
    };
    for (int i = 0; i < 100; i++) visit(prng.below(tape.size()));
    const std::size_t stride = Arena::available() ? 1 : 50;  // built anew for each, under a sanitizer
    for (std::size_t step = tape.size(); step-- > 0;)
        if (step % stride == 0) visit(step);
    for (std::size_t step = 0; step < tape.size(); step += stride) visit(step);
}

TEST_CASE("a cut forgets what came after it, and what is taken again is the same") {
    Duel duel = race();
    hold_and_stop(duel);
    const std::size_t end = duel.end();
    const std::uint64_t hash = duel.tape(Side::A).last().state_hash;
    for (const std::size_t tick : {end - 1, end / 2, std::size_t{1}}) {
        duel.cut(tick);
        CHECK(duel.end() == tick);
        duel.play(1000, false);
        CHECK(duel.end() == end);
        CHECK(duel.tape(Side::A).last().state_hash == hash);
    }
}

TEST_CASE("a completion moved to an earlier tick saves the array without the fix") {
    Duel duel = race();
    CHECK(duel.give(wish(Order::Kind::Start, "stopper")).empty());
    while (duel.tape(Side::A).last().bios.size() < 2) REQUIRE(duel.advance());
    const std::size_t born = duel.end();
    CHECK(duel.give(wish(Order::Kind::Hold, "sdb bitmap 1")).empty());
    duel.play(1000, true);
    REQUIRE(duel.tape(Side::A).moment() == Moment::Crash);
    duel.replay_with(born, wish(Order::Kind::Release, "sdb bitmap 1"));
    duel.replay_with(born, wish(Order::Kind::Due, "sdb bitmap 1", born + 1));
    duel.replay_with(born, wish(Order::Kind::Due, "sda bitmap 1", born + 1));
    CHECK(duel.tape(Side::A).moment() == Moment::Done);
    CHECK(duel.tape(Side::B).moment() == Moment::Done);
}

TEST_CASE("an order that is possible nowhere says what is possible") {
    Duel duel = race();
    Order order;
    order.name = "nobody";
    CHECK(duel.give(order) == "tick 1: 'nobody' is not possible; possible are 'stopper'");
}

TEST_CASE("a bio that is still to come can be held by its name") {
    Duel duel = race();
    CHECK(duel.give(wish(Order::Kind::Hold, "sdb bitmap 1")).empty());
    CHECK(duel.give(wish(Order::Kind::Start, "stopper")).empty());
    duel.play(1000, false);
    CHECK(duel.standstill() == Standstill::Held);
    CHECK(duel.tick(duel.end()).held[Side::A] == std::vector<std::string>{"sdb bitmap 1"});
    CHECK(duel.give(wish(Order::Kind::Release, "sdb bitmap 1")).empty());
    duel.play(1000, false);
    CHECK(duel.standstill() == Standstill::Ended);
}

}  // namespace mdscope::story_test
