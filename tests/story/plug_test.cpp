// SPDX-License-Identifier: MIT
// The plug is pulled in two arrays at once: recorded, told, and gone back over.
//
// Goal: the same cut with a bitmap and without one is told as it is, and nothing of a later life is taken for something
// of the one before. Method: a write that one member has and the other has not, a power cut, and what comes of it.
#include "engine/story/tell/plug.hpp"

#include <set>

#include "engine/kernel/arena.hpp"
#include "engine/story/draw/lanes.hpp"
#include "engine/story/record/counter_scenario.hpp"
#include "engine/story/record/outcome.hpp"
#include "tests/story/fixture.hpp"

namespace mdscope::story_test {

namespace {

Order order_of(const std::string& words) {
    Schedule schedule;
    const std::string wrong = read_order(words, schedule);
    REQUIRE_MESSAGE(wrong.empty(), wrong);
    REQUIRE(schedule.size() == 1);
    return schedule[0];
}

void give(Duel& duel, const std::string& words) {
    const std::string wrong = duel.give(order_of(words));
    CHECK_MESSAGE(wrong.empty(), wrong);
}

Duel pulled() {
    const Scenario scenario = scenario_named("plug-pulled");
    return {scenario, opponent_of(scenario)};
}

// One array beside itself, its tasks at their end.
Duel done(const std::string& tasks) {
    Scenario scenario = scenario_named("pull-the-plug");
    const Result<Scenario> other = parse_scenario("mdscope-scenario 1\ntasks\n" + tasks, "other");
    REQUIRE_MESSAGE(other, other.error().text);
    scenario.tasks = other->tasks;
    Duel duel(scenario, scenario);
    (void)play_out(duel);
    return duel;
}

std::string rows_text(const Duel& duel, Side side) {
    std::string text;
    for (const MediumRecord& medium : media_at_cut(duel, side, duel.end()))
        for (const MediaRow& row : medium.rows)
            text += medium.name + " " + row.what + ": " + row.platter + "; " + unsure_words(row) + "\n";
    return text;
}

}  // namespace

TEST_CASE("a schedule says that the power is cut, and what stays") {
    for (const std::string words : {"cut", "cut keeps sda", "cut keeps sda sdb:2048", "cut keeps bitmap"}) {
        const Order order = order_of(words);
        CHECK(is_cut(order));
        CHECK(order_text(order) == words);
    }
    Schedule none;
    for (const std::string bad : {"cut sda", "cut keeps", "cut keeps sda:", "cut keeps sda:x", "cut keeps sd,a",
                                  "cut keeps x1 x1", "cut keeps sda x3 x1"})
        CHECK_MESSAGE(!read_order(bad, none).empty(), bad);
    CHECK(is_schedule_word("cut"));
}

TEST_CASE("with a bitmap one chunk is compared, without one all of it; nothing is lost") {
    Duel duel = pulled();
    (void)play_out(duel);
    for (const Side side : kSides) {
        CHECK(duel.at(side, duel.end()).moment == Moment::Done);
        CHECK(duel.at(side, duel.end()).life == 2);
        CHECK_FALSE(is_data_lost(duel, side, duel.end()));
        CHECK(run_of(duel.tape(side)));
    }
    CHECK(compared_kib(duel, Side::A, duel.end()) == 64);
    CHECK(compared_kib(duel, Side::B, duel.end()) == 512);
    CHECK(rows_text(duel, Side::A) ==
          "sda superblock: not clean; \nsda bitmap: chunk 0 marked; \nsda data 0-1: old; new, in the cache: kept\n"
          "sdb superblock: not clean; \nsdb bitmap: chunk 0 marked; \nsdb data 0-1: old; new, on its way: lost\n");
    CHECK(rows_text(duel, Side::B) ==
          "sda superblock: not clean; \nsda data 0-1: old; new, in the cache: kept\n"
          "sdb superblock: not clean; \nsdb data 0-1: old; new, on its way: lost\n");
    CHECK(after_cut(duel, Side::A, duel.end()) ==
          "The write of sectors 0 to 1 had not been acknowledged, and is there all the same, on every member. Nothing "
          "that was acknowledged is lost. 64 KiB of 512 KiB had to be compared: what the bitmap had marked.");
    Foresight foresight(duel);
    CHECK(now(duel, 27, foresight).what == "The power is cut: sdb loses data 0-1, which was on its way.");
    const std::string told = describe(duel, duel.end(), foresight);
    CHECK(told.find("at the cut sdb data 0-1: old; new, on its way: lost") != std::string::npos);
    CHECK(told.find("All 512 KiB had to be compared.") != std::string::npos);
}

TEST_CASE("what was acknowledged and not flushed may be gone; what was flushed is there") {
    Duel unflushed = done("a: write 0\n");
    give(unflushed, "cut");
    (void)play_out(unflushed);
    CHECK(after_cut(unflushed, Side::A, unflushed.end())
              .starts_with("The write of sectors 0 to 1 was acknowledged, but not flushed, and is gone"));
    CHECK_FALSE(is_data_lost(unflushed, Side::A, unflushed.end()));

    Duel flushed = done("a: write 0; flush\n");
    give(flushed, "cut");
    CHECK(cut_losses(flushed, Side::A, flushed.end()) == "no disk loses anything");
    (void)play_out(flushed);
    CHECK(after_cut(flushed, Side::A, flushed.end()).starts_with("Nothing that was acknowledged is lost."));
}

TEST_CASE("nothing of a life is taken for something of the one before") {
    Duel duel = pulled();
    const std::size_t cut = duel.end();
    (void)play_out(duel);
    std::set<std::string> bios;
    std::set<int> pids;
    for (const Side side : kSides) {
        for (std::size_t tick = 0; tick <= duel.end(); tick++)
            for (const BioAt& bio : duel.at(side, tick).bios) {
                if (tick < cut) bios.insert(bio.name);
                if (tick > cut) CHECK_FALSE(bios.contains(bio.name));
            }
        for (const SnapshotTask& task : duel.at(side, 0).snapshot.tasks) pids.insert(task.pid);
        for (const SnapshotTask& task : duel.at(side, duel.end()).snapshot.tasks) CHECK_FALSE(pids.contains(task.pid));
        CHECK(duel.tick(duel.end()).held[side].empty());
        CHECK_FALSE(lanes(duel, side).empty());
    }
}

TEST_CASE("a tape goes back over a cut, and can be cut otherwise there") {
    Duel duel = pulled();
    const std::size_t cut = duel.end();
    (void)play_out(duel);
    Tape& tape = duel.tape(Side::A);
    const std::size_t last = tape.size() - 1;
    for (const std::size_t step : {last, std::size_t{3}, last, last - 1, std::size_t{0}, last})
        CHECK(tape.visit(step).lab().life() == tape.step(step).life);
    duel.cut(cut - 1);
    CHECK(duel.at(Side::A, duel.end()).may_be_cut);
    give(duel, "cut");
    CHECK_FALSE(duel.at(Side::A, duel.end()).may_be_cut);  // cuts 1
    CHECK_FALSE(duel.give(order_of("cut")).empty());
    (void)play_out(duel);
    CHECK(after_cut(duel, Side::A, duel.end())
              .starts_with("The write of sectors 0 to 1 had not been acknowledged, and is not there"));
}

TEST_CASE("what a search lost by a cut is told in words that lose it again" * doctest::skip(!Arena::available())) {
    const Result<Scenario> parsed = parse_scenario(
        "mdscope-scenario 1\nbitmap internal\nsize 1152K\nchunk 64K\ndelay 5s\nmdmon on\nclaims md\nbitmap-read md\n"
        "crash power-cut\nbits clear\nwrite-size 1K\ntasks\n"
        "  a: write 0; daemon; daemon; daemon; daemon; write 1; daemon; daemon; daemon; daemon\n",
        "lost");
    REQUIRE_MESSAGE(parsed, parsed.error().text);
    const Verdict verdict = explore_test::explored(*parsed);
    REQUIRE(verdict.shortest);
    const Scenario told = scenario_of(*verdict.shortest, *parsed);
    CHECK(schedule_text(told.schedule).find("cut") != std::string::npos);
    Duel duel(told, opponent_of(told));
    CHECK(duel.at(Side::A, duel.end()).moment == Moment::Violation);
    CHECK(is_data_lost(duel, Side::A, duel.end()));
    CHECK(after_cut(duel, Side::A, duel.end()).starts_with("LOST: "));
    CHECK(run_of(duel.tape(Side::A))->judge == verdict.shortest->judge);
}

TEST_CASE("a program that is killed loses what was on its way and nothing that was in a cache") {
    Scenario scenario = scenario_named("pull-the-plug");
    scenario.crash = CutKind::Kill;
    scenario.versus = "bitmap none";
    Duel duel(scenario, scenario);
    give(duel, "hold data");
    duel.play(1000, false);
    give(duel, "sda data 1");
    give(duel, "cut");
    CHECK(cut_losses(duel, Side::A, duel.end()) == "sdb loses data 0-1, which was on its way");
    CHECK(rows_text(duel, Side::A).find("sda data 0-1: new; \n") != std::string::npos);
}

}  // namespace mdscope::story_test
