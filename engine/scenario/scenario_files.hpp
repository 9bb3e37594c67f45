// SPDX-License-Identifier: MIT
// Scenario files by name: those that come with mdscope, and any other by its path.
#pragma once

#include <string>
#include <vector>

#include "engine/scenario/scenario.hpp"

namespace mdscope {

struct ScenarioFileInfo {
    std::string name;   // "report-2021"
    std::string title;  // the file's, or its name
    std::string path;
};
// Those that are known by name (engine/host/data_folders.hpp), by title. Those that cannot be read are left out, and
// why is told to who asks for it.
std::vector<ScenarioFileInfo> scenario_files(std::vector<std::string>* left_out = nullptr);

// A name, a code of one line (share.hpp), or a path with a '/' or with .mds at its end. Errors name the file and the
// line.
Result<Scenario> load_scenario_file(const std::string& name);

// A regular file of at most 16 MiB.
Result<std::string> read_text_file(const std::string& path);

}  // namespace mdscope
