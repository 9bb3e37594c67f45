// SPDX-License-Identifier: MIT
// The matrix behind the window's back: what it finds is what the engine finds, it can be paused and cancelled at any
// moment, and it does nothing twice. No ImGui here.
#include "gui/model/matrix_run.hpp"

#include <doctest/doctest.h>

#include <atomic>

#include "engine/host/host.hpp"
#include "engine/kernel/arena.hpp"
#include "gui/model/matrix_model.hpp"
#include "gui/model/player.hpp"
#include "tests/gui/explored.hpp"

namespace mdscope::gui {

namespace {

using Phase = MatrixRun::Phase;

constexpr double kDeadline = 60;       // seconds; a sanitizer's build on a busy machine
constexpr double kAtOnce = 0.1;        // within which a person's wish is heeded
constexpr double kSlackSeconds = 0.2;  // of a machine that does other things, too

// Until something holds, looked at again and again.
template <class Condition>
bool comes_true(Condition condition) {
    const double began = host_monotonic_seconds();
    while (!condition())
        if (host_monotonic_seconds() - began > kDeadline) return false;
    return true;
}

std::vector<MatrixCell> some_cells(std::size_t every) {
    std::vector<MatrixCell> cells;
    const std::vector<MatrixCell> all = matrix_cells(Granularity::Coarse);
    for (std::size_t i = 0; i < all.size(); i += every) cells.push_back(all[i]);
    return cells;
}

// A cell with millions of states.
std::vector<MatrixCell> large_cells() {
    MatrixCell cell;
    cell.bitmap = "internal";
    cell.entrance = "STOP_ARRAY";
    REQUIRE(cell.variants.choose("fix", "none"));
    REQUIRE(cell.variants.choose("order", "2021"));
    REQUIRE(cell.variants.choose("pools", "mddev"));
    cell.granularity = Granularity::Fine;
    return {cell, cell};
}

ExploreOptions without_end() {
    ExploreOptions options;
    options.budget = 1'000'000'000;
    return options;
}

std::size_t number_of(const MatrixRun::View& view, const std::string& id) {
    for (std::size_t i = 0; i < view.cells.size(); i++)
        if (cell_id(view.cell(i)) == id) return i;
    FAIL("no such cell: " << id);
    return 0;
}

TEST_CASE("the matrix of the window is the engine's own") {
    for (std::size_t i = 0; i < coarse().cells.size(); i += 7) {
        MatrixCell cell = matrix_cells(Granularity::Coarse)[i];
        explore_cell(cell, {});
        const MatrixCell& shown = coarse().cell(i);
        CAPTURE(cell_id(cell));
        CHECK(cell_id(shown) == cell_id(cell));
        CHECK(cell_text(shown) == cell_text(cell));
        CHECK(cell_words(coarse(), i) == cell_text(cell));
        CHECK(shown.verdict.states == cell.verdict.states);
        CHECK(shown.verdict.crashes == cell.verdict.crashes);
        CHECK(shown.verdict.transitions == cell.verdict.transitions);
        CHECK(shown.verdict.complete);
    }
    CHECK(coarse().phase == Phase::Finished);
    CHECK(coarse().done == matrix_cells(Granularity::Coarse).size());
}

TEST_CASE("a fine cell within the budget has the engine's numbers, too") {
    if (!Arena::available()) return;  // takes minutes under a sanitizer
    std::vector<MatrixCell> cells = large_cells();
    cells.resize(1);
    cells[0].bitmap = "file";
    REQUIRE(cells[0].variants.choose("file-written", "md"));
    MatrixRun run(cells, {}, [] {});
    run.start();
    run.wait();
    explore_cell(cells[0], {});
    CHECK(cell_text(run.view()->cell(0)) == cell_text(cells[0]));
    CHECK(cells[0].verdict.crashes > 0);
}

TEST_CASE("a cell over its budget is shown with a question") {
    std::vector<MatrixCell> cells = large_cells();
    cells.resize(1);
    ExploreOptions options;
    options.budget = 100;
    MatrixRun run(cells, options, [] {});
    run.start();
    run.wait();
    CHECK(state_of(*run.view(), 0) == CellState::Unsure);
    CHECK(cell_words(*run.view(), 0).back() == '?');
}

TEST_CASE("progress is told, and what was found is there when it ends") {
    std::atomic<int> woken = 0;
    MatrixRun run(some_cells(17), {}, [&] { woken++; });
    CHECK(run.view()->phase == Phase::NotBegun);
    run.start();
    run.wait();
    const auto view = run.view();
    CHECK(view->phase == Phase::Finished);
    CHECK(view->done == view->cells.size());
    CHECK_FALSE(view->running);
    CHECK(woken > 0);
}

TEST_CASE("who does not look is not woken for each cell") {
    std::atomic<int> woken = 0;
    MatrixRun run(some_cells(9), {}, [&] { woken++; });
    run.start();
    run.wait();
    CHECK(woken <= 2);  // that there is something new, and that it has ended
}

TEST_CASE("a running cell says how many states it has looked at, and how fast") {
    MatrixRun run(large_cells(), without_end(), [] {});
    run.start();
    CHECK(comes_true([&] { return run.view()->states > 0 && run.view()->states_per_second > 0; }));
    const auto view = run.view();
    CHECK(view->running == std::size_t{0});
    CHECK(progress_words(*view).find("internal, STOP_ARRAY, fix none") != std::string::npos);
    CHECK(state_of(*view, 0) == CellState::Running);
    CHECK(state_of(*view, 1) == CellState::Waiting);
}

TEST_CASE("a view does not change once it is made") {
    MatrixRun run(large_cells(), without_end(), [] {});
    const auto before = run.view();
    run.start();
    CHECK(comes_true([&] { return run.view()->states > 0; }));
    CHECK(before->phase == Phase::NotBegun);
    CHECK(before->states == 0);
}

TEST_CASE("cancelling ends the search at once, and the destructor cancels") {
    const auto run = std::make_unique<MatrixRun>(large_cells(), without_end(), [] {});
    run->start();
    REQUIRE(comes_true([&] { return run->view()->states > 0; }));
    const double began = host_monotonic_seconds();
    run->cancel();
    CHECK(run->view()->phase == Phase::Cancelled);
    run->wait();
    const double took = host_monotonic_seconds() - began;
    CHECK(took < kAtOnce + kSlackSeconds);
    MESSAGE("cancelled within " << took * 1000 << " ms");
    CHECK(run->view()->done == 0);  // half a cell is none
    CHECK_FALSE(run->view()->cell(0).explored);
}

TEST_CASE("while it is paused nothing is looked at, and then it goes on where it stood") {
    MatrixRun run(large_cells(), without_end(), [] {});
    run.start();
    REQUIRE(comes_true([&] { return run.view()->states > 0; }));
    run.pause(true);
    CHECK(run.view()->phase == Phase::Paused);
    // At most one report is still on its way in.
    std::uint64_t states = 0;
    double since = host_monotonic_seconds();
    REQUIRE(comes_true([&] {
        if (run.view()->states != states) since = host_monotonic_seconds();
        states = run.view()->states;
        return host_monotonic_seconds() - since > 0.3;
    }));
    run.pause(false);
    CHECK(run.view()->phase == Phase::Running);
    CHECK(comes_true([&] { return run.view()->states > states; }));
    run.pause(true);
    run.cancel();  // out of a pause, too
    run.wait();
    CHECK(run.view()->phase == Phase::Cancelled);
}

TEST_CASE("nothing is explored twice") {
    MatrixRun run(some_cells(40), {}, [] {});
    run.start();
    run.start();
    run.wait();
    const auto first = run.view();
    run.start();
    run.pause(true);
    run.cancel();
    run.wait();
    CHECK(run.view() == first);  // not even a new view
}

TEST_CASE("what is known before it starts is not explored again") {
    const MatrixRun known(explored_cells(), {}, [] {});
    CHECK(known.view()->phase == Phase::Finished);
    std::vector<MatrixCell> cells = explored_cells();
    cells[3] = matrix_cells(Granularity::Coarse)[3];
    MatrixRun run(cells, {}, [] {});
    CHECK(run.view()->done == cells.size() - 1);
    run.start();
    run.wait();
    CHECK(run.view()->done == cells.size());
    CHECK(cell_text(run.view()->cell(3)) == cell_text(coarse().cell(3)));
    CHECK(run.view()->cell(4).verdict.seconds == cells[4].verdict.seconds);
}

TEST_CASE("after a cancel it goes on with what is missing") {
    std::vector<MatrixCell> cells = some_cells(40);
    cells.push_back(large_cells().front());
    ExploreOptions options;
    options.budget = 1'000'000'000;
    MatrixRun run(cells, options, [] {});
    run.start();
    REQUIRE(comes_true([&] { return run.view()->running == cells.size() - 1; }));
    run.cancel();
    const auto before = run.view();
    CHECK(before->done == cells.size() - 1);
    run.start();
    REQUIRE(comes_true([&] { return run.view()->running == cells.size() - 1; }));
    for (std::size_t i = 0; i + 1 < cells.size(); i++) CHECK(run.view()->cells[i] == before->cells[i]);
}

TEST_CASE("a cell that cannot be explored says why, and the next one is explored") {
    std::vector<MatrixCell> cells = some_cells(100);
    cells[0].members = 99;
    MatrixRun run(cells, {}, [] {});
    run.start();
    run.wait();
    CHECK(state_of(*run.view(), 0) == CellState::Failed);
    CHECK(cell_details(*run.view(), 0).find("could not be explored") != std::string::npos);
    CHECK(run.view()->cell(1).error.empty());
}

// ---- what it says

TEST_CASE("without the fix external bitmaps are in danger, with it none is") {
    const MatrixWords words = matrix_words(coarse());
    CHECK(words.what.find("12 of 48 configurations can crash; ") != std::string::npos);
    CHECK(words.what.find("(fix upstream) none of 48") != std::string::npos);
    CHECK(words.why.find("With a completion as one step only external bitmaps") == 0);
}

TEST_CASE("beside a crash stands the fix that was merged, or the nearest array that is safe") {
    const std::size_t bad = number_of(coarse(), "2021/mddev/external/two-step/none");
    REQUIRE(is_bad(state_of(coarse(), bad)));
    const auto safe = nearest_safe(coarse(), bad);
    REQUIRE(safe);
    CHECK(cell_id(coarse().cell(*safe)) == "2021/mddev/external/two-step/upstream");
    CHECK(cell_details(coarse(), bad).find("in the lab, call by call, beside fix upstream") != std::string::npos);

    MatrixRun::View view = coarse();  // no fix helps with these pools: the pools are changed
    for (auto& cell : view.cells) {
        MatrixCell copy = *cell;
        if (copy.variants.name("pools") == "mddev") copy.verdict.crashes = 1;
        cell = std::make_shared<const MatrixCell>(std::move(copy));
    }
    const std::size_t upstream = number_of(view, "2021/mddev/external/two-step/upstream");
    const auto other = nearest_safe(view, upstream);
    REQUIRE(other);
    CHECK(cell_id(view.cell(*other)) == "2021/stop/external/two-step/upstream");
}

TEST_CASE("each cell that crashes opens a lab that crashes when it is played, beside one that does not") {
    std::size_t opened = 0;
    for (std::size_t i = 0; i < coarse().cells.size(); i++) {
        if (state_of(coarse(), i) != CellState::Crashes) continue;
        const Result<Scenario> scenario = lab_scenario(coarse(), i);
        REQUIRE(scenario);
        CHECK(scenario->expect.kind == Expectation::Kind::Crash);
        Player player(*scenario);
        player.go_to(0);
        CHECK(player.duel().at(Side::A, 0).moment == Moment::Open);
        player.play_to_end();
        CAPTURE(cell_id(coarse().cell(i)));
        CHECK(player.duel().at(Side::A, player.end()).moment == Moment::Crash);
        CHECK(player.duel().at(Side::B, player.end()).moment != Moment::Crash);
        CHECK(player.duel().tape(Side::A).what() == coarse().cell(i).verdict.shortest->what);
        CHECK(scenario->granularity == Granularity::Calls);
        CHECK(player.end() > coarse().cell(i).verdict.shortest->steps);
        opened++;
    }
    CHECK(opened == 12);
}

TEST_CASE("a fine cell's schedule plays in the lab as well") {
    if (!Arena::available()) return;
    std::vector<MatrixCell> cells = large_cells();
    cells.resize(1);
    cells[0].bitmap = "external";
    MatrixRun run(cells, {}, [] {});
    run.start();
    run.wait();
    const Result<Scenario> scenario = lab_scenario(*run.view(), 0);
    REQUIRE(scenario);
    CHECK(scenario->versus == "fix upstream");  // nothing is known of other cells
    const Player player(*scenario);
    CHECK(player.duel().at(Side::A, player.end()).moment == Moment::Crash);
}

TEST_CASE("a safe cell opens without a schedule; one that was not looked at says so") {
    const Result<Scenario> safe =
        lab_scenario(coarse(), number_of(coarse(), "2022/mddev/internal/array_state/upstream"));
    REQUIRE(safe);
    CHECK(safe->schedule.empty());
    const MatrixRun run(Granularity::Fine, [] {});
    CHECK_FALSE(lab_scenario(*run.view(), 0));
}

}  // namespace

}  // namespace mdscope::gui
