// SPDX-License-Identifier: MIT
// What the pages and completions ask of an option.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace mdscope {

std::vector<const CLI::Option*> told_options(const CLI::App& app);      // --names, also --help
std::vector<const CLI::Option*> told_positionals(const CLI::App& app);  // LAB
// "-f", "--foreground".
std::vector<std::string> names_of(const CLI::Option& option);
// "SIZE"; empty: it takes no value.
std::string value_of(const CLI::Option& option);
// What is said of it, and the range that its check allows: "Number of members (2 to 8)".
std::string description_of(const CLI::Option& option);
// Those that its check allows; empty: any.
std::vector<std::string> choices_of(const CLI::Option& option);

}  // namespace mdscope
