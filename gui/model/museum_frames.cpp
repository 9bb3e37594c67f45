// SPDX-License-Identifier: MIT

#include "gui/model/museum_frames.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include "gui/model/player.hpp"
#include "gui/model/sentence.hpp"

namespace mdscope::gui {

namespace {

constexpr std::size_t kMostLookedAt = 48;  // what is told of a step is not cheap: the engine is asked for the future

// What can be seen to move on a stage, from the snapshot alone.
auto moves_of(const SnapshotArray& array, const Snapshot& snapshot, std::size_t bios) {
    return std::tuple(array.pending_writes, array.bitmap_pending_writes, array.degraded, snapshot.members.size(), bios,
                      snapshot.oops.has_value());
}

// Where something moves in A, up to where it ends; thinned out evenly where there is much of it.
std::vector<std::size_t> ticks_that_move(const Duel& duel) {
    std::vector<std::size_t> ticks;
    for (std::size_t tick = 0; tick <= duel.end(); tick++) {
        const TapeStep& now = duel.at(Side::A, tick);
        const TapeStep& before = duel.at(Side::A, tick == 0 ? 0 : tick - 1);
        const bool moves = moves_of(now.snapshot.array, now.snapshot, now.bios.size()) !=
                           moves_of(before.snapshot.array, before.snapshot, before.bios.size());
        if (moves || tick == duel.end()) ticks.push_back(tick);
        if (now.snapshot.oops) break;
    }
    if (ticks.size() <= kMostLookedAt) return ticks;
    std::vector<std::size_t> some;
    for (std::size_t i = 0; i < kMostLookedAt; i++) some.push_back(ticks[i * (ticks.size() - 1) / (kMostLookedAt - 1)]);
    return some;
}

MuseumFrame frame_at(Player& player, std::size_t tick) {
    player.go_to(tick);
    const MomentView& view = player.view();
    std::array<StageModel, 2> stages;
    for (const Side side : kSides) stages.at(side) = stage_of(player.duel(), side, tick, view.sides[side], false);
    const Sentence sentence = sentence_of(player.duel(), tick, view, stages, false);
    const std::string words = plain_text(sentence.first);
    return {tick, stages[Side::A], words.substr(0, words.find(" B "))};  // B is not in the picture
}

// The first, the last, where it begins to be dangerous; and those that lie farthest from what was chosen already.
std::set<std::size_t> chosen_of(const std::vector<MuseumFrame>& all) {
    std::set<std::size_t> chosen = {0, all.size() - 1};
    const auto danger =
        std::ranges::find_if(all, [](const MuseumFrame& frame) { return frame.stage.status == Status::InDanger; });
    if (danger != all.end()) chosen.insert(static_cast<std::size_t>(danger - all.begin()));
    while (chosen.size() < std::min(kMuseumFrames, all.size())) {
        std::size_t from = 0, widest = 0;
        for (auto one = chosen.begin(); std::next(one) != chosen.end(); ++one)
            if (*std::next(one) - *one > widest) {
                from = *one;
                widest = *std::next(one) - from;
            }
        chosen.insert(from + widest / 2);
    }
    return chosen;
}

}  // namespace

bool look_alike(const StageModel& a, const StageModel& b) {
    const auto write_of = [](const StageWrite& write) {
        return std::tuple(write.member, write.place, write.is_held, write.is_covered, write.is_taken);
    };
    const auto same_write = [&](const StageWrite& one, const StageWrite& other) {
        return write_of(one) == write_of(other);
    };
    const auto value_of = [](const StageGauge& gauge) { return std::tuple(gauge.value, gauge.is_unwatched); };
    const auto same_value = [&](const StageGauge& one, const StageGauge& other) {
        return value_of(one) == value_of(other);
    };
    const auto state_of = [](const StageMember& member) { return std::tuple(member.name, member.state); };
    return a.stopper.state == b.stopper.state && a.stopper.station == b.stopper.station && a.doors == b.doors &&
           std::ranges::equal(a.gauges, b.gauges, same_value) && std::ranges::equal(a.writes, b.writes, same_write) &&
           std::ranges::equal(a.members, b.members, {}, state_of, state_of) && a.crash == b.crash && a.end == b.end &&
           (a.status == Status::Hung) == (b.status == Status::Hung);
}

std::vector<MuseumFrame> frames_of(const Scenario& run, const std::function<bool()>& goes_on) {
    Player player(run);
    std::vector<MuseumFrame> all;
    std::set<std::string> said;
    const std::vector<std::size_t> ticks = ticks_that_move(player.duel());
    for (const std::size_t tick : ticks) {
        if (!goes_on()) return {};
        MuseumFrame frame = frame_at(player, tick);
        const bool is_next = !all.empty() && all.back().words == frame.words;
        if (is_next) all.pop_back();  // the later one says it, too
        // Other words for the same picture are no news, but for how it ends.
        const bool is_seen = !all.empty() && look_alike(all.back().stage, frame.stage);
        if (is_seen && tick != ticks.back()) continue;
        // What was said before something else happened is not said again: a picture for each.
        if (said.insert(frame.words).second || is_next) all.push_back(std::move(frame));
    }
    std::vector<MuseumFrame> frames;
    if (all.empty()) return frames;
    for (const std::size_t i : chosen_of(all)) frames.push_back(std::move(all[i]));
    return frames;
}

}  // namespace mdscope::gui
