// SPDX-License-Identifier: MIT
// Where everything on the stage is at a step. What is said there: stage_words.cpp.
#include "gui/model/stage_model.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/story/tell/stop_notes.hpp"
#include "gui/model/stage_parts.hpp"

namespace mdscope::gui {

namespace {

using Station = StageStopper::Station;

std::string text_of(const char* text) {
    return text != nullptr ? text : "";
}

// Of the lines by that name: the one the act is in, else the next to come, else the last.
const TreeLine* line_of(const std::vector<TreeLine>& tree, const std::string& function) {
    using enum TreeLine::State;
    const TreeLine* next = nullptr;
    const TreeLine* last = nullptr;
    const TreeLine* missing = nullptr;
    for (const TreeLine& line : tree) {
        if (line.name != function || function.empty()) continue;
        if (line.state == Now || line.state == Asleep || line.state == Inside || line.state == Oops) return &line;
        if (line.state == Missing) missing = &line;
        if (line.state == ToCome && next == nullptr) next = &line;
        if (line.state == Done || line.state == Never) last = &line;
    }
    return next != nullptr ? next : last != nullptr ? last : missing;
}

std::size_t index_of(const std::vector<TreeLine>& tree, const TreeLine* line) {
    return static_cast<std::size_t>(line - tree.data());
}

// ---- doors and gauges

// The member whose value counts, of a counter that each member has: the one with a write, else the first.
std::string member_asked(const SideView& view) {
    if (!view.covers.empty()) return member_of(view.covers.front().bio);
    const auto& members = view.step->snapshot.members;
    return members.empty() ? "" : members.back().name;
}

// A write that is counted there, and nobody waits for it although the act has begun.
bool is_unwatched(const SideView& view, const std::string& counter) {
    const auto is_it = [&](const Cover& cover) { return cover.counter == counter && !cover.covered; };
    return view.status == Status::InDanger &&
           (std::ranges::any_of(view.covers, is_it) || std::ranges::any_of(view.ending, is_it));
}

StageDoor door_of(const StageFacts& facts, const std::string& function, const StageGauge& gauge) {
    StageDoor door;
    door.function = function;
    const TreeLine* line = line_of(facts.view.few, function);
    const std::optional<std::size_t> place = place_in_tree(facts.view.few);
    if (line == nullptr || line->state == TreeLine::State::Missing) {
        // A door that nobody opens in either kernel is worth its place only where the writes behind it are in danger.
        const bool is_missed = line != nullptr || gauge.is_unwatched;
        door.state = is_missed ? StageDoor::State::Missing : StageDoor::State::Aside;
        door.is_passed = line != nullptr && place && *place > index_of(facts.view.few, line);
        return door;
    }
    door.state = gauge.value == 0 ? StageDoor::State::Open : StageDoor::State::Shut;
    door.is_passed = line->state == TreeLine::State::Done;
    return door;
}

void put_doors(const StageFacts& facts, StageModel& stage) {
    const auto counters = stage_counters(facts.exhibit());
    const auto functions = stage_doors(facts.exhibit());
    for (std::size_t i = 0; i < 2; i++) {
        StageGauge& gauge = stage.gauges.at(i);
        if (counters.at(i) != nullptr) {
            gauge.counter = counters.at(i)->name;
            gauge.value = value_of(*counters.at(i), facts.snapshot(), member_asked(facts.view));
            gauge.is_unwatched = !facts.hides && is_unwatched(facts.view, gauge.counter);
        }
        stage.doors.at(i) = door_of(facts, functions.at(i), gauge);
    }
}

// ---- who walks

bool is_at(const StageFacts& facts, const std::string& function, const Wait* wait) {
    if (function.empty()) return false;
    if (wait != nullptr && wait->function == function) return true;
    const TreeLine* line = line_of(facts.view.few, function);
    using enum TreeLine::State;
    return line != nullptr && (line->state == Now || line->state == Asleep || line->state == Inside);
}

Station station_of(const StageFacts& facts, const StageModel& stage, const Wait* wait) {
    if (stage.status == Status::Stopped || stage.status == Status::Off) return Station::Away;
    const std::optional<std::size_t> place = place_in_tree(facts.view.few);
    if (!place) return Station::Start;
    const auto taker = std::ranges::find(facts.view.few, stage.taker, &TreeLine::name);
    if (taker != facts.view.few.end() && *place >= index_of(facts.view.few, &*taker)) return Station::Taker;
    if (is_at(facts, stage.doors[0].function, wait)) return Station::FirstDoor;
    if (is_at(facts, stage.doors[1].function, wait)) return Station::SecondDoor;
    if (stage.doors[1].is_passed) return Station::Behind;
    return stage.doors[0].is_passed ? Station::Between : Station::Start;
}

void put_stopper(const StageFacts& facts, StageModel& stage) {
    const Wait* wait = act_wait(facts);
    StageStopper& stopper = stage.stopper;
    stopper.station = station_of(facts, stage, wait);
    const std::optional<std::size_t> place = place_in_tree(facts.view.few);
    if (place) stopper.inside = facts.view.few[*place].name;
    if (stage.status == Status::Oops)
        stopper.state = StageStopper::State::Fell;
    else if (stage.status == Status::Stopped || stage.status == Status::Off)
        stopper.state = StageStopper::State::Done;
    else if (wait != nullptr)
        stopper.state = StageStopper::State::Sleeps;
    else
        stopper.state = place ? StageStopper::State::Walks : StageStopper::State::Stands;
}

// ---- writes and members

StageWrite write_of(const StageModel& stage, const std::string& name, const Cover* cover) {
    StageWrite write;
    BioName parts;
    (void)read_bio_name(name, &parts);
    write.bio = name;
    write.member = parts.member;
    write.kind = parts.kind;
    if (cover == nullptr) return write;
    for (std::size_t i = 0; i < 2; i++)
        if (cover->counter == stage.gauges.at(i).counter && !cover->counter.empty()) write.gauge = i;
    const bool shows = !stage.hides && (stage.status == Status::InDanger || cover->covered);
    write.is_covered = !shows || cover->covered;
    write.is_taken = shows && cover->is_taken;
    write.is_waited = cover->is_waited;
    write.is_read = cover->is_read;
    return write;
}

void put_writes(const StageFacts& facts, StageModel& stage) {
    const auto& held = facts.duel.tick(facts.tick).held[facts.side];
    for (const Cover& cover : facts.view.ending) {
        stage.writes.push_back(write_of(stage, cover.bio, &cover));
        stage.writes.back().place = StageWrite::Place::Completion;
    }
    for (const BioAt& bio : facts.view.step->bios) {
        const auto cover = std::ranges::find(facts.view.covers, bio.name, &Cover::bio);
        stage.writes.push_back(write_of(stage, bio.name, cover != facts.view.covers.end() ? &*cover : nullptr));
        stage.writes.back().is_held = std::ranges::find(held, bio.name) != held.end();
    }
}

// Whether a write to it that was counted has ended by now, and none of any kind is on its way.
bool has_written(const StageFacts& facts, const StageModel& stage, const std::string& member) {
    const auto is_of = [&](const std::string& bio) {
        BioName name;
        return read_bio_name(bio, &name) && name.member == member &&
               !std::string_view(facts.exhibit().counted_in(name, false)).empty();
    };
    for (const StageWrite& write : stage.writes)
        if (write.member == member) return false;
    for (std::size_t step = 0; step <= facts.duel.tick(facts.tick).step[facts.side]; step++)
        if (std::ranges::any_of(facts.tape().step(step).bios, [&](const BioAt& bio) { return is_of(bio.name); }))
            return true;
    return false;
}

StageMember member_of_stage(const StageFacts& facts, const StageModel& stage, const std::string& name) {
    StageMember member;
    member.name = name;
    const auto& members = facts.snapshot().members;
    const auto found = std::ranges::find(members, name, &SnapshotMember::name);
    const bool is_bound = found != members.end() && found->bound;
    const auto is_needed = [&](const StageWrite& write) { return write.member == name && !write.is_covered; };
    const bool needed = std::ranges::any_of(stage.writes, is_needed);
    if (stage.status == Status::Off)
        member.state = StageMember::State::Off;
    else if (!is_bound)
        member.state = needed ? StageMember::State::Met : StageMember::State::Gone;
    else if (needed)
        member.state = StageMember::State::Leaving;
    if (stage.status == Status::Oops && !is_bound && member_of(crashed_bio(facts.duel, facts.side)) == name)
        member.state = StageMember::State::Met;
    if (member.state != StageMember::State::Off && has_written(facts, stage, name)) member.note = "write done ✓";
    return member;
}

void put_members(const StageFacts& facts, StageModel& stage) {
    // Those the run began with: an rdev that nobody holds any more is no member of a snapshot.
    std::vector<std::string> names;
    for (const SnapshotMember& member : facts.tape().step(0).snapshot.members) names.push_back(member.name);
    std::ranges::sort(names);  // md lists the newest first
    for (const std::string& name : names) stage.members.push_back(member_of_stage(facts, stage, name));
}

// ---- the taker

// The one that is in the way of the worst write, else the exhibit's last: what an Oops is put down to.
const museum::Taker* taker_of(const StageFacts& facts) {
    const auto& takers = facts.exhibit().takers;
    const Cover* worst = worst_cover(facts.view);
    if (worst != nullptr && !worst->covered)
        if (const museum::Taker* found = find_taker(facts.exhibit(), worst->takes); found != nullptr) return found;
    return takers.empty() ? nullptr : &takers.back();
}

const char* loss_word(museum::Loss loss) {
    switch (loss) {
        case museum::Loss::Pointer:
            return "NULL";
        case museum::Loss::Pools:
            return "pools gone";
        case museum::Loss::Memory:
        case museum::Loss::Structure:
            return "freed";
    }
    return "";
}

// The first tick behind this one that is recorded and after which that member is unbound.
std::optional<std::size_t> tick_unbound(const StageFacts& facts, const std::string& member) {
    for (std::size_t tick = facts.tick + 1; tick <= facts.duel.end(); tick++)
        for (const SnapshotMember& one : facts.duel.at(facts.side, tick).snapshot.members)
            if (one.name == member && !one.bound) return tick;
    return std::nullopt;
}

void put_taker(const StageFacts& facts, StageModel& stage) {
    const museum::Taker* taker = taker_of(facts);
    const Cover* worst = worst_cover(facts.view);
    const bool is_near = worst != nullptr && !worst->covered;
    if (taker == nullptr || (!is_near && !has_doors(facts.exhibit()))) return;
    stage.taker = taker->function;
    stage.is_taker_near = !facts.hides && stage.status == Status::InDanger && is_near;
    if (!stage.is_taker_near) return;
    stage.next = std::string(worst->is_taken ? "now: " : "next: ") + loss_word(taker->loss);
    if (!worst->is_taken && taker->loss == museum::Loss::Pointer)
        stage.taker_tick = tick_unbound(facts, member_of(worst->bio));
}

}  // namespace

// ---- of several files

std::array<const museum::Counter*, 2> stage_counters(const Exhibit& exhibit) {
    const auto& counters = exhibit.counters;
    const museum::Counter* left = find_counter(exhibit, text_of(exhibit.blind_wait.forgets));
    const museum::Counter* right = find_counter(exhibit, text_of(exhibit.blind_wait.looks_at));
    if (left == nullptr && !counters.empty()) left = &counters.front();
    if (right == nullptr && counters.size() > 1) right = &counters[1];
    return {left, right};
}

bool has_doors(const Exhibit& exhibit) {
    return std::string_view(exhibit.page.symptom) == "crash";
}

std::array<std::string, 2> stage_doors(const Exhibit& exhibit) {
    if (!has_doors(exhibit)) return {};
    const auto counters = stage_counters(exhibit);
    std::array<std::string, 2> doors;
    for (std::size_t i = 0; i < 2; i++) {
        const auto is_it = [&](const museum::WaitSite& site) {
            return counters.at(i) != nullptr && std::string_view(site.counter) == counters.at(i)->name;
        };
        const auto site = std::ranges::find_if(exhibit.waits, is_it);
        if (site != exhibit.waits.end()) doors.at(i) = site->function;
    }
    if (!text_of(exhibit.blind_wait.function).empty()) doors[1] = exhibit.blind_wait.function;
    return doors;
}

std::optional<std::size_t> place_in_tree(const std::vector<TreeLine>& tree) {
    std::optional<std::size_t> place;
    for (std::size_t i = 0; i < tree.size(); i++)
        if (tree[i].entered && tree[i].state != TreeLine::State::Missing) place = i;
    return place;
}

const Wait* act_wait(const StageFacts& facts) {
    const std::vector<std::string> tasks = facts.duel.stop_tasks();
    for (const Wait& wait : facts.view.waits)
        if (std::ranges::find(tasks, wait.task) != tasks.end()) return &wait;
    return nullptr;
}

const Cover* worst_cover(const SideView& view) {
    const Cover* worst = nullptr;
    for (const auto* list : {&view.covers, &view.ending})
        for (const Cover& cover : *list) {
            if (cover.covered && !cover.is_taken) continue;
            if (worst == nullptr || (cover.is_taken && !worst->is_taken)) worst = &cover;
        }
    return worst;
}

const StageWrite* StageModel::main_write() const {
    const auto rank = [](const StageWrite& write) {
        return (write.is_taken ? 8 : 0) + (write.is_covered ? 0 : 4) + (write.gauge ? 2 : 0) + (write.is_held ? 1 : 0);
    };
    const StageWrite* best = nullptr;
    for (const StageWrite& write : writes)
        if (best == nullptr || rank(write) > rank(*best)) best = &write;
    return best;
}

const char* StageModel::way_of_writes() const {
    const auto reads = static_cast<std::size_t>(std::ranges::count(writes, true, &StageWrite::is_read));
    return reads == 0 ? "write" : reads == writes.size() ? "read" : "request";
}

std::size_t StageModel::writes_counted() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(writes, [](const StageWrite& write) { return write.gauge.has_value(); }));
}

StageModel stage_of(const Duel& duel, Side side, std::size_t tick, const SideView& view, bool hides) {
    const StageFacts facts{duel, side, tick, view, hides};
    StageModel stage;
    stage.letter = side_name(side);
    stage.hides = hides;
    stage.status = hides && view.status == Status::InDanger ? Status::Stopping : view.status;
    stage.noun = duel.exhibit().act.noun;
    put_doors(facts, stage);
    put_taker(facts, stage);
    put_stopper(facts, stage);
    put_writes(facts, stage);
    put_members(facts, stage);
    put_words(facts, stage);
    return stage;
}

}  // namespace mdscope::gui
