// SPDX-License-Identifier: MIT

#include "gui/model/predict.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/kernel/hash.hpp"
#include "gui/model/state.hpp"

namespace mdscope::gui {

namespace {

enum Outcome : std::size_t { crashes, wakes, nothing };

int in_flight(const TapeStep& step) {
    return step.snapshot.array.pending_writes + step.snapshot.array.bitmap_pending_writes;
}

bool waits_for_writes(const TapeStep& step) {
    return std::ranges::any_of(step.snapshot.tasks, [](const SnapshotTask& task) {
        return !task.queue.empty() && task.condition.find("pending_writes") != std::string::npos;
    });
}

Outcome outcome_of(const TapeStep& before, const TapeStep& after) {
    if (after.moment == Moment::Crash) return crashes;
    return waits_for_writes(before) && in_flight(before) > 0 && in_flight(after) == 0 ? wakes : nothing;
}

std::string why(const museum::Act& act, Outcome outcome, const TapeStep& before, const TapeStep& after,
                const Tape& tape) {
    switch (outcome) {
        case crashes:
            return tape.what() + ".";
        case wakes:
            return "the last write it waited for has ended.";
        case nothing:
            break;
    }
    if (waits_for_writes(before))
        return fmt::format("{} more are in flight, and the {} waits for them.", in_flight(after), act.noun);
    return "nobody waits for it, and what it needs is still there.";
}

// Inside an act that takes the array apart.
bool takes_apart(const museum::Act& act, const SnapshotTask& task) {
    return std::ranges::any_of(act.functions, [&](const museum::ActFunction& function) {
        return function.takes_apart && std::ranges::find(task.stack, function.name) != task.stack.end();
    });
}

// A write of the bitmap or of a superblock that ends while the array is being stopped.
bool may_decide(const museum::Act& act, const Order& order, const TapeStep& before) {
    BioName bio;
    if (order.kind != Order::Kind::Step || order.how != Choice::Kind::Complete) return false;
    if (!read_bio_name(order.name, &bio) || (bio.kind != "bitmap" && bio.kind != "superblock")) return false;
    return std::ranges::any_of(before.snapshot.tasks,
                               [&](const SnapshotTask& task) { return takes_apart(act, task); }) ||
           std::ranges::any_of(before.snapshot.members, [](const SnapshotMember& member) { return !member.bound; });
}

}  // namespace

bool ask_about_next_step(State& state) {
    Player& player = state.player;
    if (!player.look_ahead()) return false;
    const Duel& duel = player.duel();
    const Tick& next = duel.tick(player.tick() + 1);
    const Side side = next.done[Side::A] ? Side::A : Side::B;
    const TapeStep& before = duel.at(side, player.tick());
    const TapeStep& after = duel.at(side, player.tick() + 1);
    const std::uint64_t key = mix(mix(after.state_hash, before.state_hash), side);
    if (!may_decide(duel.exhibit().act, next.order, before) || state.predicted == key) return false;
    const Outcome outcome = outcome_of(before, after);
    Prediction question;
    question.id = "free";
    question.question =
        fmt::format("{} ends next. What happens to array {}?", next.order.name, side == Side::A ? "A" : "B");
    question.answers = {"Oops", fmt::format("its {} wakes up", duel.exhibit().act.noun), "nothing new"};
    question.correct = outcome;
    question.why = why(duel.exhibit().act, outcome, before, after, duel.tape(side));
    question.goes_on = player.is_playing();
    question.tick = player.tick();
    state.prediction = std::move(question);
    state.predicted = key;
    return true;
}

}  // namespace mdscope::gui
