// SPDX-License-Identifier: MIT
// The searches: what they find, that they look everywhere, and that they agree with each other.
//
// Small cases are counted by hand. On larger ones two programs that share little must give the same number: the paths
// through the states that are met once (breadth-first), and the executions of a search that knows no states
// (depth-first without sleep sets).
#include <array>
#include <set>

#include "engine/explore/card.hpp"
#include "engine/explore/matrix.hpp"
#include "engine/explore/world.hpp"
#include "engine/md/variants/fix.hpp"
#include "tests/explore/crash_scenarios.hpp"
#include "tests/explore/fixture.hpp"

namespace mdscope::explore_test {

namespace {

// So many tasks that do one thing each, in one step.
Scenario tasks_of_one_step(unsigned count) {
    Scenario scenario;
    scenario.bitmap = "none";
    for (unsigned i = 0; i < count; i++) {
        Statement daemon;
        daemon.kind = Statement::Kind::Daemon;
        scenario.tasks.push_back({"task" + std::to_string(i), {daemon}});
    }
    return scenario;
}

ExploreOptions depth_first(bool sleep_sets) {
    ExploreOptions options;
    options.strategy = Strategy::Dfs;
    options.sleep_sets = sleep_sets;
    return options;
}

std::set<std::string> ways_of(const Verdict& verdict) {
    std::set<std::string> ways;
    for (const auto& [what, count] : verdict.crash_ways) ways.insert(what);
    return ways;
}

}  // namespace

// n tasks: n! orders. A state is which of them are done; with one left there is no choice, so only subsets of up to n-2
// count, and the end.
TEST_CASE("tasks of one step, counted by hand") {
    struct Case {
        unsigned tasks;
        std::uint64_t schedules, states, transitions;
    };
    for (const Case& one : {Case{1, 1, 1, 0}, Case{2, 2, 2, 2}, Case{3, 6, 5, 9}, Case{4, 24, 12, 28}}) {
        CAPTURE(one.tasks);
        const Verdict verdict = explored(tasks_of_one_step(one.tasks));
        CHECK(verdict.complete);
        CHECK(verdict.schedules == one.schedules);
        CHECK(verdict.states == one.states);
        CHECK(verdict.transitions == one.transitions);
        CHECK(verdict.done == 1);
        CHECK(explored(tasks_of_one_step(one.tasks), depth_first(false)).schedules == one.schedules);
    }
}

TEST_CASE("states met once, and executions one by one: the same number of schedules, the same crashes") {
    for (const char* name : {"referee-external", "referee-file", "report-2021", "delayed-delete"}) {
        for (const char* fix : {"none", "upstream"}) {
            CAPTURE(name);
            CAPTURE(fix);
            const Scenario scenario = with(scenario_named(name), fix);
            const Verdict states = explored(scenario);
            const Verdict executions = explored(scenario, depth_first(false));
            const Verdict pruned = explored(scenario, depth_first(true));
            CHECK(states.complete);
            CHECK(executions.complete);
            CHECK(pruned.complete);
            CHECK(states.schedules == executions.schedules);
            CHECK(states.depth <= executions.depth);
            CHECK(ways_of(states) == ways_of(executions));
            CHECK(ways_of(pruned) == ways_of(executions));
            CHECK(pruned.schedules <= executions.schedules);
            CHECK((pruned.done > 0) == (executions.done > 0));
        }
    }
}

// A stop mid-write, one page, two members: states, and how many of them are crashes. Where the writes are waited for,
// there are fewer.
TEST_CASE("the coarse matrix: only an external bitmap without a fix crashes, and readonly never does") {
    struct Row {
        const char *bitmap, *entrance, *fix;
        std::array<std::uint64_t, 2> order_2021, order_2022;  // states, and those that are crashes
        std::uint64_t schedules;                              // of both
    };
    constexpr Row kRows[] = {
        {"external", "STOP_ARRAY", "none", {37, 10}, {35, 8}, 153},
        {"external", "STOP_ARRAY", "v1", {20, 0}, {20, 0}, 75},
        {"external", "STOP_ARRAY", "proposal", {20, 0}, {20, 0}, 75},
        {"external", "STOP_ARRAY", "upstream", {20, 0}, {20, 0}, 75},
        {"external", "array_state", "none", {37, 10}, {35, 8}, 153},
        {"external", "array_state", "v1", {20, 0}, {20, 0}, 75},
        {"external", "array_state", "proposal", {20, 0}, {20, 0}, 75},
        {"external", "array_state", "upstream", {20, 0}, {20, 0}, 75},
        {"external", "two-step", "none", {37, 10}, {35, 8}, 153},
        {"external", "two-step", "v1", {20, 0}, {20, 0}, 75},
        {"external", "two-step", "proposal", {20, 0}, {20, 0}, 75},
        {"external", "two-step", "upstream", {20, 0}, {20, 0}, 75},
        {"external", "readonly", "none", {18, 0}, {18, 0}, 57},
        {"external", "readonly", "v1", {20, 0}, {20, 0}, 75},
        {"external", "readonly", "proposal", {20, 0}, {20, 0}, 75},
        {"external", "readonly", "upstream", {20, 0}, {20, 0}, 75},
        {"internal", "STOP_ARRAY", "none", {93, 0}, {93, 0}, 179331},
        {"internal", "STOP_ARRAY", "v1", {60, 0}, {60, 0}, 31440},
        {"internal", "STOP_ARRAY", "proposal", {93, 0}, {93, 0}, 179331},
        {"internal", "STOP_ARRAY", "upstream", {93, 0}, {93, 0}, 179331},
        {"internal", "array_state", "none", {93, 0}, {93, 0}, 179331},
        {"internal", "array_state", "v1", {60, 0}, {60, 0}, 31440},
        {"internal", "array_state", "proposal", {93, 0}, {93, 0}, 179331},
        {"internal", "array_state", "upstream", {93, 0}, {93, 0}, 179331},
        {"internal", "two-step", "none", {93, 0}, {93, 0}, 179331},
        {"internal", "two-step", "v1", {60, 0}, {60, 0}, 31440},
        {"internal", "two-step", "proposal", {93, 0}, {93, 0}, 179331},
        {"internal", "two-step", "upstream", {93, 0}, {93, 0}, 179331},
        {"internal", "readonly", "none", {93, 0}, {93, 0}, 179331},
        {"internal", "readonly", "v1", {60, 0}, {60, 0}, 31440},
        {"internal", "readonly", "proposal", {93, 0}, {93, 0}, 179331},
        {"internal", "readonly", "upstream", {93, 0}, {93, 0}, 179331},
        {"file", "STOP_ARRAY", "none", {24, 0}, {24, 0}, 329},
        {"file", "STOP_ARRAY", "v1", {22, 0}, {22, 0}, 176},
        {"file", "STOP_ARRAY", "proposal", {24, 0}, {24, 0}, 329},
        {"file", "STOP_ARRAY", "upstream", {24, 0}, {24, 0}, 329},
        {"file", "array_state", "none", {24, 0}, {24, 0}, 329},
        {"file", "array_state", "v1", {22, 0}, {22, 0}, 176},
        {"file", "array_state", "proposal", {24, 0}, {24, 0}, 329},
        {"file", "array_state", "upstream", {24, 0}, {24, 0}, 329},
        {"file", "two-step", "none", {24, 0}, {24, 0}, 329},
        {"file", "two-step", "v1", {22, 0}, {22, 0}, 176},
        {"file", "two-step", "proposal", {24, 0}, {24, 0}, 329},
        {"file", "two-step", "upstream", {24, 0}, {24, 0}, 329},
        {"file", "readonly", "none", {24, 0}, {24, 0}, 329},
        {"file", "readonly", "v1", {22, 0}, {22, 0}, 176},
        {"file", "readonly", "proposal", {24, 0}, {24, 0}, 329},
        {"file", "readonly", "upstream", {24, 0}, {24, 0}, 329},
    };
    for (const Row& row : kRows) {
        if (!Arena::available() && std::string(row.bitmap) == "internal") continue;  // a minute each, built anew
        for (const std::string order : {"2021", "2022"}) {
            const auto [states, crashes] = order == "2021" ? row.order_2021 : row.order_2022;
            MatrixCell cell;
            cell.bitmap = row.bitmap;
            cell.entrance = row.entrance;
            REQUIRE(cell.variants.choose("fix", row.fix));
            REQUIRE(cell.variants.choose("order", order));
            REQUIRE(cell.variants.choose("pools", "mddev"));
            REQUIRE(cell.variants.choose("claims", "md"));
            REQUIRE(cell.variants.choose("bitmap-read", "md"));
            explore_cell(cell, {});
            INFO(row.bitmap << " " << row.entrance << " " << row.fix << " " << order);
            REQUIRE_MESSAGE(cell.error.empty(), cell.error);
            CHECK(cell.verdict.complete);
            CHECK(cell.verdict.states == states);
            CHECK(cell.verdict.crashes == crashes);
            CHECK(cell.verdict.schedules == row.schedules);
            CHECK(cell.verdict.hangs == 0);
            CHECK(cell.verdict.violations == 0);
        }
    }
}

TEST_CASE("the order in __md_stop moves the tree, and no verdict") {
    Scenario scenario = scenario_named("report-2021");
    REQUIRE(scenario.variants.choose("stop-order", "db"));
    const Verdict without = explored(scenario);
    CHECK(without.complete);
    CHECK(without.states == 37);
    CHECK(without.crashes == 10);
    REQUIRE(scenario.variants.choose("fix", "upstream"));
    const Verdict with_fix = explored(scenario);
    CHECK(with_fix.complete);
    CHECK(with_fix.states == 20);
    CHECK(with_fix.crashes == 0);

    for (const char* row : {"bd", "db"}) {
        REQUIRE(scenario.variants.choose("stop-order", row));
        const std::string tree = ran(scenario).tree_all;
        const std::size_t destroy = tree.find("md_bitmap_destroy"), detach = tree.find("mddev_detach");
        REQUIRE(std::max(destroy, detach) != std::string::npos);
        CHECK((destroy < detach) == (std::string(row) == "bd"));
    }
}

TEST_CASE("one page, two members: the shortest crash takes five choices") {
    const Verdict verdict = explored(with(scenario_named("referee-external"), "none"));
    REQUIRE(verdict.shortest);
    CHECK(verdict.shortest->what == "NULL pointer dereference of rdev->mddev in super_written");
    CHECK(verdict.shortest->picks.size() == 5);
    CHECK(verdict.shortest->oops->in_irq);
}

// ---- fine steps; they need an arena, whose addresses stay

TEST_CASE("fine steps: the second bug, and the window of a bitmap file" * doctest::skip(!Arena::available())) {
    const auto fine = [](const char* name, const char* fix, const char* order, const char* pools) {
        Verdict verdict = explored(with(scenario_named(name), fix, order, pools, Granularity::Fine));
        CHECK(verdict.complete);
        return verdict;
    };
    for (const char* fix : {"v1", "proposal", "upstream"}) {
        CAPTURE(fix);
        // 2021: the count goes down first, and the stopper may free what the completion still needs.
        CHECK(ways_of(fine("referee-external", fix, "2021", "stop")) ==
              std::set<std::string>{"NULL pointer dereference of mempool_t.elements in mempool_free"});
        CHECK(fine("referee-external", fix, "2022", "stop").crashes == 0);
        CHECK(fine("referee-external", fix, "2022", "mddev").crashes == 0);
    }
    for (const StopFix& fix : variants::fix::rows())
        CHECK(ways_of(fine("referee-file", fix.name, "2022", "mddev")) ==
              std::set<std::string>{"use after free of bitmap in end_bitmap_write"});
    CHECK(fine("referee-external", "none", "2022", "mddev").crashes > 0);
}

TEST_CASE("a crash found in fine steps is replayed without what the search has learned" *
          doctest::skip(!Arena::available())) {
    const Scenario scenario = with(scenario_named("referee-file"), "upstream", "2022", "mddev", Granularity::Fine);
    const Verdict verdict = explored(scenario);
    REQUIRE(verdict.shortest);
    const Result<Run> again = run_once(scenario, &verdict.shortest->picks);
    REQUIRE_MESSAGE(again, again.error().text);
    CHECK(again->ending == Ending::Crash);
    CHECK(again->what == verdict.shortest->what);
    CHECK(again->picks == verdict.shortest->picks);
}

// Before a task's first access nothing is remembered yet; that moment must still differ from the one before it began.
TEST_CASE("fine steps of two tasks: states and executions agree" * doctest::skip(!Arena::available())) {
    Scenario scenario = tasks_of_one_step(2);
    scenario.granularity = Granularity::Fine;
    const Verdict states = explored(scenario);
    const Verdict executions = explored(scenario, depth_first(false));
    CHECK(states.complete);
    CHECK(executions.complete);
    CHECK(states.schedules == executions.schedules);
    CHECK(states.schedules > 2);
}

// ---- the windows in which a late completion may come

TEST_CASE("windows W0, W1 and W2 are each reached") {
    CHECK(ways_of(explored(with(scenario_named("referee-external"), "none", "2022", "stop")))
              .contains("NULL pointer dereference of mempool_t.elements in mempool_free"));
    const std::set<std::string> ways = ways_of(explored(scenario_named("delayed-delete")));
    CHECK(ways.contains("NULL pointer dereference of rdev->mddev in super_written"));
    CHECK(ways.contains("use after free of rdev in super_written"));
}

TEST_CASE("every scenario ends as it says it does") {
    for (const ScenarioFile& file : scenario_files()) {
        const Scenario scenario = scenario_named(file.name);
        if (scenario.expect.kind == Expectation::Kind::Any) continue;
        if (!scenario.schedule.empty()) continue;  // It says how that schedule ends; a search looks at all.
        if (!Arena::available() && scenario.granularity == Granularity::Fine) continue;
        CAPTURE(file.name);
        ExploreOptions options;
        options.stop_at_first_crash = scenario.expect.kind == Expectation::Kind::Crash;
        options.strategy = scenario.strategy;
        options.budget = options.stop_at_first_crash ? 20'000 : Arena::available() ? 5000 : 60;
        const Verdict verdict = explored(scenario, options);
        if (scenario.expect.kind == Expectation::Kind::Safe) CHECK(verdict.crashes + verdict.hangs == 0);
        if (scenario.expect.kind == Expectation::Kind::Crash) CHECK(verdict.crashes > 0);
        if (scenario.expect.kind == Expectation::Kind::Hang) CHECK(verdict.hangs > 0);
    }
}

// ---- liveness

// Nobody writes `active`: the writer waits in md_write_start for ever.
TEST_CASE("a task that nobody will wake is a hang") {
    Scenario scenario = scenario_named("referee-external");
    Statement write;
    write.kind = Statement::Kind::Write;
    scenario.tasks = {{"writer", {write}}};
    const Verdict verdict = explored(scenario);
    CHECK(verdict.complete);
    CHECK(verdict.hangs > 0);
    CHECK(verdict.done == 0);
    REQUIRE(verdict.shortest);
    CHECK(verdict.shortest->ending == Ending::Hang);
    CHECK(verdict.shortest->what.find("writer") != std::string::npos);
    CHECK(verdict.shortest->what.find("sb_wait") != std::string::npos);
}

// ---- the same again

// Each seed's log, as a hash.
static std::vector<std::uint64_t> logs_by_seed(const Scenario& scenario, std::uint64_t seeds) {
    std::vector<std::uint64_t> hashes;
    World world(scenario, {.event_log = true, .invariants = true, .hashing = false, .conflicts = nullptr});
    for (std::uint64_t seed = 1; seed <= seeds; seed++) {
        RandomChooser chooser(seed);
        if (seed > 1) world.restart();
        for (world.advance(); world.moment() == Moment::Open; world.advance())
            world.take(chooser.choose(world.choices()));
        hashes.push_back(std::hash<std::string>{}(world.lab().kernel.event_log()));
    }
    return hashes;
}

TEST_CASE("a seed means the same schedule and the same log, each time") {
    for (const Granularity granularity : {Granularity::Coarse, Granularity::Fine}) {
        Scenario scenario = with(scenario_named("referee-external"), "none");
        scenario.granularity = granularity;
        const std::uint64_t seeds = Arena::available() ? 10000 : 20;
        const std::vector<std::uint64_t> hashes = logs_by_seed(scenario, seeds);
        CHECK(hashes == logs_by_seed(scenario, seeds));
        CHECK(std::set<std::uint64_t>(hashes.begin(), hashes.end()).size() > (Arena::available() ? 100U : 5U));
    }
}

TEST_CASE("a schedule replays to the same log, and one that does not fit is refused") {
    const Scenario scenario = with(scenario_named("referee-external"), "none");
    const Verdict verdict = explored(scenario);
    REQUIRE(verdict.shortest);
    std::vector<std::uint32_t> picks = verdict.shortest->picks;
    const Result<Run> first = run_once(scenario, &picks);
    const Result<Run> second = run_once(scenario, &picks, &first->stood_for);
    REQUIRE(first);
    REQUIRE(second);
    CHECK(first->event_log == second->event_log);
    CHECK(first->log_hash == second->log_hash);
    CHECK(second->ending == Ending::Crash);

    picks.front() = 99;
    const Result<Run> impossible = run_once(scenario, &picks);
    REQUIRE_FALSE(impossible);
    CHECK(impossible.error().text.find("pick 1") != std::string::npos);
    const std::vector<std::string> others(first->stood_for.size(), "complete 99");
    CHECK_FALSE(run_once(scenario, &verdict.shortest->picks, &others));
}

TEST_CASE("a search ends at its bound on memory, by every strategy, and is not called whole") {
    const Scenario scenario = stop_mid_write("internal", "array_state", 1);
    for (const Strategy strategy : {Strategy::Bfs, Strategy::Dfs, Strategy::Random}) {
        ExploreOptions options;
        options.strategy = strategy;
        options.memory = 1;  // the program alone takes more
        const Verdict verdict = explored(scenario, options);
        CHECK(verdict.out_of_memory);
        CHECK_FALSE(verdict.complete);
        CHECK(verdict_card(verdict, "").find("stopped at its bound on memory") != std::string::npos);
    }
    ExploreOptions options;
    options.memory = 1;
    CHECK(explored(crash_scenario("internal", crash_operations().front(), "kill"), options).out_of_memory);
}

TEST_CASE("chance finds the crash without a fix, and none with it") {
    for (const Strategy strategy : {Strategy::Random, Strategy::Pct}) {
        ExploreOptions options;
        options.strategy = strategy;
        options.budget = Arena::available() ? 2000 : 40;
        CHECK(explored(with(scenario_named("referee-external"), "none"), options).crashes > 0);
        const Verdict fixed = explored(with(scenario_named("referee-external"), "upstream"), options);
        CHECK(fixed.crashes == 0);
        CHECK(fixed.schedules == options.budget);
        CHECK_FALSE(fixed.complete);
    }
}

}  // namespace mdscope::explore_test
