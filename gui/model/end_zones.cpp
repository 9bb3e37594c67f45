// SPDX-License-Identifier: MIT

#include "gui/model/end_zones.hpp"

#include <algorithm>
#include <exception>

namespace mdscope::gui {

namespace {

constexpr std::size_t kMostTicks = 2'000;
constexpr std::size_t kEqualEnds = 8;  // behind the last change: then nothing is to come

Order about(Order::Kind kind, const std::string& bio, std::size_t tick = 0) {
    Order order;
    order.kind = kind;
    order.name = bio;
    order.tick = tick;
    return order;
}

}  // namespace

// Throws what a Duel throws.
bool EndZones::crashes_if_it_ends_at(const Duel& duel, std::size_t end) {
    Scenario a = duel.tape(Side::A).scenario();
    a.schedule = duel.schedule(tick_);
    Duel other(a, duel.tape(Side::B).scenario());
    (void)other.give(about(Order::Kind::Release, bio_));
    (void)other.give(about(Order::Kind::Due, bio_, end));
    other.play(kMostTicks, true);
    for (std::size_t tick = tick_ + ahead_.size() + 1; tick < end && tick <= other.end(); tick++)
        ahead_.push_back(other.at(Side::A, tick).state_hash);
    return other.tape(Side::A).moment() == Moment::Crash;
}

void EndZones::ask(std::uint64_t version, std::size_t tick, const std::string& bio) {
    if (version == version_ && tick == tick_ && bio == bio_) return;
    version_ = version;
    tick_ = tick;
    bio_ = bio;
    crashes_.clear();
    ahead_.clear();
    is_done_ = bio.empty();
}

bool EndZones::try_next(const Duel& duel) {
    if (is_done_) return false;
    try {
        crashes_.push_back(crashes_if_it_ends_at(duel, tick_ + crashes_.size() + 1));
    } catch (const std::exception&) {
        is_done_ = true;  // this schedule cannot be told anew: then nothing is said
        crashes_.clear();
        ahead_.clear();
        return false;
    }
    const auto equal = std::find(crashes_.rbegin(), crashes_.rend(), !crashes_.back()) - crashes_.rbegin();
    const bool is_settled = crashes_.back() && static_cast<std::size_t>(equal) >= kEqualEnds;
    is_done_ = crashes_.size() >= kMostEnds || is_settled;
    return !is_done_;
}

std::vector<EndZones::Zone> EndZones::zones() const {
    std::vector<Zone> zones;
    for (std::size_t i = 0; i < crashes_.size(); i++) {
        const std::size_t end = tick_ + i + 1;
        if (!zones.empty() && zones.back().crashes == crashes_[i])
            zones.back().to = end;
        else
            zones.push_back({end, end, crashes_[i]});
    }
    return zones;
}

}  // namespace mdscope::gui
