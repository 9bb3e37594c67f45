// SPDX-License-Identifier: MIT
// What the museum says of a bug is what the search finds: each exhibit is convicted with its row and acquitted without.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "engine/explore/judge.hpp"
#include "engine/explore/museum.hpp"
#include "tests/explore/fixture.hpp"

using namespace mdscope;
using namespace mdscope::explore_test;

namespace {

Tried tried(const Exhibit& exhibit, const char* row, std::uint64_t budget = ExploreOptions().budget) {
    ExploreOptions options;
    options.budget = budget;
    Result<Tried> found = tried_with(exhibit, row, options);
    REQUIRE_MESSAGE(found, found.error().text);
    return std::move(*found);
}

// Where each moment is built anew, as under a sanitizer, a search of thousands of states takes minutes.
bool takes_too_long(const museum::Figures& found) {
    return !Arena::available() && std::max(found.states, found.mended_states) > 500;
}

std::uint64_t counted(const Verdict& verdict) {
    return verdict.strategy == Strategy::Bfs ? verdict.states : verdict.schedules;
}

// The name of the judge that the shortest schedule ends with.
std::string symptom(const Verdict& verdict) {
    if (!verdict.shortest) return "";
    if (verdict.shortest->judge != nullptr) return std::string(verdict.shortest->judge->name);
    return std::string(ending_name(verdict.shortest->ending));
}

// ---- the pages in the folders

constexpr const char* kTop = MDSCOPE_SCENARIOS "/../../";

std::string text_of(const std::string& path) {
    std::ifstream file(kTop + path);
    REQUIRE_MESSAGE(file, path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

std::string museum_readme_row(const Exhibit& exhibit) {
    const museum::Page& page = exhibit.page;
    const museum::Figures& found = page.found;
    const char* unit = found.search == museum::Figures::Search::Priorities ? "executions" : "states";
    return fmt::format("| [{}]({}/README.md) | {} | {} | {} | {} {} | {} | {} {}, {} |\n", page.number, exhibit.name,
                       exhibit.title, page.kernels, page.symptom, found.states, unit, found.shortest,
                       found.mended_states, unit, found.is_whole ? "all" : "a bound");
}

std::string museum_readme_table() {
    std::string table = "| | bug | Linux | symptom | found in | shortest | mended |\n|---|---|---|---|---|---|---|\n";
    for (const Exhibit* exhibit : exhibits_by_number()) table += museum_readme_row(*exhibit);
    return table;
}

}  // namespace

TEST_CASE("the table of the museum is what the exhibits say") {
    const std::string text = text_of("engine/museum/README.md");
    const std::string above = text.substr(0, text.find("\n|") + 1);
    const std::string table = museum_readme_table();
    if (std::getenv("MDSCOPE_WRITE") != nullptr)
        std::ofstream(kTop + std::string("engine/museum/README.md")) << above + table;
    CHECK(text_of("engine/museum/README.md") == above + table);
}

TEST_CASE("README says of what was found in Linux how many choices the search needs") {
    const std::string text = text_of("README.md");
    for (const char* const number : {"M10", "M11", "M15", "M26"}) {
        const auto exhibit = std::ranges::find(exhibits(), std::string_view(number),
                                               [](const Exhibit* one) { return one->page.number; });
        REQUIRE(exhibit != exhibits().end());
        const std::string said =
            fmt::format("`mdscope explore {}`, {}", (*exhibit)->scenario, (*exhibit)->page.found.shortest);
        CHECK_MESSAGE(text.find(said) != std::string::npos, said);
    }
}

TEST_CASE("a difference from Linux that is a row of an exhibit links to the exhibit") {
    const std::string text = text_of("engine/md/README.md");
    std::size_t links = 0;
    for (std::size_t begin = text.find("\n- "), end = begin; begin != std::string::npos; begin = end) {
        end = text.find("\n- ", begin + 1);
        const std::string line = text.substr(begin, end - begin);
        for (const Exhibit* exhibit : exhibits()) {
            if (line.find(fmt::format("`{}`", exhibit->page.variant)) == std::string::npos) continue;
            const std::string link = fmt::format("[{}](../museum/{}/README.md)", exhibit->page.number, exhibit->name);
            CHECK_MESSAGE(line.find(link) != std::string::npos, link, line);
            ++links;
        }
    }
    CHECK(links >= 7);
}

TEST_CASE("a bug that Linux has no fix for is among the differences from Linux") {
    const std::string text = text_of("engine/md/README.md");
    for (const Exhibit* exhibit : exhibits())
        if (std::string_view(exhibit->page.fix).empty())
            CHECK_MESSAGE(text.find(fmt::format("(../museum/{}/README.md)", exhibit->name)) != std::string::npos,
                          exhibit->name);
}

TEST_CASE("each exhibit is convicted with its row, by the judge and in the steps that its page says") {
    for (const Exhibit* exhibit : exhibits()) {
        CAPTURE(std::string(exhibit->name));
        const museum::Page& page = exhibit->page;
        if (takes_too_long(page.found)) continue;
        const Verdict verdict = tried(*exhibit, page.row).verdict;
        CHECK(symptom(verdict) == page.symptom);
        CHECK(verdict.complete == (page.found.search == museum::Figures::Search::Whole));
        CHECK(counted(verdict) == page.found.states);
        REQUIRE(verdict.shortest);
        CHECK(verdict.shortest->picks.size() == page.found.shortest);
    }
}

TEST_CASE("each exhibit is acquitted with the mended row") {
    for (const Exhibit* exhibit : exhibits()) {
        CAPTURE(std::string(exhibit->name));
        const museum::Figures& found = exhibit->page.found;
        if (takes_too_long(found)) continue;
        const std::uint64_t budget = found.is_whole ? ExploreOptions().budget : found.mended_states;
        const Tried mended = tried(*exhibit, exhibit->page.mended, budget);
        CHECK_FALSE(mended.has_it());
        CHECK(mended.verdict.complete == found.is_whole);
        CHECK(counted(mended.verdict) == found.mended_states);
    }
}

// Of one exhibit, eras with the same rows are searched once; the page's own two rows were searched above.
TEST_CASE("a kernel is convicted of exactly the bugs that it had") {
    for (const Exhibit* exhibit : exhibits()) {
        CAPTURE(std::string(exhibit->name));
        const museum::Page& page = exhibit->page;
        if (takes_too_long(page.found)) continue;
        const std::vector<const KernelEra*> had = had_in(*exhibit);
        std::set<std::string> seen;
        for (const KernelEra& era : kernel_eras()) {
            const std::string row = find_variant(page.variant)->in(era).name;
            const Variant* const beside = find_variant(page.with_variant);
            if (!seen.insert(row + " " + (beside != nullptr ? beside->in(era).name : "")).second) continue;
            if (beside == nullptr && (row == page.row || row == page.mended)) continue;
            CAPTURE(std::string(era.name));
            ExploreOptions options;
            if (!page.found.is_whole) options.budget = page.found.mended_states;
            const Result<Tried> tried = tried_in(*exhibit, era, options);
            REQUIRE(tried);
            CHECK(tried->has_it() == (std::ranges::count(had, &era) != 0));
        }
    }
}

TEST_CASE("each bug was in a kernel that is listed, and is not in all of them if it was mended") {
    for (const Exhibit* exhibit : exhibits()) {
        CAPTURE(std::string(exhibit->name));
        const std::size_t eras = had_in(*exhibit).size();
        CHECK(eras > 0);
        if (*exhibit->page.fix != '\0') CHECK(eras < kernel_eras().size());
    }
}

TEST_CASE("a page is complete, and says nothing that is not known for certain") {
    std::set<std::string> numbers;
    for (const Exhibit* exhibit : exhibits()) {
        CAPTURE(exhibit->name);
        const museum::Page& page = exhibit->page;
        CHECK(numbers.insert(page.number).second);
        CHECK(page.questions.size() == 3);
        CHECK(page.wrong_order.size() >= 3);
        CHECK(page.right_order.size() >= 3);
        CHECK(std::ranges::any_of(judges(), [&](const Judge& judge) { return judge.name == page.symptom; }));
        const std::string commit = page.commit;
        CHECK((commit.empty() || commit.size() == 12));
        CHECK(find_exhibit(page.number) == exhibit);
        for (const char* said : {page.fix, page.kernels, page.met_by, page.wrong, page.cost}) CHECK(said != nullptr);
    }
}

TEST_CASE("the museum is told as a table, a page each, and as JSON, with the same facts") {
    const auto json = nlohmann::json::parse(museum_json(exhibits_by_number()));
    CHECK(json["exhibits"].size() == exhibits().size());
    std::size_t at = 0;
    for (const Exhibit* exhibit : exhibits_by_number()) {
        const nlohmann::json& facts = json["exhibits"][at++];
        CHECK(museum_table().find(exhibit->title) != std::string::npos);
        const std::string page = museum_page(*exhibit, true);
        for (const char* fact : {"number", "title", "scenario", "symptom", "variant", "mended", "commit"})
            CHECK_MESSAGE(page.find(facts[fact].get<std::string>()) != std::string::npos, page);
        for (const nlohmann::json& question : facts["questions"])
            CHECK(page.find(question["answer"].get<std::string>().substr(0, 40)) != std::string::npos);
        std::size_t begin = 0;
        for (std::size_t end = page.find('\n'); end != std::string::npos; end = page.find('\n', begin = end + 1))
            CHECK_MESSAGE(end - begin <= 100, page.substr(begin, end - begin));
    }
    CHECK(museum_page(default_exhibit(), false).find(default_exhibit().page.questions[0].answer) == std::string::npos);
}
