// SPDX-License-Identifier: MIT
// run, replay, tree: one schedule of a scenario, looked at closely.
#include <fmt/format.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "engine/explore/card.hpp"
#include "engine/explore/scenario_check.hpp"
#include "engine/story/record/counter_scenario.hpp"
#include "fs/cli/commands.hpp"
#include "fs/cli/run_duel.hpp"
#include "fs/cli/scenario_options.hpp"
#include "fs/cli/standard_streams.hpp"

namespace mdscope {

namespace {

struct RunRequest {
    ScenarioOptions scenario;
    DuelRequest duel;  // its `json` and `log` are everybody's
    std::string replay;
    bool all = false;
};

void print_run(const RunRequest& request, const Scenario& scenario, const Run& run) {
    if (request.duel.json)
        say("{}\n", run_json(scenario, run));
    else
        say("{}", request.duel.log ? run.event_log : run_card(scenario, run));
}

constexpr std::uint64_t kStatesForARace = 100'000;

// Two arrays, and not a word about what is done to them or what it comes to: that is about a race, and shown is the
// shortest way in which it is lost. There may be none, with another row.
Scenario with_its_race(const Scenario& scenario) {
    const bool expects_something = scenario.expect.kind != Expectation::Kind::Any;
    if (scenario.versus.empty() || !scenario.schedule.empty() || expects_something) return scenario;
    ExploreOptions options;
    options.stop_at_first_crash = true;
    options.budget = kStatesForARace;
    const Result<Verdict> verdict = explore(scenario, options);
    if (!verdict || !verdict->shortest) return scenario;
    try {
        Scenario shown = scenario_of(*verdict->shortest, scenario);
        shown.expect = scenario.expect;
        return shown;
    } catch (const std::runtime_error&) {
        return scenario;  // too long for a schedule
    }
}

int run_command(const RunRequest& request) {
    ScenarioOptions options = request.scenario;
    const std::string asked = std::exchange(options.expect, "");  // later: it does not change what is run
    Result<Scenario> scenario = load_scenario(options);
    if (!scenario) return complain(kUsage, scenario.error().text);
    Scenario checked;
    if (const Result<bool> good = expect_as_asked(checked, asked); !good) return complain(kUsage, good.error().text);
    scenario = with_its_race(*scenario);
    (void)expect_as_asked(*scenario, asked);
    if (const std::string warning = warning_about_stores(*scenario); !warning.empty())
        note(scenario->name + ": " + warning);
    if (is_duel(*scenario, request.duel)) return run_duel(*scenario, request.duel);
    const Result<Run> run = run_once(*scenario);
    if (!run) return complain(kUsage, scenario->name + ": " + run.error().text);
    print_run(request, *scenario, *run);
    return code_of_run(*scenario, *run);
}

int tree_command(const RunRequest& request) {
    const Result<Scenario> scenario = load_scenario(request.scenario);
    if (!scenario) return complain(kUsage, scenario.error().text);
    const Result<Run> run = scenario->schedule.empty() ? run_once(*scenario) : run_by_schedule(*scenario);
    if (!run) return complain(kUsage, scenario->name + ": " + run.error().text);
    say("{}", request.all ? run->tree_all : run->tree);
    return kOk;
}

std::string ending_text(const Run& run) {
    std::string text(ending_name(run.ending));
    if (!run.what.empty()) text += " " + run.what;
    for (char& c : text)
        if (c == '\n') c = ' ';  // As in the file: one line.
    while (text.ends_with(' ')) text.pop_back();
    return text;
}

// Another build may write another log; the ending has to be the same.
int replay_command(const RunRequest& request) {
    const Result<std::string> text = read_input(request.replay);
    if (!text) return complain(kUsage, text.error().text);
    const std::string name = input_name(request.replay);
    const Result<ReplayFile> replay = parse_replay(*text);
    if (!replay) return complain(kUsage, name + ":" + replay.error().text);
    const Result<Run> run =
        run_once(replay->scenario, &replay->picks, replay->stood_for.empty() ? nullptr : &replay->stood_for);
    if (!run) return complain(kFailed, name + ": " + run.error().text);
    print_run(request, replay->scenario, *run);
    if (ending_text(*run) != replay->ending)
        return complain(kFailed,
                        fmt::format("{}: ended in '{}', recorded was '{}'", name, ending_text(*run), replay->ending));
    const bool is_same = run->log_hash == replay->log_hash;
    note(fmt::format("the same ending; the event log is {}",
                     is_same ? "the same, byte for byte" : "not the one that was recorded (by another build?)"));
    return kOk;
}

void add_output_options(CLI::App& app, RunRequest& request) {
    app.add_flag("--json", request.duel.json, "One JSON object");
    app.add_flag("--log", request.duel.log, "The event log, and nothing else");
}

constexpr const char* kRunExamples = R"(Examples:
  mdscope run report-2021                    swim-lanes and, at their end, the crash
  mdscope run report-2021 --log              what happened, line by line
  mdscope run hold-stop-release              one schedule, two arrays, both results and where they part
  mdscope run race                           a scenario of two arrays without a schedule: the shortest way to lose
  mdscope run race --describe --at 20        what the window shows at tick 20, in words
  mdscope run hold-stop-release --until oops ... up to the first crash, of either array
  mdscope run race --trace race.json         for ui.perfetto.dev: functions, writes in flight, counters
  mdscope run race --share --at 30           a code for a chat; then: mdscope run mds1:...
  mdscope run race --svg - --until oops >race.svg

Exit codes: 0 it ended as is expected (of its own array, A), 1 it did not, or its schedule drifted, 2 a scenario
or an option makes no sense, 5 it ended well, and what is expected is of the search of a scenario without a schedule
(mdscope explore))";

}  // namespace

void add_run_commands(CLI::App& app, int* exit_code) {
    const auto request = std::make_shared<RunRequest>();
    CLI::App* run = app.add_subcommand("run", "Run a scenario once: by its schedule, or tasks first and disks last");
    add_scenario_options(*run, request->scenario);
    add_expect_option(*run, request->scenario);
    add_output_options(*run, *request);
    add_duel_options(*run, request->duel);
    run->footer(kRunExamples);
    run->callback([=] { *exit_code = run_command(*request); });

    CLI::App* replay = app.add_subcommand("replay", "Run a schedule that explore --save wrote, step by step");
    replay->add_option("FILE", request->replay, "The replay file, or - (stdin)")->required();
    add_output_options(*replay, *request);
    replay->footer(
        "Exit codes: 0 it ended as recorded, 1 it did not or the steps drifted, 2 no replay file\n"
        "Example: mdscope explore report-2021 --save crash.replay; mdscope replay crash.replay");
    replay->callback([=] { *exit_code = replay_command(*request); });

    CLI::App* tree = app.add_subcommand("tree", "The call tree of a scenario's stop");
    add_scenario_options(*tree, request->scenario);
    tree->add_flag("--all", request->all, "Every frame, not only the functions of the real kernel's trees");
    tree->footer(
        "Examples:\n"
        "  mdscope tree referee-external --fix none   compare it with what Linux 6.1.192 did\n"
        "  mdscope tree referee-internal --all");
    tree->callback([=] { *exit_code = tree_command(*request); });
}

}  // namespace mdscope
