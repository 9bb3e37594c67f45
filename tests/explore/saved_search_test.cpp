// SPDX-License-Identifier: MIT
// A search that is interrupted and gone on with.
//
// Goal: it comes to what one in one go comes to. Method: every kind of search, ended by its budget after so many states
// or executions, written as a file, read back, gone on with to the next budget, until nothing is left.
#include "engine/explore/saved_search.hpp"

#include "tests/explore/fixture.hpp"

namespace mdscope::explore_test {

namespace {

Scenario fine_race() {
    Scenario scenario = with(stop_mid_write("external", "array_state", 1), "upstream", "2022", "mddev");
    scenario.granularity = Granularity::Fine;
    return scenario;
}

Scenario with_a_plug(const std::string& crash, const std::string& tasks) {
    Result<Scenario> scenario = parse_scenario(
        "mdscope-scenario 1\nbitmap internal\nsize 1152K\nchunk 64K\ndelay 5s\n"
        "bits clear\nwrite-size 1K\ncuts 1\ncrash " +
            crash + "\ntasks\n" + tasks,
        "plug");
    REQUIRE_MESSAGE(scenario, scenario.error().text);
    return *scenario;
}

SavedSearch saved_of(const Verdict& verdict, const ExploreOptions& options) {
    SavedSearch saved{.commit = "0 (test)", .scenario = verdict.scenario, .strategy = options.strategy};
    saved.seed = options.seed;
    saved.preemptions = options.preemptions;
    saved.body = verdict.rest;
    return saved;
}

// In pieces of `piece`, up to `most`.
Verdict in_pieces(const Scenario& scenario, ExploreOptions options, std::uint64_t piece) {
    const std::uint64_t most = options.budget;
    options.keeps_rest = true;
    options.budget = std::min(piece, most);
    Verdict verdict = explored(scenario, options);
    for (int pieces = 1; !verdict.rest.empty() && options.budget < most; pieces++) {
        const Result<SavedSearch> saved = parse_saved_search(saved_search_text(saved_of(verdict, options)));
        REQUIRE_MESSAGE(saved, saved.error().text);
        CHECK(saved->body == verdict.rest);
        options.budget = std::min(options.budget + piece, most);
        options.resume = &saved->body;
        verdict = explored(saved->scenario, options);
        REQUIRE(pieces < 1000);
    }
    return verdict;
}

void check_equal(const Verdict& one, const Verdict& other) {
    CHECK(one.states == other.states);
    CHECK(one.transitions == other.transitions);
    CHECK(one.schedules == other.schedules);
    CHECK(one.depth == other.depth);
    CHECK(one.done == other.done);
    CHECK(one.crashes == other.crashes);
    CHECK(one.hangs == other.hangs);
    CHECK(one.violations == other.violations);
    CHECK(one.crash_ways == other.crash_ways);
    CHECK(one.complete == other.complete);
    CHECK(one.is_bounded == other.is_bounded);
    CHECK(one.crash_points == other.crash_points);
    CHECK(one.lives == other.lives);
    CHECK(one.crash_places == other.crash_places);
    CHECK(one.cuts_are_whole == other.cuts_are_whole);
    REQUIRE(one.shortest.has_value() == other.shortest.has_value());
    if (!one.shortest) return;
    CHECK(one.shortest->steps == other.shortest->steps);
    CHECK(one.shortest->what == other.shortest->what);
}

}  // namespace

TEST_CASE("a breadth-first search in pieces meets the same states, and the same shortest crash") {
    for (const char* name : {"report-2021", "stop-array", "late-daemon"}) {
        CAPTURE(name);
        const Scenario scenario = scenario_named(name);
        const Verdict whole = explored(scenario);
        CHECK(whole.rest.empty());
        for (const std::uint64_t piece : {1, 7, 20}) {
            CAPTURE(piece);
            const Verdict pieces = in_pieces(scenario, {}, piece);
            check_equal(pieces, whole);
            if (whole.shortest) CHECK(pieces.shortest->picks == whole.shortest->picks);
        }
    }
}

TEST_CASE("so it does on several threads and with a bound on preemptions") {
    ExploreOptions options;
    options.preemptions = 0;
    const Scenario scenario = scenario_named("four-pages");
    const Verdict whole = explored(scenario, options);
    CHECK(whole.is_bounded);
    options.jobs = 2;
    check_equal(in_pieces(scenario, options, 40), whole);
}

TEST_CASE("fine steps go on with the places that were learned" * doctest::skip(!Arena::available())) {
    const Verdict whole = explored(fine_race());
    check_equal(in_pieces(fine_race(), {}, 50), whole);
}

TEST_CASE("a depth-first search in pieces follows the same executions") {
    for (const bool sleep_sets : {true, false}) {
        CAPTURE(sleep_sets);
        ExploreOptions options;
        options.strategy = Strategy::Dfs;
        options.sleep_sets = sleep_sets;
        options.budget = 3000;
        const Verdict whole = explored(scenario_named("report-2021"), options);
        for (const std::uint64_t piece : {1, 17, 500})
            if (piece > 1 || sleep_sets) check_equal(in_pieces(scenario_named("report-2021"), options, piece), whole);
    }
}

TEST_CASE("executions by chance go on where the numbers were") {
    for (const Strategy strategy : {Strategy::Random, Strategy::Pct}) {
        ExploreOptions options;
        options.strategy = strategy;
        options.seed = 5;
        options.budget = 300;
        const Verdict whole = explored(scenario_named("report-2021"), options);
        CHECK(whole.crashes > 0);
        check_equal(in_pieces(scenario_named("report-2021"), options, 70), whole);
    }
}

TEST_CASE("lives after a cut go on in the middle of one" * doctest::skip(!Arena::available())) {
    for (const char* crash : {"kill", "power-cut"}) {
        CAPTURE(crash);
        const Scenario scenario = with_a_plug(crash, "a: write 0\n");
        const Verdict whole = explored(scenario);
        CHECK(whole.complete);
        for (const std::uint64_t piece : {100, 1500}) {
            CAPTURE(piece);
            ExploreOptions options;
            options.budget = whole.states * 2;  // a piece is longer than it is told to be
            const Verdict pieces = in_pieces(scenario, options, piece);
            check_equal(pieces, whole);
        }
    }
}

TEST_CASE("a file that was damaged, and a search that is another one, are refused in words") {
    ExploreOptions options;
    options.budget = 10;
    options.keeps_rest = true;
    const SavedSearch saved = saved_of(explored(scenario_named("report-2021"), options), options);
    const std::string text = saved_search_text(saved);
    for (std::size_t at = 0; at < text.size(); at++) {
        std::string wrong = text;
        wrong[at] = static_cast<char>(wrong[at] ^ 4);
        CHECK_FALSE(parse_saved_search(wrong));
        CHECK_FALSE(parse_saved_search(text.substr(0, at)));
    }
    CHECK_FALSE(parse_saved_search(text + "x"));
    CHECK(parse_saved_search("mdscope-search 2\n").error().text == "1: this mdscope reads 'mdscope-search 1'");
    CHECK(parse_saved_search("mdscope-replay 1\n").error().text ==
          "1: here has to stand 'mdscope-search'; this is no search that was saved");

    CHECK(other_search(saved, saved).empty());
    SavedSearch other = saved;
    other.strategy = Strategy::Dfs;
    CHECK(other_search(saved, other) == "its strategy is bfs, not dfs");
    other = saved;
    other.seed = 2;
    CHECK(other_search(saved, other).empty());  // nothing is left to chance
    other.preemptions = 2;
    CHECK(other_search(saved, other) == "its bound on preemptions is any, not 2");
    other.scenario = scenario_named("race");
    CHECK(other_search(saved, other) == "it is of another array or other tasks (scenario report-2021)");
    other.commit = "1";
    CHECK(other_search(saved, other) == "it was begun by mdscope 0 (test), and this is 1");

    options.resume = &saved.body;
    options.budget = 1000;
    const Result<Verdict> wrong = explore(scenario_named("stop-array"), options);
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().text == "the way to a state leads to another one now; what was saved is of no use here");
    const std::string half = saved.body.substr(0, saved.body.size() / 2);
    options.resume = &half;
    CHECK(explore(scenario_named("report-2021"), options).error().text == "the search that was saved is damaged");
}

}  // namespace mdscope::explore_test
