// SPDX-License-Identifier: MIT
// explore: every schedule of a scenario, or the matrix of all of them; a card, or one JSON object.
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>

#include "engine/explore/card.hpp"
#include "engine/explore/matrix.hpp"
#include "engine/explore/scenario_check.hpp"
#include "engine/host/host.hpp"
#include "engine/host/save_file.hpp"
#include "engine/story/record/counter_scenario.hpp"
#include "fs/cli/commands.hpp"
#include "fs/cli/interrupt_flag.hpp"
#include "fs/cli/museum.hpp"
#include "fs/cli/progress_line.hpp"
#include "fs/cli/saved_searches.hpp"
#include "fs/cli/scenario_options.hpp"
#include "fs/cli/standard_streams.hpp"

namespace mdscope {

namespace {

struct ExploreRequest {
    ScenarioOptions scenario;
    std::string strategy;  // "": as the scenario says
    std::string seed;      // "": 1
    std::string budget;    // "": the default of ExploreOptions
    std::string memory;    // "": most of what is free
    std::optional<unsigned> preemptions;
    unsigned jobs = 0;  // 0: one a processor
    bool first = false;
    bool matrix = false;
    bool museum = false;
    bool json = false;
    std::string save, save_scenario;
    std::string save_search, resume;
};

std::vector<std::string> strategy_words() {
    std::vector<std::string> words;
    for (const StrategyRow& row : kStrategies) words.emplace_back(row.word);
    return words;
}

unsigned jobs_of(const ExploreRequest& request) {
    return request.jobs != 0 ? request.jobs : std::max(1U, std::thread::hardware_concurrency());
}

Result<std::uint64_t> memory_of(const ExploreRequest& request) {
    if (request.memory.empty()) return host_resident_bytes() + host_available_bytes() / 5 * 4;
    const Result<std::uint64_t> bytes = parse_size(request.memory);
    if (!bytes) return Error{EINVAL, "--memory: " + bytes.error().text};
    if (*bytes <= host_resident_bytes())
        return Error{EINVAL, fmt::format("--memory {}: the program alone has {}M", request.memory,
                                         (host_resident_bytes() >> 20) + 1)};
    return *bytes;
}

// Error: an option makes no sense.
Result<ExploreOptions> options_of(const ExploreRequest& request) {
    ExploreOptions options;
    if (!request.strategy.empty()) options.strategy = *find_strategy(request.strategy);
    if (!request.seed.empty()) {
        const Result<std::uint64_t> seed = parse_count(request.seed);
        if (!seed) return Error{EINVAL, "--seed: " + seed.error().text};
        options.seed = *seed;
    }
    options.stop_at_first_crash = request.first;
    options.jobs = jobs_of(request);
    options.preemptions = request.preemptions;
    const Result<std::uint64_t> memory = memory_of(request);
    if (!memory) return memory.error();
    options.memory = *memory;
    if (request.budget.empty()) return options;
    const Result<std::uint64_t> budget = parse_count(request.budget);
    if (!budget) return Error{EINVAL, "--budget: " + budget.error().text};
    if (*budget == 0) return Error{EINVAL, "--budget: nothing can be found in 0 states"};
    options.budget = *budget;
    return options;
}

// ---- one scenario

// Where the scenario wants single executions, there is no end to come to: the first that goes wrong is what it is for.
constexpr std::uint64_t kExecutionsOfScenario = 30'000;

void search_as_said(const Scenario& scenario, const ExploreRequest& request, ExploreOptions& options) {
    if (!request.strategy.empty() || row_of(scenario.strategy).counts_states) return;
    options.strategy = scenario.strategy;
    options.stop_at_first_crash = true;
    if (request.budget.empty()) options.budget = kExecutionsOfScenario;
}

// Runs the schedule once more: a replay file says what each pick stood for.
Result<bool> save_replay(const Verdict& verdict, const std::string& path) {
    const Result<Run> run = run_once(verdict.scenario, &verdict.shortest->picks);
    if (!run) return run.error();
    ReplayFile replay{verdict.scenario, run->picks, run->stood_for, "", run->log_hash};
    replay.ending = std::string(ending_name(run->ending)) + (run->what.empty() ? "" : " " + run->what);
    return write_output(path, replay_text(replay));
}

Result<bool> save_scenario(const Verdict& verdict, const std::string& path) {
    try {
        return write_output(path, scenario_text(scenario_of(*verdict.shortest, verdict.scenario)));
    } catch (const std::runtime_error& error) {
        return Error{EINVAL, path + ": not written: " + error.what()};
    }
}

// What was asked for of the shortest bad schedule. Error: it could not be written.
Result<bool> save(const Verdict& verdict, const ExploreRequest& request) {
    if (!verdict.shortest) {
        if (!request.save.empty() || !request.save_scenario.empty()) note("nothing to save: no bad ending");
        return false;
    }
    if (!request.save.empty())
        if (Result<bool> written = save_replay(verdict, request.save); !written) return written;
    if (!request.save_scenario.empty())
        if (Result<bool> written = save_scenario(verdict, request.save_scenario); !written) return written;
    return true;
}

// What a pipe wants is on stdout alone; the card goes to stderr then.
void print_verdict(const Verdict& verdict, const ExploreRequest& request, const std::string& replay) {
    const bool is_taken = request.save == "-" || request.save_scenario == "-";
    const std::string told = request.json ? verdict_json(verdict, replay) + "\n" : verdict_card(verdict, replay);
    std::fflush(stdout);
    say(is_taken ? stderr : stdout, "{}", told);
}

int exit_code_of(const Verdict& verdict) {
    if (verdict.interrupted) return kInterrupted;
    switch (expectation_of(verdict)) {
        case Held::Yes:
            return kOk;
        case Held::NotKnown:
            return kNotKnown;
        case Held::No:
            break;
    }
    return kFailed;
}

// The search that is asked for, from its beginning.
Result<SavedSearch> new_search(const ExploreRequest& request, ExploreOptions& options) {
    Result<Scenario> scenario = load_scenario(request.scenario);
    if (!scenario) return scenario.error();
    if (!request.scenario.expect.empty()) scenario->schedule.clear();  // it is expected of the search
    search_as_said(*scenario, request, options);
    SavedSearch search;
    search.scenario = *scenario;
    search.strategy = options.strategy;
    search.seed = options.seed;
    search.preemptions = options.preemptions;
    return search;
}

// One that was saved. It may count as much again, and what ended it before does not end it at once.
Result<SavedSearch> old_search(const ExploreRequest& request, ExploreOptions& options) {
    AskedBeside asked{request.scenario, std::nullopt, std::nullopt, request.preemptions};
    if (!request.strategy.empty()) asked.strategy = options.strategy;
    if (!request.seed.empty()) asked.seed = options.seed;
    Result<SavedSearch> saved = saved_search_in(request.resume, asked);
    if (!saved) return saved;
    if (request.budget.empty()) {
        search_as_said(saved->scenario, request, options);
        options.budget += saved->counted;
    } else if (options.budget <= saved->counted) {
        return Error{EINVAL, fmt::format("--budget: {} were counted before; it is for all of the search",
                                         grouped(saved->counted))};
    }
    options.stop_at_first_crash = request.first;
    options.strategy = saved->strategy;
    options.seed = saved->seed;
    options.preemptions = saved->preemptions;
    return saved;
}

// Before a search that may take hours.
Result<bool> can_write_all(const ExploreRequest& request) {
    for (const std::string& path : {request.save, request.save_scenario, request.save_search})
        if (!path.empty() && path != "-")
            if (Result<bool> good = can_save_file(path); !good) return good;
    return true;
}

// Where what is left goes, for --resume; empty: nowhere. Who goes on to the end needs no place for it.
std::string where_to_keep(const ExploreRequest& request) {
    if (!request.save_search.empty() || request.resume.empty()) return request.save_search;
    const Result<bool> good = can_save_file(request.resume);
    if (good) return request.resume;
    note(good.error().text + "; what ends early again is not kept (--save-search keeps it elsewhere)");
    return "";
}

// What is left of it, for --resume.
Result<bool> save_rest(const Verdict& verdict, SavedSearch search, const ExploreRequest& request,
                       const std::string& path) {
    if (path.empty()) return false;
    if (verdict.rest.empty()) {
        note("nothing is left to search: " + shown(path) +
             (request.resume == path ? " is of no use any more" : " was not written"));
        return false;
    }
    search.scenario = verdict.scenario;
    search.counted = row_of(search.strategy).counts_states ? verdict.states : verdict.schedules;
    search.body = verdict.rest;
    if (Result<bool> written = save_search(path, std::move(search)); !written) return written;
    note("to go on: mdscope explore --resume " + shell_word(path));
    return true;
}

int explore_scenario(const ExploreRequest& request, ExploreOptions options) {
    const Result<SavedSearch> search = request.resume.empty() ? new_search(request, options)  //
                                                              : old_search(request, options);
    if (!search) return complain(kUsage, search.error().text);
    const Scenario* const scenario = &search->scenario;
    if (const Result<bool> good = can_write_all(request); !good) return complain(kFailed, good.error().text);
    const std::string kept = where_to_keep(request);
    const InterruptFlag interrupt;
    ProgressLine line;
    if (!request.resume.empty()) options.resume = &search->body;
    options.keeps_rest = !kept.empty();
    options.progress = [&](const Verdict& so_far) {
        line.show(progress_line(so_far));
        return !InterruptFlag::raised();
    };
    const Result<Verdict> verdict = explore(*scenario, options);
    line.clear();
    if (!verdict) return complain(kUsage, scenario->name + ": " + verdict.error().text);

    if (const std::string warning = warning_about_bits(*scenario); !warning.empty())
        note(scenario->name + ": " + warning);
    if (const std::string warning = warning_about_stores(*scenario); !warning.empty())
        note(scenario->name + ": " + warning);
    const Result<bool> is_saved = save(*verdict, request);
    const Result<bool> is_kept = save_rest(*verdict, *search, request, kept);
    // Also where something could not be written: the search is not done again for that.
    print_verdict(*verdict, request, is_saved && *is_saved && request.save != "-" ? request.save : "");
    for (const Result<bool>* const written : {&is_saved, &is_kept})
        if (!*written) return complain(kFailed, written->error().text);
    return exit_code_of(*verdict);
}

// ---- the matrix

// The cells of the matrix that was asked for: coarse, and fine too unless one of both is.
Result<std::vector<MatrixCell>> cells_of(const ExploreRequest& request) {
    const Result<Scenario> base = load_scenario(request.scenario);
    if (!base) return base.error();
    if (const std::string wrong = unknown_exhibit(*base); !wrong.empty()) return Error{EINVAL, wrong};
    const museum::Names crossed = exhibit_of(*base).matrix.variants;
    if (crossed.empty()) return Error{EINVAL, fmt::format("exhibit {} has no matrix", exhibit_of(*base).name)};
    std::vector<MatrixCell> cells;
    bool one_granularity = false;
    for (const auto& [word, value] : request.scenario.words) {
        one_granularity = one_granularity || word == "granularity";
        if (word == "bitmap" || std::ranges::find(crossed, word) != crossed.end())
            return Error{EINVAL, "--matrix has every " + word + "; leave --" + word + " out"};
    }
    if (!request.scenario.scenario.empty() || !request.scenario.entrance.empty() || !request.scenario.kernel.empty())
        return Error{EINVAL, "--matrix has scenarios, entrances and rows of its own; leave them out"};
    for (const Granularity granularity : {Granularity::Coarse, Granularity::Fine}) {
        if (one_granularity && granularity != base->granularity) continue;
        for (MatrixCell& cell : matrix_cells(exhibit_of(*base), granularity)) {
            cell.members = base->members;
            cell.pages = base->pages;
            cell.errors = base->errors;
            for (const auto& [word, value] : request.scenario.words) (void)cell.variants.choose(word, value);
            cells.push_back(std::move(cell));
        }
    }
    return cells;
}

// Nobody can read the tables any more: `mdscope explore --matrix | head -1`, once head has left.
bool is_stdout_gone() {
    pollfd out{STDOUT_FILENO, 0, 0};
    return poll(&out, 1, 0) > 0 && (out.revents & (POLLERR | POLLHUP)) != 0;
}

bool is_wanted() {
    return !InterruptFlag::raised() && !is_stdout_gone();
}

void say_how_long(const std::vector<MatrixCell>& cells) {
    const bool fine = std::any_of(cells.begin(), cells.end(),
                                  [](const MatrixCell& cell) { return cell.granularity == Granularity::Fine; });
    note(fmt::format("{} cells; {}", cells.size(),
                     fine ? "about two minutes (with --granularity coarse under a second)" : "a second or so"));
}

// Cells are independent: each thread takes the next one.
void explore_cells(std::vector<MatrixCell>& cells, const ExploreRequest& request, ProgressLine& line) {
    std::atomic<std::size_t> next{0};
    std::atomic<std::size_t> done{0};
    const auto show = [&](const MatrixCell& cell, std::uint64_t states) {
        line.show(fmt::format("{} of {} cells; {} steps, {}, {}, {}: {} states", done.load(), cells.size(),
                              granularity_name(cell.granularity), cell.bitmap, cell.entrance, told_rows(cell.variants),
                              grouped(states)));
    };
    const auto work = [&] {
        for (std::size_t i = next++; i < cells.size() && is_wanted(); i = next++) {
            ExploreOptions options = *options_of(request);  // they were checked
            if (request.budget.empty()) options.budget = kMatrixBudget;
            options.jobs = 1;  // as many cells are searched at a time
            options.progress = [&, i](const Verdict& so_far) {
                show(cells[i], so_far.states);
                return is_wanted();
            };
            explore_cell(cells[i], options);
            const std::size_t now = ++done;
            if (now * 10 / cells.size() != (now - 1) * 10 / cells.size())
                line.say(fmt::format("{} of {} cells", now, cells.size()));
            show(cells[i], cells[i].verdict.states);
        }
    };
    std::vector<std::jthread> threads;
    for (unsigned i = 1; i < jobs_of(request); i++) threads.emplace_back(work);
    work();
}

int explore_matrix(const ExploreRequest& request) {
    Result<std::vector<MatrixCell>> cells = cells_of(request);
    if (!cells) return complain(kUsage, cells.error().text);
    const InterruptFlag interrupt;
    ProgressLine line;
    say_how_long(*cells);
    explore_cells(*cells, request, line);
    line.clear();
    if (is_stdout_gone()) return complain(kFailed, "stdout was closed; the search has ended");
    say("{}", request.json ? matrix_json(*cells) + "\n" : matrix_text(*cells));
    return InterruptFlag::raised() ? kInterrupted : kOk;
}

// From which nobody could read it again: a pipe, a terminal, /dev/null.
bool is_no_file(const std::string& path) {
    std::error_code failed;
    const auto kind = std::filesystem::status(path, failed).type();
    using Type = std::filesystem::file_type;
    return path == "-" || kind == Type::fifo || kind == Type::character || kind == Type::socket;
}

int explore_command(const ExploreRequest& request) {
    const Result<ExploreOptions> options = options_of(request);
    if (!options) return complain(kUsage, options.error().text);
    if (request.save == "-" && request.save_scenario == "-")
        return complain(kUsage, "--save and --save-scenario cannot both have stdout");
    if ((request.matrix || request.museum) && !request.scenario.expect.empty())
        return complain(kUsage, "--expect is for one scenario");
    if (request.matrix && !(request.save.empty() && request.save_scenario.empty()))
        return complain(kUsage, "--save and --save-scenario are for one scenario; --matrix has many");
    if ((request.matrix || request.museum) && !(request.save_search.empty() && request.resume.empty()))
        return complain(kUsage, "--save-search and --resume are for one scenario");
    if (is_no_file(request.save_search)) return complain(kUsage, "--save-search takes a file, to be read again");
    if (request.museum) {
        if (request.matrix || !request.scenario.scenario.empty() || !request.scenario.words.empty())
            return complain(kUsage, "--museum has scenarios and rows of its own; only --kernel goes with it");
        return explore_museum(request.scenario.kernel, *options, request.json);
    }
    return request.matrix ? explore_matrix(request) : explore_scenario(request, *options);
}

constexpr const char* kExamples = R"(Examples:
  mdscope explore report-2021                          the crash of the report, its shortest schedule, its console
  mdscope explore report-2021 --fix upstream           the same array with the fix: every schedule is safe
  mdscope explore --fix none --bitmap internal         a stop mid-write, elsewhere
  mdscope explore pools-stop --save crash.replay       keep the schedule, then: mdscope replay crash.replay
  mdscope explore four-pages --first --save-scenario f.mds   ... as a scenario, then: mdscope run f.mds
  mdscope explore --matrix --granularity coarse        every home and entrance, with every fix, order and life of the pools
  mdscope explore four-pages --fix upstream --preemptions 2 --expect safe   all schedules with few changes of task
  mdscope explore pools-stop --save-scenario - | mdscope run -
  mdscope explore four-pages --budget 1000 --save-search rest; mdscope explore --resume rest
Ctrl-C prints what was found so far.

Exit codes: 0 what is expected holds, 1 it does not, 2 a scenario or an option makes no sense, 5 not known: there is more
to look at, and nothing bad was met, 130 interrupted)";

}  // namespace

