// SPDX-License-Identifier: MIT
// The first page: whole at every size, one key to begin with, the race in small that can be watched, and the ways on.
#include <doctest/doctest.h>

#include <string>

#include "gui/app.hpp"
#include "gui/model/course.hpp"
#include "gui/model/home_page.hpp"
#include "tests/gui/harness.hpp"

namespace mdscope::gui {

namespace {

std::unique_ptr<Screen> home_app(std::set<int> done = {}) {
    AppOptions options;
    options.mode = "learn";
    options.settings.lessons = std::move(done);
    auto app = make_app(std::move(options));
    REQUIRE(app);
    return std::move(*app);
}

std::string lines_of(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    return text;
}

// Text of the page of which some was left out.
std::vector<std::string> shortened_on(const std::string& page) {
    std::vector<std::string> found;
    for (const ui::Mark& mark : ui::all())
        if (mark.id.starts_with(page) && mark.role == "text" && mark.value != 0) found.push_back(mark.id);
    return found;
}

TEST_CASE("the first page is whole at any size: nothing cut, doubled, without a glyph or out of reach") {
    struct Size {
        float width, height;
        int percent;
    };
    const auto app = home_app({1, 2});
    for (const Size& size :
         {Size{900, 600, 80}, Size{900, 600, 100}, Size{1280, 720, 100}, Size{1600, 900, 100}, Size{1600, 900, 200},
          Size{900, 600, 200}, Size{900, 600, 250}, Size{2560, 1440, 100}, Size{2560, 1440, 250}}) {
        CAPTURE(size.width);
        CAPTURE(size.percent);
        Headless ui(*app, {.width = size.width, .height = size.height, .text_percent = size.percent});
        CHECK(ui.mark("home/start").visible);  // at once, without scrolling
        CHECK(lines_of(ui.faults()) == "");
        CHECK(lines_of(shortened_on("home/")) == "");
        CHECK(lines_of(ui.out_of_reach()) == "");
    }
}

TEST_CASE("one key begins; who comes back goes on where they left") {
    const auto app = home_app();
    Headless ui(*app);
    CHECK(ui.text("home/start") == "Start here");
    ui.key("Enter");
    CHECK(ui.text("lesson/title").starts_with("Lesson 0   What is a mirror?"));
    ui.key("F2");
    CHECK(ui.text("home/start") == "Continue");
    CHECK_FALSE(ui.has("lesson/title"));
    ui.key("Enter");
    CHECK(ui.text("lesson/title").starts_with("Lesson 0   What is a mirror?"));
}

TEST_CASE("the course goes on with the first lesson that was not done, and a digit begins any") {
    const auto app = home_app({0, 1, 2, 4});
    Headless ui(*app);
    CHECK(ui.text("home/start") == "Continue");
    ui.key("Enter");
    CHECK(ui.text("lesson/title").starts_with("Lesson 3"));
    ui.key("F2");
    ui.key("7");
    CHECK(ui.text("lesson/title").starts_with("Lesson 7"));
    ui.key("F2");
    ui.key("0");
    CHECK(ui.text("lesson/title").starts_with("Lesson 0"));
    ui.key("F2");
    ui.click("home/lesson/5");
    CHECK(ui.text("lesson/title").starts_with("Lesson 5"));
    CHECK_FALSE(next_lesson({0, 1, 2, 3, 4, 5, 6, 7}));
    CHECK(next_lesson({1}) == 0);
}

TEST_CASE("a digit begins its lesson wherever the focus is") {
    const auto app = home_app();
    Headless ui(*app);
    ui.key("Tab");
    ui.key("2");
    CHECK(ui.text("lesson/title").starts_with("Lesson 2"));
}

TEST_CASE("the race in small: paused where it is decided, played to the crash of A and the good end of B") {
    const auto app = home_app();
    Headless ui(*app);
    CHECK(ui.text("home/race/A") == "A IN DANGER");
    CHECK(ui.text("home/race/B") == "B WAITING");
    ui.pass(2);  // nobody asked for it
    CHECK(ui.text("home/race/A") == "A IN DANGER");
    CHECK_FALSE(app->next_frame_ms());
    ui.key("Space");
    for (int i = 0; i < 600 && app->next_frame_ms(); i++) ui.frame(5);
    CHECK(ui.text("home/race/A") == "A OOPS");
    CHECK(ui.text("home/race/B") == "B STOPPED");
    CHECK(ui.text("home/race/play").find("again") != std::string::npos);
    ui.key("Space");
    CHECK(ui.text("home/race/A") == "A IN DANGER");
}

TEST_CASE("every part of the window is one key and one click away, and back") {
    const auto app = home_app();
    Headless ui(*app);
    ui.key("F3");
    CHECK(ui.has("card/A/status"));
    ui.key("F6");
    CHECK(ui.has("museum/list/M1"));
    ui.key("F4");
    CHECK(ui.has("live/make_pair"));
    ui.key("F2");
    ui.click("home/card/museum");
    CHECK(ui.has("museum/list/M1"));
    ui.key("F2");
    ui.click("home/to_live");
    CHECK(ui.has("live/make_pair"));
}

TEST_CASE("the large sentence says what to press, except where a lesson does") {
    AppOptions options;
    options.scenario = "race";
    auto free = make_app(options);
    REQUIRE(free);
    {
        const Headless ui(**free);
        CHECK(ui.text("now/what") == "Nothing has happened yet. Press S to start the stop.");
    }
    options.lesson = 0;
    auto taught = make_app(options);
    REQUIRE(taught);
    const Headless ui(**taught);
    CHECK(ui.text("now/what") == "Nothing has happened yet.");
}

TEST_CASE("Escape in a lesson goes one step back at a time, and a lesson that was left goes on where it was") {
    AppOptions options;
    options.lesson = 1;
    auto app = make_app(std::move(options));
    REQUIRE(app);
    Headless ui(**app, {.seconds_per_frame = 0.05F});
    ui.key("Space");
    ui.frames_until("lesson/next");
    ui.key("Space");
    ui.frames_until("predict/0");
    ui.key("1");
    ui.frames_until("lesson/next");
    const std::string dots = ui.text("lesson/dots"), words = ui.text("lesson/feedback");
    REQUIRE(dots.find("   1 of") == std::string::npos);
    ui.key("i");
    ui.click("card/B/counter/mddev");
    ui.key("Escape");  // what was clicked
    CHECK(ui.has("side/close"));
    ui.key("Escape");  // the closer pages
    CHECK_FALSE(ui.has("side/close"));
    CHECK(ui.text("lesson/dots") == dots);
    ui.key("Escape");
    CHECK_FALSE(ui.has("lesson/title"));
    ui.key("Home");
    ui.key("F2");
    CHECK(ui.text("home/start") == "Continue");
    ui.key("Enter");
    CHECK(ui.text("lesson/dots") == dots);
    CHECK(ui.text("lesson/feedback") == words);
    CHECK(ui.faults() == kNone);
}

}  // namespace

}  // namespace mdscope::gui
