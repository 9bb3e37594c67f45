// run, replay, tree: one schedule of a scenario, looked at closely.
#include <fmt/format.h>

#include <memory>

#include "engine/explore/card.hpp"
#include "fs/commands.hpp"
#include "fs/scenario_options.hpp"

namespace mdscope {

namespace {

struct RunRequest {
    ScenarioOptions scenario;
    std::string replay;
    bool json = false;
    bool log = false;
    bool all = false;
};

void print_run(const RunRequest& request, const Scenario& scenario, const Run& run) {
    if (request.json)
        fmt::print("{}\n", run_json(scenario, run));
    else
        fmt::print("{}", request.log ? run.event_log : run_card(scenario, run));
}

// 0 and the run, or the exit code of what was complained about.
int run_scenario(const RunRequest& request, Scenario* scenario, Run* run) {
    Result<Scenario> loaded = load_scenario(request.scenario);
    if (!loaded) return complain(kUsage, loaded.error().text);
    Result<Run> result = run_once(*loaded);
    if (!result) return complain(kUsage, loaded->name + ": " + result.error().text);
    *scenario = std::move(*loaded);
    *run = std::move(*result);
    return kOk;
}

int run_command(const RunRequest& request) {
    Scenario scenario;
    Run run;
    if (const int code = run_scenario(request, &scenario, &run); code != kOk) return code;
    print_run(request, scenario, run);
    return expectation_holds(scenario, run) ? kOk : kFailed;
}

int tree_command(const RunRequest& request) {
    Scenario scenario;
    Run run;
    if (const int code = run_scenario(request, &scenario, &run); code != kOk) return code;
    fmt::print("{}", request.all ? run.tree_all : run.tree);
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
    const Result<std::string> text = read_text_file(request.replay);
    if (!text) return complain(kUsage, text.error().text);
    const Result<ReplayFile> replay = parse_replay(*text);
    if (!replay) return complain(kUsage, request.replay + ":" + replay.error().text);
    const Result<Run> run =
        run_once(replay->scenario, &replay->picks, replay->stood_for.empty() ? nullptr : &replay->stood_for);
    if (!run) return complain(kFailed, request.replay + ": " + run.error().text);
    print_run(request, replay->scenario, *run);
    if (ending_text(*run) != replay->ending)
        return complain(kFailed, fmt::format("{}: ended in '{}', recorded was '{}'", request.replay, ending_text(*run),
                                             replay->ending));
    const bool is_same = run->log_hash == replay->log_hash;
    fmt::print(stderr, "mdscope: the same ending; the event log is {}\n",
               is_same ? "the same, byte for byte" : "not the one that was recorded (by another build?)");
    return kOk;
}

void add_output_options(CLI::App& app, RunRequest& request) {
    app.add_flag("--json", request.json, "One JSON object");
    app.add_flag("--log", request.log, "The event log, and nothing else");
}

}  // namespace

void add_run_commands(CLI::App& app, int* exit_code) {
    const auto request = std::make_shared<RunRequest>();
    CLI::App* run = app.add_subcommand("run", "Run a scenario once: tasks first, disks last");
    add_scenario_options(*run, request->scenario);
    add_output_options(*run, *request);
    run->footer(
        "Examples:\n"
        "  mdscope run report-2021                    swim-lanes and, at their end, the crash\n"
        "  mdscope run report-2021 --log              what happened, line by line");
    run->callback([=] { *exit_code = run_command(*request); });

    CLI::App* replay = app.add_subcommand("replay", "Run a schedule that explore --save wrote, step by step");
    replay->add_option("FILE", request->replay, "The replay file")->required();
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
