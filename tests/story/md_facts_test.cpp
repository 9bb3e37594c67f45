// SPDX-License-Identifier: MIT
// What the window claims about the kernel, checked against the engine: which counter moves for which bitmap, which wait
// saves whom, and who is killed by whom. A fact that stops being true here must not be taught.
#include "engine/story/draw/lanes.hpp"
#include "tests/story/fixture.hpp"

namespace mdscope::story_test {

namespace {

// The highest value that a counter of A had.
int peak(const Duel& duel, Counter counter) {
    int value = 0;
    for (const CounterStep& step : counter_steps(duel, Side::A, counter)) value = std::max(value, step.value);
    return value;
}

std::vector<TreeLine> tree_at_end(const Duel& duel, TreeDetail detail) {
    Foresight foresight(duel);
    return stop_tree(duel, Side::A, duel.end(), foresight.a, foresight.b, detail);
}

bool calls(const Duel& duel, const std::string& function) {
    return std::ranges::any_of(tree_at_end(duel, TreeDetail::Every), [&](const TreeLine& line) {
        return line.name == function && line.state != TreeLine::State::Missing;
    });
}

Duel played_without_fix(const std::string& name) {
    return played(with(scenario_named(name), "none"), "bitmap");
}

}  // namespace

TEST_CASE("which counter moves depends on where the bitmap lives") {
    for (const char* on_members : {"referee-external", "referee-internal"}) {
        const Duel duel = played_without_fix(on_members);
        CHECK(peak(duel, Counter::Mddev) >= 2);
        CHECK(peak(duel, Counter::Bitmap) == 0);
    }
    const Duel file = played_without_fix("referee-file");
    CHECK(peak(file, Counter::Mddev) == 0);
    CHECK(peak(file, Counter::Bitmap) >= 1);
}

TEST_CASE("a page of the bitmap is one write for each active member") {
    CHECK(peak(played_without_fix("referee-external"), Counter::Mddev) == 2);
    CHECK(peak(played_without_fix("three-members"), Counter::Mddev) == 3);
    CHECK(peak(played_without_fix("four-pages"), Counter::Mddev) == 8);
    CHECK(peak(played_without_fix("degraded"), Counter::Mddev) == 0);
}

TEST_CASE("the header of an external bitmap is never written, so nobody waits behind it") {
    for (const TreeLine& line : tree_at_end(played_without_fix("referee-external"), TreeDetail::Short))
        if (line.name == "md_bitmap_update_sb") CHECK(line.note == "external: returns at once");
    const Duel internal = played_without_fix("referee-internal");
    CHECK(internal.tape(Side::A).moment() == Moment::Done);
    CHECK(calls(internal, "md_bitmap_update_sb"));
}

// What a stop with this fix calls after the daemon runs, in its order.
static std::string after_the_daemon_runs(const char* fix) {
    const Duel duel = played(with(scenario_named("referee-external"), fix));
    const std::vector<TreeLine> tree = tree_at_end(duel, TreeDetail::Short);
    const auto is_last_run = [](const TreeLine& line) {
        return line.name == "md_bitmap_daemon_work" && line.number == 3;
    };
    const auto run = std::ranges::find_if(tree, is_last_run);
    REQUIRE(run != tree.end());
    std::string calls;
    for (auto line = run + 1; line != tree.end() && line->depth >= run->depth; ++line)
        if (line->depth == run->depth && line->state != TreeLine::State::Missing) calls += line->name + "; ";
    return calls;
}

TEST_CASE("a fix is one line: the merged one before md_bitmap_update_sb, the proposal's behind it") {
    CHECK(after_the_daemon_runs("none") == "md_bitmap_update_sb; ");
    CHECK(after_the_daemon_runs("v1") == "md_bitmap_wait_writes; md_bitmap_update_sb; ");
    CHECK(after_the_daemon_runs("proposal") == "md_bitmap_update_sb; md_super_wait; ");
    CHECK(after_the_daemon_runs("upstream") == "md_super_wait; md_bitmap_update_sb; ");
}

TEST_CASE("md_update_sb is not called by the stop of a clean array, and would not wait for an external one") {
    CHECK_FALSE(calls(played_without_fix("referee-external"), "md_update_sb"));
    Scenario dirty = with(scenario_named("referee-external"), "none");
    dirty.setup.back().attr = "safe_mode_delay";  // 0: an array that was written to stays dirty
    dirty.setup.back().value = "0";
    std::rotate(dirty.setup.begin(), dirty.setup.end() - 1, dirty.setup.end());
    const Duel duel = played(dirty, "bitmap");
    CHECK(calls(duel, "md_update_sb"));
    CHECK(duel.tape(Side::A).moment() == Moment::Crash);
}

TEST_CASE("the daemon passes of a stop run in the stopping task, not in md's thread") {
    const Duel duel = played_without_fix("referee-external");
    for (const Lane& lane : lanes(duel, Side::A))
        if (lane.name == "stopper")
            CHECK(std::ranges::find(lane.bars, "md_bitmap_daemon_work", &Bar::label) != lane.bars.end());
    int passes = 0;
    for (const TreeLine& line : tree_at_end(duel, TreeDetail::Short)) passes += line.name == "md_bitmap_daemon_work";
    CHECK(passes == 3);
}

TEST_CASE("it is a disk interrupt that crashes, and not the task that stops the array") {
    const Duel duel = played_without_fix("report-2021");
    const auto& oops = duel.tape(Side::A).last().snapshot.oops;
    REQUIRE(oops);
    CHECK(oops->in_irq);
    CHECK(oops->comm == "swapper/0");
    CHECK(oops->function == "super_written");
}

TEST_CASE("the members are unbound with their nr_pending raised: the teardown does not look at the third counter") {
    const Duel duel = played_without_fix("referee-external");
    bool seen = false;
    for (std::size_t tick = 0; tick < duel.size(); tick++)
        for (const SnapshotMember& member : duel.at(Side::A, tick).snapshot.members)
            seen |= !member.bound && member.nr_pending > 0;
    CHECK(seen);
}

TEST_CASE("a reboot and a switch to readonly take nothing away, so nothing is in danger") {
    for (const char* name : {"reboot", "readonly"}) {
        CAPTURE(name);
        const Duel duel = played_without_fix(name);
        Foresight foresight(duel);
        for (std::size_t tick = 0; tick < duel.size(); tick++)
            CHECK(status_of(duel, Side::A, tick, foresight.a) != Status::InDanger);
        CHECK_FALSE(calls(duel, "unbind_rdev_from_array"));
        CHECK(status_of(duel, Side::A, duel.end(), foresight.a) == Status::Running);
    }
}

TEST_CASE("which pass leaves the write is told by the chunk's counter") {
    const auto pass = [](const char* name) {
        const Duel duel = played_without_fix(name);
        for (const TreeLine& line : tree_at_end(duel, TreeDetail::Short))
            if (line.note.ends_with("submitted")) return line.number;
        return 0;
    };
    CHECK(pass("referee-external") == 3);
    CHECK(pass("counter-one") == 2);
    CHECK(pass("counter-pending") == 1);
    CHECK(pass("all-clean") == 0);
    CHECK(pass("can-clear-false") == 0);
}

}  // namespace mdscope::story_test
