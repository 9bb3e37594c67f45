// SPDX-License-Identifier: MIT
// The scenarios that come with mdscope, for tests.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace mdscope::explore_test {

struct ScenarioFile {
    std::string name;  // without folder and ending
    std::string text;
};

inline std::vector<ScenarioFile> scenario_files() {
    std::vector<ScenarioFile> files;
    for (const auto& entry : std::filesystem::directory_iterator(MDSCOPE_SCENARIOS)) {
        std::ostringstream text;
        text << std::ifstream(entry.path(), std::ios::binary).rdbuf();
        files.push_back({entry.path().stem().string(), text.str()});
    }
    std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return files;
}

}  // namespace mdscope::explore_test
