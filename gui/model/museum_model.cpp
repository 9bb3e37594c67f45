// SPDX-License-Identifier: MIT

#include "gui/model/museum_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

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

MuseumPage::MuseumPage() : chosen_(exhibits_by_number().front()) {}

MuseumPage::~MuseumPage() {
    cancel();
}

void MuseumPage::choose(const Exhibit& exhibit) {
    if (&exhibit == chosen_) return;
    cancel();
    chosen_ = &exhibit;
    uncovered_.clear();
}

std::string MuseumPage::start() {
    if (is_searching()) return "";
    is_cancelled_ = false;
    looked_at_ = 0;
    const auto search = [this, exhibit = chosen_]() -> Result<Scenario> {
        try {
            step_back();
            ExploreOptions options;
            options.progress = [this](const Verdict& so_far) {
                looked_at_ = std::max(so_far.states, so_far.schedules);
                return !is_cancelled_;
            };
            const Result<Tried> tried = first_bad(*exhibit, std::move(options));
            if (!tried) return tried.error();
            return bad_run_of(*tried);
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
    if (found_.valid()) found_.wait();
    found_ = {};
}

std::optional<Result<Scenario>> MuseumPage::take() {
    if (!found_.valid() || found_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return std::nullopt;
    return found_.get();
}

}  // namespace mdscope::gui
