// SPDX-License-Identifier: MIT
// The museum on the screen: all bugs as a list, of each a page with what its text says, nothing cut, five pictures of
// its shortest crash, and ways into the lab.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>
#include <set>

#include "engine/explore/museum.hpp"
#include "engine/kernel/arena.hpp"
#include "gui/app.hpp"
#include "gui/model/museum_model.hpp"
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

// Turns to a page of the list, which may have to be scrolled for it.
void choose(Headless& ui, std::string_view number) {
    const std::string entry = fmt::format("museum/list/{}", number);
    ui.reveal(entry);
    ui.click(entry);
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
        choose(ui, exhibit->page.number);
        CHECK_FALSE(ui.has("museum/list/M1"));
        CHECK(ui.text("museum/title") == fmt::format("{}  {}", exhibit->page.number, exhibit->title));
        CHECK(ui.text("museum/head") == museum_head(*exhibit));
        check_parts(ui, museum_parts(*exhibit));
        check_parts(ui, museum_proofs(*exhibit));
        for (std::size_t i = 0; i < exhibit->page.wrong_order.size(); i++)
            CHECK(ui.text(fmt::format("museum/wrong_order/{}", i)) == exhibit->page.wrong_order[i]);
        CHECK(ui.faults() == kNone);
        for (const ui::Mark& mark : ui::all())  // and none of it is left out
            if (mark.id.starts_with("museum/") && mark.role == "text") CHECK_MESSAGE(mark.value == 0, mark.id);
        ui.key("Escape");
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
        choose(ui, "M1");
        CHECK(ui.faults() == kNone);
        CHECK(ui.out_of_reach() == kNone);
        ui.key("Escape");
    }
}

TEST_CASE("questions are asked one at a time; an answer is covered until it is asked for, and on another page again") {
    const auto app = museum_app();
    Headless ui(*app);
    choose(ui, "M1");
    const auto& questions = exhibits_by_number().front()->page.questions;
    CHECK(ui.text("museum/question/0") == questions[0].asks);
    CHECK_FALSE(ui.has("museum/question/1"));
    ui.key("2");
    CHECK(ui.text("museum/question/1") == questions[1].asks);
    CHECK_FALSE(ui.has("museum/question/1/answer"));
    ui.reveal("museum/question/1/reveal");
    ui.click("museum/question/1/reveal");
    CHECK(ui.text("museum/question/1/answer") == questions[1].answer);
    ui.key("n");
    CHECK(ui.text("museum/title").starts_with("M2"));
    CHECK_FALSE(ui.has("museum/question/0/answer"));
    ui.key("2");
    CHECK_FALSE(ui.has("museum/question/1/answer"));
}

TEST_CASE("by keys: a digit brings its question into sight, 0 the answer, and pages scroll") {
    const auto app = museum_app();
    Headless ui(*app, {.width = 1280, .height = 720});
    choose(ui, "M1");
    ui.key("3");
    CHECK(ui.mark("museum/question/2").visible);
    ui.key("0");
    CHECK(ui.has("museum/question/2/answer"));
    const float before = ui.rect("museum/title").y;
    ui.key("PageUp");
    CHECK(ui.rect("museum/title").y > before);
    ui.key("F1");
    const float keys = ui.rect("help/keys").y;
    ui.key("PageDown");
    CHECK(ui.rect("help/keys").y < keys);
}

TEST_CASE("a page looks for its shortest crash by itself, and shows five moments of it; a click plays from there" *
          doctest::skip(!Arena::available())) {
    const auto app = museum_app();
    Headless ui(*app);
    choose(ui, "M24");
    CHECK_FALSE(ui.has("museum/frame/0"));  // who leafs through the pages looks for nothing
    while (!ui.has("museum/frame/4") && !ui.has("message/text")) ui.frame();  // however long the search takes
    REQUIRE(ui.has("museum/frame/4"));
    CHECK_FALSE(ui.has("museum/frame/5"));
    CHECK(ui.faults() == kNone);
    CHECK(ui.text("museum/frame/4/stage").find("OOPS") != std::string::npos);
    const std::string words = ui.text("museum/frame/2/words");
    ui.reveal("museum/frame/2");
    ui.click("museum/frame/2");
    CHECK(ui.text("now/what") == words);
    CHECK(ui.faults() == kNone);
}

