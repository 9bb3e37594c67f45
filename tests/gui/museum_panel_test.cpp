// SPDX-License-Identifier: MIT
// The museum on the screen: what the text of an exhibit says, nothing cut, and a way into the lab.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <imgui.h>

#include "engine/explore/museum.hpp"
#include "gui/app.hpp"
#include "tests/gui/harness.hpp"

namespace mdscope::gui {

namespace {

std::unique_ptr<Screen> museum_app() {
    AppOptions options;
    options.mode = "museum";
    auto app = make_app(std::move(options));
    REQUIRE(app);
    return std::move(*app);
}

void check_parts(const Headless& ui, const std::vector<MuseumPart>& parts) {
    for (const MuseumPart& part : parts) {
        CHECK(ui.text(fmt::format("museum/{}", part.id)) == part.title);
        for (std::size_t i = 0; i < part.paragraphs.size(); i++)
            CHECK(ui.text(fmt::format("museum/{}/{}", part.id, i)) == part.paragraphs[i]);
    }
}

void check_pages(const HeadlessOptions& size) {
    const auto app = museum_app();
    Headless ui(*app, size);
    for (const Exhibit* exhibit : exhibits_by_number()) {
        CAPTURE(std::string(exhibit->name));
        ui.click(fmt::format("museum/list/{}", exhibit->page.number));
        CHECK(ui.text("museum/title") == fmt::format("{}  {}", exhibit->page.number, exhibit->title));
        CHECK(ui.text("museum/head") == museum_head(*exhibit));
        check_parts(ui, museum_parts(*exhibit));
        check_parts(ui, museum_proofs(*exhibit));
        for (std::size_t i = 0; i < exhibit->page.wrong_order.size(); i++)
            CHECK(ui.text(fmt::format("museum/wrong_order/{}", i)) ==
                  fmt::format("{}. {}", i + 1, exhibit->page.wrong_order[i]));
        CHECK(ui.faults() == kNone);
    }
}

TEST_CASE("the page of each exhibit has the facts of its text, and nothing is cut") {
    check_pages({.width = 1600, .height = 900});
    check_pages({.width = 1280, .height = 720});
}

TEST_CASE("nothing of the museum is cut, twice there or without a glyph, at any size") {
    const auto app = museum_app();
    struct Size {
        float width, height;
        int percent;
    };
    for (const Size& size : {Size{900, 600, 80}, Size{900, 600, 100}, Size{1600, 900, 100}, Size{1600, 900, 200},
                             Size{900, 600, 200}, Size{2560, 1440, 250}}) {
        CAPTURE(size.width);
        CAPTURE(size.percent);
        Headless ui(*app, {.width = size.width, .height = size.height, .text_percent = size.percent});
        CHECK(ui.faults() == kNone);
        CHECK(ui.out_of_reach() == kNone);
    }
}

TEST_CASE("an answer is covered until it is asked for, and another exhibit covers it again") {
    const auto app = museum_app();
    Headless ui(*app);
    CHECK_FALSE(ui.has("museum/question/1/answer"));
    ui.click("museum/question/1/reveal");
    CHECK(ui.text("museum/question/1/answer") == exhibits_by_number().front()->page.questions[1].answer);
    ui.click("museum/list/M2");
    CHECK_FALSE(ui.has("museum/question/1/answer"));
}

TEST_CASE("the crash of an exhibit is looked for, and opened in the lab beside the fix; played, it crashes") {
    const auto app = museum_app();
    Headless ui(*app);
    ui.click("museum/list/M2");
    ui.click("museum/play");
    while (ui.has("museum/title")) ui.frame();
    CHECK(ui.text("toolbar/scenario").find("removed under its own bitmap write") != std::string::npos);
    CHECK(ui.text("now/tick") == "step 0");
    ui.key("End");
    ui.key("i");
    ui.click("side/oops");
    CHECK(ui.has("oops/A"));
    CHECK_FALSE(ui.has("oops/B"));
    CHECK(ui.faults() == kNone);
}

TEST_CASE("a search that was cancelled, and one that is left alone, leave nothing behind") {
    const auto app = museum_app();
    Headless ui(*app);
    ui.click("museum/list/M7");
    ui.click("museum/play");
    ui.click("museum/cancel");
    CHECK(ui.has("museum/play"));
    ui.click("museum/play");
    ui.click("museum/list/M5");  // another page: the search for the first is not wanted any more
    CHECK(ui.has("museum/play"));
    ui.click("museum/play");  // and the window goes in the middle of it
}

}  // namespace

}  // namespace mdscope::gui
