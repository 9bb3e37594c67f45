// SPDX-License-Identifier: MIT
// A mounted array is told of from its snapshot alone. A simulated array has the same snapshots, and is told of from its
// recording: where both know, they must say the same.
#include "engine/story/tell/mounted.hpp"

#include "tests/story/fixture.hpp"

namespace mdscope::story_test {

TEST_CASE("what a snapshot says of an array is what its recording says, where it can know") {
    std::map<Status, int> agreed;
    for_each_play([&](const std::string& name, const Duel& played) {
        CAPTURE(name);
        auto& duel = const_cast<Duel&>(played);
        if (&duel.exhibit() != &default_exhibit()) return;
        Foresight foresight(duel);
        for (const Side side : kSides)
            for (std::size_t tick = 0; tick <= duel.end(); tick++) {
                CAPTURE(tick);
                if (tick > 0 && !duel.tick(tick).done[side]) continue;
                const TapeStep& step = duel.at(side, tick);
                const Status seen = look_at(step.snapshot, "A").status;
                const Status told = status_of(duel, side, tick, foresight.of(side));
                if (step.moment == Moment::Open && told != Status::Off) {
                    if (seen == Status::InDanger) CHECK(told == Status::InDanger);
                    if (told == Status::Waiting) CHECK(seen == Status::Waiting);
                }
                CHECK((seen == Status::Oops) == bool{step.snapshot.oops});
                if (seen == told) agreed[seen]++;
            }
    });
    for (const Status status :
         {Status::Running, Status::Stopping, Status::Waiting, Status::InDanger, Status::Stopped, Status::Oops})
        CHECK_MESSAGE(agreed[status] > 0, static_cast<int>(status));
}

TEST_CASE("the race, told from snapshots: the write that is still out, the wait, the crash") {
    Duel duel = race();
    hold_and_stop(duel);
    const Mounted a = look_at(duel.at(Side::A, duel.end()).snapshot, "A");
    CHECK(a.status == Status::InDanger);
    CHECK(a.sentence == "A says it has stopped. 2 of its bitmap writes are still out.");
    CHECK(a.second ==
          "Nobody waits for mddev->pending_writes (2): unbind_rdev_from_array has set rdev->mddev of sdb to NULL.");
    CHECK(a.stop_stack.empty());
    const Mounted b = look_at(duel.at(Side::B, duel.end()).snapshot, "B");
    CHECK(b.status == Status::Waiting);
    CHECK(b.sentence == "B waits: its stop sleeps until its 2 writes have ended.");
    CHECK(b.second == "It looks at mddev->pending_writes (2) in md_super_wait.");
    REQUIRE_FALSE(b.stop_stack.empty());
    CHECK(b.stop_stack.back() == "md_super_wait");
    CHECK(std::ranges::all_of(b.writes, &MountedWrite::is_waited));
    CHECK(duel.give(wish(Order::Kind::Release, "all")).empty());
    duel.play(1000, false);
    const Mounted crashed = look_at(duel.at(Side::A, duel.end()).snapshot, "A");
    CHECK(crashed.sentence == "A crashed: the end of a write met what was gone.");
    CHECK(crashed.second == "super_written followed rdev->mddev, which unbind_rdev_from_array had set to NULL.");
    REQUIRE(crashed.why.size() == 5);  // what it was in danger of is still told when it has happened
    CHECK(crashed.why[2] == "unbind_rdev_from_array set rdev->mddev to NULL while the write was out.");
    CHECK(crashed.why[3].ends_with(crashed.second));
    CHECK(look_at(duel.at(Side::B, duel.end()).snapshot, "B").sentence == "B has stopped cleanly.");
}

TEST_CASE("a read that is held is told as a read") {
    const Duel duel = race();
    Snapshot snapshot = duel.at(Side::A, 0).snapshot;
    const SnapshotBio read{.id = 1,
                           .member = "sda",
                           .kind = "data",
                           .op = "read",
                           .sector = 8,
                           .bytes = 4096,
                           .held = true,
                           .since_ns = 1};
    snapshot.bios = {read};
    const Mounted seen = look_at(snapshot, "A");
    CHECK(seen.sentence == "A runs; one data read is held.");
    CHECK(seen.when_released == "the reads go on");
    REQUIRE(seen.writes.size() == 1);
    CHECK(seen.writes.front().is_read);
    snapshot.bios.push_back(read);
    snapshot.bios.back().id = 2;
    CHECK(look_at(snapshot, "A").sentence == "A runs; 2 data reads are held.");
    snapshot.bios.back().op = "write";
    CHECK(look_at(snapshot, "A").sentence == "A runs; 2 data requests are held.");
    snapshot.bios = {snapshot.bios.back()};
    CHECK(look_at(snapshot, "A").sentence == "A runs; one data write is held.");
}

}  // namespace mdscope::story_test
