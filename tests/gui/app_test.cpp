// SPDX-License-Identifier: MIT
// The window as a whole, used as a person uses it: by keys and by mouse, at every size, with nothing cut off and
// nothing out of reach.
#include "gui/app.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/gui/harness.hpp"

namespace mdscope::gui {

namespace {

// Empty: nothing is wrong.
std::string joined(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    return text;
}

std::unique_ptr<Screen> app(const std::string& scenario = "race") {
    AppOptions options;
    options.scenario = scenario;
    auto made = make_app(std::move(options));
    REQUIRE_MESSAGE(made, made.error().text);
    return std::move(*made);
}

constexpr std::array kSideTabs = {"in_flight", "why", "inspect", "bitmap", "hex", "log", "oops", "plug", "branches"};

void check_every_page(Headless& ui) {
    for (const std::string tab : kSideTabs) {
        CAPTURE(tab);
        if (!ui.has("side/close")) ui.key("i");
        ui.click("side/" + tab);
        CHECK(joined(ui.faults()) == "");
    }
}

TEST_CASE("hold, stop, release by the keyboard: A meets an Oops, B waits and stops") {
    const auto screen = app();
    Headless ui(*screen);
    ui.key("h");
    ui.key("s");
    ui.key("End");
    CHECK(ui.text("card/A/status") == "IN DANGER");
    CHECK(ui.text("card/B/status") == "WAITING");
    CHECK(ui.text("card/A/counter/mddev") == "2");
    CHECK(ui.text("card/A/counter/bitmap") == "0");
    ui.key("i");
    ui.click("in_flight/release_all");
    ui.key("End");
    CHECK(ui.text("card/A/status") == "OOPS");
    CHECK(ui.text("card/B/status") == "STOPPED");
    CHECK(joined(ui.faults()) == "");
}

TEST_CASE("nothing is cut off, doubled or without a glyph, at any size") {
    struct Size {
        float width, height;
        int percent;
    };
    for (const Size size : {Size{900, 600, 100},
                            {1280, 720, 100},
                            {1600, 900, 100},
                            {1600, 900, 150},
                            {1600, 900, 200},
                            {2560, 1440, 200},
                            {2560, 1440, 100}}) {
        CAPTURE(size.width);
        CAPTURE(size.percent);
        const auto screen = app();
        Headless ui(*screen, {.width = size.width, .height = size.height, .text_percent = size.percent});
        ui.key("h");
        ui.key("s");
        ui.key("End");
        CHECK(joined(ui.faults()) == "");
        CHECK(joined(ui.out_of_reach()) == "");
        check_every_page(ui);
    }
}

TEST_CASE("dialogs open, close, and have nothing wrong with them") {
    for (const float width : {900.0F, 1600.0F}) {
        const auto screen = app();
        Headless ui(*screen, {.width = width, .height = width * 0.6F});
        ui.key("F1");
        CHECK(ui.has("help/title"));
        CHECK(joined(ui.faults()) == "");
        ui.key("Escape");
        CHECK_FALSE(ui.has("help/title"));
        ui.click("toolbar/setup");
        CHECK(ui.has("setup/A/fix"));
        CHECK(joined(ui.faults()) == "");
        ui.click("setup/cancel");
        CHECK_FALSE(ui.has("setup/A/fix"));
    }
}

TEST_CASE("what does not change does not move") {
    const auto screen = app();
    Headless ui(*screen);
    ui.key("h");
    ui.key("s");
    ui.key("End");
    const ui::Rect bar = ui.rect("lane/A/bio/sdb bitmap 1");
    const ui::Rect button = ui.rect("toolbar/play");
    ui.key("Left");
    CHECK(ui.rect("lane/A/bio/sdb bitmap 1").x == bar.x);
    CHECK(ui.rect("lane/A/bio/sdb bitmap 1").y == bar.y);
    CHECK(ui.rect("toolbar/play").x == button.x);
}

TEST_CASE("another kernel on the left: set up, applied, played") {
    const auto screen = app();
    Headless ui(*screen);
    ui.click("toolbar/setup");
    ui.click("setup/A/fix");
    ui.click("setup/A/fix/3");
    ui.click("setup/apply");
    ui.key("h");
    ui.key("s");
    ui.key("End");
    CHECK(ui.text("card/A/status") == "WAITING");
    CHECK(ui.text("card/B/status") == "WAITING");
}

TEST_CASE("set up: a kernel by its name gives each row, and says which rows are not its own") {
    const auto screen = app();
    Headless ui(*screen);
    ui.click("toolbar/setup");
    const std::size_t kernels = kernel_eras().size();
    ui.click("setup/B/kernel");
    ui.click(fmt::format("setup/B/kernel/{}", kernels));  // after mdscope's default: the newest
    CHECK(ui.text("setup/B/kernel") == kernel_eras().back().name);
    CHECK(ui.text("setup/B/fix") == VariantRows(kernel_eras().back()).name("fix"));
    ui.click("setup/B/fix");
    ui.click("setup/B/fix/0");
    CHECK(ui.text("setup/B/fix") == "none");
    CHECK(ui.text("setup/B/kernel") == "rows of its own");
    CHECK(joined(ui.faults()) == "");
}

TEST_CASE("set up: what nobody has to choose is behind a switch, but for what somebody chose") {
    const auto screen = app();
    Headless ui(*screen);
    ui.click("toolbar/setup");
    CHECK_FALSE(ui.has("setup/A/spare-role"));
    ui.click("setup/others");
    ui.click("setup/A/spare-role");
    ui.click("setup/A/spare-role/0");
    CHECK(ui.text("setup/A/spare-role") == "md");
    ui.click("setup/others");
    CHECK_FALSE(ui.has("setup/A/spare-role"));  // nothing moves away under the mouse
    ui.click("setup/apply");
    ui.click("toolbar/setup");
    CHECK(ui.text("setup/A/spare-role") == "md");
    CHECK(ui.text("setup/B/spare-role") == "own");
    CHECK(joined(ui.faults()) == "");
}

TEST_CASE("an order given in the past keeps the future as a branch") {
    const auto screen = app();
    Headless ui(*screen);
    ui.key("s");
    ui.key("End");
    ui.key("Home");
    ui.key("h");
    ui.key("i");
    ui.click("side/branches");
    CHECK(ui.has("branches/0"));
    CHECK(ui.text("branches/present").starts_with("fork 1"));
    ui.click("branches/0");
    CHECK(ui.text("branches/present").starts_with("main"));
}

TEST_CASE("an unknown scenario is an error that names near ones, and what lists all of them") {
    AppOptions options;
    options.scenario = "report-2012";
    const auto made = make_app(std::move(options));
    REQUIRE_FALSE(made);
    CHECK(made.error().text.find("near it: report-2021. `mdscope scenarios` lists them") != std::string::npos);
}

}  // namespace

}  // namespace mdscope::gui
