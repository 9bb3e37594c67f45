// SPDX-License-Identifier: MIT

#include "engine/story/record/look_ahead.hpp"

#include <algorithm>

#include "engine/story/record/frame_recorder.hpp"

namespace mdscope {

namespace {

// Far more than a stop takes; a run that has not ended by then is one that waits for what never comes.
constexpr std::size_t kMostSteps = 5'000;
constexpr std::size_t kMostAnswers = 1'000;
// A step is a microsecond or two, so from one of these to the step asked for it is a millisecond.
constexpr std::size_t kStopEvery = 500;

using Rank = int (*)(const Choice& choice);

// Completions that have begun, then bios, then tasks: what a stop meets where the disks are quick.
int disks_first(const Choice& choice) {
    switch (choice.kind) {
        case Choice::Kind::Run:
            return choice.task->in_irq ? 0 : 2;
        case Choice::Kind::Complete:
            return 1;
        case Choice::Kind::Grace:
            return 3;
        case Choice::Kind::Fire:
        case Choice::Kind::Timeout:
            return 4;
        case Choice::Kind::Fail:
        case Choice::Kind::Cut:
            break;
    }
    return 5;
}

// Bios stay in flight as long as anybody else can do something: what a stop does where quick disks end in a crash.
int disks_last(const Choice& choice) {
    const bool is_disk =
        choice.kind == Choice::Kind::Complete || (choice.kind == Choice::Kind::Run && choice.task->in_irq);
    return is_disk ? 4 : disks_first(choice);
}

std::size_t first_by(std::span<const Choice> choices, Rank rank) {
    std::size_t best = 0;
    for (std::size_t i = 1; i < choices.size(); i++)
        if (rank(choices[i]) < rank(choices[best])) best = i;
    return best;
}

}  // namespace

LookAhead::LookAhead(const Tape& tape)
    : tape_(tape),
      recorder_(std::make_unique<FrameRecorder>()),
      world_(std::make_unique<World>(
          tape.scenario(),
          World::Options{
              .event_log = false, .invariants = false, .hashing = false, .conflicts = nullptr, .offers_cuts = false})) {
}

LookAhead::~LookAhead() {
    world_->lab().watch_tasks(nullptr);
}

const std::vector<FrameEvent>& LookAhead::after(std::size_t step) {
    while (step > 0 && tape_.step(step).moment == Moment::Crash) step--;
    const std::uint64_t hash = tape_.step(step).state_hash;
    const auto found = answers_.find(step);
    if (found != answers_.end() && found->second.state_hash == hash) return found->second.frames;
    if (answers_.size() == kMostAnswers) answers_.clear();
    Answer& answer = answers_[step];
    answer.state_hash = hash;
    answer.frames = ask(step);
    return answer.frames;
}

std::vector<FrameEvent> LookAhead::ask(std::size_t step) {
    Moment end = Moment::Open;
    std::vector<FrameEvent> frames = play(step, disks_first, &end);
    if (end == Moment::Crash) frames = play(step, disks_last, &end);
    return frames;
}

// From that step on to the end.
std::vector<FrameEvent> LookAhead::play(std::size_t step, int (*rank)(const Choice&), Moment* end) {
    go_to(step);
    recorder_->events.clear();
    for (std::size_t i = 0; i < kMostSteps && world_->moment() == Moment::Open; i++)
        world_->take(first_by(world_->choices(), rank));
    *end = world_->moment();
    return std::move(recorder_->events);
}

// The same steps again as the tape took.
void LookAhead::go_to(std::size_t step) {
    for (std::size_t i = go_near(step); i < step;) {
        take(tape_.step(++i));
        if (i % kStopEvery != 0 || !World::can_mark()) continue;
        Stop& stop = stops_[i];
        world_->mark(stop.mark);
        stop.depths = recorder_->depths();
        stop.state_hash = tape_.step(i).state_hash;
    }
}

void LookAhead::take(const TapeStep& step) {
    if (!is_cut(step.order)) return world_->take(step.index);
    world_->cut_by_hand(step.order.name);
    world_->lab().watch_tasks(recorder_.get());
    recorder_->begin_life(world_->lab().life());
}

// To the last stop before it that is still on the tape, or to the beginning.
std::size_t LookAhead::go_near(std::size_t step) {
    for (auto stop = stops_.upper_bound(step); stop != stops_.begin();) {
        --stop;
        if (stop->second.state_hash != tape_.step(stop->first).state_hash) continue;
        world_->go_back(stop->second.mark);
        recorder_->go_back(stop->second.depths, tape_.step(stop->first).life);
        return stop->first;
    }
    world_->restart();
    recorder_->go_back({});
    world_->lab().watch_tasks(recorder_.get());
    return 0;
}

}  // namespace mdscope
