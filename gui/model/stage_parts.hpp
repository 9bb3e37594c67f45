// SPDX-License-Identifier: MIT
// What the files of the stage's model share. Only for them.
#pragma once

#include "engine/story/tell/scene.hpp"
#include "gui/model/player.hpp"
#include "gui/model/stage_model.hpp"

namespace mdscope::gui {

// What a stage is made from.
struct StageFacts {
    const Duel& duel;
    Side side;
    std::size_t tick;
    const SideView& view;
    bool hides;

    [[nodiscard]] const Exhibit& exhibit() const { return duel.exhibit(); }
    [[nodiscard]] const Tape& tape() const { return duel.tape(side); }
    [[nodiscard]] const Snapshot& snapshot() const { return view.step->snapshot; }
    [[nodiscard]] const Scenario& scenario() const { return tape().scenario(); }
};

// The last line of the tree that the act has come to; none: it has not begun.
std::optional<std::size_t> place_in_tree(const std::vector<TreeLine>& tree);
// The sleep of a task that performs the act; nullptr: none sleeps.
const Wait* act_wait(const StageFacts& facts);
// The worst off of the writes, and of the completions that have begun; nullptr: none is in danger.
const Cover* worst_cover(const SideView& view);
// How long the act has slept for that counter up to this tick, in steps of the schedule.
std::size_t steps_slept_for(const StageFacts& facts, std::string_view counter);

// What the gauge says of its door: "1 == 0 ? no".
std::string answer_of(const StageGauge& gauge, const StageDoor& door);
Phrase counter_phrase(const Exhibit& exhibit, const std::string& counter);
// Where the write that matters comes back to: what counts down the counter it is counted in; without one, the first's.
// REQUIRES: its writes are there.
std::string completion_of(const Exhibit& exhibit, const StageModel& stage);

// What stage_words.cpp fills in: titles, the line below, what is said in the gauges, the crash.
void put_words(const StageFacts& facts, StageModel& stage);

}  // namespace mdscope::gui
