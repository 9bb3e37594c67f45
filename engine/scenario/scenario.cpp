// SPDX-License-Identifier: MIT

#include "engine/scenario/scenario.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "engine/scenario/scenario_parse.hpp"
#include "engine/scenario/text_lines.hpp"

namespace mdscope {

namespace {

std::string headers_text(const Scenario& scenario) {
    std::string text;
    const auto add = [&](const char* word, const auto& value) {
        fmt::format_to(std::back_inserter(text), "{:<13} {}\n", word, value);
    };
    if (!scenario.title.empty()) add("title", scenario.title);
    add("members", scenario.members);
    add("bitmap", scenario.bitmap);
    if (scenario.metadata != Scenario().metadata) add("metadata", scenario.metadata);  // above what it sets
    add("size", exact_size_text(scenario.size));
    add("chunk", exact_size_text(scenario.chunk));
    add("delay", exact_duration_text(scenario.delay_ms));
    for (const Variant& variant : all_variants()) add(variant.name(), scenario.variants.row(variant).name);
    add("mdmon", scenario.mdmon ? "on" : "off");
    add("errors", scenario.errors);
    add("granularity", granularity_name(scenario.granularity));
    add("pages", scenario.pages);
    // Below: only where something else than the usual was said, so that texts and share codes of before stay as they
    // are.
    if (scenario.crash != CutKind::None) add("crash", cut_name(scenario.crash));
    if (scenario.cuts != Scenario().cuts) add("cuts", scenario.cuts);
    if (scenario.strategy != Scenario().strategy) add("strategy", row_of(scenario.strategy).word);
    if (scenario.bits_clear) add("bits", "clear");
    if (scenario.write_size != Scenario().write_size) add("write-size", exact_size_text(scenario.write_size));
    if (!scenario.unasked.empty()) add("unasked", scenario.unasked);
    if (!scenario.exhibit.empty()) add("exhibit", scenario.exhibit);
    if (!scenario.versus.empty()) add("versus", scenario.versus);
    return text;
}

Statement statement_of(Statement::Kind kind) {
    Statement statement;
    statement.kind = kind;
    return statement;
}

Statement write_statement(unsigned pages) {
    Statement statement = statement_of(Statement::Kind::Write);
    statement.all = pages > 1;
    return statement;
}

Statement store_statement(const char* attr, const char* value) {
    Statement statement = statement_of(Statement::Kind::Store);
    statement.attr = attr;
    statement.value = value;
    return statement;
}

std::vector<Statement> entrance_statements(const std::string& entrance) {
    if (entrance == "two-step")
        return {store_statement("array_state", "inactive"), store_statement("array_state", "clear")};
    if (entrance == "STOP_ARRAY") return {statement_of(Statement::Kind::Stop)};
    if (entrance == "readonly") return {store_statement("array_state", "readonly")};
    return {store_statement("array_state", "clear")};
}

}  // namespace

const char* granularity_name(Granularity granularity) {
    constexpr std::array kNames = {"coarse", "calls", "fine"};
    return kNames[static_cast<std::size_t>(granularity)];
}

const char* cut_name(CutKind crash) {
    constexpr std::array kNames = {"none", "kill", "power-cut"};
    return kNames[static_cast<std::size_t>(crash)];
}

static CutKind cut_of(const Statement& statement) {
    if (statement.kind == Statement::Kind::Kill) return CutKind::Kill;
    return statement.kind == Statement::Kind::PowerCut ? CutKind::PowerCut : CutKind::None;
}

std::optional<Scenario::AfterCut> Scenario::after_cut() const {
    for (const ScenarioTask& task : tasks) {
        const auto statement =
            std::ranges::find_if(task.statements, [](const Statement& s) { return cut_of(s) != CutKind::None; });
        if (statement == task.statements.end()) continue;
        return AfterCut{task, static_cast<std::size_t>(statement - task.statements.begin()) + 1, true,
                        cut_of(*statement), 1};
    }
    if (crash == CutKind::None) return std::nullopt;
    return AfterCut{{"plug", {statement_of(Statement::Kind::Assemble), statement_of(Statement::Kind::Wait)}},
                    0,
                    false,
                    crash,
                    cuts};
}

std::string expectation_text(const Expectation& expect) {
    switch (expect.kind) {
        case Expectation::Kind::Any:
            return "any";
        case Expectation::Kind::Safe:
            return "safe";
        case Expectation::Kind::Hang:
            return "hang";
        case Expectation::Kind::Crash:
            return expect.function.empty() ? "crash" : "crash " + expect.function;
        case Expectation::Kind::Violation:
            return expect.function.empty() ? "violation" : "violation " + expect.function;
    }
    return "";
}

std::string scenario_text(const Scenario& scenario) {
    std::string text = "mdscope-scenario 1\n" + headers_text(scenario);
    if (!scenario.setup.empty()) text += "setup\n";
    for (const Statement& statement : scenario.setup) text += "  " + statement_text(statement) + "\n";
    text += "tasks\n";
    for (const ScenarioTask& task : scenario.tasks)
        for (const Statement& statement : task.statements)
            text += fmt::format("  {}: {}\n", task.name, statement_text(statement));
    if (!scenario.schedule.empty()) text += "schedule\n" + schedule_text(scenario.schedule, "  ");
    if (scenario.playhead) text += fmt::format("playhead {}\n", *scenario.playhead);
    return text + "expect " + expectation_text(scenario.expect) + "\n";
}

// More pages than one need an array that has them: 28672 chunks for each, so that there is room in the last page for
// the header of a bitmap that has one. Images are memory that exists where it was written to.
void Scenario::set_pages(unsigned count) {
    pages = count;
    for (Statement& statement : setup)
        if (statement.kind == Statement::Kind::Write && statement.chunk == 0) statement.all = count > 1;
    if (count == 1) return;
    size = count * (7ULL << 30);
    chunk = 256ULL << 10;
}

Scenario stop_mid_write(const std::string& bitmap, const std::string& entrance, unsigned pages) {
    Scenario scenario;
    scenario.name = "stop-mid-write";
    scenario.title = "A stop by " + entrance + ", bitmap " + bitmap;
    scenario.bitmap = bitmap;
    for (const char* const variant : {"claims", "bitmap-read"})  // a stop as kernels do it
        (void)scenario.variants.choose(variant, "md");
    scenario.set_pages(pages);
    scenario.setup = {write_statement(pages), store_statement("array_state", "clean")};
    scenario.tasks = {{"stopper", entrance_statements(entrance)}};
    return scenario;
}

}  // namespace mdscope