// Whether the words behind A's end hide where a write would have ended.
bool covers_an_outline(const Headless& ui) {
    const ui::Rect words = ui.rect("lanes/A/halted/words");
    return std::ranges::any_of(ui::all(), [&](const ui::Mark& mark) {
        return mark.id.starts_with("lane/A/due/") && mark.rect.x < words.right() && words.x < mark.rect.right() &&
               mark.rect.y < words.bottom() && words.y < mark.rect.bottom();
    });
}

TEST_CASE("where a run ends by a rule, the outlines of what was still on its way are not written over" *
          doctest::skip(!Arena::available())) {
    std::size_t outlines = 0;
    for (const char* name : {"M10", "M11", "M26"}) {
        CAPTURE(name);
        const auto app = museum_app();
        Headless ui(*app, {.width = 1600, .height = 900});
        choose(ui, name);
        ui.click("museum/play");
        while (ui.has("museum/title")) ui.frame();
        ui.key("End");
        if (!ui.has("lanes/A/halted/words")) continue;  // no room for them
        CHECK_FALSE(covers_an_outline(ui));
        outlines += static_cast<std::size_t>(
            std::ranges::count_if(ui::all(), [](const ui::Mark& mark) { return mark.id.starts_with("lane/A/due/"); }));
        CHECK(ui.faults() == kNone);
    }
    CHECK(outlines > 0);
}

TEST_CASE("a run that a judge ends says which rule was broken, and shows no Oops: there is none" *
          doctest::skip(!Arena::available())) {
    const auto app = museum_app();
    Headless ui(*app);
    choose(ui, "M22");
    while (!ui.has("museum/frame/0") && !ui.has("message/text")) ui.frame();
    std::size_t last = 0;
    while (ui.has(fmt::format("museum/frame/{}", last + 1))) last++;
    CHECK(ui.text(fmt::format("museum/frame/{}/stage", last)) == "A RULE BROKEN");
    for (std::size_t i = 0; i <= last; i++)  // nobody writes in its run
        CHECK(ui.text(fmt::format("museum/frame/{}/words", i)).find("write") == std::string::npos);
    ui.click("museum/play");
    ui.key("Home");
    for (int i = 0; i < 20 && ui.text("now/meaning").find("data read") == std::string::npos; i++) ui.key("Right");
    CHECK(ui.text("now/meaning").find("owes one data read") != std::string::npos);
    ui.key("End");
    CHECK(ui.text("card/A/status") == "RULE BROKEN");
    CHECK(ui.text("now/what") == "A broke a rule: stale read.");
    CHECK(ui.text("card/A/broken") == "RULE BROKEN");
    CHECK_FALSE(ui.has("card/A/oops"));
    CHECK(ui.text("card/A/console").starts_with("A read gives the last acknowledged write or a later one."));
    CHECK(ui.text("lanes/A/halted") == "the run ends here");
    CHECK_FALSE(covers_an_outline(ui));
    CHECK(ui.text("reading").find("super_written") == std::string::npos);
    CHECK(ui.faults() == kNone);
}

TEST_CASE("a page plays what its judge finds: a hang is not called a crash") {
    const auto app = museum_app();
    Headless ui(*app);
    struct Expected {
        const char* number;
        std::string word;
    };
    const std::vector<Expected> expected = {
        {"M23", "crash"}, {"M5", "hang"}, {"M22", "stale read"}, {"M18", "loss"}, {"M10", "unmarked write"}};
    for (const Expected& row : expected) {
        CAPTURE(row.number);
        choose(ui, row.number);
        CHECK(ui.text("museum/play") == "Play the " + row.word);
        CHECK(ui.text("museum/crash") == "The shortest " + row.word);
        CHECK(ui.text("status/keys").find("play the " + row.word) != std::string::npos);
        ui.key("Escape");
    }
    for (const Exhibit* exhibit : exhibits_by_number()) {
        CAPTURE(exhibit->page.number);
        CHECK((bad_end_of(*exhibit) == "crash") == (std::string_view(exhibit->page.symptom) == "crash"));
    }
}

