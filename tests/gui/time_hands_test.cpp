// SPDX-License-Identifier: MIT
// What a person does to time with the mouse and with one key: the end of a write is dragged and both runs follow it,
// and G goes to where a value came from.
#include <doctest/doctest.h>

#include "gui/app.hpp"
#include "gui/model/value_back.hpp"
#include "tests/gui/harness.hpp"

namespace mdscope::gui {

namespace {

std::unique_ptr<Screen> lab(const std::string& scenario) {
    AppOptions options;
    options.scenario = scenario;
    auto app = make_app(std::move(options));
    REQUIRE(app);
    return std::move(*app);
}

// A write of the last pass, held until A's members were gone, let end after that.
void let_it_crash(Headless& ui) {
    ui.key("h");
    ui.key("s");
    ui.key("End");
    ui.key("r");
    ui.key("End");
    REQUIRE(ui.text("card/A/status") == "OOPS");
}

}  // namespace

TEST_CASE("H holds what can be held, says so, and is not offered where it would do nothing") {
    const auto app = lab("race");
    Headless ui(*app);
    const auto keys = [&] { return ui.text("status/keys"); };
    CHECK(keys().find("H hold what comes") != std::string::npos);
    CHECK(ui.text("status/place").find("to come are held") == std::string::npos);
    ui.key("h");
    CHECK(ui.text("status/place").find("bitmap writes to come are held") != std::string::npos);
    CHECK(keys().find("H hold") == std::string::npos);
    ui.key("s");
    ui.key("End");
    CHECK(ui.text("now/meaning").find("The writes are counted in") != std::string::npos);
    ui.key("r");
    ui.key("End");
    REQUIRE(ui.text("card/A/status") == "OOPS");
    CHECK(keys().find("H hold") == std::string::npos);
    const std::string place = ui.text("status/place");
    ui.key("h");
    CHECK(ui.text("status/place") == place);
    CHECK_FALSE(ui.has("message/text"));

    const auto lost = lab("race-lost");  // both runs are over
    Headless other(*lost);
    other.key("End");
    CHECK(other.text("status/keys").find("H hold") == std::string::npos);
    const std::string over = other.text("status/place");
    other.key("h");
    CHECK(other.text("status/place") == over);
}

TEST_CASE("the words behind a crash stand where no bar goes on") {
    const auto app = lab("race-lost");
    Headless ui(*app);
    ui.key("End");
    REQUIRE(ui.text("card/A/status") == "OOPS");
    CHECK_FALSE(ui.rect("lanes/A/halted/words").overlaps(ui.rect("lane/A/bio/sda bitmap 1")));
}

TEST_CASE("what is dragged has keys, which are named where they work and in the help") {
    const auto app = lab("race");
    Headless ui(*app);
    let_it_crash(ui);
    CHECK(ui.text("status/keys").find("+ ends later") == std::string::npos);
    const std::string end = "lane/A/bio/sdb bitmap 1/end";
    REQUIRE(ui.has(end));
    for (int i = 0; i < 12 && !ui.mark("lanes/scrub").focused; i++) ui.key("Tab");
    ui.key("Tab");  // the writes on the axis are one stop; arrows go through them
    for (int i = 0; i < 12 && !ui.mark(end).focused; i++) ui.key("Right");
    REQUIRE(ui.mark(end).focused);
    CHECK(ui.text("status/keys").find("+ ends later") != std::string::npos);
    const double before = ui.value(end);
    ui.key("-");
    CHECK(ui.value(end) < before);
    ui.key("F1");
    CHECK(ui.text("help/key/splitter_grow") == "+");
    CHECK(ui.text("help/label/splitter_grow").find("dragging") != std::string::npos);
}

TEST_CASE("under the mouse both runs are played again: A changes its outcome before the button is let go") {
    AppOptions options;
    options.lesson = 1;
    auto app = make_app(std::move(options));
    REQUIRE(app);
    Headless ui(**app, {.seconds_per_frame = 0.05F});
    ui.key("Space");
    ui.frames_until("lesson/next");
    ui.key("Space");
    ui.frames_until("predict/0");
    ui.click("predict/0");
    ui.frames_until("lesson/next");
    ui.key("Space");
    ui.frames_until("lesson/show");  // where it asks for just this
    REQUIRE(ui.text("card/A/status") == "OOPS");
    const std::string grip = "lane/A/bio/sdb bitmap 1/end";
    REQUIRE(ui.mark(grip).visible);
    const ui::Point from = ui.rect(grip).center();
    const float far = ui.rect("lane/A/bio/sdb bitmap 1").w * 0.5F;
    using Kind = InputEvent::Kind;
    ui.push({.kind = Kind::mouse_move, .x = from.x, .y = from.y});
    ui.push({.kind = Kind::mouse_down, .x = from.x, .y = from.y});
    ui.settle();
    ui.push({.kind = Kind::mouse_move, .x = from.x - far, .y = from.y});
    ui.settle();
    CHECK(ui.text("card/A/status") == "STOPPED");  // not let go yet
    ui.push({.kind = Kind::mouse_move, .x = from.x, .y = from.y});
    ui.settle();
    CHECK(ui.text("card/A/status") == "OOPS");  // and back
    CHECK_FALSE(ui.has("lesson/hint"));         // what is only tried is no answer
    CHECK(ui.faults() == kNone);
    ui.push({.kind = Kind::mouse_move, .x = from.x - far, .y = from.y});
    ui.settle();
    ui.push({.kind = Kind::mouse_up, .x = from.x - far, .y = from.y});
    ui.settle();
    CHECK(ui.text("card/A/status") == "STOPPED");
    CHECK(ui.text("lesson/text").ends_with("That is a race."));
    ui.key("i");
    ui.click("side/branches");
    CHECK(ui.has("branches/0"));
    CHECK_FALSE(ui.has("branches/1"));  // what was tried is kept nowhere
}

TEST_CASE("G goes to the step that set what is pointed at, and again to the one before") {
    const auto screen = lab("race");
    Headless ui(*screen);
    let_it_crash(ui);
    ui.move_to("card/B/counter/mddev");
    ui.key("g");
    const double last = ui.value("now/tick");
    const std::string value = ui.text("card/B/counter/mddev");
    ui.key("g");
    const double before = ui.value("now/tick");
    CHECK(before < last);
    ui.key("Left");
    ui.key("Right");
    CHECK(ui.value("now/tick") == before);
    ui.key("Left");
    const std::string was = ui.text("card/B/counter/mddev") + ui.text("card/A/counter/mddev");
    ui.key("Right");
    CHECK(ui.text("card/B/counter/mddev") + ui.text("card/A/counter/mddev") != was);  // it was set in this very step
}

}  // namespace mdscope::gui
