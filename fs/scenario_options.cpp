#include "fs/scenario_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "engine/explore/scenario_parse.hpp"

namespace mdscope {

namespace {

namespace files = std::filesystem;

constexpr const char* kEnding = ".mds";
constexpr std::uintmax_t kLargestFile = 16 << 20;
constexpr const char* kAxes = "Axes";
constexpr const char* kArray = "Array and steps";

// Where the scenarios that come with mdscope are: those of the sources it was built from, or those beside us.
std::vector<files::path> scenario_folders() {
    return {MDSCOPE_SCENARIOS, "assets/scenarios"};
}

std::string known_scenarios() {
    std::vector<std::string> names;
    std::error_code error;
    for (const files::path& folder : scenario_folders()) {
        for (const auto& entry : files::directory_iterator(folder, error))
            if (entry.path().extension() == kEnding) names.push_back(entry.path().stem().string());
        if (!names.empty()) break;
    }
    std::sort(names.begin(), names.end());
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return text.empty() ? "none are installed here" : text;
}

Result<std::string> path_of(const std::string& name) {
    if (name.find('/') != std::string::npos || name.ends_with(kEnding)) return name;
    std::error_code error;
    for (const files::path& folder : scenario_folders())
        if (const files::path path = folder / (name + kEnding); files::is_regular_file(path, error))
            return path.string();
    return Error{ENOENT,
                 fmt::format("there is no scenario '{}'. Give a path with a '/' or with {} at its end, or one of: {}",
                             name, kEnding, known_scenarios())};
}

Result<Scenario> read_scenario(const std::string& name) {
    const Result<std::string> path = path_of(name);
    if (!path) return path.error();
    const Result<std::string> text = read_text_file(*path);
    if (!text) return text.error();
    Result<Scenario> scenario = parse_scenario(*text, files::path(*path).stem().string());
    if (!scenario) return Error{EINVAL, *path + ":" + scenario.error().text};
    return scenario;
}

const std::string* word_of(const ScenarioOptions& options, std::string_view word) {
    for (const auto& [name, value] : options.words)
        if (name == word) return &value;
    return nullptr;
}

Result<Scenario> built_in(const ScenarioOptions& options) {
    const std::string* const bitmap = word_of(options, "bitmap");
    const std::string* const pages = word_of(options, "pages");
    Scenario checked;  // Only what was checked goes into making one.
    if (pages != nullptr)
        if (const Complaint wrong = read_header(checked, "pages", *pages); !wrong.empty()) return Error{EINVAL, wrong};
    return stop_mid_write(bitmap != nullptr ? *bitmap : checked.bitmap,
                          options.entrance.empty() ? "array_state" : options.entrance, checked.pages);
}

// As if the words stood in the file: checked one by one, then the scenario as a whole.
Result<Scenario> changed(Scenario scenario, const ScenarioOptions& options) {
    std::vector<std::pair<std::string, std::string>> words = options.words;
    if (!options.kernel.empty()) words.insert(words.begin(), {"kernel", options.kernel});
    if (words.empty()) return scenario;
    for (const auto& [word, value] : words)
        if (const Complaint wrong = read_header(scenario, word, value); !wrong.empty()) return Error{EINVAL, wrong};
    scenario.expect = {};
    const Result<Scenario> whole = parse_scenario(scenario_text(scenario), scenario.name);
    if (!whole) {
        const std::string& text = whole.error().text;
        return Error{EINVAL, text.substr(std::min(text.find(": ") + 2, text.size()))};
    }
    return *whole;
}

void add_word(CLI::App& app, ScenarioOptions& options, const char* option, const char* word, const char* help,
              const char* group) {
    app.add_option_function<std::string>(
           option, [&options, word](const std::string& value) { options.words.emplace_back(word, value); }, help)
        ->group(group);
}

}  // namespace

Result<std::string> read_text_file(const std::string& path) {
    std::error_code error;
    if (files::is_directory(path, error)) return Error{EISDIR, path + ": is a folder, not a file"};
    if (const auto size = files::file_size(path, error); !error && size > kLargestFile)
        return Error{EFBIG, fmt::format("{}: has {} bytes, at most {} are read", path, size, kLargestFile)};
    std::ifstream file(path, std::ios::binary);
    if (!file) return Error{errno, fmt::format("{}: cannot be read: {}", path, std::strerror(errno))};
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

void add_scenario_options(CLI::App& app, ScenarioOptions& options) {
    app.add_option(
        "SCENARIO", options.scenario,
        "A file (with a '/' or .mds), or a name: report-2021, referee-external, ...; default: a stop mid-write");
    app.add_option("--kernel", options.kernel, "A row of all axes: 4.14, 5.12, 5.13, 6.1.192, 6.1.192-nofix")
        ->group(kAxes);
    add_word(app, options, "--fix", "fix", "Where the stop waits: none, v1, proposal, upstream", kAxes);
    add_word(app, options, "--order", "order", "Order of the lines in super_written: 2021, 2022", kAxes);
    add_word(app, options, "--pools", "pools", "What the bio pools die with: mddev, stop", kAxes);
    add_word(app, options, "--bitmap", "bitmap", "Home of the bitmap: external, internal, file, none", kArray);
    add_word(app, options, "--members", "members", "2 to 8", kArray);
    add_word(app, options, "--pages", "pages", "Pages of the bitmap that are written, 1 to 4", kArray);
    add_word(app, options, "--io-error", "errors", "How many bios may fail", kArray);
    add_word(app, options, "--granularity", "granularity",
             "coarse: a completion is one step; fine: each access to a shared field is", kArray);
    app.add_option("--entrance", options.entrance, "How the built-in scenario stops the array")
        ->check(CLI::IsMember({"STOP_ARRAY", "array_state", "two-step", "readonly"}))
        ->group(kArray);
}

Result<Scenario> load_scenario(const ScenarioOptions& options) {
    if (!options.scenario.empty() && !options.entrance.empty())
        return Error{EINVAL, "--entrance is for the built-in scenario; " + options.scenario + " has tasks of its own"};
    const Result<Scenario> scenario = options.scenario.empty() ? built_in(options) : read_scenario(options.scenario);
    if (!scenario) return scenario.error();
    return changed(*scenario, options);
}

}  // namespace mdscope
