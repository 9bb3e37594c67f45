// SPDX-License-Identifier: MIT
// Lessons in the window: one key, one click and one drag are all that the first one asks for; every lesson can be
// finished, left and gone back in at any point; and while a question is open, nothing on the screen answers it.
#include "engine/story/lesson/lesson.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>

#include "gui/app.hpp"
#include "tests/gui/harness.hpp"

namespace mdscope::gui {

namespace {

// Lines that a failing check can print.
std::string all_of(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    return text;
}

struct Seat {
    explicit Seat(std::optional<int> lesson, const HeadlessOptions& options = {})
        : app(make_screen(lesson, kept)), ui(*app, !lesson ? options : at_20_hz(options)) {}

    static HeadlessOptions at_20_hz(HeadlessOptions options) {  // a lesson is long, and a frame under a sanitizer, too
        options.seconds_per_frame = 0.05F;
        return options;
    }

    static std::unique_ptr<Screen> make_screen(std::optional<int> lesson, Settings& kept) {
        AppOptions options;
        options.lesson = lesson;
        options.save_settings = [&kept](const Settings& settings) { kept = settings; };
        Result<std::unique_ptr<Screen>> made = make_app(std::move(options));
        REQUIRE(made);
        return std::move(*made);
    }

    // Until the lesson wants something of a person, or is through.
    void wait() {
        for (int i = 0; i < 2000 && !wants_something(); i++) ui.frame(5);
        CHECK(wants_something());
    }
    bool wants_something() {
        for (const char* id : {"lesson/next", "predict/0", "lesson/explore"})
            if (ui.has(id)) return true;
        return !ui.has("lesson/title") || (ui.has("lesson/show") && ui.text("toolbar/play") == "▶ Play");
    }
    void until(const char* id) {
        for (int i = 0; i < 2000 && !ui.has(id); i++) ui.frame(2);
        CAPTURE(id);
        REQUIRE(ui.has(id));
    }
    // Lesson 1, to the question and past it.
    void to_question() {
        ui.key("Space");
        until("lesson/next");
        ui.key("Space");  // read already
        until("predict/0");
    }
    void to_outcome(std::size_t answer) {
        to_question();
        ui.click(fmt("predict/", answer));
        until("lesson/next");  // what comes of it has been watched
    }
    void to_drag(std::size_t answer) {
        to_outcome(answer);
        ui.key("Space");
        until("lesson/show");
    }
    // Whatever that is: reads on, answers, lets itself be shown.
    void do_what_is_wanted(std::size_t answer) {
        if (ui.has("lesson/next")) return ui.click("lesson/next");
        if (ui.has("lesson/show")) return ui.click("lesson/show");
        if (ui.has(fmt("predict/", answer))) return ui.click(fmt("predict/", answer));
        ui.click("predict/0");
    }
    static std::string fmt(const char* text, std::size_t number) { return text + std::to_string(number); }
    bool is_through() { return ui.has("lesson/explore"); }
    std::string page() { return ui.text("lesson/dots"); }

