// SPDX-License-Identifier: MIT

#include "engine/explore/card.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "engine/explore/crash_places.hpp"
#include "engine/explore/judge.hpp"
#include "engine/kernel/shown.hpp"
#include "engine/scenario/scenario_parse.hpp"
#include "engine/scenario/text_lines.hpp"

namespace mdscope {

namespace {

// Lines of "  name        value".
class Rows {
   public:
    template <class... Args>
    void add(const char* name, fmt::format_string<Args...> format, Args&&... args) {
        fmt::format_to(std::back_inserter(text_), "  {:<12} ", name);
        fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
        text_ += '\n';
    }
    std::string take() { return std::move(text_); }

   private:
    std::string text_;
};

std::string plural(std::uint64_t number, const char* one, const char* many) {
    return grouped(number) + " " + (number == 1 ? one : many);
}

// Later lines of a text (the sleepers of a hang) are indented as the first one is.
std::string indented(std::string_view text, std::size_t indent) {
    std::string out;
    while (text.ends_with('\n')) text.remove_suffix(1);
    for (const char c : text) out += c == '\n' ? "\n" + std::string(indent, ' ') : std::string(1, c);
    return out;
}

// "64M", "135.1G": for people, so not exact.
std::string rough_size_text(std::uint64_t bytes) {
    const std::string exact = exact_size_text(bytes);
    if (exact.size() <= 5) return exact;
    double value = static_cast<double>(bytes);
    std::size_t unit = 0;
    for (; value >= 1024 && unit < 4; unit++) value /= 1024;
    return fmt::format("{:.1f}{}", value, std::string_view("BKMGT").substr(unit, 1));
}

std::string statements_text(const std::vector<Statement>& statements) {
    std::string text;
    for (const Statement& statement : statements) text += (text.empty() ? "" : "; ") + statement_text(statement);
    return text;
}

std::string configuration_text(const Scenario& scenario) {
    Rows rows;
    rows.add("array", "{} members of {}{}, bitmap {} in chunks of {}", scenario.members, rough_size_text(scenario.size),
             scenario.metadata == Scenario().metadata ? "" : " with metadata " + scenario.metadata, scenario.bitmap,
             exact_size_text(scenario.chunk));
    rows.add("kernel", "{}", told_rows(scenario.variants));
    if (const std::string others = other_rows(scenario.variants); !others.empty()) rows.add("other rows", "{}", others);
    rows.add("world", "{} steps, {}, mdmon {}", granularity_name(scenario.granularity),
             scenario.errors == 0 ? "no disk error" : plural(scenario.errors, "disk error", "disk errors"),
             scenario.mdmon ? "on" : "off");
    const auto after = scenario.after_cut();
    if (after && after->cuts == 0) rows.add("cut", "nothing; data is judged");
    if (after && after->cuts != 0)
        rows.add("cut", "{} at any step, {}; claims {}", cut_name(after->crash), plural(after->cuts, "time", "times"),
                 scenario.variants.name("claims"));
    if (!scenario.setup.empty()) rows.add("setup", "{}", statements_text(scenario.setup));
    for (const ScenarioTask& task : scenario.tasks)
        rows.add("task", "{}: {}", task.name, statements_text(task.statements));
    return rows.take();
}

std::string title_text(const Scenario& scenario) {
    return scenario.name + (scenario.title.empty() ? "" : ": " + scenario.title) + "\n";
}

std::string left_text(const Verdict& verdict) {
    if (verdict.complete) return "complete, nothing is left to look at";
    if (verdict.is_bounded && !verdict.interrupted)
        return verdict.preemptions
                   ? "all with so few preemptions; there is more to look at"
                   : fmt::format("all but executions of more than {} steps", grouped(kLongestExecution));
    if (verdict.interrupted) return "interrupted, there is more to look at";
    if (verdict.out_of_memory) return "stopped at its bound on memory, there is more to look at";
    return "stopped, there is more to look at";
}

std::string schedules_text(const Verdict& verdict) {
    if (verdict.schedules < 1'000'000'000'000) return grouped(verdict.schedules);
    return fmt::format("10^{:.1f}", verdict.schedules_log10);
}

void add_schedules(Rows& rows, const Verdict& verdict) {
    rows.add("schedules", "{}", schedules_text(verdict));
    rows.add("depth", "{}", plural(verdict.depth, "choice", "choices"));
}

void add_cuts(Rows& rows, const Verdict& verdict) {
    const auto after = verdict.scenario.after_cut();
    if (after->cuts == 0) return;
    const double a_second = static_cast<double>(verdict.crash_points) / std::max(verdict.seconds, 1e-6);
    rows.add(after->crash == CutKind::Kill ? "kills" : "power cuts", "{}{}; {}", grouped(verdict.crash_points),
             verdict.cuts_are_whole ? "" : ", not every set of what was unsure",
             plural(verdict.lives, "life", "lives"));
    rows.add("a second", "{}", grouped(static_cast<std::uint64_t>(a_second)));
}

std::string numbers_text(const Verdict& verdict) {
    Rows rows;
    rows.add("search", "{}: {}", strategy_name(verdict.strategy), left_text(verdict));
    if (row_of(verdict.strategy).counts_states) rows.add("states", "{}", grouped(verdict.states));
    rows.add("transitions", "{}", grouped(verdict.transitions));
    if (counts_lives(verdict.scenario, verdict.strategy))
        add_cuts(rows, verdict);
    else
        add_schedules(rows, verdict);
    rows.add("endings", "{} done, {}, {}, {}", grouped(verdict.done), plural(verdict.crashes, "crash", "crashes"),
             plural(verdict.hangs, "hang", "hangs"), plural(verdict.violations, "violation", "violations"));
    rows.add("time", "{:.3f} s", verdict.seconds);
    return rows.take();
}

// Where the cuts came, those places that were met.
std::string places_text(const Verdict& verdict) {
    if (verdict.crash_points == 0) return "";
    std::string text = "\nWhere the cuts came:\n";
    const auto places = crash_places();
    for (std::size_t i = 0; i < places.size(); i++)
        if (verdict.crash_places[i] != 0)
            fmt::format_to(std::back_inserter(text), "{:>10}  {} {}\n", grouped(verdict.crash_places[i]), places[i].id,
                           places[i].what);
    return text;
}

std::string ways_text(const Verdict& verdict) {
    std::string text;
    if (verdict.crash_ways.size() > 1) text = fmt::format("\nIt ends badly in {} ways:\n", verdict.crash_ways.size());
    if (verdict.crash_ways.size() == 1) text = "\nIt ends badly in one way:\n";
    for (const auto& [what, count] : verdict.crash_ways)
        fmt::format_to(std::back_inserter(text), "{:>10}  {}\n", grouped(count), indented(what, 12));
    return text;
}

// What does not hold, where the ending's word and its reason do not say so by themselves.
std::string must_hold_text(const Judge* judge) {
    if (judge == nullptr || judge->moment != Moment::Violation) return "";
    return fmt::format("{}: {}", judge->name, judge->must_hold);
}

std::string counter_example_text(const CounterExample& example, bool is_shortest, const std::string& replay_path) {
    const char* const kind = is_shortest ? "The shortest schedule" : "The shortest schedule that was met";
    std::string text = fmt::format("\n{} that ends so has {} and {}:\n  {}\n\n", kind,
                                   plural(example.picks.size(), "choice", "choices"),
                                   plural(example.steps, "step", "steps"), schedule_line(example.lanes));
    if (const std::string row = must_hold_text(example.judge); !row.empty())
        text += "What does not hold: " + row + "\n\n";
    text += lanes_text(example.lanes);
    if (!example.console.empty()) text += "\n" + example.console;
    if (!replay_path.empty()) text += "\nReplay it: mdscope replay " + shell_word(replay_path) + "\n";
    return text;
}

// What data could have come to, beside a crash and a hang.
const char* loss_text(const Scenario::AfterCut& after) {
    if (after.cuts == 0) return "reads stale data";
    return after.crash == CutKind::Kill ? "loses what was acknowledged" : "loses what was flushed";
}

std::string verdict_sentence(const Verdict& verdict) {
    const std::string word = verdict_word(verdict);
    const auto after = verdict.scenario.after_cut();
    const std::string bad = after ? fmt::format("crashes, hangs or {}", loss_text(*after)) : "crashes or hangs";
    if (word == "safe") return "safe: no schedule " + bad;
    if (word == "no crash met") return "no schedule that was looked at " + bad;
    return word;
}

// What else was looked for where data is judged, by the names that --expect takes.
std::string judged_text() {
    std::string names;
    for (const Judge& judge : judges())
        if (judge.is_of_data) names += (names.empty() ? "" : ", ") + std::string(judge.name);
    return names;
}

bool is_way_in(const std::pair<std::string, std::uint64_t>& way, const std::string& function) {
    return function.empty() || way.first.ends_with(" in " + function);
}

}  // namespace

std::string_view strategy_name(Strategy strategy) {
    return row_of(strategy).name;
}

std::string grouped(std::uint64_t number) {
    std::string text = std::to_string(number);
    for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
    return text;
}

static bool is_of_judge(const Judge* judge, const Expectation& expect) {
    return judge != nullptr && (expect.function.empty() || expect.function == judge->name);
}

// What was looked for and not met is known to be nowhere when nothing is left.
static Held met_or(bool is_met, const Verdict& verdict) {
    if (is_met) return Held::Yes;
    return verdict.complete ? Held::No : Held::NotKnown;
}

Held expectation_of(const Verdict& verdict) {
    const Expectation& expect = verdict.scenario.expect;
    if (expect.kind == Expectation::Kind::Violation)
        return met_or(verdict.violations != 0 && verdict.shortest && is_of_judge(verdict.shortest->judge, expect),
                      verdict);
    if (verdict.violations != 0) return Held::No;
    const bool is_bad = verdict.crashes != 0 || verdict.hangs != 0;
    const auto is_expected = [&](const auto& way) { return is_way_in(way, expect.function); };
    switch (expect.kind) {
        case Expectation::Kind::Any:
            return is_bad || verdict.complete ? Held::Yes : Held::NotKnown;
        case Expectation::Kind::Safe:
            if (is_bad) return Held::No;
            return verdict.complete ? Held::Yes : Held::NotKnown;
        case Expectation::Kind::Crash:
            return met_or(verdict.crashes != 0 && std::ranges::any_of(verdict.crash_ways, is_expected), verdict);
        case Expectation::Kind::Hang:
            return met_or(verdict.hangs != 0, verdict);
        case Expectation::Kind::Violation:
            break;
    }
    return Held::No;
}

std::string_view held_word(Held held) {
    return held == Held::Yes ? "holds" : held == Held::No ? "does not hold" : "not known";
}

bool expectation_holds(const Scenario& scenario, const Run& run) {
    if (run.ending == Ending::Violation)
        return scenario.expect.kind == Expectation::Kind::Violation && is_of_judge(run.judge, scenario.expect);
    switch (scenario.expect.kind) {
        case Expectation::Kind::Any:
            return true;
        case Expectation::Kind::Safe:
            return run.ending == Ending::Done;
        case Expectation::Kind::Crash:
            return run.ending == Ending::Crash && is_way_in({run.what, 1}, scenario.expect.function);
        case Expectation::Kind::Hang:
            return run.ending == Ending::Hang;
        case Expectation::Kind::Violation:
            break;
    }
    return false;
}

Held expectation_of(const Scenario& scenario, const Run& run) {
    if (expectation_holds(scenario, run)) return Held::Yes;
    const bool is_of_search = scenario.schedule.empty() && !scenario.expect.of_run;
    return is_of_search && run.ending == Ending::Done ? Held::NotKnown : Held::No;
}

// On a card.
static std::string_view held_answer(Held held) {
    return held == Held::Yes ? "yes" : held == Held::No ? "NO" : "not known";
}

std::string verdict_word(const Verdict& verdict) {
    if (verdict.crashes != 0) return "crashes";
    if (verdict.hangs != 0) return "hangs";
    if (verdict.violations != 0) return "violates an invariant";
    return verdict.complete ? "safe" : "no crash met";
}

std::string verdict_card(const Verdict& verdict, const std::string& replay_path) {
    std::string text = title_text(verdict.scenario) + configuration_text(verdict.scenario) + "\n";
    text += numbers_text(verdict);
    Rows rows;
    rows.add("verdict", "{}", verdict_sentence(verdict));
    if (verdict.scenario.after_cut()) rows.add("judged", "{}", judged_text());
    const Held held = expectation_of(verdict);
    if (verdict.scenario.expect.kind != Expectation::Kind::Any)
        rows.add("expected", "{}: {}", expectation_text(verdict.scenario.expect), held_answer(held));
    else if (verdict.violations != 0)
        rows.add("expected", "no violation, as nothing else was said: NO");
    text += rows.take() + places_text(verdict) + ways_text(verdict);
    if (verdict.shortest) {
        const bool is_shortest = verdict.strategy == Strategy::Bfs;
        text += counter_example_text(*verdict.shortest, is_shortest, replay_path);
    }
    return text;
}

std::string progress_line(const Verdict& verdict) {
    const bool by_states = row_of(verdict.strategy).counts_states;
    const bool by_lives = counts_lives(verdict.scenario, verdict.strategy);
    return fmt::format(
        "{} {}, {}, {}, {}, {:.0f} s", grouped(by_states ? verdict.states : verdict.schedules),
        by_states ? "states" : "schedules",
        by_lives ? plural(verdict.lives, "life", "lives") : fmt::format("depth {}", verdict.depth),
        plural(verdict.crashes, "crash", "crashes"),
        plural(verdict.hangs, "hang", "hangs") +
            (verdict.violations == 0 ? "" : ", " + plural(verdict.violations, "violation", "violations")),
        verdict.seconds);
}

std::string run_card(const Scenario& scenario, const Run& run) {
    std::string text = title_text(scenario) + configuration_text(scenario) + "\n";
    Rows rows;
    rows.add("schedule", "{}", schedule_line(run.lanes));
    rows.add("choices", "{}", grouped(run.picks.size()));
    if (run.is_over)
        rows.add("ending", "{}{}{}", ending_name(run.ending), run.what.empty() ? "" : ": ", indented(run.what, 15));
    else
        rows.add("ending", "none: it was stopped before its end");
    if (const std::string row = must_hold_text(run.judge); !row.empty()) rows.add("must hold", "{}", row);
    rows.add("log hash", "{:016x}", run.log_hash);
    if (run.is_over && scenario.expect.kind != Expectation::Kind::Any)
        rows.add("expected", "{}: {}", expectation_text(scenario.expect), held_answer(expectation_of(scenario, run)));
    text += rows.take() + "\n" + lanes_text(run.lanes);
    if (!run.console.empty()) text += "\n" + run.console;
    return text;
}

}  // namespace mdscope
