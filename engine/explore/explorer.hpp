// SPDX-License-Identifier: MIT
// Searching the schedules of a scenario.
//
//   breadth-first   states are hashed and met once: the shortest counter-example, and a true "nothing left"
//   depth-first     whole executions, sleep sets leave out orders that differ only in independent steps
//   random, PCT     by seed, for what is too large
//   replay          one schedule, as recorded
//
// A schedule is the list of the picks made where more than one thing could happen. Each ends in one of four ways.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/kernel/kernel.hpp"
#include "engine/scenario/scenario.hpp"

namespace mdscope {

struct ExploreOptions {
    Strategy strategy = Strategy::Bfs;
    std::uint64_t seed = 1;
    std::uint64_t budget = 10'000'000;  // states (breadth-first) or executions (the others)
    std::uint64_t memory = 0;           // bytes of the whole program at which the search ends; 0: there is no bound
    bool invariants = true;             // ask all judges (judge.hpp), not only for crashes and hangs
    bool sleep_sets = true;             // depth-first only
    bool stop_at_first_crash = false;
    unsigned jobs = 1;  // threads; breadth-first only
    // At most so often in a schedule another task goes on where the one that went last could have; nullopt: any number.
    std::optional<unsigned> preemptions;
    // Of an earlier search of the same scenario with the same options but for the budget and the threads: goes on with
    // it. nullptr: from the beginning.
    const std::string* resume = nullptr;
    bool keeps_rest = false;  // a search that ends early says how to go on with it: Verdict::rest
    // Called now and then; false ends the search (Ctrl-C), and the verdict says so.
    std::function<bool(const struct Verdict&)> progress;
};

// One step of a counter-example, in words and for lanes.
struct ScheduleStep {
    std::string actor;       // "stopper", "md0_raid1", "sda completion", "swapper/0"
    std::string what;        // "run stopper#3", "complete 7 (sda bitmap write 8+8)"
    std::string where;       // innermost frame after the step, "md_super_wait"; empty: idle
    bool is_choice = false;  // others were possible
    std::uint64_t at_ns = 0;
    int mddev_pending_writes = 0;
    int bitmap_pending_writes = 0;
};

enum class Ending : std::uint8_t { Done, Crash, Hang, Violation };

std::string_view ending_name(Ending ending);

struct Judge;  // judge.hpp

// A schedule that ended badly.
struct CounterExample {
    Ending ending = Ending::Crash;
    std::vector<std::uint32_t> picks;  // what ReplayFile holds
    std::uint64_t steps = 0;
    std::optional<Oops> oops;
    const Judge* judge = nullptr;  // whose row does not hold
    std::string what;     // its reason: "NULL pointer dereference of rdev->mddev in super_written"; the sleepers; ...
    std::string console;  // as the kernel prints it, with crash> lines and three plain sentences
    std::vector<ScheduleStep> lanes;
};

// An execution in which somebody is never chosen need not end: a depth-first search leaves out what takes more steps
// behind a choice, and is not complete then.
inline constexpr std::uint64_t kLongestExecution = 10'000;

// Whether a search counts lives (search_crash.cpp): it has states and cuts then, but neither schedules nor their depth.
[[nodiscard]] bool counts_lives(const Scenario& scenario, Strategy strategy);

struct Verdict {
    Scenario scenario;
    Strategy strategy = Strategy::Bfs;
    std::uint64_t states = 0;       // distinct (breadth-first)
    std::uint64_t transitions = 0;  // steps taken from them
    std::uint64_t schedules = 0;    // executions, or paths through the states as a number (breadth-first; saturates)
    double schedules_log10 = 0;     // of the same number
    std::uint64_t depth = 0;        // longest schedule, in choices
    std::uint64_t done = 0, crashes = 0, hangs = 0, violations = 0;  // endings: states (bfs) or executions
    std::vector<std::pair<std::string, std::uint64_t>> crash_ways;   // distinct `what`, with how many
    bool complete = false;                                           // nothing left to look at
    std::optional<unsigned> preemptions;                             // as asked for
    bool is_bounded = false;  // nothing is left but what has more preemptions, or does not end
    bool interrupted = false;
    bool out_of_memory = false;  // it ended at ExploreOptions::memory
    // Where the power may be cut: moments and what may be left then, those of a moment all different; and the lives
    // after it that were looked at, which are as many as there are different media and promises.
    std::uint64_t crash_points = 0, lives = 0;
    std::array<std::uint64_t, 64> crash_places{};  // of those, by the rows of crash_places()
    bool cuts_are_whole = true;  // false: at some moment too much was unsure for every set of it to be tried
    double seconds = 0;
    std::string rest;                        // what was left (saved_search.hpp); empty: nothing, or nobody asked
    std::optional<CounterExample> shortest;  // breadth-first: shortest there is; else the shortest that was met
};

// A schedule of the scenario is left aside, and with it what it ends in: the verdict's scenario expects nothing then.
Result<Verdict> explore(const Scenario& scenario, const ExploreOptions& options);

// ---- replaying one schedule

// A text file: version, scenario, picks with what each stood for, the ending, hash of the event log.
struct ReplayFile {
    Scenario scenario;
    std::vector<std::uint32_t> picks;
    std::vector<std::string> stood_for;  // of each pick, as SimKernel::describe said; empty: not checked
    std::string ending;                  // "crash NULL pointer dereference of rdev->mddev in super_written"
    std::uint64_t log_hash = 0;
};
Result<ReplayFile> parse_replay(std::string_view text);
std::string replay_text(const ReplayFile& replay);

struct Run {
    Ending ending = Ending::Done;
    bool is_over = true;  // false: it was told to stop before its end, and `ending` means nothing
    std::optional<Oops> oops;
    const Judge* judge = nullptr;  // whose row does not hold; nullptr: it ended well
    std::string what;              // its reason
    std::string event_log;
    std::uint64_t log_hash = 0;  // FNV-1a of the event log
    std::string tree_all;        // call tree of the first task that stops the array, every frame
    std::string tree;            // only the functions of the reference trees
    std::string mdstat;          // before the tasks began
    std::string console;         // of a crash
    std::vector<ScheduleStep> lanes;
    std::vector<std::uint32_t> picks;
    std::vector<std::string> stood_for;
};
// Runs it once. Without picks: tasks go first, completions only when nothing else can happen, so a stop meets its
// writes still in flight. At most `most_steps` are taken; when there were more to come, the run is not over. Error: the
// picks drifted (which step, what was recorded, what was offered).
inline constexpr std::uint64_t kToTheEnd = ~std::uint64_t{0};
// A cut that is no pick: it came before the step with this number.
struct CutByHand {
    std::uint64_t step;
    std::string words;  // cut_by_hand.hpp
};
// The same where nothing is cut but by hand.
Result<Run> run_with_cuts(const Scenario& scenario, const std::vector<std::uint32_t>& picks,
                          const std::vector<CutByHand>& cuts, std::uint64_t most_steps);
Result<Run> run_once(const Scenario& scenario, const std::vector<std::uint32_t>* picks = nullptr,
                     const std::vector<std::string>* stood_for = nullptr, std::uint64_t most_steps = kToTheEnd);

}  // namespace mdscope
