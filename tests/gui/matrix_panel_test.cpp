// SPDX-License-Identifier: MIT
// The matrix on the screen: everything within reach and nothing cut, at every size; a cell is a way into the lab.
#include <doctest/doctest.h>
#include <imgui.h>

#include "gui/app.hpp"
#include "gui/frame/keys.hpp"
#include "gui/model/matrix_model.hpp"
#include "tests/gui/explored.hpp"
#include "tests/gui/harness.hpp"

namespace mdscope::gui {

namespace {

constexpr const char* kBad = "matrix/2021/mddev/external/STOP_ARRAY/none";
constexpr const char* kSafe = "matrix/2022/stop/file/readonly/upstream";

// An App in the matrix, whose coarse cells are all explored.
std::unique_ptr<Screen> matrix_app() {
    AppOptions options;
    options.mode = "matrix";
    options.explored = explored_cells();
    auto app = make_app(std::move(options));
    REQUIRE(app);
    return std::move(*app);
}

TEST_CASE("the matrix shows each cell with a shape, a word and a number") {
    const auto app = matrix_app();
    const Headless ui(*app);
    CHECK(ui.text(kBad) == "crashes 10");
    CHECK(ui.text(kSafe) == "safe 24");
    CHECK(ui.value(kBad) == static_cast<double>(CellState::Crashes));
    CHECK(ui.text("matrix/what").find("Without a fix 12 of 48") == 0);
    CHECK(ui.text("matrix/2021/mddev/fix/upstream") == "fix upstream");
    std::size_t cells = 0;
    for (const ui::Mark& mark : ui::all()) cells += mark.role == "cell" ? 1 : 0;
    CHECK(cells == matrix_cells(Granularity::Coarse).size());
}

TEST_CASE("nothing of the matrix is cut, twice there or without a glyph, at any size") {
    const auto app = matrix_app();
    struct Size {
        float width, height;
        int percent;
    };
    for (const Size& size : {Size{900, 600, 100}, Size{1600, 900, 100}, Size{1600, 900, 200}, Size{900, 600, 200},
                             Size{2560, 1440, 100}, Size{1280, 720, 150}}) {
        CAPTURE(size.width);
        CAPTURE(size.percent);
        Headless ui(*app, {.width = size.width, .height = size.height, .text_percent = size.percent});
        CHECK(ui.faults() == kNone);
        ui.click("matrix/steps/fine");
        CHECK(ui.faults() == kNone);
        ui.click("matrix/steps/coarse");
    }
}

TEST_CASE("every cell is within reach of the keyboard, and comes into sight") {
    const auto app = matrix_app();
    Headless ui(*app, {.width = 900, .height = 600});
    CHECK(ui.out_of_reach() == kNone);
}

TEST_CASE("at twice the text size the tables move sideways, so the last column is within reach") {
    const auto app = matrix_app();
    Headless ui(*app, {.width = 900, .height = 600, .text_percent = 200});
    CHECK_FALSE(ui.mark(kSafe).visible);
    for (const std::string& id : ui.out_of_reach()) FAIL_CHECK(id);
}

TEST_CASE("a click on a cell that crashes opens its schedule in the lab; played, it crashes") {
    const auto app = matrix_app();
    Headless ui(*app);
    ui.click(kBad);
    CHECK_FALSE(ui.has("matrix/what"));
    CHECK(ui.text("toolbar/scenario") == "Matrix: external, STOP_ARRAY, fix none");
    CHECK(ui.text("card/A/title").find("without the fix  (fix none, order 2021") != std::string::npos);
    CHECK(ui.text("card/B/title").find("with the fix  (fix upstream, order 2021") != std::string::npos);
    CHECK(ui.text("now/tick") == "step 0");
    ui.key("End");
    ui.key("i");
    ui.click("side/oops");
    CHECK(ui.has("oops/A"));
    CHECK_FALSE(ui.has("oops/B"));
    CHECK(ui.faults() == kNone);
}

TEST_CASE("a cell can be opened with the keyboard alone") {
    const auto app = matrix_app();
    Headless ui(*app);
    ui.key("m");
    REQUIRE(ui.has("card/A/title"));
    ui.key("m");
    ui.settle();
    CHECK(ui.mark("matrix/2021/mddev/external/STOP_ARRAY/none").focused);
    ui.key("Right");
    CHECK(ui.mark("matrix/2021/mddev/external/STOP_ARRAY/v1").focused);
    ui.key("Down");
    ui.key("Left");
    CHECK(ui.mark("matrix/2021/mddev/external/array_state/none").focused);
    ui.key("Enter");
    CHECK(ui.text("toolbar/scenario") == "Matrix: external, array_state, fix none");
}

TEST_CASE("a tip tells what was found in a cell, and what a click does") {
    const auto app = matrix_app();
    Headless ui(*app);
    ui.move_to(kBad);
    ui.pass(0.6);
    const std::string tip = ui.text("tip");
    CHECK(tip.find("Bitmap external, stopped by STOP_ARRAY, fix none, order 2021, pools mddev") == 0);
    CHECK(tip.find("10 of ") != std::string::npos);
    CHECK(tip.find("NULL pointer dereference") != std::string::npos);
    CHECK(tip.find("beside fix upstream") != std::string::npos);
    CHECK(ui.faults() == kNone);
}

TEST_CASE("the fine matrix waits to be asked for, then shows its progress, pauses and is cancelled") {
    const auto app = matrix_app();
    Headless ui(*app);
    ui.click("matrix/steps/fine");
    CHECK(ui.text(kBad) == "to come");
    CHECK_FALSE(ui.mark(kBad).enabled);
    ui.click("matrix/start");
    ui.click("matrix/pause");
    CHECK(ui.text("matrix/progress").find("paused") != std::string::npos);
    CHECK(ui.faults() == kNone);
    ui.click("matrix/resume");
    ui.click("matrix/cancel");
    CHECK(ui.text("matrix/progress").find("stopped") != std::string::npos);
    CHECK(ui.has("matrix/start"));
    ui.click("matrix/start");
    CHECK(ui.has("matrix/pause"));
}  // and closing the window while it explores ends it

TEST_CASE("the matrix is copied as the command line prints it") {
    const auto app = matrix_app();
    Headless ui(*app);
    ui.click("matrix/copy");
    CHECK(std::string(ImGui::GetClipboardText()).find("crashes 10") != std::string::npos);
    ImGui::SetClipboardText("");
    ui.key("Ctrl+c");
    const std::string text = ImGui::GetClipboardText();
    CHECK(text.find("coarse steps, order 2021, pools mddev") == 0);
    CHECK(text.find("crashes 10") != std::string::npos);
}

TEST_CASE("the window starts in the mode it is told") {
    AppOptions options;
    options.mode = "matrix";
    auto app = make_app(std::move(options));  // closed while it explores
    REQUIRE(app);
    const Headless ui(**app);
    CHECK(ui.has("matrix/what"));
}

MatrixCell unexplored(const MatrixCell& cell) {
    for (const MatrixCell& fresh : matrix_cells(Granularity::Coarse))
        if (cell_id(fresh) == cell_id(cell)) return fresh;
    FAIL("no such cell: " << cell_id(cell));
    return cell;
}

TEST_CASE("a picture of the matrix waits for what it shows") {
    AppOptions options;
    options.mode = "matrix";
    options.explored = explored_cells();
    for (MatrixCell& cell : options.explored)
        if (cell.bitmap == "external" && cell.variants.name("fix") == "none") cell = unexplored(cell);
    options.is_picture = true;
    auto app = make_app(std::move(options));
    REQUIRE(app);
    const Headless ui(**app);
    CHECK(ui.text(kBad) == "crashes 10");
}

}  // namespace

}  // namespace mdscope::gui
