// SPDX-License-Identifier: MIT
// What explore, run and tree share: a scenario by name or path, and options that change it.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <utility>
#include <vector>

#include "engine/explore/explorer.hpp"
#include "engine/scenario/scenario_files.hpp"

namespace mdscope {

struct ScenarioOptions {
    std::string scenario;  // a path, "-", a name that is known, or a code; empty: stop mid-write
    std::string expect;    // as in a scenario file; empty: what the scenario says
    std::string entrance;  // of the built-in scenario

    // Header words of a scenario and their values, as if they stood in its file: {"fix", "none"}.
    std::string kernel;
    std::vector<std::pair<std::string, std::string>> words;
};

// What `--kernel` and a variant's option take, for --help.
std::string kernel_help();
std::string variant_help(const Variant& variant, bool marks_default = true);

// Adds SCENARIO and the options. They are read into `options`, which must outlive the parsing.
void add_scenario_options(CLI::App& app, ScenarioOptions& options);

// --expect, for commands that judge.
void add_expect_option(CLI::App& app, ScenarioOptions& options);

// The scenario, changed as asked for. A changed one expects nothing: what its file says is of the file's own array.
// Error: "FILE:LINE: why", or what is wrong with an option.
Result<Scenario> load_scenario(const ScenarioOptions& options);
// --expect, if it was given; for who has to know what the scenario itself says first.
Result<bool> expect_as_asked(Scenario& scenario, const std::string& words);

}  // namespace mdscope
