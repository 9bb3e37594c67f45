// SPDX-License-Identifier: MIT

#include "engine/story/lesson/lesson_condition.hpp"

#include <algorithm>
#include <array>

#include "engine/story/tell/plug.hpp"

namespace mdscope {

namespace {

bool compares(Fact::Compare compare, std::uint64_t left, std::uint64_t right) {
    switch (compare) {
        case Fact::Compare::Equal:
            return left == right;
        case Fact::Compare::Unequal:
            return left != right;
        case Fact::Compare::Less:
            return left < right;
        case Fact::Compare::AtMost:
            return left <= right;
        case Fact::Compare::More:
            return left > right;
        case Fact::Compare::AtLeast:
            return left >= right;
    }
    return false;
}

// ---- of one array

struct View {
    DuelView scene;
    Side side;
    std::size_t tick;
    [[nodiscard]] const TapeStep& step() const { return scene.duel.at(side, tick); }
};

Status standing_at(const View& view) {
    switch (view.step().moment) {
        case Moment::Crash:
            return Status::Oops;
        case Moment::Hang:
            return Status::Hung;
        case Moment::Done:
            return Status::Stopped;
        default:
            return status_of(view.scene.duel, view.side, view.tick, view.scene.foresight.of(view.side));
    }
}

bool stands(const View& view, const std::string& word) {
    constexpr std::array<std::string_view, 9> kWords = {"running", "stopping", "waiting", "in-danger", "stopped",
                                                        "oops",    "hung",     "off",     "broken"};  // by Status
    return kWords[static_cast<std::size_t>(standing_at(view))] == word;
}

bool has_crashed_in(const View& view, const std::string& function) {
    const std::optional<SnapshotOops>& oops = view.step().snapshot.oops;
    if (!oops) return false;
    return oops->function == function || std::ranges::find(oops->stack, function) != oops->stack.end();
}

std::uint64_t counter_of(const TapeStep& step, bool of_bitmap) {
    const SnapshotArray& array = step.snapshot.array;
    return static_cast<std::uint64_t>(std::max(0, of_bitmap ? array.bitmap_pending_writes : array.pending_writes));
}

std::uint64_t peak_of(const View& view, bool of_bitmap) {
    std::uint64_t most = 0;
    for (std::size_t tick = 0; tick <= view.tick; tick++)
        most = std::max(most, counter_of(view.scene.duel.at(view.side, tick), of_bitmap));
    return most;
}

// How often the function was entered, or left, up to the tick. A tick that did nothing on this side shows the frames
// of the one before it again.
std::uint64_t times(const View& view, const std::string& function, bool enter) {
    std::uint64_t count = 0;
    for (std::size_t tick = 1; tick <= view.tick; tick++) {
        if (!view.scene.duel.tick(tick).done[view.side]) continue;
        for (const FrameEvent& frame : view.scene.duel.at(view.side, tick).frames)
            if (frame.enter == enter && function == frame.name) count++;
    }
    return count;
}

bool is_in(const View& view, const std::string& function, bool asleep) {
    return std::ranges::any_of(view.step().snapshot.tasks, [&](const SnapshotTask& task) {
        return (!asleep || !task.queue.empty()) && std::ranges::find(task.stack, function) != task.stack.end();
    });
}

bool is_in_flight(const TapeStep& step, const std::string& bio) {
    return std::ranges::find(step.bios, bio, &BioAt::name) != step.bios.end();
}

bool has_finished(const View& view, const std::string& bio) {
    if (is_in_flight(view.step(), bio)) return false;
    for (std::size_t tick = 0; tick < view.tick; tick++)
        if (is_in_flight(view.scene.duel.at(view.side, tick), bio)) return true;
    return false;
}

bool is_held(const View& view, const std::string& bio) {
    const auto& held = view.scene.duel.tick(view.tick).held[view.side];
    return std::ranges::find(held, bio) != held.end() && is_in_flight(view.step(), bio);
}

// A member that is gone altogether was unbound, if it ever was there.
bool is_unbound(const View& view, const std::string& member) {
    const auto& members = view.step().snapshot.members;
    const auto found = std::ranges::find(members, member, &SnapshotMember::name);
    if (found != members.end()) return !found->bound;
    const auto& at_first = view.scene.duel.at(view.side, 0).snapshot.members;
    return std::ranges::find(at_first, member, &SnapshotMember::name) != at_first.end();
}

bool chunk_compares(const View& view, const Fact& fact) {
    constexpr std::string_view kLetters = ".12w";  // of SnapshotBitmap::cells, by the counter
    const auto& bitmap = view.step().snapshot.bitmap;
    if (!bitmap || bitmap->chunks_per_cell != 1 || fact.chunk >= bitmap->cells.size()) return false;
    const std::size_t count = kLetters.find(bitmap->cells[fact.chunk]);
    return count != std::string_view::npos && compares(fact.compare, count, fact.number);
}

bool is_so(const Fact& fact, const View& view) {
    using enum Fact::Kind;
    switch (fact.kind) {
        case Status:
            return stands(view, fact.name);
        case Crashed:
            return has_crashed_in(view, fact.name);
        case Ended:
            return view.step().moment != Moment::Open;
        case Counter:
            return compares(fact.compare, counter_of(view.step(), fact.of_bitmap), fact.number);
        case Peak:
            return compares(fact.compare, peak_of(view, fact.of_bitmap), fact.number);
        case Entered:
            return times(view, fact.name, true) >= fact.number;
        case Left:
            return times(view, fact.name, false) >= fact.number;
        case Inside:
            return is_in(view, fact.name, false);
        case Asleep:
            return is_in(view, fact.name, true);
        case InFlight:
            return is_in_flight(view.step(), fact.name);
        case Held:
            return is_held(view, fact.name);
        case Finished:
            return has_finished(view, fact.name);
        case Unbound:
            return is_unbound(view, fact.name);
        case Chunk:
            return chunk_compares(view, fact);
        case Cut:
            return step_of_cut(view.scene.duel, view.side, view.tick).has_value();
        case Lost:
            return is_data_lost(view.scene.duel, view.side, view.tick);
        case Compared:
            return compares(fact.compare, compared_kib(view.scene.duel, view.side, view.tick), fact.number);
        default:
            return false;
    }
}

// ---- of both together

bool stands_still(const Duel& duel, std::size_t tick, const std::string& why) {
    if (tick != duel.end()) return false;
    const Standstill still = duel.standstill();
    return (why == "held" && still == Standstill::Held) || (why == "not-begun" && still == Standstill::NotBegun) ||
           (why == "ended" && still == Standstill::Ended);
}

bool is_so_of_both(const Fact& fact, DuelView scene, std::size_t tick) {
    switch (fact.kind) {
        case Fact::Kind::Tick: {
            const std::optional<std::size_t> place = tick_of(*fact.place, scene);
            return place && compares(fact.compare, tick, *place);
        }
        case Fact::Kind::Still:
            return stands_still(scene.duel, tick, fact.name);
        default: {
            const auto difference = scene.duel.first_difference();
            return difference && *difference <= tick;
        }
    }
}

bool fact_holds(const Fact& fact, DuelView scene, std::size_t tick) {
    if (fact.finally) tick = scene.duel.end();
    const bool of_both =
        fact.kind == Fact::Kind::Tick || fact.kind == Fact::Kind::Still || fact.kind == Fact::Kind::Differs;
    const bool so = of_both ? is_so_of_both(fact, scene, tick) : std::ranges::all_of(kSides, [&](Side side) {
        return (fact.sides >> side & 1U) == 0 || is_so(fact, {scene, side, tick});
    });
    return so != fact.negated;
}

}  // namespace

bool holds(const When& condition, DuelView scene, std::size_t tick) {
    return std::ranges::any_of(condition.any, [&](const std::vector<Fact>& all) {
        return std::ranges::all_of(all, [&](const Fact& fact) { return fact_holds(fact, scene, tick); });
    });
}

std::optional<std::size_t> tick_of(const Place& place, DuelView scene) {
    if (place.kind == Place::Kind::Start) return 0;
    if (place.kind == Place::Kind::End) return scene.duel.end();
    for (std::size_t tick = 0; tick <= scene.duel.end(); tick++)
        if (holds(place.when, scene, tick)) return tick;
    return std::nullopt;
}

}  // namespace mdscope
