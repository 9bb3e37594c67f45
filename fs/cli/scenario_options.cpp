// SPDX-License-Identifier: MIT

#include "fs/cli/scenario_options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "engine/explore/judge.hpp"
#include "engine/scenario/scenario_parse.hpp"
#include "fs/cli/standard_streams.hpp"

namespace mdscope {

namespace {

constexpr const char* kKernel = "Kernel";
constexpr const char* kArray = "Array and steps";

const std::string* word_of(const ScenarioOptions& options, std::string_view word) {
    for (const auto& [name, value] : options.words)
        if (name == word) return &value;
    return nullptr;
}

// By the option that was given, where a scenario's file has a word of its own for it.
std::string as_option(std::string_view word) {
    return word == "errors" ? "--io-error" : fmt::format("--{}", word);
}

// The header's word and its value, as if they stood in the file.
Result<bool> read_option(Scenario& scenario, const std::string& word, const std::string& value) {
    std::string wrong = read_header(scenario, word, value);
    if (wrong.empty()) return true;
    const std::string quoted = fmt::format("'{}'", word);
    if (wrong.starts_with(quoted)) wrong.replace(0, quoted.size(), as_option(word));
    return Error{EINVAL, wrong};
}

// As small as an array is whose data is judged, and with this program's own rows: md's lose data where power is cut.
Scenario made_small(Scenario scenario) {
    scenario.size = 1152ULL << 10;
    scenario.chunk = 64ULL << 10;
    scenario.write_size = 1024;
    scenario.bits_clear = true;  // else no write would change one
    scenario.variants = Scenario().variants;
    return scenario;
}

Result<Scenario> built_in(const ScenarioOptions& options) {
    const std::string* const bitmap = word_of(options, "bitmap");
    const std::string* const pages = word_of(options, "pages");
    Scenario checked;  // Only what was checked goes into making one.
    if (pages != nullptr)
        if (const Result<bool> good = read_option(checked, "pages", *pages); !good) return good.error();
    Scenario scenario = stop_mid_write(bitmap != nullptr ? *bitmap : checked.bitmap,
                                       options.entrance.empty() ? "array_state" : options.entrance, checked.pages);
    const std::string* const crash = word_of(options, "crash");
    return crash != nullptr && *crash != "none" ? made_small(scenario) : scenario;
}

// As if the words stood in the file: checked one by one, then the scenario as a whole.
Result<Scenario> changed(Scenario scenario, const ScenarioOptions& options) {
    std::vector<std::pair<std::string, std::string>> words = options.words;
    if (!options.kernel.empty()) words.insert(words.begin(), {"kernel", options.kernel});
    if (words.empty()) return scenario;
    for (const auto& [word, value] : words)
        if (const Result<bool> good = read_option(scenario, word, value); !good) return good.error();
    scenario.expect = {};
    const Result<Scenario> whole = parse_scenario(scenario_text(scenario), scenario.name);
    if (!whole) {
        const std::string& text = whole.error().text;
        return Error{EINVAL, text.substr(std::min(text.find(": ") + 2, text.size()))};
    }
    return scenario;  // not the one that was read back: this one knows the lines of its file
}

void add_word(CLI::App& app, ScenarioOptions& options, const std::string& option, const char* word, const char* value,
              const std::string& help, const char* group) {
    app.add_option_function<std::string>(
           option, [&options, word](const std::string& given) { options.words.emplace_back(word, given); }, help)
        ->type_name(value)
        ->group(group);
}

}  // namespace

std::string kernel_help() {
    std::string names;
    for (const KernelEra& era : kernel_eras()) names += (names.empty() ? "" : ", ") + std::string(era.name);
    return "A row of every variant below: " + names;
}

std::string variant_help(const Variant& variant, bool marks_default) {
    std::string names;
    for (std::size_t i = 0; i < variant.size; i++)
        names += (i == 0 ? "" : ", ") + std::string(variant.row(i).name) +
                 (marks_default && &variant.row(i) == &variant.usual() ? " (default)" : "");
    return fmt::format("{}: {}", variant.facts->what, names);
}

void add_scenario_options(CLI::App& app, ScenarioOptions& options) {
    app.add_option(
        "SCENARIO", options.scenario,
        "A name (see mdscope scenarios), a file (with a '/' or .mds), - (stdin) or a code (mds1:...); default: a stop "
        "mid-write");
    app.add_option("--kernel", options.kernel, kernel_help())->type_name("ERA")->group(kKernel);
    for (const Variant& variant : all_variants())
        add_word(app, options, fmt::format("--{}", variant.name()), variant.name(), "ROW", variant_help(variant),
                 kKernel);
    add_word(app, options, "--bitmap", "bitmap", "HOME", "Home of the bitmap: external, internal, file, none", kArray);
    add_word(app, options, "--members", "members", "N", "Members of the array, 2 to 8", kArray);
    add_word(app, options, "--pages", "pages", "N", "Pages of the bitmap that are written, 1 to 4", kArray);
    add_word(app, options, "--io-error", "errors", "N", "How many requests to a disk may fail, 0 to 16", kArray);
    add_word(app, options, "--exhibit", "exhibit", "NAME",
             "The exhibit whose bug it shows: a folder of engine/museum, as stop_bitmap_2021", kArray);
    add_word(app, options, "--granularity", "granularity", "STEPS",
             "coarse: a completion is one step; calls: entering a function ends one, too; fine: each access to a "
             "shared field does",
             kArray);
    add_word(app, options, "--crash", "crash", "HOW",
             "none, kill (the program, at any step) or power-cut; what is left is assembled again, and judged", kArray);
    add_word(app, options, "--cuts", "cuts", "N", "How many of these, one after the other, 0 to 3 (default 2)", kArray);
    app.add_option("--entrance", options.entrance, "How the built-in scenario stops the array")
        ->check(CLI::IsMember({"STOP_ARRAY", "array_state", "two-step", "readonly"}))
        ->group(kArray);
}

void add_expect_option(CLI::App& app, ScenarioOptions& options) {
    app.add_option("--expect", options.expect,
                   "What it has to end in: safe, crash [FUNCTION], hang, violation [JUDGE] or any; instead of what the "
                   "scenario says, and beside any other option")
        ->type_name("ENDING");
}

// Of a stream, too.
static Result<Scenario> load_by_word(const std::string& word) {
    if (!is_stream(word)) return load_scenario_file(word);
    const std::string name = input_name(word);
    const Result<std::string> text = read_input(word);
    if (!text) return text.error();
    Result<Scenario> scenario = parse_scenario(*text, std::filesystem::path(name).filename().string());
    if (!scenario) return Error{EINVAL, name + ":" + scenario.error().text};
    return scenario;
}

static std::string unknown_judge(const Expectation& expect) {
    const bool names_one = expect.kind == Expectation::Kind::Violation && !expect.function.empty();
    if (!names_one || find_judge(expect.function) != nullptr) return "";
    std::vector<std::string_view> names;
    for (const Judge& judge : judges())
        if (judge.moment == Moment::Violation) names.push_back(judge.name);
    return fmt::format("nothing that must hold is called '{}'; there are: {}", expect.function, fmt::join(names, ", "));
}

Result<bool> expect_as_asked(Scenario& scenario, const std::string& words) {
    if (words.empty()) return false;
    if (const Complaint wrong = read_expectation(scenario.expect, words); !wrong.empty())
        return Error{EINVAL, "--expect: " + wrong};
    if (const std::string wrong = unknown_judge(scenario.expect); !wrong.empty())
        return Error{EINVAL, "--expect: " + wrong};
    scenario.expect.of_run = true;
    return true;
}

Result<Scenario> load_scenario(const ScenarioOptions& options) {
    if (!options.scenario.empty() && !options.entrance.empty())
        return Error{EINVAL, "--entrance is for the built-in scenario; " + options.scenario + " has tasks of its own"};
    const Result<Scenario> scenario = options.scenario.empty() ? built_in(options) : load_by_word(options.scenario);
    if (!scenario) return scenario.error();
    if (const std::string wrong = unknown_judge(scenario->expect); !wrong.empty())
        return Error{EINVAL, scenario->name + ": expect: " + wrong};
    Result<Scenario> asked = changed(*scenario, options);
    if (!asked) return asked;
    if (const Result<bool> good = expect_as_asked(*asked, options.expect); !good) return good.error();
    return asked;
}

}  // namespace mdscope
