// SPDX-License-Identifier: MIT

#include "gui/model/mend.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "engine/explore/card.hpp"
#include "engine/story/record/counter_scenario.hpp"
#include "engine/story/record/finer_steps.hpp"
#include "gui/model/state.hpp"
#include "gui/model/step_back.hpp"

namespace mdscope::gui {

namespace {

constexpr std::uint64_t kBudget = 400'000;  // states: some seconds

bool has_a_place(const StopFix& fix) {
    return fix.behind.function != nullptr;
}

// The last of those that are called so, or the one with that number; of a function that is called once: that call.
std::optional<std::size_t> row_of(const std::vector<TreeRow>& rows, const StopLine& line) {
    std::optional<std::size_t> found;
    for (std::size_t i = 0; i < rows.size(); i++)
        if (rows[i].name == line.function && (line.call == 0 || std::max(rows[i].number, 1) == line.call)) found = i;
    return found;
}

Result<MendSearch::Found> looked_for(const Scenario& tried, ExploreOptions options) {
    try {
        step_back();
        options.budget = kBudget;
        Result<Verdict> verdict = explore(tried, options);
        if (!verdict) return verdict.error();
        MendSearch::Found found{std::move(*verdict), std::nullopt};
        if (!found.verdict.shortest) return found;
        found.bad = scenario_of(*found.verdict.shortest, found.verdict.scenario);
        // The few long steps of a coarse search are over before anybody has seen a call.
        if (tried.granularity == Granularity::Coarse) found.bad = retold_in_calls(*found.bad).value_or(*found.bad);
        return found;
    } catch (const std::exception& error) {  // a fault of the engine, or no memory
        return Error{0, error.what()};
    }
}

}  // namespace

std::optional<std::size_t> movable_wait(const std::vector<TreeRow>& rows, const Duel& duel) {
    std::optional<std::size_t> found;
    for (std::size_t i = 0; i < rows.size(); i++) {
        if (!rows[i].only || rows[i].name != variants::fix::kWait) continue;
        const Scenario& scenario = duel.tape(*rows[i].only).scenario();
        const bool is_placed = has_a_place(scenario.variants.row<variants::fix>());
        // Both may have one of their own: then it is B's.
        if (is_placed && scenario.bitmap == "external" && (!found || rows[i].only == Side::B)) found = i;
    }
    return found;
}

std::vector<MendPlace> mend_places(const std::vector<TreeRow>& others) {
    std::vector<MendPlace> places;
    const auto add = [&](const StopFix& fix) {
        if (!has_a_place(fix)) return;
        if (const auto row = row_of(others, fix.behind))
            places.push_back({*row, others[*row].depth + (fix.behind.is_inside ? 1 : 0), &fix});
    };
    for (const StopFix& fix : variants::fix::rows()) add(fix);
    for (const StopFix& fix : variants::fix::trials()) add(fix);
    std::ranges::stable_sort(places, {}, &MendPlace::row);
    return places;
}

bool shows_upstream_lines(const Duel& duel) {
    const StopFix *const upstream = find_row<variants::fix>("upstream"), *const none = find_row<variants::fix>("none");
    bool is_elsewhere = false;
    for (const Side side : kSides) {
        const StopFix& fix = duel.tape(side).scenario().variants.row<variants::fix>();
        if (&fix == upstream) return true;
        is_elsewhere = is_elsewhere || &fix != none;
    }
    return !is_elsewhere;
}

std::string place_words(const StopFix& fix) {
    const StopLine& line = fix.behind;
    if (line.call > 0) return fmt::format("behind {} #{}", line.function, line.call);
    return fmt::format("{} {}", line.is_inside ? "in" : "behind", line.function);
}

std::string found_words(const Verdict& verdict) {
    const std::uint64_t bad = verdict.crashes + verdict.hangs + verdict.violations;
    if (bad > 0) return fmt::format("{} of {} states go wrong", grouped(bad), grouped(verdict.states));
    if (!verdict.complete)
        return fmt::format("nothing goes wrong in the first {} states; there are more", grouped(verdict.states));
    return fmt::format("safe: 0 of {} orders go wrong", grouped(verdict.schedules));
}

// ---- the search

std::string MendSearch::start(const Scenario& tried) {
    cancel();
    is_cancelled_ = false;
    looked_at_ = 0;
    ExploreOptions options;
    options.progress = [this](const Verdict& so_far) {
        looked_at_ = so_far.states;
        return !is_cancelled_;
    };
    try {
        found_ = std::async(std::launch::async, looked_for, tried, std::move(options));
    } catch (const std::system_error& error) {  // the host has no thread to give: it can be tried again
        return fmt::format("The search could not begin: {}", error.what());
    }
    return "";
}

void MendSearch::cancel() {
    is_cancelled_ = true;
    if (found_.valid()) found_.wait();
    found_ = {};
}

std::optional<Result<MendSearch::Found>> MendSearch::take() {
    if (!found_.valid() || found_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return std::nullopt;
    return found_.get();
}

// ---- what the window does with it

bool State::can_mend() const {
    return mode == Mode::lab && !lesson && !prediction && !is_presenting();
}

void State::try_wait_at(Side side, const StopFix& fix) {
    mend.is_dragged = false;
    mend.side = side;
    mend.fix = &fix;
    if (&player.scenario(side).variants.row<variants::fix>() == &fix) return mend.search.cancel();  // it is there
    mend.asked = player.scenario(side);
    Scenario tried = mend.asked;
    tried.schedule.clear();
    tried.playhead.reset();
    tried.versus.clear();
    tried.variants.choose<variants::fix>(fix);
    answer(mend.search.start(tried));
}

void State::take_mended() {
    const auto taken = mend.search.take();
    if (!taken || mend.asked != player.scenario(mend.side)) return;  // another one is shown by now
    if (!*taken) return say("This place could not be tried: " + taken->error().text, true);
    const MendSearch::Found& found = **taken;
    const std::string words =
        fmt::format("{} {}: {}.", variants::fix::kWait, place_words(*mend.fix), found_words(found.verdict));
    if (!found.bad) {
        std::array<Scenario, 2> sides = {player.scenario(Side::A), player.scenario(Side::B)};
        sides.at(mend.side).variants.choose<variants::fix>(*mend.fix);
        const std::string wrong = player.change(sides[0], sides[1]);
        return wrong.empty() ? say(words) : say(wrong, true);
    }
    // What goes wrong is A, wherever the line was dragged: beside it stands the kernel that was mended.
    Scenario right = *found.bad;
    right.schedule.clear();
    right.variants.choose<variants::fix>(*find_row<variants::fix>("upstream"));
    if (const std::string wrong = player.play_instead(*found.bad, right); !wrong.empty()) return say(wrong, true);
    say(words + " A plays the shortest; B waits where Linux does.");
    player.play(true);
}

}  // namespace mdscope::gui
