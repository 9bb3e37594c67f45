// SPDX-License-Identifier: MIT
// The stage of a mounted array is made from its snapshot. A simulated array has the same snapshots and a recording
// besides: the stages of both must show the same wherever a snapshot can know it.
#include "gui/model/stage_mounted.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <map>

#include "engine/scenario/scenario_files.hpp"
#include "engine/story/tell/scene.hpp"
#include "gui/model/player.hpp"

namespace mdscope::gui {

namespace {

using Walker = StageStopper::State;

struct BothStages {
    StageModel told, seen;
};

// Of the array at this tick: from the recording, and from its snapshot.
BothStages stages_at(Player& player, Side side, std::size_t tick) {
    player.go_to(tick);
    const SideView& view = player.view().sides[side];
    const Snapshot& snapshot = view.step->snapshot;
    const std::string letter = mdscope::side_name(side);
    return {stage_of(player.duel(), side, tick, view, false),
            stage_of(look_at(snapshot, letter), snapshot, letter, "fix", {"sda", "sdb"})};
}

}  // namespace

TEST_CASE("a mounted array's stage shows what the lab's does, wherever both know how it stands") {
    std::map<Status, int> compared;
    for (const char* name : {"hold-stop-release", "race-lost", "held-mid-stop"}) {
        Player player(*load_scenario_file(name));
        player.play_to_end();
        for (std::size_t tick = 0; tick <= player.end(); tick++)
            for (const Side side : kSides) {
                const auto [told, seen] = stages_at(player, side, tick);
                CAPTURE(name);
                CAPTURE(tick);
                CAPTURE(mdscope::side_name(side));
                for (std::size_t i = 0; i < 2; i++) {
                    CHECK(seen.gauges.at(i).counter == told.gauges.at(i).counter);
                    CHECK(seen.gauges.at(i).value == told.gauges.at(i).value);
                    CHECK(seen.doors.at(i).function == told.doors.at(i).function);
                }
                CHECK((seen.doors[0].state == StageDoor::State::Missing) ==
                      (told.doors[0].state == StageDoor::State::Missing));
                CHECK(seen.crash.has_value() == told.crash.has_value());
                if (seen.status != told.status) continue;
                compared[seen.status]++;
                CHECK(seen.word == told.word);
                if (seen.status == Status::Waiting) {
                    CHECK(seen.stopper.state == Walker::Sleeps);
                    CHECK(seen.stopper.station == told.stopper.station);
                    CHECK(seen.gauges[0].note == told.gauges[0].note);
                }
                if (seen.status == Status::Running) CHECK(seen.stopper.state == Walker::Stands);
            }
    }
    for (const Status status : {Status::Running, Status::Waiting, Status::InDanger, Status::Stopped, Status::Oops})
        CHECK_MESSAGE(compared[status] > 0, static_cast<int>(status));
}

TEST_CASE("a mounted array with a bitmap file shows the completion that its pages come back by") {
    std::size_t counted = 0;
    Player player(*load_scenario_file("race"));
    std::array scenarios = {player.scenario(Side::A), player.scenario(Side::B)};
    for (Scenario& scenario : scenarios) scenario.bitmap = "file";
    REQUIRE(player.change(scenarios[0], scenarios[1]) == "");
    REQUIRE(player.stop() == "");
    player.play_to_end();
    for (std::size_t tick = 0; tick <= player.end(); tick++)
        for (const Side side : kSides) {
            const auto [told, seen] = stages_at(player, side, tick);
            const StageWrite* write = seen.main_write();
            if (write == nullptr || write->gauge != std::size_t{1}) continue;
            counted++;
            CAPTURE(tick);
            CHECK(seen.completion == "end_bitmap_write");
            CHECK(seen.completion == told.completion);
        }
    CHECK(counted > 0);
}

TEST_CASE("a mounted array in danger: the write is taken, its member is met, and nobody waits") {
    Player player(*load_scenario_file("hold-stop-release"));
    for (std::size_t tick = 0; tick <= player.end(); tick++) {
        const StageModel stage = stages_at(player, Side::A, tick).seen;
        if (stage.status != Status::InDanger) continue;
        REQUIRE(stage.main_write() != nullptr);
        CHECK(stage.main_write()->is_taken);
        CHECK(stage.gauges[0].is_unwatched);
        CHECK(stage.gauges[0].note == "nobody waits for it");
        CHECK(stage.next == "now: NULL");
        CHECK(plain_text(stage.line).find("nobody waits for mddev->pending_writes") == 0);
        CHECK(std::ranges::any_of(stage.members,
                                  [](const StageMember& one) { return one.state == StageMember::State::Met; }));
        return;
    }
    FAIL("it is never in danger");
}

}  // namespace mdscope::gui