void add_explore_commands(CLI::App& app, int* exit_code) {
    CLI::App* sub = app.add_subcommand("explore", "Search every order of events of a scenario for crashes and hangs");
    const auto request = std::make_shared<ExploreRequest>();
    add_scenario_options(*sub, request->scenario);
    constexpr const char* kSearch = "Search";
    sub->add_option(
           "--strategy", request->strategy,
           "bfs (the shortest crash, and a true end), dfs, random, pct; without it: what the scenario says, or bfs")
        ->type_name("NAME")
        ->check(CLI::IsMember(strategy_words()))
        ->group(kSearch);
    sub->add_option("--seed", request->seed, "For random and pct; default 1")->type_name("N")->group(kSearch);
    sub->add_option(
           "--budget", request->budget,
           "So many executions, or about so many states (bfs: those that follow from one are counted together, with "
           "cuts 64 at a time), as 20000 or 10M; default 10M, with --matrix 100,000 a cell, and 30,000 where a "
           "scenario says which executions it wants")
        ->type_name("N")
        ->group(kSearch);
    sub->add_option("--memory", request->memory,
                    "The search ends when the program takes so much, as 2G; default: four fifths of what is free")
        ->type_name("SIZE")
        ->group(kSearch);
    sub->add_option_function<unsigned>(
           "--preemptions", [request](const unsigned& most) { request->preemptions = most; },
           "At most so often another task goes on where the one that went last could have; most bugs need 2 or fewer")
        ->check(CLI::Range(0U, 1000U))
        ->group(kSearch);
    sub->add_flag("--first", request->first, "End at the first bad ending; breadth-first that is the shortest")
        ->group(kSearch);
    sub->add_flag("--matrix", request->matrix, "All homes, entrances and rows that matter: tables")->group(kSearch);
    sub->add_flag("--museum", request->museum, "Each exhibit of the museum; with --kernel: which of them it has")
        ->group(kSearch);
    sub->add_option("--jobs", request->jobs, "Threads; default: one a processor")
        ->check(CLI::Range(1, 64))
        ->group(kSearch);
    sub->add_flag("--json", request->json, "One JSON object");
    add_expect_option(*sub, request->scenario);
    sub->add_option("--save", request->save, "Write the shortest bad schedule into a replay file (-: stdout)")
        ->type_name("FILE");
    sub->add_option("--save-scenario", request->save_scenario,
                    "Write it into a scenario file, in words, for mdscope run and the window (-: stdout)")
        ->type_name("FILE");
    sub->add_option("--save-search", request->save_search,
                    "Where a search that ends early (by Ctrl-C, --budget, --memory, --first) is kept, for --resume")
        ->type_name("FILE");
    sub->add_option("--resume", request->resume,
                    "Goes on with a search that was kept, to the same counts as in one go; what ends early again is "
                    "kept in the same file")
        ->type_name("FILE");
    sub->footer(kExamples);
    sub->callback([=] { *exit_code = explore_command(*request); });
}

}  // namespace mdscope
