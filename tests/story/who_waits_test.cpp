// SPDX-License-Identifier: MIT
// Who waits for whom. A write that nobody will wait for is the bug, and must be seen before it crashes; one that is
// called covered must never crash.
#include "engine/story/tell/who_waits.hpp"

#include <set>

#include "tests/story/fixture.hpp"

namespace mdscope::story_test {

namespace {

Cover cover_named(const std::vector<Cover>& covers, const std::string& bio) {
    const auto found = std::ranges::find(covers, bio, &Cover::bio);
    REQUIRE(found != covers.end());
    return *found;
}

Status standing_at_end(const Duel& duel, Side side) {
    Foresight foresight(duel);
    return status_of(duel, side, duel.end(), foresight.of(side));
}

// The names of the bios in flight that are called covered.
std::set<std::string> covered_bios(const Duel& duel, Side side, std::size_t tick, LookAhead& look_ahead) {
    std::set<std::string> bios;
    for (const Cover& cover : who_waits(duel, side, tick, look_ahead))
        if (cover.covered) bios.insert(cover.bio);
    return bios;
}

bool is_in_daemon_pass(const TapeStep& step) {
    return std::ranges::any_of(step.snapshot.tasks, [](const SnapshotTask& task) {
        return task.comm == "stopper" && std::ranges::find(task.stack, "md_bitmap_daemon_work") != task.stack.end();
    });
}

// The bio whose end crashes if nobody chooses, from that tick on: disks at once, and disks as late as can be.
std::string crashes_by(const Duel& duel, std::size_t tick, Side side, bool late) {
    Scenario scenario = duel.tape(Side::A).scenario();
    scenario.schedule = duel.schedule(tick);
    Duel again(scenario, duel.tape(Side::B).scenario());
    REQUIRE(again.end() == tick);
    CHECK(again.give(wish(late ? Order::Kind::Hold : Order::Kind::Release, late ? "bitmap" : "all")).empty());
    start_all(again);
    again.play(3000, true);
    return again.tape(side).moment() == Moment::Crash ? crashed_bio(again, side) : "";
}

}  // namespace

TEST_CASE("in the race, A's writes are counted where nobody looks, and B's are waited for") {
    Duel duel = race();
    hold_and_stop(duel);
    Foresight foresight(duel);
    const std::vector<Cover> a = who_waits(duel, Side::A, duel.end(), foresight.a);
    REQUIRE(a.size() == 2);
    const Cover late = cover_named(a, "sdb bitmap 1");
    CHECK(late.counter == "mddev->pending_writes");
    CHECK(late.count == 2);
    CHECK_FALSE(late.covered);
    CHECK(late.wait.empty());
    CHECK(late.takes == "unbind_rdev_from_array");
    CHECK(late.is_taken);
    const Cover safe = cover_named(who_waits(duel, Side::B, duel.end(), foresight.b), "sdb bitmap 1");
    CHECK(safe.covered);
    CHECK(safe.is_waited);
    CHECK(safe.wait == "md_super_wait");
    CHECK(safe.takes == "unbind_rdev_from_array");
    CHECK_FALSE(safe.is_taken);
    CHECK(status_of(duel, Side::A, duel.end(), foresight.a) == Status::InDanger);
    CHECK(status_of(duel, Side::B, duel.end(), foresight.b) == Status::Waiting);
}

TEST_CASE("danger is seen as soon as the write is submitted, long before the crash") {
    Duel duel = race();
    CHECK(duel.give(wish(Order::Kind::Start, "stopper")).empty());
    while (duel.tape(Side::A).last().bios.empty()) REQUIRE(duel.advance());
    CHECK(standing_at_end(duel, Side::A) == Status::InDanger);
    CHECK(standing_at_end(duel, Side::B) == Status::Stopping);
    duel.cut(0);
    CHECK(standing_at_end(duel, Side::A) == Status::Running);
}

TEST_CASE("each home of the bitmap has its counter and its wait") {
    struct Case {
        const char* scenario;
        const char* fix;
        const char* counter;
        const char* wait;
        const char* takes;
    };
    constexpr Case kCases[] = {
        {"referee-external", "none", "mddev->pending_writes", "", "unbind_rdev_from_array"},
        {"referee-external", "proposal", "mddev->pending_writes", "md_super_wait", "unbind_rdev_from_array"},
        {"referee-internal", "none", "mddev->pending_writes", "md_super_wait", "unbind_rdev_from_array"},
        {"referee-file", "none", "bitmap->pending_writes", "md_bitmap_update_sb", "md_bitmap_free"},
        {"referee-file", "v1", "bitmap->pending_writes", "md_bitmap_wait_writes", "md_bitmap_free"},
    };
    for (const Case& one : kCases) {
        CAPTURE(one.scenario);
        CAPTURE(one.fix);
        const Duel duel = played(with(scenario_named(one.scenario), one.fix));
        Foresight foresight(duel);
        Cover last;
        for (std::size_t tick = 0; tick < duel.size(); tick++)
            if (is_in_daemon_pass(duel.at(Side::A, tick)))
                for (const Cover& cover : who_waits(duel, Side::A, tick, foresight.a)) last = cover;
        CHECK(last.counter == one.counter);
        CHECK(last.wait == one.wait);
        CHECK(last.takes == one.takes);
        CHECK(last.covered == (*one.wait != '\0'));
    }
}

TEST_CASE("where the pools die with the stop, they are what is taken first") {
    Duel duel = played(scenario_named("pools-stop"), "bitmap");
    Foresight foresight(duel);
    for (std::size_t tick = 0; tick < duel.size(); tick++)
        for (const Cover& cover : who_waits(duel, Side::A, tick, foresight.a)) CHECK(cover.takes == "__md_stop");
}

TEST_CASE("a data write is counted in neither, and the stop waits for it elsewhere") {
    const Duel duel = played(scenario_named("data-write-in-flight"), "data");
    Foresight foresight(duel);
    std::size_t seen = 0;
    for (std::size_t tick = 0; tick < duel.size(); tick++)
        for (const Cover& cover : who_waits(duel, Side::A, tick, foresight.a)) {
            BioName name;
            REQUIRE(read_bio_name(cover.bio, &name));
            if (name.kind != "data") continue;
            CHECK(cover.counter.empty());
            CHECK(cover.covered);
            if (!cover.is_waited) continue;
            CHECK(cover.wait == "freeze_array");
            seen++;
        }
    CHECK(seen > 0);
}

TEST_CASE("what is called covered does not crash, in coarse steps and the order of 2022") {
    for_each_play([](const std::string& name, const Duel& duel) {
        CAPTURE(name);
        Foresight foresight(duel);
        for (const Side side : kSides) {
            const Scenario& scenario = duel.tape(side).scenario();
            if (scenario.granularity != Granularity::Coarse) continue;
            for (std::size_t tick = 0; tick < duel.size(); tick += 1 + duel.size() / 20) {
                if (!stop_has_begun(duel, side, tick) || duel.at(side, tick).bios.empty()) continue;
                const std::set<std::string> covered = covered_bios(duel, side, tick, foresight.of(side));
                if (covered.empty()) continue;
                CAPTURE(tick);
                CHECK_FALSE(covered.contains(crashes_by(duel, tick, side, false)));
                CHECK_FALSE(covered.contains(crashes_by(duel, tick, side, true)));
            }
        }
    });
}

TEST_CASE("every crash was preceded by danger, at each tick since nobody could wait any more") {
    std::size_t crashes = 0;
    for_each_play([&](const std::string& name, const Duel& duel) {
        CAPTURE(name);
        Foresight foresight(duel);
        for (const Side side : kSides) {
            if (duel.tape(side).moment() != Moment::Crash) continue;
            if (crashed_bio(duel, side).empty()) continue;  // no write ends in it that could be waited for
            crashes++;
            const std::size_t crash = *duel.tick_of(side, duel.tape(side).size() - 1);
            CHECK(status_of(duel, side, crash, foresight.of(side)) == Status::Oops);
            CHECK(status_of(duel, side, crash - 1, foresight.of(side)) == Status::InDanger);
        }
    });
    CHECK(crashes > 10);
}

TEST_CASE("the second bug: counted down and not done, so nobody can wait for it") {
    // The completion runs up to its count; the stop, which waited for that count, runs on to its end.
    Scenario scenario = scenario_named("second-bug");
    REQUIRE(scenario.variants.choose("pools", "stop"));
    Duel duel(scenario, opponent_of(scenario));
    start_all(duel);
    const auto pending = [&] { return duel.tape(Side::A).last().snapshot.array.pending_writes; };
    const auto take = [&](const std::string& name, Choice::Kind how) {
        Order order;
        order.name = name;
        order.how = how;
        return duel.give(order).empty();
    };
    CHECK(duel.give(wish(Order::Kind::Hold, "bitmap")).empty());
    while (duel.tape(Side::A).last().bios.size() < 2 || take("stopper", Choice::Kind::Run)) {
        if (duel.tape(Side::A).last().bios.size() < 2) REQUIRE(duel.advance());
    }
    for (const char* bio : {"sda bitmap 1", "sdb bitmap 1"}) {
        REQUIRE(take(bio, Choice::Kind::Complete));
        const int before = pending();
        while (pending() == before) REQUIRE(take("swapper/0", Choice::Kind::Run));
        if (*(bio + 2) == 'a')
            while (take("swapper/0", Choice::Kind::Run)) {
            }
    }
    CHECK(pending() == 0);
    Foresight foresight(duel);
    CHECK(duel.tape(Side::A).last().bios.empty());
    const std::vector<Cover> ending = completions(duel, Side::A, duel.end(), foresight.a);
    REQUIRE(ending.size() == 1);
    CHECK(ending[0].bio == "sdb bitmap 1");
    CHECK(ending[0].has_counted);
    CHECK_FALSE(ending[0].covered);
    CHECK(ending[0].takes == "__md_stop");
    CHECK(status_of(duel, Side::A, duel.end(), foresight.a) == Status::InDanger);
}

TEST_CASE("sleepers are told with values and with who will wake them") {
    Duel duel = race();
    hold_and_stop(duel);
    const std::vector<Wait> b = waits(duel, Side::B, duel.end());
    REQUIRE(b.size() == 1);
    CHECK(b[0].task == "stopper");
    CHECK(b[0].function == "md_super_wait");
    CHECK(b[0].queue == "mddev->sb_wait");
    CHECK(b[0].condition == "mddev.pending_writes == 0");
    CHECK(b[0].values == "2 == 0: false");
    CHECK(b[0].wakers == std::vector<std::string>{"sdb bitmap 1", "sda bitmap 1"});
    CHECK(waits(duel, Side::A, duel.end()).empty());
}

}  // namespace mdscope::story_test
