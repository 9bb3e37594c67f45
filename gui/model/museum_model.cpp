// SPDX-License-Identifier: MIT

#include "gui/model/museum_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "engine/explore/judge.hpp"
#include "engine/scenario/scenario_files.hpp"
#include "engine/story/record/counter_scenario.hpp"
#include "engine/story/record/finer_steps.hpp"
#include "gui/model/step_back.hpp"

namespace mdscope::gui {

Result<Scenario> bad_run_of(const Tried& tried) {
    const Exhibit& exhibit = *tried.exhibit;
    if (!tried.verdict.shortest) return Error{0, fmt::format("{}: nothing went wrong.", exhibit.title)};
    Scenario run = scenario_of(*tried.verdict.shortest, tried.verdict.scenario);
    // The few long steps of a coarse search are over before anybody has seen a call.
    if (run.granularity == Granularity::Coarse) run = retold_in_calls(run).value_or(run);
    run.versus = fmt::format("{} {}", exhibit.page.variant, exhibit.page.mended);
    return run;
}

Result<Scenario> scenario_in(const Exhibit& exhibit, const KernelEra& era) {
    Result<Scenario> scenario = load_scenario_file(exhibit.scenario);
    if (!scenario) return scenario.error();
    if (const Variant* variant = find_variant(exhibit.page.variant))
        scenario->variants.choose(*variant, variant->in(era));
    scenario->versus = fmt::format("{} {}", exhibit.page.variant, exhibit.page.mended);
    return scenario;
}

std::vector<const KernelEra*> real_eras() {
    std::vector<const KernelEra*> eras;
    for (const KernelEra& era : kernel_eras())
        if (!std::string_view(era.name).ends_with("-nofix")) eras.push_back(&era);  // made to compare with
    return eras;
}

std::string bad_end_of(const Exhibit& exhibit) {
    const Judge* judge = find_judge(exhibit.page.symptom);
    return judge != nullptr ? std::string(judge->called) : exhibit.page.symptom;
}

bool is_still_there(const Exhibit& exhibit) {
    return *exhibit.page.fix == '\0';
}

MuseumPage::MuseumPage() : chosen_(exhibits_by_number().front()) {}

MuseumPage::~MuseumPage() {
    cancel();
}

// ---- which page

void MuseumPage::choose(const Exhibit& exhibit) {
    shows_list = false;
    if (&exhibit == chosen_) return;
    cancel();
    chosen_ = &exhibit;
    uncovered_.clear();
    question = 0;
    run_.reset();
    shown_for_ = 0;
    was_tried_ = false;
}

void MuseumPage::choose_beside(int step) {
    const std::vector<const Exhibit*> all = exhibits_by_number();
    const auto count = std::ssize(all);
    const auto at = std::ranges::find(all, chosen_) - all.begin();
    choose(*all[static_cast<std::size_t>((at + step + count) % count)]);
}

// ---- the search

std::string MuseumPage::play(std::size_t from) {
    play_from_ = from;
    return run_ ? "" : start();
}

std::string MuseumPage::start() {
    if (is_searching()) return "";
    is_cancelled_ = false;
    looked_at_ = 0;
    was_tried_ = true;
    const auto search = [this, exhibit = chosen_]() -> Result<MuseumRun> {
        try {
            step_back();
            ExploreOptions options;
            options.progress = [this](const Verdict& so_far) {
                looked_at_ = std::max(so_far.states, so_far.schedules);
                return !is_cancelled_;
            };
            const Result<Tried> tried = first_bad(*exhibit, std::move(options));
            if (!tried) return tried.error();
            const Result<Scenario> bad = bad_run_of(*tried);
            if (!bad) return bad.error();
            return MuseumRun{*bad, frames_of(*bad, [this] { return !is_cancelled_; })};
        } catch (const std::exception& error) {  // a fault of the engine, or no memory
            return Error{0, fmt::format("{}: {}", exhibit->page.number, error.what())};
        }
    };
    try {
        found_ = std::async(std::launch::async, search);
    } catch (const std::system_error& error) {  // the host has no thread to give: it can be tried again
        return fmt::format("The search could not begin: {}", error.what());
    }
    return "";
}

void MuseumPage::cancel() {
    is_cancelled_ = true;
    play_from_.reset();
    if (found_.valid()) found_.wait();
    found_ = {};
}

std::optional<std::string> MuseumPage::pass(double seconds) {
    constexpr double kLookedAt = 0.5;  // who leafs through the pages looks for nothing
    shown_for_ += seconds;
    if (!was_tried_ && shown_for_ > kLookedAt) return start();
    if (!found_.valid() || found_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return std::nullopt;
    Result<MuseumRun> found = found_.get();
    if (found) {
        run_ = std::move(*found);
        return std::nullopt;
    }
    play_from_.reset();
    return found.error().text;
}

std::optional<std::size_t> MuseumPage::take_play() {
    return run_ ? std::exchange(play_from_, std::nullopt) : std::nullopt;
}

void MuseumPage::wait() {
    if (!was_tried_) (void)start();
    if (found_.valid()) found_.wait();
}

}  // namespace mdscope::gui
