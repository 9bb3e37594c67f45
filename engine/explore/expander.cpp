// SPDX-License-Identifier: MIT

#include "engine/explore/expander.hpp"

#include <stdexcept>

namespace mdscope {

// What all moments that one expander keeps may take. Beyond that states are reached by their picks.
static constexpr std::size_t kMostKeptBytes = std::size_t{256} << 20;

Expander::Expander(const Scenario& scenario, const ExploreOptions& options, ConflictMap* conflicts)
    : world_(scenario, {.event_log = false,
                        .invariants = options.invariants,
                        .hashing = true,
                        .conflicts = conflicts,
                        .lessons = conflicts != nullptr ? &lessons_ : nullptr,
                        .preemptions = options.preemptions}) {}

void Expander::begin(Expansion& into) {
    into.followers.clear();
    lessons_.clear();
    world_.advance();
    meet(nullptr, into);
    into.lessons.swap(lessons_);
    into.left_out = world_.left_out();
}

void Expander::expand(const Picks& picks, std::uint32_t number, const StateTable& table, Expansion& into) {
    lessons_.clear();
    go_to(picks);
    if (world_.moment() != Moment::Open || world_.state_hash() != table[number].hash)
        throw std::runtime_error("the way to a state leads to another one now; what was saved is of no use here");
    if (World::can_mark()) world_.mark(here_);
    try_all(&picks, here_, table, into);
}

void Expander::expand_kept(std::uint32_t kept, const StateTable& table, Expansion& into) {
    lessons_.clear();
    world_.go_back(kept_[kept]);
    try_all(nullptr, kept_[kept], table, into);
}

void Expander::try_all(const Picks* picks, const World::Mark& here, const StateTable& table, Expansion& into) {
    into.followers.clear();
    const std::size_t count = world_.choices().size();
    for (std::size_t pick = 0; pick < count; pick++) {
        if (pick > 0) {
            if (World::can_mark())
                world_.go_back(here);
            else
                go_to(*picks);
        }
        world_.take(pick);
        world_.advance();
        meet(&table, into);
    }
    into.lessons.swap(lessons_);
    into.left_out = world_.left_out();
}

void Expander::go_to(const Picks& picks) {
    world_.restart();
    world_.advance();
    for (const std::uint32_t pick : picks) {
        if (pick >= world_.choices().size()) return;
        world_.take(pick);
        world_.advance();
    }
}

// The state that the world is in now.
void Expander::meet(const StateTable* table, Expansion& into) {
    const Moment moment = world_.moment();
    Follower& met =
        into.followers.emplace_back(Follower{world_.state_hash(), world_.steps(), moment, world_.what(), kNotKept});
    if (moment == Moment::Open && World::can_mark() && (table == nullptr || is_nearest_yet(met.hash, *table)))
        met.kept = keep();
}

bool Expander::is_nearest_yet(std::uint64_t hash, const StateTable& table) {
    const std::uint64_t steps = world_.steps();
    if (const std::uint32_t number = table.find(hash);
        number != State::kNone && (table[number].is_expanded || table[number].steps <= steps))
        return false;
    const auto [met, is_new] = met_.try_emplace(hash, steps);
    if (!is_new && met->second <= steps) return false;
    met->second = steps;
    return true;
}

std::uint32_t Expander::keep() {
    if (free_.empty()) {
        if (bytes_ >= kMostKeptBytes) return kNotKept;
        free_.push_back(static_cast<std::uint32_t>(kept_.size()));
        kept_.emplace_back();
    }
    const std::uint32_t number = free_.back();
    free_.pop_back();
    World::Mark& mark = kept_[number];
    const std::size_t before = mark.bytes_reserved();
    world_.mark(mark);
    bytes_ += mark.bytes_reserved() - before;
    return number;
}

}  // namespace mdscope
