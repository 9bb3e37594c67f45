// SPDX-License-Identifier: MIT
// The plug: the power of both arrays is cut at the playhead.
//
// What is promised is known only where the scenario says that it may be cut, and then all of the data has a stamp in
// each sector. So another scenario is built again as one that says so, with chunks so small that few sectors are left.
#include <fmt/format.h>

#include <algorithm>

#include "engine/story/record/outcome.hpp"
#include "gui/model/player.hpp"

namespace mdscope::gui {

namespace {

constexpr std::uint64_t kSmall = 4ULL << 20;
constexpr std::uint64_t kSmallChunk = 4096;
constexpr std::uint64_t kBeforeTheData = 1ULL << 20;  // superblock, bitmap, bad blocks

// As many chunks in less space; false: there are too many.
bool make_small(Scenario& scenario) {
    if (scenario.size <= kSmall) return true;
    const std::uint64_t chunks = (scenario.size - kBeforeTheData) / scenario.chunk;
    scenario.chunk = std::max(kSmallChunk, scenario.write_size);
    scenario.size = kBeforeTheData + chunks * scenario.chunk;
    return scenario.size <= kSmall;
}

}  // namespace

std::optional<std::size_t> Player::tick_of_cut() const {
    for (std::size_t tick = tick_; tick > 0; tick--)
        if (is_cut(duel_->tick(tick).order)) return tick;
    return std::nullopt;
}

std::string Player::pull_plug(const std::string& words) {
    const auto may_be_cut = [&] {
        return std::ranges::all_of(kSides, [&](Side side) { return duel_->at(side, tick_).may_be_cut; });
    };
    const bool is_ready =
        std::ranges::all_of(kSides, [&](Side side) { return scenario(side).after_cut().has_value(); });
    if (!is_ready)
        if (std::string wrong = put_on_a_plug(); !wrong.empty()) return wrong;
    if (!may_be_cut()) return "here the power cannot be cut: the array has crashed or hangs, or it was cut before";
    Schedule cut;
    if (std::string wrong = read_order(words, cut); !wrong.empty()) return wrong;
    if (std::string wrong = order(cut.front()); !wrong.empty()) return wrong;
    const std::size_t tick = end();
    (void)play_out(*duel_);
    changed();
    tick_ = tick;
    play(true);
    return {};
}

// The steps that were taken are taken again, as far as they are steps of it: what surrounds md takes some, too, where
// it may be cut.
std::string Player::put_on_a_plug() {
    Scenario a = to_share(), b = scenario(Side::B);
    const Schedule schedule = duel_->schedule(tick_);
    const Branch left = present();
    for (Scenario* scenario : {&a, &b}) {
        scenario->crash = CutKind::PowerCut;
        scenario->cuts = 1;
        if (!make_small(*scenario)) return "this array has too many chunks to know each of its sectors";
        scenario->schedule.clear();
        scenario->playhead.reset();
    }
    if (std::string wrong = load(a, b, std::nullopt); !wrong.empty()) return wrong;
    for (const Order& order : schedule) (void)duel_->give(order);
    changed();
    tick_ = end();
    if (branches_.size() == kMostBranches) branches_.erase(branches_.begin());
    branches_.push_back(left);
    branch_name_ = fmt::format("fork {}", ++forks_);
    return {};
}

}  // namespace mdscope::gui
