// SPDX-License-Identifier: MIT
// Kills and power cuts as choices of a search.
//
// Goal: what was promised is judged after a cut at any step. Method: small arrays whose searches end, and for each
// judge of data an array that is made to break its promise.
#include "engine/explore/cut.hpp"
#include "engine/explore/world.hpp"
#include "engine/kernel/arena.hpp"
#include "tests/explore/fixture.hpp"

namespace mdscope::explore_test {

namespace {

Scenario small_array(const std::string& bitmap, const std::string& crash, const std::string& tasks) {
    const Result<Scenario> scenario = parse_scenario("mdscope-scenario 1\nbitmap " + bitmap +
                                                         "\nsize 1152K\nchunk 64K\ndelay 5s\nmdmon on\nbits clear\n"
                                                         "write-size 1K\ncrash " +
                                                         crash + "\ntasks\n" + tasks,
                                                     "small");
    REQUIRE_MESSAGE(scenario, scenario.error().text);
    return *scenario;
}

// Until `is_there`, by the first choice each time that is no cut.
template <class Is>
void go_on_until(World& world, Is is_there) {
    while (!is_there()) {
        REQUIRE(world.moment() == Moment::Open);
        REQUIRE_FALSE(World::is_cut(world.choices()[0]));
        world.take(0);
    }
}

std::size_t cuts_of(const World& world) {
    return static_cast<std::size_t>(std::ranges::count_if(world.choices(), World::is_cut));
}

}  // namespace

TEST_CASE("a write of two sectors that is in flight to two members leaves nine ways to be killed") {
    World world(small_array("none", "kill", "a: write 0\n"), {});
    go_on_until(world, [&] {
        std::size_t writes = 0;
        world.lab().kernel.for_each_write_in_flight(
            [&](const Bio& bio, const RamImage&) { writes += bio.bi_kind == BioKind::Data ? 1 : 0; });
        return writes == 2;
    });
    CHECK(cuts_of(world) == 9);
    CHECK(world.describe(world.choices().size() - 1) ==
          "kill: of what was unsure there is sda data 2048, sda data 2049, sdb data 2048, sdb data 2049");
}

TEST_CASE("another life begins with what is left, and the world can go back to before it") {
    if (!World::can_mark()) return;
    World world(small_array("internal", "kill", "a: write 0\n"), {});
    go_on_until(world, [&] { return world.lab().ledger().acknowledged(0) != Ledger::kBeginning; });
    REQUIRE(cuts_of(world) > 0);
    World::Mark mark;
    world.mark(mark);
    const std::uint64_t before = world.state_hash();
    const std::size_t choices = world.choices().size();
    world.take(choices - 1);
    CHECK(world.lab().life() == 2);
    CHECK(world.lab().ledger().acknowledged(0) == 2);
    go_on_until(world, [&] { return world.lab().tasks_done(); });
    CHECK(world.lab().mddev().pers.peek() != nullptr);
    world.go_back(mark);
    CHECK(world.lab().life() == 1);
    CHECK(world.state_hash() == before);
    CHECK(world.choices().size() == choices);
}

TEST_CASE("a write, a stop and a check survive a kill at any step, and another during the assembly" *
          doctest::skip(!Arena::available())) {
    for (const std::string bitmap : {"internal", "file", "none"})
        for (const std::string tasks : {"a: write 0\n", "a: write 0; stop\n", "a: write 0; daemon; daemon; daemon\n",
                                        "a: write 0; store sync_action check; wait\n"}) {
            CAPTURE(bitmap);
            CAPTURE(tasks);
            const Verdict verdict = explored(small_array(bitmap, "kill", tasks));
            CHECK(verdict.complete);
            CHECK(verdict.cuts_are_whole);
            CHECK(verdict.crash_points > 1000);
            CHECK(verdict.crashes + verdict.hangs + verdict.violations == 0);
        }
}

TEST_CASE("what the metadata claims is durable on every member first: else a power cut leaves two that differ" *
          doctest::skip(!Arena::available())) {
    const std::string daemons = "; daemon; daemon; daemon; daemon";
    struct Row {
        const char* bitmap;
        std::string tasks;
    };
    const Row rows[] = {{"internal", "a: write 0" + daemons + "; write 1" + daemons + "\n"},
                        {"file", "a: write 0" + daemons + "\n"},
                        {"none", "a: write 0; idle 1s\n"}};
    for (const Row& row : rows) {
        CAPTURE(std::string(row.bitmap));
        Scenario scenario = small_array(row.bitmap, "power-cut", row.tasks);
        const Verdict safe = explored(scenario);
        CHECK(safe.complete);
        CHECK(safe.cuts_are_whole);
        CHECK(safe.violations == 0);
        REQUIRE(scenario.variants.choose("claims", "md"));
        REQUIRE(scenario.variants.choose("bitmap-read", "md"));  // else the other's bit tells
        const Verdict as_md = explored(scenario);
        CHECK(as_md.violations > 0);
        REQUIRE(as_md.shortest);
        CHECK(as_md.shortest->judge->name == "equal");
    }
}

TEST_CASE("threads that share the lives of a search find as many as one" * doctest::skip(!Arena::available())) {
    const Scenario scenario = small_array("internal", "kill", "a: write 0\n");
    const Verdict one = explored(scenario);
    ExploreOptions options;
    options.jobs = 2;
    const Verdict two = explored(scenario, options);
    CHECK(one.states == two.states);
    CHECK(one.crash_points == two.crash_points);
    CHECK(one.lives == two.lives);
}

TEST_CASE("a member that lost a write is found when it may be read, and told by its sector") {
    World world(small_array("internal", "kill", "a: write 0; write 1\n"), {});
    go_on_until(world, [&] { return world.lab().ledger().acknowledged(0) != Ledger::kBeginning; });
    RamImage& sdb = *world.lab().kernel.find_ram_disk("lab/sdb.img");
    std::vector<std::byte> old(kSectorSize);
    Ledger::stamp(old, 1, Ledger::kBeginning);
    sdb.store(2049 * kSectorSize, old);
    world.take(0);
    CHECK(world.moment() == Moment::Violation);
    REQUIRE(world.broken() != nullptr);
    CHECK(world.broken()->name == "stale");
    CHECK(world.what() ==
          "sdb may be read, and its sector 1 has what was there at the beginning; the last acknowledged is write 2");
}

TEST_CASE("a read that began before a write was acknowledged may give what was there before" *
          doctest::skip(!Arena::available())) {
    const Verdict verdict = explored(small_array("none", "kill", "a: write 0\nb: read 0\n"));
    CHECK(verdict.complete);
    CHECK(verdict.violations == 0);
}

TEST_CASE("a scenario says when the power may go, and what is done after it") {
    const Result<Scenario> scenario = parse_scenario(
        "mdscope-scenario 1\nbitmap internal\nsize 1152K\nchunk 64K\nbits clear\nwrite-size 1K\ntasks\n"
        "a: write 0; flush\nplug: write 1; power-cut; assemble; wait; read 0\n",
        "plug");
    REQUIRE(scenario);
    const auto after = scenario->after_cut();
    REQUIRE(after);
    CHECK(after->crash == CutKind::PowerCut);
    CHECK(after->first == 2);
    CHECK(scenario_text(*parse_scenario(scenario_text(*scenario), "plug")) == scenario_text(*scenario));
    if (!Arena::available()) return;  // the rest takes minutes where each moment is built anew
    const Verdict verdict = explored(*scenario);
    CHECK(verdict.complete);
    CHECK(verdict.lives > 10);
}

}  // namespace mdscope::explore_test
