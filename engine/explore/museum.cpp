// SPDX-License-Identifier: MIT

#include "engine/explore/museum.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/explore/card.hpp"
#include "engine/scenario/scenario_files.hpp"

namespace mdscope {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kPageWidth = 100;
constexpr std::string_view kHang = "   ";  // below the text of "1. text"
constexpr std::size_t kColumn = kPageWidth / 2 - 3;

// ---- lines

// `hang`: what lines after the first begin with.
std::vector<std::string> wrapped(std::string_view text, std::size_t width, std::string_view hang = "") {
    std::vector<std::string> lines;
    const auto add = [&](std::string_view line) {
        lines.push_back(lines.empty() ? std::string(line) : fmt::format("{}{}", hang, line));
        width -= lines.size() == 1 ? hang.size() : 0;
    };
    while (text.size() > width) {
        const std::size_t blank = text.rfind(' ', width);
        const std::size_t end = blank == std::string_view::npos ? width : blank;
        add(text.substr(0, end));
        text.remove_prefix(blank == std::string_view::npos ? end : end + 1);
    }
    add(text);
    return lines;
}

std::string paragraph(std::string_view text, std::string_view indent = "  ", std::string_view hang = "") {
    std::string all;
    for (const std::string& line : wrapped(text, kPageWidth - indent.size(), hang))
        all += fmt::format("{}{}\n", indent, line);
    return all;
}

std::string section(const MuseumPart& part) {
    std::string text = fmt::format("\n{}\n", part.title);
    for (const std::string& one : part.paragraphs) text += paragraph(one);
    return text;
}

// Two lists beside each other, a step a row.
std::string side_by_side(museum::Names left, museum::Names right) {
    std::string text;
    for (std::size_t i = 0; i < std::max(left.size(), right.size()); i++) {
        const auto cell = [i](museum::Names names) {
            return i < names.size() ? wrapped(fmt::format("{}. {}", i + 1, names[i]), kColumn, kHang)
                                    : std::vector<std::string>();
        };
        const std::vector<std::string> a = cell(left), b = cell(right);
        for (std::size_t row = 0; row < std::max(a.size(), b.size()); row++) {
            std::string line =
                fmt::format("  {:<{}}  {}", row < a.size() ? a[row] : "", kColumn, row < b.size() ? b[row] : "");
            line.erase(line.find_last_not_of(' ') + 1);
            text += line + "\n";
        }
    }
    return text;
}

// ---- the parts of a page

std::string fix_text(const museum::Page& page) {
    if (*page.fix == '\0') return "Linux has no fix.";
    const std::string id = *page.commit == '\0' ? "" : fmt::format(" ({})", page.commit);
    return fmt::format("Fixed by \"{}\"{}.", page.fix, id);
}

std::vector<std::string> found_paragraphs(const museum::Page& page) {
    using Search = museum::Figures::Search;
    const museum::Figures& found = page.found;
    const char* const what = found.search == Search::Priorities ? "executions" : "states";
    const char* const until = found.search == Search::Whole ? "" : "until the first, ";
    return {fmt::format("{} {}: {}, {}{} {}; the shortest schedule has {} choices", page.variant, page.row,
                        page.symptom, until, grouped(found.states), what, found.shortest),
            fmt::format("{} {}: nothing found in {} {} {}{}", page.variant, page.mended,
                        found.is_whole ? "all" : "the first", grouped(found.mended_states), what,
                        found.is_whole ? "" : "; others were not looked at")};
}

std::vector<std::string> names_of(const std::vector<const KernelEra*>& eras) {
    std::vector<std::string> names;
    for (const KernelEra* era : eras) names.emplace_back(era->name);
    return names;
}

std::string eras_text(const Exhibit& exhibit) {
    std::string text;
    for (const std::string& era : names_of(had_in(exhibit))) text += fmt::format("{}{}", text.empty() ? "" : ", ", era);
    return text.empty() ? "none" : text;
}

Json page_json(const Exhibit& exhibit) {
    const museum::Page& page = exhibit.page;
    Json questions = Json::array();
    for (const museum::Question& question : page.questions)
        questions.push_back({{"asks", question.asks}, {"answer", question.answer}});
    const auto list = [](museum::Names names) { return Json(std::vector<std::string>(names.begin(), names.end())); };
    return {{"number", page.number},
            {"name", exhibit.name},
            {"title", exhibit.title},
            {"commit", page.commit},
            {"fix", page.fix},
            {"kernels", page.kernels},
            {"had_in", Json(names_of(had_in(exhibit)))},
            {"met_by", page.met_by},
            {"wrong", page.wrong},
            {"cost", page.cost},
            {"symptom", page.symptom},
            {"scenario", exhibit.scenario},
            {"variant", page.variant},
            {"row", page.row},
            {"mended", page.mended},
            {"wrong_order", list(page.wrong_order)},
            {"right_order", list(page.right_order)},
            {"questions", questions},
            {"states", page.found.states},
            {"shortest", page.found.shortest},
            {"mended_states", page.found.mended_states},
            {"is_whole", page.found.is_whole}};
}

}  // namespace