TEST_CASE("the pictures of a page differ: no two say the same" * doctest::skip(!Arena::available())) {
    for (const char* name : {"M4", "M11", "M15", "M21", "M27"}) {
        CAPTURE(name);
        const Result<Tried> tried = first_bad(*find_exhibit(name), {});
        REQUIRE(tried);
        std::set<std::string> said;
        for (const MuseumFrame& frame : frames_of(*bad_run_of(*tried), [] { return true; })) {
            CAPTURE(frame.words);
            CHECK(said.insert(frame.words).second);
        }
        CHECK(said.size() > 2);
    }
}

TEST_CASE("each picture of a page shows something else, too" * doctest::skip(!Arena::available())) {
    for (const char* name : {"M5", "M24"}) {
        CAPTURE(name);
        const Result<Tried> tried = first_bad(*find_exhibit(name), {});
        REQUIRE(tried);
        const std::vector<MuseumFrame> frames = frames_of(*bad_run_of(*tried), [] { return true; });
        CHECK(frames.size() > 2);
        for (std::size_t i = 1; i < frames.size(); i++)
            CHECK_MESSAGE(!look_alike(frames[i - 1].stage, frames[i].stage), frames[i].words);
    }
}

TEST_CASE("a picture of two writes has both, each above its disk, and says which has ended" *
          doctest::skip(!Arena::available())) {
    const auto app = museum_app();
    Headless ui(*app);
    choose(ui, "M24");
    ui.frames_until("museum/frame/4");
    CHECK(ui.text("museum/frame/0/stage/sdb") == "write");
    CHECK_FALSE(ui.has("museum/frame/0/stage/sda"));
    CHECK(ui.text("museum/frame/1/stage/sda") == "write");
    CHECK(ui.text("museum/frame/1/stage/sdb") == "write");
    CHECK(ui.text("museum/frame/2/stage/sdb") == "ending");
    CHECK(ui.rect("museum/frame/1/stage/sda").right() < ui.rect("museum/frame/1/stage/sdb").x);
    CHECK(ui.faults() == kNone);
}

TEST_CASE("the tree of the deadlock of three is that of who writes `idle`") {
    AppOptions options;
    options.scenario = "deaf-barrier";
    const auto app = make_app(std::move(options));
    REQUIRE(app);
    Headless ui(**app);
    ui.key("End");
    std::vector<std::string> lines;
    for (const ui::Mark& mark : ui::all())
        if (mark.id.starts_with("card/A/tree/")) lines.push_back(mark.text);
    REQUIRE(lines.size() >= 3);
    CHECK(lines[0].starts_with("action_store"));
    CHECK(lines[1].starts_with("md_reap_sync_thread"));
    CHECK(lines[2].starts_with("md_unregister_thread"));
    CHECK(ui.faults() == kNone);
}

TEST_CASE("a kernel of a page opens the lab with its row, beside the mended one") {
    const auto app = museum_app();
    Headless ui(*app);
    choose(ui, "M24");
    CHECK(ui.text("museum/era/6.1") == "6.1: had it");
    CHECK(ui.text("museum/era/6.1.3") == "6.1.3: safe");
    ui.reveal("museum/era/6.1");
    ui.click("museum/era/6.1");
    CHECK(ui.text("card/A/title").find("order 2021") != std::string::npos);
    CHECK(ui.text("card/B/title").find("order 2022") != std::string::npos);
}

TEST_CASE("the crash of an exhibit is looked for, and opened in the lab beside the fix; played, it crashes") {
    const auto app = museum_app();
    Headless ui(*app);
    choose(ui, "M2");
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
    choose(ui, "M7");
    ui.click("museum/play");
    ui.click("museum/cancel");
    CHECK(ui.has("museum/play"));
    ui.click("museum/play");
    ui.key("Escape");
    choose(ui, "M5");  // another page: the search for the first is not wanted any more
    CHECK(ui.has("museum/play"));
    ui.click("museum/play");  // and the window goes in the middle of it
}

}  // namespace

}  // namespace mdscope::gui
