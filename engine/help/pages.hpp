// SPDX-License-Identifier: MIT
// Man pages and completions, written from the very tree of options that reads the command line: what is not in them is
// no option, and the other way round.
//
// What has the group "" is not told of. Of an option whose check says {a,b,c} these are its values; a positional
// SCENARIO is one of what `PROGRAM scenarios` lists.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace mdscope {

struct PageFacts {
    std::string program;                                     // "mdscope"
    std::string version;                                     // "0.1.0"
    std::vector<std::pair<int, std::string>> exit_codes;     // a row each
    std::vector<std::pair<std::string, std::string>> files;  // variables and folders, and what they are for
    std::vector<std::string> see_also;                       // "mdadm(8)"
};

// In roff, for section 1. Of a subcommand the page is called PROGRAM-COMMAND.
std::string man_page(const CLI::App& app, const PageFacts& facts);
std::string man_page_name(const CLI::App& app, const PageFacts& facts);  // "mdscope-explore"
// Subcommands that are told of.
std::vector<const CLI::App*> told_commands(const CLI::App& app);

std::string bash_completion(const CLI::App& app, const std::string& program);
std::string zsh_completion(const CLI::App& app, const std::string& program);
std::string fish_completion(const CLI::App& app, const std::string& program);

}  // namespace mdscope