// ---- what an exhibit says

std::string museum_table() {
    std::size_t title = 0, kernels = 0;
    for (const Exhibit* exhibit : exhibits()) {
        title = std::max(title, std::string_view(exhibit->title).size());
        kernels = std::max(kernels, std::string_view(exhibit->page.kernels).size());
    }
    const auto line = [&](auto number, auto what, auto who, auto symptom, auto steps) {
        return fmt::format("{:<5}{:<{}}{:<{}}{:<10}{:>7}\n", number, what, title + 2, who, kernels + 2, symptom, steps);
    };
    std::string text = line("", "what goes wrong", "Linux", "symptom", "choices");
    for (const Exhibit* exhibit : exhibits_by_number()) {
        const museum::Page& page = exhibit->page;
        text += line(page.number, exhibit->title, page.kernels, page.symptom, page.found.shortest);
    }
    return text + fmt::format(
                      "\n{} exhibits. choices: of the shortest schedule that goes wrong.\n"
                      "`mdscope museum M2` tells one; `mdscope explore --museum` searches all of them again.\n",
                      exhibits().size());
}

std::string museum_head(const Exhibit& exhibit) {
    return fmt::format("Linux {}. {}", exhibit.page.kernels, fix_text(exhibit.page));
}

std::vector<MuseumPart> museum_parts(const Exhibit& exhibit) {
    const museum::Page& page = exhibit.page;
    return {{"wrong", "What goes wrong", {page.wrong}},
            {"met_by", "Who met it", {page.met_by}},
            {"cost", "What it costs", {page.cost}}};
}

std::vector<MuseumPart> museum_proofs(const Exhibit& exhibit) {
    std::vector<std::string> found = found_paragraphs(exhibit.page);
    found.push_back(fmt::format("Kernels here that have it: {}", eras_text(exhibit)));
    return {{"found", "What the search finds", found}};
}

std::string museum_page(const Exhibit& exhibit, bool with_answers) {
    const museum::Page& page = exhibit.page;
    std::string text = fmt::format("{}  {}\n", page.number, exhibit.title);
    text += paragraph(museum_head(exhibit), "    ");
    for (const MuseumPart& part : museum_parts(exhibit)) text += section(part);
    text += fmt::format("\n{:<{}}    {}\n", "The wrong order", kColumn, "The right order");
    text += side_by_side(page.wrong_order, page.right_order);
    for (const MuseumPart& part : museum_proofs(exhibit)) text += section(part);
    text += fmt::format("\nTry it\n  mdscope explore {0}\n  mdscope explore {0} --{1} {2}\n  mdscope-gui {0}\n",
                        exhibit.scenario, page.variant, page.mended);
    text += fmt::format("\nThree questions{}\n", with_answers ? "" : " (the answers: --answers)");
    for (std::size_t i = 0; i < page.questions.size(); i++) {
        text += paragraph(fmt::format("{}. {}", i + 1, page.questions[i].asks), "  ", kHang);
        if (with_answers) text += paragraph(page.questions[i].answer, "     ");
    }
    return text;
}

std::string museum_json(const std::vector<const Exhibit*>& exhibits) {
    Json pages = Json::array();
    for (const Exhibit* exhibit : exhibits) pages.push_back(page_json(*exhibit));
    return Json{{"version", kMuseumVersion}, {"exhibits", pages}}.dump();
}

// ---- what the search says

