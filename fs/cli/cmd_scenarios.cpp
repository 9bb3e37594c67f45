// SPDX-License-Identifier: MIT
// scenarios: those that explore, run, tree and the window know by name, a line each.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "engine/host/data_folders.hpp"
#include "engine/kernel/shown.hpp"
#include "engine/scenario/scenario_files.hpp"
#include "fs/cli/commands.hpp"
#include "fs/cli/standard_streams.hpp"

namespace mdscope {

namespace {

constexpr int kListVersion = 1;

void print_list_json(const std::vector<ScenarioFileInfo>& files) {
    nlohmann::ordered_json json;
    json["version"] = kListVersion;
    json["scenarios"] = nlohmann::ordered_json::array();
    for (const ScenarioFileInfo& file : files)
        json["scenarios"].push_back({{"name", file.name}, {"title", file.title}, {"path", file.path}});
    say("{}\n", json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

int list_scenarios(bool json) {
    std::vector<std::string> left_out;
    std::vector<ScenarioFileInfo> files = scenario_files(&left_out);
    for (const std::string& why : left_out) note("left out: " + shown_lines(why));
    if (files.empty())
        return complain(kFailed, "no scenarios are installed here; looked in " + data_folders_text("scenarios"));
    std::ranges::sort(files, {}, &ScenarioFileInfo::name);
    if (json) {
        print_list_json(files);
        return kOk;
    }
    std::size_t width = 0;
    for (const ScenarioFileInfo& file : files) width = std::max(width, file.name.size());
    for (const ScenarioFileInfo& file : files) say("{:<{}}  {}\n", shown(file.name), width, shown(file.title));
    return kOk;
}

}  // namespace

void add_scenarios_commands(CLI::App& app, int* exit_code) {
    CLI::App* sub = app.add_subcommand("scenarios", "List the scenarios that are known by name, a line each");
    const auto json = std::make_shared<bool>(false);
    sub->add_flag("--json", *json, "One JSON object");
    sub->footer(
        "Your own are found in $XDG_DATA_HOME/mdscope/scenarios (~/.local/share/mdscope/scenarios), as NAME.mds.\n"
        "Example: mdscope scenarios | grep stop; mdscope run race");
    sub->callback([=] { *exit_code = list_scenarios(*json); });
}

}  // namespace mdscope
