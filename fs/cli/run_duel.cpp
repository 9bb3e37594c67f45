// SPDX-License-Identifier: MIT

#include "fs/cli/run_duel.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <stdexcept>

#include "engine/explore/card.hpp"
#include "engine/scenario/share.hpp"
#include "engine/scenario/text_lines.hpp"
#include "engine/story/draw/svg.hpp"
#include "engine/story/draw/trace_json.hpp"
#include "engine/story/record/outcome.hpp"
#include "engine/story/tell/narration.hpp"
#include "fs/cli/commands.hpp"
#include "fs/cli/standard_streams.hpp"

namespace mdscope {

namespace {

void say_what_was_not_asked_for(const Unasked& unasked) {
    if (unasked.let_go.empty()) return;
    note(fmt::format("nothing else was left at tick {}, so what was held was let go: {}", unasked.tick,
                     fmt::join(unasked.let_go, ", ")));
}

// Empty, or what is wrong with --until.
std::string cut_at(Duel& duel, const std::string& until) {
    std::uint64_t tick = 0;
    if (until.empty() || until == "end") return {};
    if (until == "oops") {
        if (const std::optional<std::size_t> oops = first_oops(duel)) duel.cut(*oops);
        return {};
    }
    if (!read_number(until, &tick))
        return fmt::format("--until takes oops, end or the number of a tick, not '{}'", until);
    duel.cut(tick);
    return {};
}

// What is looked at: as asked for, else where the file's playhead stands, else the last.
Result<std::size_t> tick_of(const Duel& duel, const Scenario& scenario, const DuelRequest& request) {
    if (request.at && *request.at > duel.end())
        return Error{EINVAL, fmt::format("--at {}: the run ends at tick {}", *request.at, duel.end())};
    if (request.at) return *request.at;
    if (scenario.playhead && request.until.empty()) return std::min<std::size_t>(*scenario.playhead, duel.end());
    return duel.end();
}

// What a pipe wants is on stdout alone; the story goes to stderr then.
std::FILE* story_stream(const DuelRequest& request) {
    return request.trace == "-" || request.svg == "-" ? stderr : stdout;
}

// The run as it was, step by step, so that it is the same wherever it is opened.
int share_duel(const Duel& duel, Scenario scenario, const DuelRequest& request) {
    if (request.at || scenario.playhead) scenario.playhead = *tick_of(duel, scenario, request);
    scenario.schedule = duel.schedule(duel.end());
    const Result<std::string> code = share_code(scenario);
    if (!code) return complain(kFailed, code.error().text);
    say(story_stream(request), "{}\n", *code);
    return kOk;
}

int describe_duel(const Duel& duel, const Scenario& scenario, const DuelRequest& request) {
    Foresight foresight(duel);
    say(story_stream(request), "{}", describe(duel, *tick_of(duel, scenario, request), foresight));
    return kOk;
}

void print_one(const Scenario& scenario, const Run& run, const DuelRequest& request) {
    if (request.json)
        say(story_stream(request), "{}\n", run_json(scenario, run));
    else
        say(story_stream(request), "{}", request.log ? run.event_log : run_card(scenario, run));
}

void print_both(const Duel& duel, const std::array<Run, 2>& runs, const DuelRequest& request) {
    if (request.json) {
        say(story_stream(request), "{}\n", duel_json(duel, runs));
    } else if (request.log) {
        for (const Side side : kSides)
            say(story_stream(request), "==== {}: {}\n{}", side == Side::A ? "A" : "B", side_text(duel, side),
                runs[side].event_log);
    } else {
        say(story_stream(request), "{}", duel_card(duel, runs));
    }
}

// The second array has nothing to live up to, but the engine must be whole there, too.
int verdict_of(const Scenario& scenario, const std::array<Run, 2>& runs) {
    if (runs[Side::B].ending == Ending::Violation) return kFailed;
    return runs[Side::A].is_over ? code_of_run(scenario, runs[Side::A]) : kOk;
}

int tell_duel(const Duel& duel, const Scenario& scenario, const DuelRequest& request) {
    std::array<Run, 2> runs;
    for (const Side side : kSides) {
        Result<Run> run = run_of(duel.tape(side));
        if (!run) return complain(kFailed, scenario.name + ": " + run.error().text);
        runs[side] = std::move(*run);
    }
    if (scenario.versus.empty())
        print_one(scenario, runs[Side::A], request);
    else
        print_both(duel, runs, request);
    return verdict_of(scenario, runs);
}

Result<bool> write_files(const Duel& duel, const DuelRequest& request) {
    if (!request.trace.empty())
        if (Result<bool> written = write_output(request.trace, trace_json(duel) + "\n"); !written) return written;
    if (!request.svg.empty()) return write_output(request.svg, lanes_svg(picture_of(duel, request.at)));
    return true;
}

int run_and_tell(const Scenario& scenario, const DuelRequest& request) {
    if (request.trace == "-" && request.svg == "-")
        return complain(kUsage, "--trace and --svg cannot both have stdout");
    Duel duel(scenario, opponent_of(scenario));
    const Unasked unasked = play_out(duel);
    const bool is_full = duel.standstill() == Standstill::Full;
    if (const std::string wrong = cut_at(duel, request.until); !wrong.empty()) return complain(kUsage, wrong);
    if (const Result<std::size_t> tick = tick_of(duel, scenario, request); !tick)
        return complain(kUsage, tick.error().text);
    if (duel.end() > unasked.tick) say_what_was_not_asked_for(unasked);
    if (const Result<bool> written = write_files(duel, request); !written)
        return complain(kFailed, written.error().text);
    const int code = request.describe ? describe_duel(duel, scenario, request)
                     : request.share  ? share_duel(duel, scenario, request)
                                      : tell_duel(duel, scenario, request);
    if (is_full && duel.standstill() == Standstill::Full)
        return complain(kFailed, fmt::format("{}: no end in {} steps", scenario.name, grouped(Tape::kMostSteps)));
    return code;
}

}  // namespace

int code_of_run(const Scenario& scenario, const Run& run) {
    switch (expectation_of(scenario, run)) {
        case Held::Yes:
            return kOk;
        case Held::No:
            return kFailed;
        case Held::NotKnown:
            break;
    }
    return complain(kNotKnown, scenario.name + ": this one run ended well; '" + expectation_text(scenario.expect) +
                                   "' is expected of the search, `mdscope explore`");
}

void add_duel_options(CLI::App& app, DuelRequest& request) {
    constexpr const char* kTwo = "Two arrays, one schedule";
    app.add_option("--until", request.until, "oops, end or the number of a tick: how far it goes")
        ->type_name("WHERE")
        ->group(kTwo);
    app.add_flag("--describe", request.describe, "What the window shows, as text")->group(kTwo);
    app.add_option_function<std::uint64_t>(
           "--at", [&request](const std::uint64_t& tick) { request.at = tick; },
           "The tick that --describe looks at and --share opens at; default: the scenario's playhead, else the last")
        ->type_name("TICK")
        ->group(kTwo);
    app.add_option("--trace", request.trace,
                   "Write a trace (Chrome's JSON) for ui.perfetto.dev: both arrays, 1 tick = 1 µs (-: stdout)")
        ->type_name("FILE")
        ->group(kTwo);
    app.add_option("--svg", request.svg, "Write a picture of the lanes of both arrays (-: stdout)")
        ->type_name("FILE")
        ->group(kTwo);
    app.add_flag("--share", request.share, "The run as a code of one line, which opens wherever a scenario does")
        ->group(kTwo);
}

bool is_duel(const Scenario& scenario, const DuelRequest& request) {
    return !scenario.schedule.empty() || !scenario.versus.empty() || !request.until.empty() || request.describe ||
           request.at || request.share || !request.trace.empty() || !request.svg.empty();
}

int run_duel(const Scenario& scenario, const DuelRequest& request) {
    try {
        return run_and_tell(scenario, request);
    } catch (const Drift& drift) {
        return complain(kFailed, scenario.name + ": the schedule drifted: " + drift.what());
    } catch (const std::runtime_error& error) {
        return complain(kUsage, scenario.name + ": " + error.what());
    }
}

Result<Run> run_by_schedule(const Scenario& scenario) {
    try {
        Duel duel(scenario, opponent_of(scenario));
        (void)play_out(duel);
        return run_of(duel.tape(Side::A));
    } catch (const std::runtime_error& error) {
        return Error{EINVAL, error.what()};
    }
}

}  // namespace mdscope