    Settings kept;
    std::unique_ptr<Screen> app;
    Headless ui;
};

const HeadlessOptions kSmall{.width = 900, .height = 600};
const HeadlessOptions kLarge{.width = 1600, .height = 900, .text_percent = 200};

}  // namespace

TEST_CASE("space, a click and a drag complete the race") {
    Seat seat(1);
    Headless& ui = seat.ui;
    CHECK(ui.text("lesson/text").ends_with("Press Space."));
    CHECK(ui.text("card/A/status") == "STOPPING");
    CHECK(ui.text("card/B/status") == "STOPPING");
    ui.pass(5);  // it waits
    CHECK(ui.text("lesson/text").ends_with("Press Space."));
    ui.key("Space");
    seat.until("lesson/next");
    CHECK(ui.text("lesson/text").starts_with("One line differs here"));
    seat.until("predict/0");  // by itself
    CHECK(ui.text("lesson/text").find("bitmap->pending_writes: 0") != std::string::npos);
    CHECK(ui.text("lesson/text").find("mddev->pending_writes: 1") != std::string::npos);
    CHECK(ui.text("predict/0") == "it crashes: an Oops");
    ui.click("predict/0");
    seat.until("lesson/next");
    CHECK(ui.text("lesson/feedback").starts_with("Right: "));
    ui.key("Enter");
    seat.until("lesson/show");
    CHECK_FALSE(ui.has("lesson/feedback"));
    CHECK(ui.text("card/A/status") == "OOPS");
    CHECK(ui.text("card/B/status") == "STOPPED");
    CHECK(seat.kept.lessons.empty());
    REQUIRE(ui.mark("lane/A/bio/sdb bitmap 1/end").visible);
    ui.drag("lane/A/bio/sdb bitmap 1/end", -0.5F * ui.rect("lane/A/bio/sdb bitmap 1").w, 0);
    CHECK(ui.text("lesson/text") == "Same bug, no crash: timing decides. That is a race.");
    CHECK(ui.text("card/A/status") == "STOPPED");
    CHECK(ui.text("card/B/status") == "STOPPED");
    ui.key("w");  // why, of the write that was dragged
    CHECK(ui.text("why/A/1/text").find("sdb bitmap 1") != std::string::npos);
    CHECK(ui.text("why/A/4/text").find("sdb bitmap 1 ended before unbind_rdev_from_array") != std::string::npos);
    ui.key("w");
    CHECK(seat.is_through());
    CHECK(seat.kept.lessons == std::set<int>{1});
    ui.click("predict/0");  // and one question that nobody counts
    CHECK(ui.text("lesson/feedback").starts_with("Not quite. It is \"mddev->pending_writes\": "));
    ui.click("lesson/another");
    CHECK(ui.text("lesson/title").starts_with("Lesson 2"));
}

TEST_CASE("a drag that is not far enough crashes again, says so, and can be tried again") {
    Seat seat(1);
    Headless& ui = seat.ui;
    seat.to_outcome(2);
    CHECK(ui.text("lesson/feedback").starts_with("Not quite. It is \"it crashes: an Oops\": "));
    ui.key("Space");
    seat.until("lesson/show");
    CHECK_FALSE(ui.has("lesson/return"));
    ui.drag("lane/A/bio/sdb bitmap 1/end", -0.12F * ui.rect("lane/A/bio/sdb bitmap 1").w, 0);
    CHECK(ui.text("lesson/hint").find("Further left") != std::string::npos);
    CHECK(ui.text("lesson/return") == "Try again");
    ui.click("lesson/return");
    CHECK_FALSE(ui.has("lesson/hint"));
    CHECK_FALSE(ui.has("lesson/return"));
    ui.click("lesson/show");
    CHECK(seat.is_through());
}

TEST_CASE("the end of a write is moved by the keyboard, too") {
    Seat seat(1);
    Headless& ui = seat.ui;
    seat.to_drag(0);
    const auto is_in_lanes = [] {
        return std::ranges::any_of(ui::all(),
                                   [](const ui::Mark& mark) { return mark.focused && mark.id.starts_with("lane/"); });
    };
    for (int i = 0; i < 40 && !is_in_lanes(); i++) ui.key("Tab");
    for (int i = 0; i < 40 && !ui.mark("lane/A/bio/sdb bitmap 1/end").focused; i++) ui.key("Right");
    REQUIRE(ui.mark("lane/A/bio/sdb bitmap 1/end").focused);
    for (int i = 0; i < 40 && !seat.is_through(); i++) ui.key("-");
    CHECK(seat.is_through());
    CHECK(ui.text("card/A/status") == "STOPPED");
}

TEST_CASE("every lesson can be finished by who lets it be shown, whatever is answered") {
    for (const HeadlessOptions& options : {HeadlessOptions{}, kSmall, kLarge})
        for (int number = 0; number <= kLastLesson; number++) {
            CAPTURE(number);
            Seat seat(number, options);
            CHECK(all_of(seat.ui.faults()) == "");
            for (std::size_t i = 0; i < 60 && !seat.is_through(); i++) {
                CAPTURE(seat.page());
                seat.wait();
                CHECK(all_of(seat.ui.faults()) == "");
                if (!seat.is_through()) seat.do_what_is_wanted(i % 3);
            }
            CHECK(seat.is_through());
            CHECK(seat.kept.lessons == std::set<int>{number});
        }
}

TEST_CASE("everything a lesson offers is reached by the keyboard") {
    for (const HeadlessOptions& options : {HeadlessOptions{}, kSmall, kLarge}) {
        Seat seat(1, options);
        CHECK(all_of(seat.ui.out_of_reach()) == "");
        seat.ui.key("Space");
        seat.until("lesson/next");
        seat.until("predict/0");
        CHECK(all_of(seat.ui.out_of_reach()) == "");
        REQUIRE(seat.ui.has("lesson/title"));
    }
}

TEST_CASE("the words of a lesson can be read at any size of text in any window") {
    for (const HeadlessOptions& options : {HeadlessOptions{.width = 900, .height = 600, .text_percent = 250}, kSmall,
                                           kLarge, HeadlessOptions{.width = 1280, .height = 720, .text_percent = 250}})
        for (int number = 0; number <= kLastLesson; number++) {
            CAPTURE(number);
            CAPTURE(options.text_percent);
            Seat seat(number, options);
            const ui::Mark& words = seat.ui.mark("lesson/text");
            const float top = std::max(words.rect.y, words.clip.y);
            const float bottom = std::min(words.rect.bottom(), words.clip.bottom());
            CHECK(bottom - top >= 0.16F * static_cast<float>(options.text_percent));  // a line
        }
}

TEST_CASE("Back goes to the page before, as it was then, from every page") {
    for (int number = 0; number <= kLastLesson; number++) {
        CAPTURE(number);
        Seat seat(number);
        std::vector<std::pair<std::string, std::string>> seen;  // text and playhead when a page waits
        for (std::size_t i = 0; i < 60 && !seat.is_through(); i++) {
            seat.wait();
            const std::string page = seat.page();
            if (!seat.is_through()) seat.do_what_is_wanted(0);
            seat.wait();
            if (seat.page() == page) continue;
            CAPTURE(page);
            seat.ui.click("lesson/back");
            CHECK(seat.page().size() == page.size());
            CHECK_FALSE(seat.ui.has("lesson/return"));
            CHECK(all_of(seat.ui.faults()) == "");
            // It comes to where it was again.
            for (int again = 0; again < 10 && (seat.page() == page || seat.page() < page); again++) {
                seat.wait();
                if (seat.is_through()) break;
                seat.do_what_is_wanted(0);
            }
        }
        CHECK(seat.is_through());
    }
}

TEST_CASE("a lesson can be closed at any point, by its button and by Escape, and leaves the window usable") {
    for (const std::string how : {"button", "Escape"})
        for (int steps = 0; steps < 8; steps++) {
            CAPTURE(steps);
            Seat seat(1);
            for (int i = 0; i < steps && !seat.is_through(); i++) {
                seat.wait();
                if (!seat.is_through()) seat.do_what_is_wanted(0);
            }
            if (how == "button")
                seat.ui.click("lesson/close");
            else
                for (int i = 0; i < 2 && seat.ui.has("lesson/title"); i++) seat.ui.key("Escape");  // a quiz goes first
            CHECK_FALSE(seat.ui.has("lesson/title"));
            CHECK_FALSE(seat.ui.has("predict/question"));
            seat.ui.key("Home");
            seat.ui.key("Right");
            CHECK(seat.ui.value("lanes/scrub") == 1);
            CHECK(all_of(seat.ui.faults()) == "");
        }
}

TEST_CASE("a lesson's title and buttons are in the bar at the top where there is room, its words below the sentence") {
    for (const HeadlessOptions& size : {HeadlessOptions{}, kSmall}) {
        Seat seat(1, size);
        const Headless& ui = seat.ui;
        const bool is_in_bar = ui.rect("lesson/title").bottom() < ui.rect("now/what").y;
        CHECK(is_in_bar == (size.width == 1600));
        CHECK(ui.rect("lesson/text").y > ui.rect("now/what").bottom());
        CHECK(all_of(ui.faults()) == "");
    }
}

TEST_CASE("while a question is open nothing right of the playhead can be seen, and nothing tells how it ends") {
    Seat seat(1);
    Headless& ui = seat.ui;
    // Once to the end, so that there is a future to hide; then back to the question.
    seat.to_drag(0);
    ui.click("lesson/back");
    seat.wait();
    REQUIRE(ui.has("predict/0"));
    const double playhead = ui.value("lanes/scrub");
    for (const char* key : {"End", "Right", "Shift+Right", "k", "d"}) ui.key(key);
    CHECK(ui.value("lanes/scrub") <= playhead);
    for (const char* tab : {"in_flight", "why", "inspect", "log", "oops", "branches"}) {
        if (!ui.has("side/close")) ui.key("i");
        ui.click(std::string("side/") + tab);
        for (const ui::Mark& mark : ui::all()) {
            CAPTURE(mark.id);
            CAPTURE(mark.text);
            if (mark.id.starts_with("lane/")) CHECK(mark.value <= playhead);
            if (mark.id.starts_with("predict/") || mark.id == "side/oops") continue;
            for (const char* word : {"OOPS", "DANGER", "nobody waits for it", "meets what is gone", "halted"})
                CHECK(mark.text.find(word) == std::string::npos);
        }
        CHECK(all_of(ui.faults()) == "");
    }
    CHECK(ui.text("card/A/status") == "STOPPING");
}

TEST_CASE("the verdict comes when its outcome is on the screen, and stays until somebody goes on") {
    for (int number = 0; number <= kLastLesson; number++)
        for (const std::size_t answer : {std::size_t{0}, std::size_t{1}}) {
            CAPTURE(number);
            Seat seat(number);
            Headless& ui = seat.ui;
            for (std::size_t i = 0; i < 60 && !seat.is_through(); i++) {
                seat.wait();
                const bool asks = ui.has("predict/0") && !ui.has("lesson/explore");
                if (!seat.is_through()) seat.do_what_is_wanted(asks ? answer : 0);
                if (!asks) continue;
                const std::string page = seat.page(), scenario = ui.text("card/A/title") + ui.text("card/B/title");
                for (int frames = 0; frames < 4000 && !ui.has("lesson/next"); frames++) {
                    REQUIRE_FALSE(ui.has("lesson/feedback"));
                    CHECK(ui.text("lesson/said").starts_with("You said \""));
                    ui.frame();
                }
                CHECK(seat.page() == page);
                CHECK(ui.text("card/A/title") + ui.text("card/B/title") == scenario);
                CHECK(ui.has("lesson/feedback"));
                CHECK_FALSE(ui.has("lesson/said"));
                ui.pass(20);
                CHECK(seat.page() == page);
            }
            CHECK(seat.is_through());
        }
}

TEST_CASE("the numbers of a page are those it was opened with, whatever happens while it is read") {
    Seat seat(1);
    Headless& ui = seat.ui;
    seat.to_question();
    const std::string words = ui.text("lesson/text");
    CHECK(words.find("sdb bitmap 1 is still in flight") != std::string::npos);
    CHECK(words.find("mddev->pending_writes: 1, and sleeps") != std::string::npos);
    ui.key("1");
    for (int i = 0; i < 4000 && !ui.has("lesson/feedback"); i++) {
        REQUIRE(ui.text("lesson/text") == words);
        ui.frame();
    }
    const std::string feedback = ui.text("lesson/feedback");  // it takes the place of what has become the past
    CHECK_FALSE(ui.has("lesson/text"));
    ui.frames_until("lesson/next");
    CHECK(ui.text("card/B/status") == "STOPPED");
    CHECK(ui.text("lesson/feedback") == feedback);
}

TEST_CASE("digits answer, 0 shows the answer, Space goes to the answers, Enter goes on") {
    Seat seat(1);
    Headless& ui = seat.ui;
    seat.to_question();
    ui.key("4");  // there are three
    CHECK(ui.has("predict/0"));
    ui.key("Space");
    CHECK(ui.mark("predict/0").focused);
    ui.key("2");
    CHECK_FALSE(ui.has("predict/0"));
    CHECK(ui.text("lesson/said") == "You said \"it hangs\".");
    CHECK(ui.has("card/B/status"));  // both arrays are still there
    seat.until("lesson/next");
    CHECK(ui.text("lesson/feedback").starts_with("Not quite. It is \"it crashes"));
    ui.click("lesson/back");
    seat.until("predict/0");
    ui.key("0");
    seat.until("lesson/next");
    CHECK(ui.text("lesson/feedback").starts_with("it crashes: an Oops: A had set"));
    ui.key("Enter");
    seat.until("lesson/show");
}

TEST_CASE("on a small screen a lesson leaves room for both stages") {
    Seat seat(1, {.width = 1280, .height = 720});
    CHECK(seat.ui.has("card/A/door/0"));
    seat.to_question();
    for (const char* id : {"card/A/door/0", "card/B/door/0", "card/A/member/sdb", "lane/A/bio/sdb bitmap 1"})
        CHECK_MESSAGE(seat.ui.has(id), id);
    seat.ui.key("1");
    seat.until("lesson/next");
    CHECK(seat.ui.has("card/A/door/0"));
    CHECK(seat.ui.mark("lesson/feedback").visible);
    CHECK_FALSE(seat.ui.mark("lesson/feedback").cut);
}

TEST_CASE("by keys alone an answer takes one digit; Tab goes to the answers before all else") {
    for (const int answer : {0, 1, 2}) {
        CAPTURE(answer);
        Seat seat(1);
        seat.to_question();
        const std::string id = fmt::format("predict/{}", answer);
        int presses = 0;
        for (; presses < 9 && !seat.ui.mark(id).focused; presses++) seat.ui.key("Tab");
        seat.ui.key("Enter");
        CHECK(presses <= answer + 1);
        CHECK_FALSE(seat.ui.has("predict/0"));
        Seat other(1);
        other.to_question();
        other.ui.key(std::to_string(answer + 1));
        CHECK_FALSE(other.ui.has("predict/0"));
    }
}

TEST_CASE("what had the focus is gone with its page, and Enter goes on") {
    Seat seat(1);
    Headless& ui = seat.ui;
    seat.to_question();
    ui.key("Space");  // to the answers
    ui.key("1");
    seat.until("lesson/next");
    ui.key("Enter");
    seat.until("lesson/show");
    CHECK_FALSE(ui.has("lesson/feedback"));
}

TEST_CASE("at its end a lesson's button, and Enter, begin the next one; while it waits for a deed none leads past it") {
    Seat seat(1);
    Headless& ui = seat.ui;
    seat.to_outcome(0);
    ui.key("Enter");
    seat.until("lesson/show");  // the end of a write is to be dragged
    CHECK_FALSE(ui.has("now/act"));
    ui.click("lesson/show");
    while (!seat.is_through()) ui.frame();
    CHECK(ui.text("lesson/another").starts_with("Lesson 2"));  // beside one question more
    ui.click("predict/0");
    CHECK(ui.text("lesson/another").starts_with("Next lesson"));
    ui.key("Enter");
    CHECK(ui.text("lesson/title").starts_with("Lesson 2"));
}

TEST_CASE("who goes somewhere else finds the way back to the lesson") {
    Seat seat(1);
    Headless& ui = seat.ui;
    seat.to_question();
    CHECK_FALSE(ui.has("toolbar/scenario"));  // the lesson has chosen
    seat.app->dropped_file(std::string(MDSCOPE_SOURCE_DIR) + "/assets/scenarios/all-clean.mds");
    ui.frame(2);
    CHECK(ui.text("lesson/return") == "Back to the lesson");
    CHECK(ui.has("toolbar/scenario"));
    CHECK_FALSE(ui.has("predict/0"));
    ui.key("k");  // the window is theirs
    ui.pass(1);
    CHECK(all_of(ui.faults()) == "");
    ui.click("lesson/return");
    CHECK_FALSE(ui.has("lesson/return"));
    REQUIRE(ui.has("predict/0"));
    ui.click("predict/0");
    seat.until("lesson/next");
    CHECK(ui.text("card/A/status") == "OOPS");
}

TEST_CASE("the button Lessons offers all of them") {
    Seat seat(std::nullopt);
    Headless& ui = seat.ui;
    CHECK_FALSE(ui.has("lesson/title"));
    ui.click("toolbar/lesson");
    for (int number = kLastLesson; number >= 0; number--) {
        ui.click("lesson/choose/" + std::to_string(number));
        CHECK(ui.text("lesson/title").find(lesson_title(number)) != std::string::npos);
        CHECK(all_of(ui.faults()) == "");
        ui.click("toolbar/lesson");
    }
    CHECK(all_of(ui.out_of_reach()) == "");
    ui.key("Escape");
    CHECK(ui.text("lesson/title").starts_with("Lesson 0"));  // only the choice was closed
}

TEST_CASE("predict mode asks before a write ends that may decide something, and only then") {
    Seat seat(std::nullopt);
    Headless& ui = seat.ui;
    for (const char* key : {"Shift+P", "h", "s", "k"}) ui.key(key);
    std::size_t questions = 0;
    for (int i = 0; i < 4000 && ui.text("card/A/status") != "OOPS"; i++) {
        ui.frame(2);
        if (ui.text("status/place").find("a write is held") != std::string::npos) ui.key("r");
        if (!ui.has("predict/0") && ui.text("toolbar/play") == "▶ Play") ui.key("k");
        if (!ui.has("predict/0") || ui.mark("predict/0").role != "button") continue;
        questions++;
        CHECK(ui.text("predict/question").find("ends next. What happens to array") != std::string::npos);
        const double playhead = ui.value("lanes/scrub");
        ui.pass(2);
        ui.key("Right");
        CHECK(ui.value("lanes/scrub") == playhead);
        for (const ui::Mark& mark : ui::all())
            if (mark.id.starts_with("lane/")) CHECK(mark.value <= playhead);
        CHECK(all_of(ui.faults()) == "");
        ui.click("predict/0");
        if (ui.value("lanes/scrub") == playhead) CHECK_FALSE(ui.has("lesson/feedback"));
        for (int frames = 0; frames < 200 && !ui.has("lesson/feedback"); frames++) ui.frame();
        CHECK(ui.value("lanes/scrub") > playhead);
        const std::string words = ui.text("lesson/feedback");
        CHECK((words.starts_with("Right: ") || words.starts_with("Not quite. It is ")));
    }
    CHECK(questions >= 1);
    CHECK(ui.text("card/A/status") == "OOPS");
    CHECK(ui.text("lesson/feedback").starts_with("Right: "));
    ui.key("Escape");
    CHECK_FALSE(ui.has("predict/question"));
}

}  // namespace mdscope::gui