namespace {

ExploreOptions searched_as(const museum::Page& page, const char* row, ExploreOptions options) {
    const museum::Figures& found = page.found;
    const bool is_bad = std::string_view(row) == page.row;
    options.stop_at_first_crash = is_bad && found.search != museum::Figures::Search::Whole;
    if (found.search != museum::Figures::Search::Priorities) return options;
    options.strategy = Strategy::Pct;
    options.budget = found.mended_states;
    return options;
}

Result<Tried> tried(const Exhibit& exhibit, const Scenario& scenario, const char* row, const ExploreOptions& options) {
    Result<Verdict> verdict = explore(scenario, searched_as(exhibit.page, row, options));
    if (!verdict) return verdict.error();
    return Tried{&exhibit, row, std::move(*verdict)};
}

Result<Scenario> scenario_with(const Exhibit& exhibit, const char* row) {
    Result<Scenario> scenario = load_scenario_file(exhibit.scenario);
    if (scenario && !scenario->variants.choose(exhibit.page.variant, row))
        return Error{EINVAL, fmt::format("{} has no row {}", exhibit.page.variant, row)};
    return scenario;
}

}  // namespace

Result<Tried> tried_with(const Exhibit& exhibit, const char* row, const ExploreOptions& options) {
    const Result<Scenario> scenario = scenario_with(exhibit, row);
    if (!scenario) return scenario.error();
    return tried(exhibit, *scenario, row, options);
}

Result<Tried> tried_in(const Exhibit& exhibit, const KernelEra& era, const ExploreOptions& options) {
    const char* const row = find_variant(exhibit.page.variant)->in(era).name;
    Result<Scenario> scenario = scenario_with(exhibit, row);
    if (!scenario) return scenario.error();
    if (const Variant* beside = find_variant(exhibit.page.with_variant); beside != nullptr)
        scenario->variants.choose(*beside, beside->in(era));
    return tried(exhibit, *scenario, row, options);
}

Result<Tried> first_bad(const Exhibit& exhibit, ExploreOptions options) {
    const Result<Scenario> scenario = scenario_with(exhibit, exhibit.page.row);
    if (!scenario) return scenario.error();
    options = searched_as(exhibit.page, exhibit.page.row, std::move(options));
    options.stop_at_first_crash = true;
    Result<Verdict> verdict = explore(*scenario, options);
    if (!verdict) return verdict.error();
    return Tried{&exhibit, exhibit.page.row, std::move(*verdict)};
}

static std::string counted(const Verdict& verdict) {
    return verdict.strategy == Strategy::Bfs ? grouped(verdict.states) + " states"
                                             : grouped(verdict.schedules) + " executions";
}

static std::string outcome(const Tried& tried) {
    const Verdict& verdict = tried.verdict;
    const std::string steps =
        verdict.shortest ? fmt::format(", shortest {}", verdict.shortest->picks.size()) : std::string();
    const std::string_view word = tried.has_it()     ? std::string_view(tried.exhibit->page.symptom)
                                  : verdict.complete ? "-"
                                                     : "nothing met";
    return fmt::format("{:<12}{}{}, {:.1f} s", word, counted(verdict), steps, verdict.seconds);
}

std::string tried_text(std::string_view kernel, const std::vector<Tried>& tried) {
    std::string text = fmt::format("{}\n\n", kernel);
    for (const Tried& one : tried) {
        const museum::Page& page = one.exhibit->page;
        text += fmt::format("{:<5}{:<26}{:<13}{}\n", page.number, page.variant, one.row, outcome(one));
    }
    const auto had = std::ranges::count_if(tried, &Tried::has_it);
    return text + fmt::format("\n{} of {} go wrong; the others do not, in any order of events that was looked at.\n",
                              had, tried.size());
}

std::string tried_json(std::string_view kernel, const std::vector<Tried>& tried) {
    Json found = Json::array();
    for (const Tried& one : tried)
        found.push_back({{"number", one.exhibit->page.number},
                         {"name", one.exhibit->name},
                         {"row", one.row},
                         {"has_it", one.has_it()},
                         {"verdict", verdict_word(one.verdict)},
                         {"complete", one.verdict.complete},
                         {"states", one.verdict.states},
                         {"shortest", one.verdict.shortest ? one.verdict.shortest->picks.size() : 0},
                         {"seconds", one.verdict.seconds}});
    return Json{{"version", kMuseumVersion}, {"kernel", kernel}, {"tried", found}}.dump();
}

}  // namespace mdscope
