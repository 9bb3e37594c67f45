// SPDX-License-Identifier: MIT
// Verdict cards, swim-lanes and the matrix, word for word, from verdicts put together by hand.
#include "engine/explore/card.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "engine/explore/matrix.hpp"
#include "engine/md/variants/fix.hpp"
#include "engine/md/variants/order.hpp"
#include "engine/md/variants/pools.hpp"

namespace mdscope::explore_test {

namespace {

ScheduleStep step(const char* actor, const char* what, const char* where, bool is_choice, int mddev) {
    return {actor, what, where, is_choice, 0, mddev, 0};
}

Verdict crashing() {
    Verdict verdict;
    verdict.scenario = stop_mid_write("external", "two-step", 1);
    REQUIRE(verdict.scenario.variants.choose("fix", "none"));
    verdict.scenario.expect = {Expectation::Kind::Crash, "super_written"};
    verdict.states = 1234;
    verdict.transitions = 2345;
    verdict.schedules = 56789;
    verdict.depth = 12;
    verdict.done = 1;
    verdict.crashes = 3;
    verdict.crash_ways = {{"NULL pointer dereference of rdev->mddev in super_written", 3}};
    verdict.complete = true;
    verdict.seconds = 0.0123;
    CounterExample example;
    example.picks = {0, 1};
    example.steps = 4;
    example.what = verdict.crash_ways[0].first;
    example.console = "BUG: kernel NULL pointer dereference\n";
    example.lanes = {step("stopper", "run stopper#3", "array_state_store", true, 0),
                     step("stopper", "run stopper#3", "unbind_rdev_from_array", false, 2),
                     step("sdb bio 9", "complete 9 (sdb bitmap write 8+8)", "super_written", true, 2)};
    verdict.shortest = example;
    return verdict;
}

std::size_t widest_line(const std::string& text) {
    std::istringstream lines(text);
    std::size_t widest = 0;
    for (std::string line; std::getline(lines, line);) widest = std::max(widest, line.size());
    return widest;
}

}  // namespace

TEST_CASE("a card of a scenario that crashes") {
    CHECK(verdict_card(crashing(), "crash.replay") ==
          "stop-mid-write: A stop by two-step, bitmap external\n"
          "  array        2 members of 64M, bitmap external in chunks of 1M\n"
          "  kernel       fix none, order 2022, pools mddev\n"
          "  other rows   claims md, bitmap-read md\n"
          "  world        coarse steps, no disk error, mdmon off\n"
          "  setup        write 0; store array_state clean\n"
          "  task         stopper: store array_state inactive; store array_state clear\n"
          "\n"
          "  search       breadth-first: complete, nothing is left to look at\n"
          "  states       1,234\n"
          "  transitions  2,345\n"
          "  schedules    56,789\n"
          "  depth        12 choices\n"
          "  endings      1 done, 3 crashes, 0 hangs, 0 violations\n"
          "  time         0.012 s\n"
          "  verdict      crashes\n"
          "  expected     crash super_written: yes\n"
          "\n"
          "It ends badly in one way:\n"
          "         3  NULL pointer dereference of rdev->mddev in super_written\n"
          "\n"
          "The shortest schedule that ends so has 2 choices and 4 steps:\n"
          "  stopper x2, sdb bio 9\n"
          "\n"
          "  step  stopper                 sdb                       mddev  bitmap\n"
          "     1* array_state_store                                     0       0\n"
          "     2  unbind_rdev_from_array                                2       0\n"
          "     3*                         bio 9 super_written           2       0\n"
          "  mddev and bitmap: mddev->pending_writes and bitmap->pending_writes; * others could have acted\n"
          "\n"
          "BUG: kernel NULL pointer dereference\n"
          "\n"
          "Replay it: mdscope replay crash.replay\n");
}

Verdict safe() {
    Verdict verdict = crashing();
    verdict.shortest.reset();
    verdict.crash_ways.clear();
    verdict.crashes = 0;
    verdict.scenario.expect = {};
    return verdict;
}

TEST_CASE("a card says how much was looked at") {
    Verdict verdict = safe();
    CHECK(verdict_card(verdict, "").find("  verdict      safe: no schedule crashes or hangs\n") != std::string::npos);
    CHECK(verdict_card(verdict, "").find("expected") == std::string::npos);
    verdict.complete = false;
    verdict.interrupted = true;
    verdict.strategy = Strategy::Random;
    verdict.schedules = ~std::uint64_t{0};
    verdict.schedules_log10 = 23.42;
    const std::string card = verdict_card(verdict, "");
    CHECK(card.find("  search       at random: interrupted, there is more to look at\n") != std::string::npos);
    CHECK(card.find("  schedules    10^23.4\n") != std::string::npos);
    CHECK(card.find("  states ") == std::string::npos);
    CHECK(card.find("  verdict      no schedule that was looked at crashes or hangs\n") != std::string::npos);
    verdict.hangs = 1;
    verdict.crash_ways = {{"mdmon sleeps in a\nstopper sleeps in b\n", 1}, {"other", 1}};
    CHECK(verdict_card(verdict, "")
              .find("It ends badly in 2 ways:\n"
                    "         1  mdmon sleeps in a\n"
                    "            stopper sleeps in b\n"
                    "         1  other\n") != std::string::npos);
    CHECK(progress_line(verdict) == "18,446,744,073,709,551,615 schedules, depth 12, 0 crashes, 1 hang, 0 s");
}

TEST_CASE("a card names every row that is not the default one's") {
    Verdict verdict = crashing();
    verdict.scenario.variants = usual_variants();
    CHECK(verdict_card(verdict, "").find("other rows") == std::string::npos);
    for (const Variant& variant : all_variants()) {
        verdict.scenario.variants = usual_variants();
        for (std::size_t i = 0; i < variant.size; i++) {
            verdict.scenario.variants.choose(variant, variant.row(i));
            const std::string row = std::string(variant.name()) + " " + variant.row(i).name;
            CAPTURE(row);
            const bool is_named = verdict_card(verdict, "").find(row) != std::string::npos;
            CHECK((is_named || &variant.row(i) == &variant.usual()));
        }
    }
    verdict.scenario.variants = VariantRows(*find_kernel_era("5.12"));
    CHECK(verdict_card(verdict, "").find("  other rows   as in Linux 5.12\n") != std::string::npos);
}

TEST_CASE("a card of a search with cuts has what is counted there, and says what was looked for") {
    Verdict verdict = safe();
    verdict.schedules = verdict.depth = 0;
    verdict.crash_points = 3;
    verdict.lives = 2;
    struct Row {
        CutKind crash;
        const char* cuts;
        const char* bad;
    };
    for (const Row& row : {Row{CutKind::Kill, "  kills        3; 2 lives\n", "loses what was acknowledged"},
                           Row{CutKind::PowerCut, "  power cuts   3; 2 lives\n", "loses what was flushed"}}) {
        verdict.scenario.crash = row.crash;
        verdict.complete = true;
        const std::string card = verdict_card(verdict, "");
        CAPTURE(card);
        CHECK(card.find(row.cuts) != std::string::npos);
        CHECK(card.find("schedules  ") == std::string::npos);
        CHECK(card.find("depth") == std::string::npos);
        CHECK(card.find(std::string("  verdict      safe: no schedule crashes, hangs or ") + row.bad +
                        "\n  judged       intent, recorded, stale, durable, equal\n") != std::string::npos);
        CHECK(progress_line(verdict) == "1,234 states, 2 lives, 0 crashes, 0 hangs, 0 s");
        const auto json = nlohmann::json::parse(verdict_json(verdict, ""));
        for (const char* field : {"schedules", "schedules_log10", "depth"}) CHECK(json[field].is_null());
        CHECK(json["cuts"] == 3);
        CHECK(json["lives"] == 2);
        verdict.complete = false;
        CHECK(verdict_card(verdict, "")
                  .find(std::string("no schedule that was looked at crashes, hangs or ") + row.bad) !=
              std::string::npos);
    }
    verdict.complete = true;
    verdict.scenario.cuts = 0;  // data is judged, and nothing is cut
    CHECK(verdict_card(verdict, "").find("safe: no schedule crashes, hangs or reads stale data\n") !=
          std::string::npos);
    CHECK(verdict_card(verdict, "").find("schedules  ") == std::string::npos);
    CHECK(verdict_card(verdict, "").find("power cuts  ") == std::string::npos);
    verdict.strategy = Strategy::Dfs;  // whole executions
    verdict.depth = 12;
    CHECK(verdict_card(verdict, "").find("  depth        12 choices\n") != std::string::npos);
    CHECK(nlohmann::json::parse(verdict_json(verdict, ""))["cuts"].is_null());
    verdict.violations = 1;
    CHECK(progress_line(verdict) == "0 schedules, depth 12, 0 crashes, 0 hangs, 1 violation, 0 s");
}

TEST_CASE("a card says sizes as people do") {
    Verdict verdict = crashing();
    const auto said = [&](std::uint64_t size) {
        verdict.scenario.size = size;
        const std::string card = verdict_card(verdict, "");
        const std::size_t begin = card.find(" members of ") + 12;
        return card.substr(begin, card.find(',', begin) - begin);
    };
    CHECK(said(64ULL << 20) == "64M");
    CHECK(said(28ULL << 30) == "28G");
    CHECK(said(141689856ULL << 10) == "135.1G");
    CHECK(said((1ULL << 20) + 512) == "1.0M");
}

TEST_CASE("an expectation holds or not") {
    Verdict verdict = crashing();
    const auto holds = [&](Expectation expect) {
        verdict.scenario.expect = std::move(expect);
        return expectation_holds(verdict);
    };
    using Kind = Expectation::Kind;
    CHECK(holds({Kind::Any, ""}));
    CHECK(holds({Kind::Crash, ""}));
    CHECK(holds({Kind::Crash, "super_written"}));
    CHECK_FALSE(holds({Kind::Crash, "written"}));
    CHECK_FALSE(holds({Kind::Safe, ""}));
    CHECK_FALSE(holds({Kind::Hang, ""}));
    verdict.violations = 1;  // Of the engine's own rules: nothing that it found counts.
    CHECK_FALSE(holds({Kind::Any, ""}));

    // What was not met in a search that came to no end is not known; neither is it safe.
    Verdict unfinished;
    const auto held = [&](Expectation expect) {
        unfinished.scenario.expect = std::move(expect);
        return expectation_of(unfinished);
    };
    for (const Kind kind : {Kind::Any, Kind::Safe, Kind::Crash, Kind::Hang, Kind::Violation})
        CHECK(held({kind, ""}) == Held::NotKnown);
    unfinished.hangs = 1;
    CHECK(held({Kind::Any, ""}) == Held::Yes);
    CHECK(held({Kind::Hang, ""}) == Held::Yes);
    CHECK(held({Kind::Safe, ""}) == Held::No);
    CHECK(held({Kind::Crash, ""}) == Held::NotKnown);
    unfinished.hangs = 0;
    unfinished.complete = true;
    CHECK(held({Kind::Any, ""}) == Held::Yes);
    CHECK(held({Kind::Safe, ""}) == Held::Yes);
    for (const Kind kind : {Kind::Crash, Kind::Hang, Kind::Violation}) CHECK(held({kind, ""}) == Held::No);

    Run run;
    run.ending = Ending::Crash;
    run.what = "NULL pointer dereference of rdev->mddev in super_written";
    const auto run_holds = [&](Expectation expect) {
        Scenario scenario;
        scenario.expect = std::move(expect);
        return expectation_holds(scenario, run);
    };
    CHECK(run_holds({Kind::Any, ""}));
    CHECK(run_holds({Kind::Crash, "super_written"}));
    CHECK_FALSE(run_holds({Kind::Crash, "md_error"}));
    CHECK_FALSE(run_holds({Kind::Safe, ""}));
}

TEST_CASE("swim-lanes fit into 100 columns, however many act and however long it takes") {
    std::vector<ScheduleStep> steps;
    for (int i = 0; i < 200; i++) {
        const std::string actor = "a task with a long name " + std::to_string(i % 9);
        steps.push_back(step(actor.c_str(), "run it", i % 2 == 0 ? "a_function_with_a_name_longer_than_a_lane" : "",
                             i % 3 == 0, i));
    }
    const std::string text = lanes_text(steps);
    CHECK(widest_line(text) <= 100);
    CHECK(std::count(text.begin(), text.end(), '\n') == 1 + 20 + 1 + 60 + 1);
    CHECK(text.find("120 steps are left out here") != std::string::npos);
    CHECK(text.find("others") != std::string::npos);
    CHECK(lanes_text(
              {step("sda bio 7", "complete 7 (sda)", "", false, 1), step("sda bio 8", "fail 8 (sda)", "", true, 0)}) ==
          "  step  sda                       mddev  bitmap\n"
          "     1  bio 7 ends                    1       0\n"
          "     2* bio 8 fails                   0       0\n"
          "  mddev and bitmap: mddev->pending_writes and bitmap->pending_writes; * others could have acted\n");
    CHECK(lanes_text({}) == "");
    CHECK(schedule_line({}) == "");
}

TEST_CASE("the JSON of a verdict says what the card says") {
    const auto json = nlohmann::json::parse(verdict_json(crashing(), "crash.replay"));
    CHECK(json["version"] == 1);
    CHECK(json["verdict"] == "crashes");
    CHECK(json["states"] == 1234);
    CHECK(json["expectation"] == "holds");
    CHECK(json["expectation_holds"] == true);
    CHECK(json["ways"][0]["count"] == 3);
    CHECK(json["shortest"]["replay"] == "crash.replay");
    CHECK(json["shortest"]["lanes"][2]["actor"] == "sdb bio 9");
    CHECK(json["scenario"]["fix"] == "none");
    CHECK(parse_scenario(json["scenario"]["text"].get<std::string>(), "stop-mid-write"));
    Verdict strange = crashing();
    strange.scenario.title = "\xff";
    CHECK(nlohmann::json::accept(verdict_json(strange, "")));
}

TEST_CASE("a run has a card and JSON") {
    Run run;
    run.ending = Ending::Hang;
    run.what = "stopper sleeps in mddev->sb_wait";
    run.picks = {1};
    run.stood_for = {"run stopper#3"};
    run.log_hash = 0xabc;
    run.lanes = crashing().shortest->lanes;
    Scenario scenario = crashing().scenario;
    const std::string card = run_card(scenario, run);
    CHECK(card.find("  ending       hang: stopper sleeps in mddev->sb_wait\n"
                    "  log hash     0000000000000abc\n"
                    "  expected     crash super_written: NO\n") != std::string::npos);
    const auto json = nlohmann::json::parse(run_json(scenario, run));
    CHECK(json["log_hash"] == "0000000000000abc");
    CHECK(json["ending"] == "hang");
    CHECK(json["lanes"].size() == 3);
}

TEST_CASE("the matrix has a cell for every home, entrance and row of the variants that matter") {
    std::vector<MatrixCell> cells = matrix_cells(Granularity::Coarse);
    CHECK(cells.size() ==
          3 * 4 * variants::fix::rows().size() * variants::order::rows().size() * variants::pools::rows().size());
    const auto how = [](const Scenario& scenario, const ExploreOptions&) -> Result<Verdict> {
        Verdict verdict = crashing();
        verdict.scenario = scenario;
        if (scenario.bitmap == "file" && scenario.variants.name("fix") == "v1") return Error{22, "no room"};
        verdict.crashes = scenario.bitmap == "external" && scenario.variants.name("fix") == "none" ? 12 : 0;
        verdict.hangs = scenario.bitmap == "file" && scenario.variants.name("fix") == "none" ? 2 : 0;
        verdict.complete = scenario.bitmap != "internal";
        return verdict;
    };
    cells.resize(48);  // The first of the four tables.
    for (MatrixCell& cell : cells)
        if (&cell != &cells.back()) explore_cell(cell, {}, how);
    const std::string text = matrix_text(cells);
    CHECK(widest_line(text) <= 100);
    CHECK(text.starts_with(
        "coarse steps, order 2021, pools mddev\n"
        "  bitmap    entrance     fix none          fix v1            fix proposal      fix upstream\n"
        "  external  STOP_ARRAY   crashes 12        safe 1,234        safe 1,234        safe 1,234\n"
        "  external  array_state  crashes 12        safe 1,234        safe 1,234        safe 1,234\n"
        "  external  two-step     crashes 12        safe 1,234        safe 1,234        safe 1,234\n"
        "  external  readonly     crashes 12        safe 1,234        safe 1,234        safe 1,234\n"
        "  internal  STOP_ARRAY   safe 1,234?       safe 1,234?       safe 1,234?       safe 1,234?\n"));
    CHECK(text.find("\n  file      readonly     hangs 2           error             safe 1,234        -\n") !=
          std::string::npos);
    CHECK(text.find("\n  ?: not everything was looked at\n  error: file, STOP_ARRAY: no room\n") != std::string::npos);
    CHECK(cells[0].verdict.shortest->lanes.empty());
    const auto json = nlohmann::json::parse(matrix_json(cells));
    CHECK(json["cells"].size() == 48);
    CHECK(json["cells"][0]["verdict"] == "crashes");
    CHECK(json["cells"][0]["ways"][0]["count"] == 3);
    CHECK(json["cells"][47]["explored"] == false);
}

}  // namespace mdscope::explore_test
