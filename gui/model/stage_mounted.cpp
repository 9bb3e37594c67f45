// SPDX-License-Identifier: MIT
#include "gui/model/stage_mounted.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/story/tell/scene.hpp"
#include "engine/story/tell/stop_notes.hpp"
#include "gui/model/stage_parts.hpp"

namespace mdscope::gui {

namespace {

using Station = StageStopper::Station;

struct MountedFacts {
    const Exhibit& exhibit;
    const Mounted& seen;
    const Snapshot& snapshot;

    [[nodiscard]] bool is_in(const std::string& function) const {
        return !function.empty() && std::ranges::find(seen.stop_stack, function) != seen.stop_stack.end();
    }
    [[nodiscard]] const MountedSleeper* stop_asleep() const {
        return !seen.sleepers.empty() && seen.sleepers.front().is_stop ? &seen.sleepers.front() : nullptr;
    }
    // The row that lacks the wait of the first door.
    [[nodiscard]] bool has_bug() const {
        const Variant* table = find_variant(exhibit.page.variant);
        return table != nullptr && std::string_view(snapshot.variants.row(*table).name) == exhibit.page.row;
    }
};

Station station_of(const MountedFacts& facts, const StageModel& stage) {
    using enum Status;
    const bool is_over =
        facts.seen.stop_stack.empty() && (stage.status == Stopped || stage.status == InDanger || stage.status == Oops);
    if (is_over) return Station::Away;
    if (facts.is_in(stage.taker)) return Station::Taker;
    if (facts.is_in(stage.doors[0].function)) return Station::FirstDoor;
    if (facts.is_in(stage.doors[1].function)) return Station::SecondDoor;
    return Station::Start;
}

StageStopper::State walk_of(const MountedFacts& facts, const StageModel& stage) {
    if (stage.status == Status::Oops) return StageStopper::State::Fell;
    if (stage.stopper.station == Station::Away) return StageStopper::State::Done;
    if (facts.stop_asleep() != nullptr) return StageStopper::State::Sleeps;
    return facts.seen.stop_stack.empty() ? StageStopper::State::Stands : StageStopper::State::Walks;
}

void put_stopper(const MountedFacts& facts, StageModel& stage) {
    stage.stopper.station = station_of(facts, stage);
    stage.stopper.state = walk_of(facts, stage);
    if (!facts.seen.stop_stack.empty()) stage.stopper.inside = facts.seen.stop_stack.back();
}

// ---- counters and doors

std::string note_of(const MountedFacts& facts, const StageGauge& gauge, const StageDoor& door) {
    const MountedSleeper* stop = facts.stop_asleep();
    if (stop != nullptr && stop->counter == gauge.counter)
        return gauge.value > 0 ? "door stays shut" : "woken, not run yet";
    if (gauge.is_unwatched) return "nobody waits for it";
    if (door.state == StageDoor::State::Missing) return "nobody asks it here";
    if (gauge.value > 0) return "on their way";
    return door.is_passed ? "it went through" : "no write is counted here";
}

void put_doors(const MountedFacts& facts, StageModel& stage) {
    const auto counters = stage_counters(facts.exhibit);
    const auto functions = stage_doors(facts.exhibit);
    const std::string member = facts.seen.writes.empty() ? "" : facts.seen.writes.front().member;
    for (std::size_t i = 0; i < 2; i++) {
        StageGauge& gauge = stage.gauges.at(i);
        StageDoor& door = stage.doors.at(i);
        door.function = functions.at(i);
        if (counters.at(i) == nullptr) continue;
        gauge.counter = counters.at(i)->name;
        gauge.value = value_of(*counters.at(i), facts.snapshot, member);
        gauge.is_unwatched =
            stage.status == Status::InDanger && std::ranges::any_of(facts.seen.writes, [&](const MountedWrite& write) {
                return write.counter == gauge.counter && !write.is_waited;
            });
        door.state = gauge.value == 0 ? StageDoor::State::Open : StageDoor::State::Shut;
        if (i == 0 && facts.has_bug()) door.state = StageDoor::State::Missing;
    }
}

void say_gauges(const MountedFacts& facts, StageModel& stage) {
    for (std::size_t i = 0; i < 2; i++) {
        StageGauge& gauge = stage.gauges.at(i);
        StageDoor& door = stage.doors.at(i);
        door.is_passed = stage.stopper.station > (i == 0 ? Station::FirstDoor : Station::SecondDoor);
        if (gauge.counter.empty()) continue;
        gauge.answer = answer_of(gauge, door);
        gauge.note = note_of(facts, gauge, door);
    }
}

// ---- writes and members

void put_writes(const MountedFacts& facts, StageModel& stage) {
    for (const MountedWrite& one : facts.seen.writes) {
        StageWrite write;
        write.member = one.member;
        write.kind = one.kind;
        write.bio = fmt::format("{} {} {}", one.member, one.kind, one.id);
        for (std::size_t i = 0; i < 2; i++)
            if (!one.counter.empty() && one.counter == stage.gauges.at(i).counter) write.gauge = i;
        write.is_held = one.held;
        write.is_read = one.is_read;
        write.is_waited = one.is_waited;
        write.is_taken = one.is_taken;
        write.is_covered = !one.is_taken && (stage.status != Status::InDanger || one.is_waited);
        stage.writes.push_back(std::move(write));
    }
}

void put_members(const MountedFacts& facts, StageModel& stage, const std::vector<std::string>& names) {
    for (const std::string& name : names) {
        StageMember member;
        member.name = name;
        const auto found = std::ranges::find(facts.snapshot.members, name, &SnapshotMember::name);
        const bool is_bound = found != facts.snapshot.members.end() && found->bound;
        const bool is_met = std::ranges::any_of(
            stage.writes, [&](const StageWrite& write) { return write.member == name && write.is_taken; });
        if (!is_bound) member.state = is_met ? StageMember::State::Met : StageMember::State::Gone;
        stage.members.push_back(std::move(member));
    }
}

// ---- words

void put_taker(const MountedFacts& facts, StageModel& stage) {
    if (facts.exhibit.takers.empty()) return;
    const auto takes_pointer = [](const museum::Taker& one) { return one.loss == museum::Loss::Pointer; };
    const auto found = std::ranges::find_if(facts.exhibit.takers, takes_pointer);
    stage.taker = (found != facts.exhibit.takers.end() ? *found : facts.exhibit.takers.back()).function;
    stage.is_taker_near = stage.status == Status::InDanger;
    if (stage.is_taker_near) stage.next = "now: NULL";
}

Phrases counted(const MountedFacts& facts, const StageModel& stage, const std::string& counter) {
    const bool is_second = stage.gauges[1].counter == counter;
    const int value = stage.gauges.at(is_second ? 1 : 0).value;
    return {counter_phrase(facts.exhibit, counter), {fmt::format(" (now {})", value), Ink::dim}};
}

Phrases line_of(const MountedFacts& facts, const StageModel& stage) {
    Phrases line;
    const MountedSleeper* stop = facts.stop_asleep();
    if (stage.status == Status::InDanger) {
        line = {{"nobody", Ink::danger, false, true}, {" waits for ", Ink::dim}};
        std::ranges::copy(counted(facts, stage, facts.seen.writes.front().counter), std::back_inserter(line));
    } else if (stage.status == Status::Waiting && stop != nullptr && !stop->counter.empty()) {
        line = {{fmt::format("the {} sleeps at ", stage.noun), Ink::dim}};
        std::ranges::copy(counted(facts, stage, stop->counter), std::back_inserter(line));
    } else if (!facts.seen.second.empty()) {
        line = {{facts.seen.second, stage.status == Status::Oops ? Ink::danger : Ink::dim}};
    }
    return line;
}

StageCrash crash_of(const MountedFacts& facts) {
    const SnapshotOops& oops = *facts.snapshot.oops;
    StageCrash crash;
    crash.console = {fmt::format("BUG: {}", oops.what), fmt::format("RIP: 0010:{}", oops.function),
                     oops.in_irq ? fmt::format("in the completion, {}", oops.comm) : fmt::format("in {}", oops.comm)};
    const museum::Taker* taker = taker_met(facts.exhibit, oops_of(oops));
    const bool is_pointer = taker != nullptr && taker->loss == museum::Loss::Pointer;
    crash.followed = {oops.function + " followed", is_pointer ? "a pointer that was gone" : "what was gone"};
    return crash;
}

}  // namespace

void note_members(const Snapshot& snapshot, std::vector<std::string>& names) {
    if (snapshot.members.empty()) return;
    names.clear();
    for (const SnapshotMember& member : snapshot.members) names.push_back(member.name);
    std::ranges::sort(names);  // md lists the newest first
}

StageModel stage_of(const Mounted& seen, const Snapshot& snapshot, const std::string& letter, const std::string& title,
                    const std::vector<std::string>& members) {
    const MountedFacts facts{default_exhibit(), seen, snapshot};
    StageModel stage;
    stage.letter = letter;
    stage.title = stage.rows = title;
    stage.status = seen.status;
    stage.word = status_word(facts.exhibit, seen.status);
    stage.noun = facts.exhibit.act.noun;
    put_taker(facts, stage);
    put_doors(facts, stage);
    put_stopper(facts, stage);
    say_gauges(facts, stage);
    put_writes(facts, stage);
    stage.completion = completion_of(facts.exhibit, stage);
    put_members(facts, stage, members);
    stage.line = line_of(facts, stage);
    if (snapshot.oops) stage.crash = crash_of(facts);
    if (seen.status == Status::Stopped && seen.writes.empty()) stage.end = "every write ended first";
    return stage;
}

}  // namespace mdscope::gui
