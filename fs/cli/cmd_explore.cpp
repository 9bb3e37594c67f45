// explore: every schedule of a scenario, or the matrix of all of them; a card, or one JSON object.
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "engine/explore/card.hpp"
#include "engine/explore/matrix.hpp"
#include "engine/explore/scenario_check.hpp"
#include "engine/host/save_file.hpp"
#include "engine/story/record/counter_scenario.hpp"
#include "fs/cli/commands.hpp"
#include "fs/cli/interrupt_flag.hpp"
#include "fs/cli/museum.hpp"
#include "fs/cli/scenario_options.hpp"

namespace mdscope {

namespace {

struct ExploreRequest {
    ScenarioOptions scenario;
    std::string strategy;  // "": as the scenario says
    std::uint64_t seed = 1;
    std::uint64_t budget = 0;  // 0: the default of ExploreOptions
    unsigned jobs = 0;         // 0: one a processor
    bool first = false;
    bool matrix = false;
    bool museum = false;
    bool json = false;
    std::string save, save_scenario;
};

// One line on a terminal, drawn over and over; elsewhere what say() is given, a line each.
class ProgressLine {
   public:
    void show(const std::string& text) {
        if (!terminal_) return;
        const std::lock_guard guard(mutex_);
        fmt::print(stderr, "\r\033[K{}", text);
        std::fflush(stderr);
        drawn_ = true;
    }
    void say(const std::string& text) {
        if (terminal_) return;
        const std::lock_guard guard(mutex_);
        fmt::print(stderr, "{}\n", text);
    }
    void clear() {
        const std::lock_guard guard(mutex_);
        if (drawn_) fmt::print(stderr, "\r\033[K");
        drawn_ = false;
    }

