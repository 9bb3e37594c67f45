// SPDX-License-Identifier: MIT
// Duels for tests: the race of the report, and any scenario played to its end.
#pragma once

#include "engine/story/record/calls.hpp"
#include "engine/story/tell/narration.hpp"
#include "tests/explore/fixture.hpp"

namespace mdscope::story_test {

using explore_test::scenario_files;
using explore_test::scenario_named;
using explore_test::with;

inline Order wish(Order::Kind kind, const std::string& name, std::uint64_t tick = 0) {
    Order order;
    order.kind = kind;
    order.name = name;
    order.tick = tick;
    return order;
}

// A has no fix, B has the one of 2021.
inline Duel race() {
    const Scenario none = with(scenario_named("referee-external"), "none");
    return {none, opponent_of(none)};
}

// A repair that goes on for more than a thousand steps.
inline Duel long_repair() {
    Scenario scenario = scenario_named("during-repair");
    scenario.size = 64ULL << 20;
    scenario.chunk = 1ULL << 20;
    return {scenario, opponent_of(scenario)};
}

// Through the window's eyes: hold the bitmap writes, stop, let it play until nothing moves.
inline void hold_and_stop(Duel& duel) {
    CHECK(duel.give(wish(Order::Kind::Hold, "bitmap")).empty());
    CHECK(duel.standstill() == Standstill::NotBegun);
    CHECK(duel.give(wish(Order::Kind::Start, "stopper")).empty());
    duel.play(1000, false);
}

inline void start_all(Duel& duel) {
    for (const std::string& task : duel.waiting_tasks()) CHECK(duel.give(wish(Order::Kind::Start, task)).empty());
}

// To the end, or to a standstill that nobody ends.
inline void play_to_end(Duel& duel, const std::string& hold = "") {
    if (!hold.empty()) CHECK(duel.give(wish(Order::Kind::Hold, hold)).empty());
    duel.play(3000, false);
    start_all(duel);
    duel.play(3000, true);
}

// As the window opens it, with what its fix would be for A and B.
inline Duel played(const Scenario& scenario, const std::string& hold = "") {
    Duel duel(scenario, opponent_of(scenario));
    play_to_end(duel, hold);
    return duel;
}

// Each scenario that comes with mdscope: as it is, and with its bitmap writes held until the stop is over.
inline void for_each_play(const std::function<void(const std::string& name, const Duel& duel)>& look) {
    for (const auto& file : scenario_files())
        for (const char* hold : {"", "bitmap"}) {
            const Duel duel = played(scenario_named(file.name), hold);
            look(file.name + (*hold != '\0' ? ", bitmap writes held" : ""), duel);
        }
}

}  // namespace mdscope::story_test
