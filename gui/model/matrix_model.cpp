// SPDX-License-Identifier: MIT

#include "gui/model/matrix_model.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "engine/explore/card.hpp"
#include "engine/story/record/counter_scenario.hpp"
#include "engine/story/record/finer_steps.hpp"

namespace mdscope::gui {

namespace {

using View = MatrixRun::View;

std::string column_of(const MatrixCell& cell) {
    return cell.variants.name(column_variant(*cell.exhibit).name());
}

const char* steps_word(const MatrixCell& cell) {
    return cell.granularity == Granularity::Fine ? "fine" : "coarse";
}

std::string configuration(const MatrixCell& cell) {
    return fmt::format("Bitmap {}, stopped by {}, {} {}, {}; {} steps.", cell.bitmap, cell.entrance,
                       column_variant(*cell.exhibit).name(), column_of(cell), table_words(cell), steps_word(cell));
}

// ---- what was found, in sentences

std::string found_words(const MatrixCell& cell) {
    const Verdict& verdict = cell.verdict;
    std::string text;
    const auto add = [&](std::uint64_t count, const char* are) {
        if (count != 0) text += fmt::format("{} of {} states {}. ", grouped(count), grouped(verdict.states), are);
    };
    add(verdict.crashes, "are a crash");
    add(verdict.hangs, "are a hang");
    add(verdict.violations, "break an invariant of the engine");
    if (text.empty()) text = fmt::format("None of {} states crashes or hangs. ", grouped(verdict.states));
    if (!verdict.complete) text += "There are more states, which were not looked at. ";
    text.pop_back();
    return text;
}

std::string ways_words(const Verdict& verdict) {
    constexpr std::size_t kMost = 4;
    std::string text;
    for (std::size_t i = 0; i < std::min(kMost, verdict.crash_ways.size()); i++)
        text += fmt::format("\n{} × {}", grouped(verdict.crash_ways[i].second), verdict.crash_ways[i].first);
    if (verdict.crash_ways.size() > kMost) text += fmt::format("\nand {} more", verdict.crash_ways.size() - kMost);
    return text;
}

std::string click_words(const View& view, std::size_t number) {
    const MatrixCell& cell = view.cell(number);
    if (!cell.verdict.shortest) return "Click: this array in the lab.";
    const std::optional<std::size_t> safe = nearest_safe(view, number);
    return fmt::format("Click: the shortest of these ({} {} steps) in the lab{}, beside {}.",
                       cell.verdict.shortest->steps, steps_word(cell),
                       cell.granularity == Granularity::Coarse ? ", call by call" : "",
                       safe ? different_rows(cell.variants, view.cell(*safe).variants) : "fix upstream");
}

// ---- the sum of it

struct Count {
    std::size_t explored = 0, bad = 0, unsure = 0;
};

Count count_of(const View& view, std::string_view fix) {
    Count count;
    for (std::size_t i = 0; i < view.cells.size(); i++) {
        if (column_of(view.cell(i)) != fix || !view.cell(i).explored) continue;
        count.explored++;
        if (is_bad(state_of(view, i))) count.bad++;
        if (state_of(view, i) == CellState::Unsure) count.unsure++;
    }
    return count;
}

std::string can_crash(const Count& count) {
    std::string text = fmt::format("{} of {} configurations can crash",
                                   count.bad == 0 ? "none" : std::to_string(count.bad), count.explored);
    if (count.unsure != 0) text += fmt::format(" ({} more are too large to be sure)", count.unsure);
    return text;
}

// Homes of the bitmap with a fix that can crash all the same, each with the tables it does so in, unless it is in all.
std::vector<std::string> homes_in_danger(const View& view, std::string_view fix) {
    std::map<std::string, std::set<std::string>> bad;
    std::set<std::string> all;
    for (std::size_t i = 0; i < view.cells.size(); i++) {
        const MatrixCell& cell = view.cell(i);
        const std::string table = table_words(cell);
        all.insert(table);
        if (column_of(cell) == fix && is_bad(state_of(view, i))) bad[cell.bitmap].insert(table);
    }
    std::vector<std::string> homes;
    for (const auto& [home, tables] : bad)
        homes.push_back(tables == all ? home : fmt::format("{} ({})", home, fmt::join(tables, "; ")));
    return homes;
}

std::string why_words(const View& view) {
    const std::vector<std::string> without = homes_in_danger(view, "none"), with = homes_in_danger(view, "upstream");
    const bool is_whole = view.done == view.cells.size();
    if (is_whole && with.empty() && without == std::vector<std::string>{"external"})
        return fmt::format(
            "{} external bitmaps are in danger, because the last writes of an internal one or of a file "
            "are waited for in every kernel: that is how it went unseen for years.",
            // Between the two halves of a completion there is more to be found.
            view.cell(0).granularity == Granularity::Coarse ? "With a completion as one step only" : "Only");
    if (without.empty() && with.empty()) return "Click a cell to see its array in the lab.";
    return fmt::format("Bitmaps in danger without a fix: {}; with fix upstream{}: {}.", fmt::join(without, ", "),
                       is_whole ? " still" : "", with.empty() ? "none" : fmt::format("{}", fmt::join(with, ", ")));
}

// ---- the way into the lab

// How much another cell differs. What is changed first is the fix, then what depends on the kernel's version alone.
unsigned distance(const MatrixCell& from, const MatrixCell& to) {
    unsigned sum = 0, weight = 3;
    if (column_of(from) != column_of(to)) sum += column_of(to) == "upstream" ? 1 : 2;
    const museum::Names names = from.exhibit->matrix.variants;
    for (std::size_t i = names.size() - 1; i > 0; i--) {
        if (from.variants.name(names[i]) != to.variants.name(names[i])) sum += weight;
        weight *= 2;
    }
    return sum;
}

}  // namespace

// ---- tables

static std::string table_id(const MatrixCell& cell) {
    std::string id;
    for (const char* const name : cell.exhibit->matrix.variants.subspan(1))
        id += (id.empty() ? "" : "/") + cell.variants.name(name);
    return id;
}

std::vector<MatrixTable> tables_of(const View& view) {
    std::vector<MatrixTable> tables;
    for (std::size_t i = 0; i < view.cells.size(); i++) {
        const MatrixCell& cell = view.cell(i);
        if (i == 0 || !is_same_table(view.cell(i - 1), cell)) tables.push_back({cell, table_id(cell), {}, {}});
        MatrixTable& table = tables.back();
        if (table.rows.empty() || table.rows.back().home != cell.bitmap || table.rows.back().entrance != cell.entrance)
            table.rows.push_back({cell.bitmap, cell.entrance, {}});
        if (table.rows.size() == 1) table.columns.push_back(column_of(cell));
        table.rows.back().cells.push_back(i);
    }
    return tables;
}

CellState state_of(const View& view, std::size_t number) {
    const MatrixCell& cell = view.cell(number);
    if (!cell.explored) return view.running == number ? CellState::Running : CellState::Waiting;
    if (!cell.error.empty()) return CellState::Failed;
    if (cell.verdict.crashes != 0) return CellState::Crashes;
    if (cell.verdict.hangs != 0) return CellState::Hangs;
    if (cell.verdict.violations != 0) return CellState::Violates;
    return cell.verdict.complete ? CellState::Safe : CellState::Unsure;
}

bool is_bad(CellState state) {
    return state == CellState::Crashes || state == CellState::Hangs || state == CellState::Violates;
}

std::string cell_words(const View& view, std::size_t number) {
    switch (state_of(view, number)) {
        case CellState::Waiting:
            return "to come";
        case CellState::Running:
            return view.states == 0 ? "looking" : grouped(view.states);
        default:
            return cell_text(view.cell(number));
    }
}

std::string cell_id(const MatrixCell& cell) {
    return fmt::format("{}/{}/{}/{}", table_id(cell), cell.bitmap, cell.entrance, column_of(cell));
}

std::string cell_details(const View& view, std::size_t number) {
    const MatrixCell& cell = view.cell(number);
    std::string text = configuration(cell) + "\n";
    if (!cell.explored) return text + "Not looked at yet.";
    if (!cell.error.empty()) return text + "It could not be explored: " + cell.error;
    text += found_words(cell) + ways_words(cell.verdict);
    text += fmt::format("\n{} steps from state to state, schedules of up to {} choices, looked at in {} ms.\n",
                        grouped(cell.verdict.transitions), cell.verdict.depth,
                        grouped(static_cast<std::uint64_t>(cell.verdict.seconds * 1000) + 1));
    return text + click_words(view, number);
}

MatrixWords matrix_words(const View& view) {
    if (view.done == 0)
        return {"Each cell is one configuration, in which every order is tried that its tasks and disks can take.",
                "A number of states says how much was looked at, or how many of them are a crash."};
    const char* begin = view.done < view.cells.size() ? "So far: without" : "Without";
    return {
        fmt::format("{} a fix {}; with the one that was merged (fix upstream) {}, whatever the order in which tasks "
                    "and disks take their turns.",
                    begin, can_crash(count_of(view, "none")), can_crash(count_of(view, "upstream"))),
        why_words(view)};
}

std::string progress_words(const View& view) {
    std::uint64_t states = 0;
    for (const auto& cell : view.cells) states += cell->verdict.states;
    std::string text = fmt::format("{} of {} cells, {} states", view.done, view.cells.size(), grouped(states));
    if (view.phase == MatrixRun::Phase::Paused) text += ", paused";
    if (view.phase == MatrixRun::Phase::Cancelled) text += ", stopped";
    if (!view.running) return text;
    const MatrixCell& cell = view.cell(*view.running);
    text += fmt::format("; now {}, {}, {} {}: {} states", cell.bitmap, cell.entrance,
                        column_variant(*cell.exhibit).name(), column_of(cell), grouped(view.states));
    if (view.states_per_second < 1) return text;
    return text + fmt::format(", {} a second", grouped(static_cast<std::uint64_t>(view.states_per_second)));
}

// ---- the lab

std::optional<std::size_t> nearest_safe(const View& view, std::size_t number) {
    const MatrixCell& cell = view.cell(number);
    std::optional<std::size_t> best;
    unsigned least = std::numeric_limits<unsigned>::max();
    for (std::size_t i = 0; i < view.cells.size(); i++) {
        const MatrixCell& other = view.cell(i);
        if (other.bitmap != cell.bitmap || other.entrance != cell.entrance || state_of(view, i) != CellState::Safe)
            continue;
        if (i == number || distance(cell, other) >= least) continue;
        least = distance(cell, other);
        best = i;
    }
    return best;
}

Result<Scenario> lab_scenario(const View& view, std::size_t number) {
    const MatrixCell& cell = view.cell(number);
    if (!cell.explored) return Error{0, "This cell has not been looked at yet."};
    if (!cell.error.empty()) return Error{0, "This cell could not be explored: " + cell.error};
    Scenario scenario = scenario_of(cell);
    scenario.title = fmt::format("Matrix: {}, {}, {} {}", cell.bitmap, cell.entrance,
                                 column_variant(*cell.exhibit).name(), column_of(cell));
    if (!cell.verdict.shortest) {
        if (cell.granularity == Granularity::Coarse) scenario.granularity = Granularity::Calls;
        return scenario;
    }
    try {
        scenario = scenario_of(*cell.verdict.shortest, scenario);
        // The few long steps of a coarse search are over before anybody has seen a call.
        if (cell.granularity == Granularity::Coarse) scenario = retold_in_calls(scenario).value_or(scenario);
    } catch (const std::exception& error) {
        return Error{0, fmt::format("The schedule of this cell cannot be run again: {}", error.what())};
    }
    const std::optional<std::size_t> safe = nearest_safe(view, number);
    scenario.versus = "fix upstream";
    if (safe)
        scenario.versus = fmt::format("{} {} {}", column_variant(*cell.exhibit).name(), column_of(view.cell(*safe)),
                                      table_words(view.cell(*safe), " "));
    return scenario;
}

// ---- the page

MatrixRun& MatrixPage::run(Granularity granularity) {
    std::unique_ptr<MatrixRun>& run = granularity == Granularity::Fine ? fine_ : coarse_;
    if (run) return *run;
    if (granularity == Granularity::Coarse && !known.empty())
        run = std::make_unique<MatrixRun>(known, within_matrix_budget(), [this] { wake(); });
    else
        run = std::make_unique<MatrixRun>(granularity, [this] { wake(); });
    return *run;
}

void MatrixPage::enter() {
    if (entered_) return;
    entered_ = true;
    run(Granularity::Coarse).start();
}

}  // namespace mdscope::gui
