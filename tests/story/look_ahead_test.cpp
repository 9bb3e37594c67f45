// SPDX-License-Identifier: MIT
// What is foreseen is what comes, if the disks are quick and nobody chooses; and looking ahead changes nothing.
#include "engine/story/record/look_ahead.hpp"

#include "tests/story/fixture.hpp"

namespace mdscope::story_test {

namespace {

// Names with a sign, of the scenario's tasks, one after the other.
std::vector<std::string> names_of(const std::vector<FrameEvent>& frames) {
    std::vector<std::string> names;
    for (const FrameEvent& frame : frames) names.push_back((frame.enter ? "+" : "-") + std::string(frame.name));
    return names;
}

std::vector<std::string> recorded_after(const Tape& tape, std::size_t step) {
    std::vector<FrameEvent> frames;
    for (std::size_t i = step + 1; i < tape.size(); i++)
        frames.insert(frames.end(), tape.step(i).frames.begin(), tape.step(i).frames.end());
    return names_of(frames);
}

}  // namespace

TEST_CASE("from every step, the rest of the stop is foreseen as it came") {
    for (const char* name :
         {"referee-internal", "referee-file", "referee-twostep", "stop-array", "readonly", "reboot"}) {
        CAPTURE(name);
        const Duel duel = played(scenario_named(name));
        for (const Side side : kSides) {
            const Tape& tape = duel.tape(side);
            if (tape.moment() != Moment::Done) continue;
            LookAhead look_ahead(tape);
            for (std::size_t step = 0; step < tape.size(); step++)
                CHECK(names_of(look_ahead.after(step)) == recorded_after(tape, step));
        }
    }
}

TEST_CASE("where a quick disk would be the crash, the rest of the stop is foreseen all the same") {
    Duel duel = race();
    hold_and_stop(duel);
    const Tape& tape = duel.tape(Side::A);
    const std::size_t stopped = tape.size() - 1;
    CHECK(duel.give(wish(Order::Kind::Release, "all")).empty());
    duel.play(1000, false);
    REQUIRE(tape.moment() == Moment::Crash);
    LookAhead look_ahead(tape);
    for (std::size_t step = 0; step <= stopped; step++) {
        std::vector<std::string> until_stopped = recorded_after(tape, step);
        CHECK(names_of(look_ahead.after(step)) == until_stopped);
    }
    CHECK(look_ahead.after(tape.size() - 1).empty());  // the stop was over
}

TEST_CASE("after a cut the same step is asked anew") {
    Duel duel = race();
    LookAhead look_ahead(duel.tape(Side::A));
    CHECK(duel.give(wish(Order::Kind::Start, "stopper")).empty());
    duel.play(6, false);
    const std::vector<std::string> before = names_of(look_ahead.after(6));
    duel.cut(3);
    const auto fails_to_be_the_same = [&] {  // the disks first, this time
        while (!duel.tape(Side::A).last().bios.empty()) {
            Order end;
            end.how = Choice::Kind::Complete;
            end.name = duel.tape(Side::A).last().bios.front().name;
            REQUIRE(duel.give(end).empty());
        }
        duel.play(6, false);
        return names_of(look_ahead.after(6)) != before;
    };
    CHECK(fails_to_be_the_same());
}

TEST_CASE("in a long recording a step is found from a stop on the way, also when the recording was cut") {
    Duel duel = long_repair();
    duel.play(1200, false);
    REQUIRE(duel.tape(Side::A).size() > 1200);
    LookAhead look_ahead(duel.tape(Side::A));
    const auto check = [&](std::size_t step) {
        LookAhead fresh(duel.tape(Side::A));
        CHECK(names_of(look_ahead.after(step)) == names_of(fresh.after(step)));
    };
    for (const std::size_t step : {1200, 700, 1100, 3}) check(step);
    duel.cut(300);
    start_all(duel);
    duel.play(1200, false);
    for (const std::size_t step : {duel.tape(Side::A).size() - 1, std::size_t{300}, std::size_t{310}}) check(step);
}

TEST_CASE("looking ahead changes nothing that was recorded") {
    Duel duel = race();
    hold_and_stop(duel);
    const std::uint64_t hash = duel.tape(Side::A).last().state_hash;
    Foresight foresight(duel);
    for (std::size_t tick = 0; tick < duel.size(); tick++) (void)describe(duel, tick, foresight);
    CHECK(duel.tape(Side::A).last().state_hash == hash);
    CHECK(duel.give(wish(Order::Kind::Release, "all")).empty());
    duel.play(1000, false);
    CHECK(duel.tape(Side::A).moment() == Moment::Crash);
    CHECK(duel.tape(Side::B).moment() == Moment::Done);
}

}  // namespace mdscope::story_test
