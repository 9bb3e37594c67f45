// SPDX-License-Identifier: MIT

#include "engine/story/record/finer_steps.hpp"

#include <algorithm>

#include "engine/story/record/tape.hpp"

namespace mdscope {

namespace {

bool is_same_place(const SnapshotTask& a, const SnapshotTask& b) {
    return a.comm == b.comm && a.stack == b.stack && a.queue == b.queue && a.condition == b.condition;
}

// Nobody could tell the two moments apart: what is in flight, who is where, what can happen next.
bool is_same_moment(const TapeStep& a, const TapeStep& b) {
    const Snapshot& left = a.snapshot;
    const Snapshot& right = b.snapshot;
    return a.moment == b.moment && left.array.pending_writes == right.array.pending_writes &&
           left.array.bitmap_pending_writes == right.array.bitmap_pending_writes &&
           std::ranges::equal(a.bios, b.bios, {}, &BioAt::name, &BioAt::name) &&
           std::ranges::equal(left.tasks, right.tasks, is_same_place) && a.options == b.options;
}

// Takes the step, and more of the same task until the fine run is where the coarse one is. False: it never is.
bool follow(const Order& order, const Tape& coarse, Tape& fine, Schedule& schedule) {
    do {
        if (!fine.can_take(order) || fine.is_full()) return false;
        fine.take(order);
        schedule.push_back(order);
        if (is_same_moment(coarse.last(), fine.last())) return true;
    } while (order.how == Choice::Kind::Run);
    return false;
}

}  // namespace

std::optional<Scenario> retold_in_calls(const Scenario& scenario) {
    Scenario told = scenario;
    told.granularity = Granularity::Calls;
    told.schedule.clear();
    told.playhead.reset();
    Tape coarse(scenario), fine(told);
    for (const Order& order : scenario.schedule) {
        if (order.kind != Order::Kind::Step || !coarse.can_take(order)) return std::nullopt;
        coarse.take(order);
        if (!follow(order, coarse, fine, told.schedule)) return std::nullopt;
    }
    if (fine.what() != coarse.what()) return std::nullopt;
    return told;
}

}  // namespace mdscope
