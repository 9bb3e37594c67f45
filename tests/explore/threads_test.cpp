// SPDX-License-Identifier: MIT
// Threads that share one search out: goal, that nothing which is printed says how many there were. Method: the same
// search by one thread and by several, of searches that end, that are cut off, and that stop at what they find.
#include "engine/explore/world.hpp"
#include "tests/explore/fixture.hpp"

using namespace mdscope;
using namespace mdscope::explore_test;

namespace {

void check_same(const Verdict& one, const Verdict& other) {
    CHECK(one.states == other.states);
    CHECK(one.transitions == other.transitions);
    CHECK(one.schedules == other.schedules);
    CHECK(one.schedules_log10 == other.schedules_log10);
    CHECK(one.depth == other.depth);
    CHECK(one.done == other.done);
    CHECK(one.crash_ways == other.crash_ways);
    CHECK(one.complete == other.complete);
    REQUIRE(one.shortest.has_value() == other.shortest.has_value());
    if (one.shortest) CHECK(one.shortest->picks == other.shortest->picks);
}

// Without an arena each state is reached from the beginning, and a search takes a hundred times as long.
std::uint64_t few(std::uint64_t states) {
    return Arena::available() ? states : 700;
}

}  // namespace

TEST_CASE("threads that share the states of a search find the same as one") {
    struct Row {
        const char *name, *fix, *bitmap;
        std::uint64_t budget;
        bool first;
    };
    for (const Row& row : {Row{"it ends", "upstream", "external", few(10'000), false},
                           Row{"it crashes", "none", "external", few(10'000), false},
                           Row{"it stops at the first crash", "none", "external", few(10'000), true},
                           Row{"it is cut off", "upstream", "internal", few(6000), false},
                           Row{"it is cut off within a batch", "upstream", "internal", few(4321), false}}) {
        CAPTURE(row.name);
        Scenario scenario = stop_mid_write(row.bitmap, "array_state", 1);
        REQUIRE(scenario.variants.choose("fix", row.fix));
        scenario.granularity = Granularity::Fine;
        ExploreOptions options;
        options.budget = row.budget;
        options.stop_at_first_crash = row.first;
        const Verdict one = explored(scenario, options);
        for (const unsigned jobs : {2U, 3U}) {
            options.jobs = jobs;
            check_same(one, explored(scenario, options));
        }
    }
}

// A map of conflicts knows an object by its place, so what one simulation teaches is true of another one only if both
// are laid out alike. Which memory is written to, by which they are laid out, is not always the same in both.
TEST_CASE("simulations that share a map of conflicts are laid out as the first one was") {
    if (!Arena::available()) return;
    const auto place_in = [](World& world) {
        return reinterpret_cast<std::uintptr_t>(&world.lab().mddev()) % Arena::kCapacity;
    };
    const Scenario scenario = scenario_named("report-2021");
    ConflictMap conflicts;
    World first(scenario, {.conflicts = &conflicts});
    REQUIRE(conflicts.layout());
    CHECK_FALSE(conflicts.layout()->blocks.empty());
    World second(scenario, {.conflicts = &conflicts});
    CHECK(place_in(first) == place_in(second));

    ConflictMap otherwise;
    otherwise.set_layout({});  // nothing is expected to be written to: all blocks lie in their order
    World third(scenario, {.conflicts = &otherwise});
    World fourth(scenario, {.conflicts = &otherwise});
    CHECK(place_in(third) != place_in(first));
    CHECK(place_in(third) == place_in(fourth));
    CHECK(otherwise.layout()->blocks.empty());
}
