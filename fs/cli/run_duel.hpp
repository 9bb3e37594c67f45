// SPDX-License-Identifier: MIT
// `mdscope run` of two arrays at once: of a scenario that has a schedule or names a second array, or whenever something
// is asked for that only a comparison has (a look at one tick, a trace).
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "engine/explore/explorer.hpp"

namespace mdscope {

struct DuelRequest {
    std::string until;  // "oops", "end", a tick; empty: the end
    std::optional<std::uint64_t> at;
    std::string trace, svg;  // files; empty: none
    bool describe = false;
    bool share = false;
    bool json = false;
    bool log = false;
};

void add_duel_options(CLI::App& app, DuelRequest& request);

// Whether run_duel() is what this scenario and request need.
bool is_duel(const Scenario& scenario, const DuelRequest& request);
// The exit code of a run; where nothing can be said, that is said.
int code_of_run(const Scenario& scenario, const Run& run);
// Runs, prints, and gives the exit code: 0 what the scenario expects of its own array holds, or it was not run to its
// end; 1 it does not hold, or the schedule drifted; 2 it cannot be set up; 5 it is expected of a search.
int run_duel(const Scenario& scenario, const DuelRequest& request);

// The scenario's own array, run by its schedule and on to the end; for who wants only that. Error: it drifted, or it
// cannot be set up.
Result<Run> run_by_schedule(const Scenario& scenario);

}  // namespace mdscope