   private:
    const bool terminal_ = isatty(STDERR_FILENO) != 0;
    bool drawn_ = false;
    std::mutex mutex_;
};

std::vector<std::string> strategy_words() {
    std::vector<std::string> words;
    for (const StrategyRow& row : kStrategies) words.emplace_back(row.word);
    return words;
}

unsigned jobs_of(const ExploreRequest& request) {
    return request.jobs != 0 ? request.jobs : std::max(1U, std::thread::hardware_concurrency());
}

ExploreOptions options_of(const ExploreRequest& request) {
    ExploreOptions options;
    if (!request.strategy.empty()) options.strategy = *find_strategy(request.strategy);
    options.seed = request.seed;
    options.stop_at_first_crash = request.first;
    options.jobs = jobs_of(request);
    if (request.budget != 0) options.budget = request.budget;
    return options;
}

// ---- one scenario

// Where the scenario wants single executions, there is no end to come to: the first that goes wrong is what it is for.
constexpr std::uint64_t kExecutionsOfScenario = 30'000;

void search_as_said(const Scenario& scenario, const ExploreRequest& request, ExploreOptions& options) {
    if (!request.strategy.empty() || row_of(scenario.strategy).counts_states) return;
    options.strategy = scenario.strategy;
    options.stop_at_first_crash = true;
    if (request.budget == 0) options.budget = kExecutionsOfScenario;
}

// Runs the schedule once more: a replay file says what each pick stood for.
Result<bool> save_replay(const Verdict& verdict, const std::string& path) {
    const Result<Run> run = run_once(verdict.scenario, &verdict.shortest->picks);
    if (!run) return run.error();
    ReplayFile replay{verdict.scenario, run->picks, run->stood_for, "", run->log_hash};
    replay.ending = std::string(ending_name(run->ending)) + (run->what.empty() ? "" : " " + run->what);
    return save_file(path, replay_text(replay));
}

Result<bool> save_scenario(const Verdict& verdict, const std::string& path) {
    try {
        return save_file(path, scenario_text(scenario_of(*verdict.shortest, verdict.scenario)));
    } catch (const std::runtime_error& error) {
        return Error{EINVAL, path + ": not written: " + error.what()};
    }
}

// What was asked for of the shortest bad schedule. Error: it could not be written.
Result<bool> save(const Verdict& verdict, const ExploreRequest& request) {
    if (!verdict.shortest) {
        if (!request.save.empty() || !request.save_scenario.empty())
            fmt::print(stderr, "mdscope: nothing to save: no bad ending\n");
        return false;
    }
    if (!request.save.empty())
        if (Result<bool> written = save_replay(verdict, request.save); !written) return written;
    if (!request.save_scenario.empty())
        if (Result<bool> written = save_scenario(verdict, request.save_scenario); !written) return written;
    return true;
}

int explore_scenario(const ExploreRequest& request) {
    const Result<Scenario> scenario = load_scenario(request.scenario);
    if (!scenario) return complain(kUsage, scenario.error().text);
    const InterruptFlag interrupt;
    ProgressLine line;
    ExploreOptions options = options_of(request);
    search_as_said(*scenario, request, options);
    options.progress = [&](const Verdict& so_far) {
        line.show(progress_line(so_far));
        return !InterruptFlag::raised();
    };
    const Result<Verdict> verdict = explore(*scenario, options);
    line.clear();
    if (!verdict) return complain(kUsage, scenario->name + ": " + verdict.error().text);

    if (const std::string warning = warning_about_bits(*scenario); !warning.empty())
        fmt::print(stderr, "mdscope: {}: {}\n", scenario->name, warning);
    const Result<bool> is_saved = save(*verdict, request);
    if (!is_saved) return complain(kFailed, is_saved.error().text);
    const std::string replay = *is_saved ? request.save : "";
    fmt::print("{}", request.json ? verdict_json(*verdict, replay) + "\n" : verdict_card(*verdict, replay));
    if (verdict->interrupted) return kInterrupted;
    return expectation_holds(*verdict) ? kOk : kFailed;
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
    fmt::print(stderr, "mdscope: {} cells; {}\n", cells.size(),
               fine ? "about two minutes (with --granularity coarse under a second)" : "a second or so");
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
            ExploreOptions options = options_of(request);
            if (request.budget == 0) options.budget = kMatrixBudget;
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
    fmt::print("{}", request.json ? matrix_json(*cells) + "\n" : matrix_text(*cells));
    return InterruptFlag::raised() ? kInterrupted : kOk;
}

int explore_command(const ExploreRequest& request) {
    if (request.matrix && !(request.save.empty() && request.save_scenario.empty()))
        return complain(kUsage, "--save and --save-scenario are for one scenario; --matrix has many");
    if (request.museum) {
        if (request.matrix || !request.scenario.scenario.empty() || !request.scenario.words.empty())
            return complain(kUsage, "--museum has scenarios and rows of its own; only --kernel goes with it");
        return explore_museum(request.scenario.kernel, options_of(request), request.json);
    }
    return request.matrix ? explore_matrix(request) : explore_scenario(request);
}

constexpr const char* kExamples = R"(Examples:
  mdscope explore report-2021                          the crash of the report, its shortest schedule, its console
  mdscope explore report-2021 --fix upstream           the same array with the fix: every schedule is safe
  mdscope explore --fix none --bitmap internal         a stop mid-write, elsewhere
  mdscope explore pools-stop --save crash.replay       keep the schedule, then: mdscope replay crash.replay
  mdscope explore four-pages --first --save-scenario f.mds   ... as a scenario, then: mdscope run f.mds
  mdscope explore --matrix --granularity coarse        every home and entrance, with every fix, order and life of the pools
Ctrl-C prints what was found so far.

Exit codes: 0 what the scenario expects holds, 1 it does not, 2 a scenario or an option makes no sense, 130 interrupted)";

}  // namespace

void add_explore_commands(CLI::App& app, int* exit_code) {
    CLI::App* sub = app.add_subcommand("explore", "Search every order of events of a scenario for crashes and hangs");
    const auto request = std::make_shared<ExploreRequest>();
    add_scenario_options(*sub, request->scenario);
    constexpr const char* kSearch = "Search";
    sub->add_option(
           "--strategy", request->strategy,
           "bfs (the shortest crash, and a true end), dfs, random, pct; without it: what the scenario says, or bfs")
        ->check(CLI::IsMember(strategy_words()))
        ->group(kSearch);
    sub->add_option("--seed", request->seed, "For random and pct")->group(kSearch);
    sub->add_option(
           "--budget", request->budget,
           "At most so many states (bfs) or executions; default 10,000,000, with --matrix 100,000 a cell, and 30,000 "
           "where a scenario says which executions it wants")
        ->check(CLI::PositiveNumber)
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
    sub->add_option("--save", request->save, "Write the shortest bad schedule into a replay file");
    sub->add_option("--save-scenario", request->save_scenario,
                    "Write it into a scenario file, in words, for mdscope run and the window");
    sub->footer(kExamples);
    sub->callback([=] { *exit_code = explore_command(*request); });
}

}  // namespace mdscope
