// SPDX-License-Identifier: MIT
// The keyboard reaches everything, and a key never does two things at once.
#include "gui/frame/focus.hpp"

#include <doctest/doctest.h>

#include "tests/gui/demo_screen.hpp"
#include "tests/gui/harness.hpp"

namespace mdscope::gui {

namespace {

TEST_CASE("Tab reaches every widget, and Shift+Tab goes back") {
    DemoScreen screen;
    Headless ui(screen);
    CHECK(ui.out_of_reach() == std::vector<std::string>());
    ui.key("Tab");
    const auto focused = [] {
        for (const ui::Mark& mark : ui::all())
            if (mark.focused) return mark.id;
        return std::string();
    };
    const std::string first = focused();
    ui.key("Tab");
    CHECK(focused() != first);
    ui.key("Shift+Tab");
    CHECK(focused() == first);
}

TEST_CASE("a row that is scrolled out of sight comes into sight with the focus") {
    DemoScreen screen;
    Headless ui(screen);
    CHECK_FALSE(ui.mark("row/19").visible);
    ui.reveal("row/12");
    ui.click("row/12");
    CHECK(screen.selected == 12);
    REQUIRE(focus_on("row/19"));
    ui.settle();
    CHECK(ui.mark("row/19").visible);
    CHECK(ui.mark("row/19").focused);
    ui.key("Enter");
    CHECK(screen.selected == 19);
}

TEST_CASE("a list is one stop for Tab: the chosen row; arrows move in it, Tab leaves it") {
    DemoScreen screen;
    screen.selected = 7;
    screen.more = [] { ui::button("after", "After the list"); };
    Headless ui(screen);
    REQUIRE(focus_on("split"));
    ui.settle();
    ui.key("Tab");
    CHECK(ui.mark("row/7").focused);
    ui.key("Down");
    CHECK(ui.mark("row/8").focused);
    ui.key("Tab");
    CHECK(ui.mark("after").focused);
    ui.key("Shift+Tab");
    CHECK(ui.mark("row/7").focused);
    ui.key("Shift+Tab");
    CHECK(ui.mark("split").focused);
}

TEST_CASE("Space plays until the focus is shown, then it presses what has it") {
    DemoScreen screen;
    Headless ui(screen);
    ui.click("bar/go");
    ui.key("Space");
    CHECK(screen.played == 1);
    CHECK(screen.clicked == 1);
    REQUIRE(focus_on("bar/go"));
    ui.settle();
    ui.key("Space");
    ui.key("Enter");
    CHECK(screen.played == 1);
    CHECK(screen.clicked == 3);
    ui.key("k");
    CHECK(screen.played == 2);
    ui.key("Escape");
    ui.key("Space");
    CHECK(screen.played == 3);
    CHECK(screen.clicked == 3);
}

TEST_CASE("arrows step, and move the focus once it is shown") {
    DemoScreen screen;
    Headless ui(screen);
    ui.click("bar/go");
    ui.key("Right");
    CHECK(screen.stepped == 1);
    REQUIRE(focus_on("bar/go"));
    ui.settle();
    ui.key("Right");
    CHECK(screen.stepped == 1);
    CHECK(ui.mark("bar/hold").focused);  // "Off" is disabled
    ui.key("Space");
    CHECK(screen.held);
}

TEST_CASE("in a text field letters and Space are text") {
    DemoScreen screen;
    Headless ui(screen);
    ui.click("filter");
    for (const char* letter : {"s", "Space", "k", "?"}) ui.key(letter);
    CHECK(screen.words == "s k?");
    CHECK(screen.stopped + screen.played + screen.helped == 0);
    ui.key("Ctrl+=");
    ui.key("F1");
    CHECK(screen.larger == 1);
    CHECK(screen.helped == 1);
    ui.key("Tab");
    CHECK(ui.mark("link").focused);
    ui.key("s");
    CHECK(screen.stopped == 1);
    CHECK(screen.words == "s k?");
}

TEST_CASE("a list opens, is walked with arrows and chosen from, without the mouse") {
    DemoScreen screen;
    Headless ui(screen);
    REQUIRE(focus_on("bar/scenario"));
    ui.settle();
    ui.key("Space");
    REQUIRE(ui.has("bar/scenario/2"));
    ui.key("Down");
    ui.key("Down");
    ui.key("Space");
    CHECK(screen.chosen == 2);
    CHECK_FALSE(ui.has("bar/scenario/2"));
    CHECK(ui.text("bar/scenario") == "third");
    CHECK(screen.played + screen.stepped == 0);
}

TEST_CASE("while a list is open, Tab stays in it and Escape closes it") {
    DemoScreen screen;
    Headless ui(screen);
    ui.click("bar/scenario");
    REQUIRE(ui.has("bar/scenario/0"));
    for (const ui::Mark* stop : focusable()) CHECK(stop->id.starts_with("bar/scenario/"));
    ui.key("s");  // Letters are not the window's while a list is open over it.
    CHECK(screen.stopped == 0);
    ui.key("Tab");
    ui.key("Escape");
    CHECK_FALSE(ui.has("bar/scenario/0"));
    CHECK(screen.chosen == 0);
    ui.key("s");
    CHECK(screen.stopped == 1);
}

TEST_CASE("a splitter is dragged, moved with + and -, and put back by a double click") {
    DemoScreen screen;
    Headless ui(screen);
    ui.drag("split", 60, 0);
    CHECK(screen.split == doctest::Approx(260));
    ui.drag("split", 1000, 0);
    CHECK(screen.split == doctest::Approx(400));
    ui.pass(1);  // or the drags' presses would count as clicks
    ui.double_click("split");
    CHECK(screen.split == doctest::Approx(200));
    REQUIRE(focus_on("split"));
    ui.settle();
    ui.type("+");
    CHECK(screen.split == doctest::Approx(216));
    ui.key("-");
    CHECK(screen.split == doctest::Approx(200));
}

TEST_CASE("a slider is moved with the keyboard") {
    DemoScreen screen;
    Headless ui(screen);
    CHECK_FALSE(ui.rect("bar/speed").overlaps(ui.rect("bar/speed/value")));  // the grab hides no word
    REQUIRE(focus_on("bar/speed"));
    ui.settle();
    ui.key("Space");
    ui.key("Right");
    CHECK(screen.speed > 0.5F);
    CHECK(screen.stepped == 0);
}

}  // namespace

}  // namespace mdscope::gui
