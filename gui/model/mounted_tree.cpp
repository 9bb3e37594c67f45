// SPDX-License-Identifier: MIT

#include "gui/model/mounted_tree.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/scenario/scenario_files.hpp"
#include "gui/model/player.hpp"

namespace mdscope::gui {

namespace {

using LineState = TreeLine::State;

// A kernel, and where its bitmap is.
struct OfMount {
    VariantRows variants;
    std::string home;
};

Scenario as_mounted(Scenario scenario, const OfMount& mount) {
    scenario.variants = mount.variants;
    if (!mount.home.empty()) scenario.bitmap = mount.home;
    scenario.versus.clear();
    return scenario;
}

// With bitmap writes held, as far as it goes by itself: what would come later is foreseen.
std::vector<TreeRow> lines_of(const OfMount& a, const OfMount& b) {
    const Result<Scenario> scenario = load_scenario_file(default_exhibit().scenario);
    if (!scenario) return {};
    try {
        Player player(as_mounted(*scenario, a));
        if (!player.change(as_mounted(*scenario, a), as_mounted(*scenario, b)).empty()) return {};
        player.go_to(0);
        if (!player.hold(kBioKinds[BioKind::Bitmap]).empty() || !player.stop().empty()) return {};
        player.play_to_end();
        std::vector<TreeRow> rows = player.view().rows;
        for (TreeRow& row : rows) row.note.clear();  // of that run
        return rows;
    } catch (const std::exception&) {
        return {};  // a kernel that the lab cannot show: there is no tree then
    }
}

// The lines around a line, outermost first, itself the last.
std::vector<std::size_t> around(const std::vector<TreeRow>& rows, std::size_t at) {
    std::vector<std::size_t> chain = {at};
    for (std::size_t i = at; i-- > 0;)
        if (rows[i].depth < rows[chain.back()].depth) chain.push_back(i);
    std::ranges::reverse(chain);
    return chain;
}

// The line of the innermost call that has one; the number of lines if there is none. Of several the one with the most
// of its surroundings on the stack, and of several passes the last: what waits is behind them.
std::size_t place_of(const std::vector<TreeRow>& rows, Side side, const std::vector<std::string>& stack) {
    const auto depth_of = [&](std::size_t i) { return std::ranges::find(stack, rows[i].name) - stack.begin(); };
    const auto is_on_stack = [&](std::size_t i) { return depth_of(i) < std::ssize(stack); };
    std::size_t best = rows.size();
    std::pair<std::ptrdiff_t, std::ptrdiff_t> best_fit{-1, 0};
    for (std::size_t i = 0; i < rows.size(); i++) {
        if (!rows[i].line.at(side) || rows[i].state.at(side) == LineState::Missing || !is_on_stack(i)) continue;
        const std::pair fit(depth_of(i), std::ranges::count_if(around(rows, i), is_on_stack));
        if (fit < best_fit) continue;
        best = i;
        best_fit = fit;
    }
    return best;
}

}  // namespace

void place_in_rows(std::vector<TreeRow>& rows, Side side, const Mounted& seen) {
    const bool is_over = seen.stop_stack.empty() && (seen.status == Status::Stopped ||
                                                     seen.status == Status::InDanger || seen.status == Status::Oops);
    const std::size_t here = is_over ? rows.size() : place_of(rows, side, seen.stop_stack);
    const bool is_inside = here < rows.size();
    const bool sleeps = !seen.sleepers.empty() && seen.sleepers.front().is_stop;
    const std::vector<std::size_t> chain = is_inside ? around(rows, here) : std::vector<std::size_t>{};
    for (std::size_t i = 0; i < rows.size(); i++) {
        TreeRow& row = rows[i];
        const bool is_past = is_over || (is_inside && i <= here);
        if (row.only && *row.only != side) row.is_news = row.is_news || is_past;
        if (!row.line.at(side) || row.state.at(side) == LineState::Missing) continue;
        const bool is_around = std::ranges::find(chain, i) != chain.end();
        row.state.at(side) = here == i   ? (sleeps ? LineState::Asleep : LineState::Now)
                             : is_around ? LineState::Inside
                             : is_past   ? LineState::Done
                                         : LineState::ToCome;
    }
}

const std::vector<TreeRow>& MountedTree::rows(const std::array<const Snapshot*, 2>& snapshots,
                                              const std::array<const Mounted*, 2>& seen) {
    std::string wanted;
    for (const Side side : kSides) {
        const Snapshot& snapshot = *snapshots.at(side);
        if (snapshot.bitmap) homes_.at(side) = snapshot.bitmap->home;
        for (const Variant& variant : all_variants()) wanted += snapshot.variants.name(variant.name()) + " ";
        wanted += homes_.at(side) + "\n";
    }
    if (wanted != made_for_) {
        lines_ = lines_of({snapshots[0]->variants, homes_[0]}, {snapshots[1]->variants, homes_[1]});
        made_for_ = wanted;
    }
    placed_ = lines_;
    for (TreeRow& row : placed_) row.is_news = false;
    for (const Side side : kSides) place_in_rows(placed_, side, *seen.at(side));
    return placed_;
}

}  // namespace mdscope::gui
