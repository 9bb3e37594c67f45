// SPDX-License-Identifier: MIT
// What anybody tries first in the lab, without a lesson: a write, and a stop. It must come to an end that says
// something.
#include <doctest/doctest.h>

#include <algorithm>

#include "engine/scenario/scenario_files.hpp"
#include "gui/model/player.hpp"

namespace mdscope::gui {

namespace {

Scenario named(const std::string& name) {
    const Result<Scenario> scenario = load_scenario_file(name);
    REQUIRE(scenario);
    return *scenario;
}

const SnapshotArray& array_of(Player& player, Side side) {
    return player.duel().at(side, player.tick()).snapshot.array;
}

bool has_hung(Player& player) {
    return std::ranges::any_of(kSides,
                               [&](Side side) { return player.duel().at(side, player.end()).moment == Moment::Hang; });
}

void play(Player& player) {
    player.play_to_end();
    player.go_to(player.end());
}

}  // namespace

TEST_CASE("a write at any moment of any scenario is recorded by mdmon and ends, and then the array can be stopped") {
    for (const std::string name : {"race", "report-2021", "referee-internal", "referee-file", "three-members"}) {
        CAPTURE(name);
        Player player(named(name));
        REQUIRE(player.write(3) == "");
        play(player);
        CHECK_FALSE(has_hung(player));
        CHECK(player.stop() == "");
        play(player);
        CHECK_FALSE(has_hung(player));
        for (const Side side : kSides)
            CHECK((player.duel().at(side, player.end()).moment == Moment::Crash ||
                   array_of(player, side).state == "clear"));
    }
}

TEST_CASE("a stop that was refused because the disk was open can be tried again") {
    Player player(named("race"));
    REQUIRE(player.write(3) == "");
    for (int i = 0; i < 8; i++) player.step();
    REQUIRE(player.stop() == "");
    CHECK(player.stop() != "");  // it is under way
    play(player);
    CHECK_FALSE(has_hung(player));
    CHECK(array_of(player, Side::B).state != "clear");
    REQUIRE(player.stop() == "");
    play(player);
    CHECK_FALSE(has_hung(player));
    CHECK(array_of(player, Side::B).state == "clear");
    CHECK(player.stop() != "");  // nothing is left to be stopped
}

TEST_CASE("a write that is given late keeps what was done, with mdmon or without") {
    Player player(named("race"));
    REQUIRE(player.stop() == "");
    for (int i = 0; i < 5; i++) player.step();
    const std::size_t tick = player.tick();
    REQUIRE(player.write(3) == "");
    CHECK(player.tick() >= tick);
}

}  // namespace mdscope::gui
