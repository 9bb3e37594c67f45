// SPDX-License-Identifier: MIT
// What is done before a picture is taken: it brings the window to that moment, or says why it cannot.
#include "gui/frame/picture_acts.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "engine/kernel/arena.hpp"
#include "engine/story/tell/who_waits.hpp"
#include "gui/app.hpp"
#include "tests/gui/harness.hpp"

namespace mdscope::gui {

namespace {

std::unique_ptr<Screen> picture_app(std::optional<int> lesson = std::nullopt) {
    AppOptions options;
    options.scenario = "race";
    options.lesson = lesson;
    options.is_picture = true;
    auto made = make_app(std::move(options));
    REQUIRE(made);
    return std::move(*made);
}

TEST_CASE("keys, clicks and time lead to any moment") {
    const auto screen = picture_app(1);
    Headless ui(*screen);
    CHECK(do_acts(ui.stage(), *screen, {"key Space", "until lesson/next", "key Space", "until predict/0"}) == "");
    CHECK(ui.text("card/A/status") == "STOPPING");
    CHECK(do_acts(ui.stage(), *screen, {"click predict/0", "wait 0.5", "key Space", "hover card/A/counter/mddev"}) ==
          "");
    CHECK(ui.text("card/A/status") == "IN DANGER");
    CHECK(ui.text("reading").starts_with("mddev->pending_writes"));
    CHECK(ui.has("lane/A/ends/" + std::to_string(static_cast<int>(ui.value("now/tick")) + 1)));
    CHECK(ui.text("lanes/no_return") == "point of no return");
    CHECK(ui.faults() == kNone);
}

TEST_CASE("what is dragged is held for the picture") {
    const auto screen = picture_app();
    Headless ui(*screen);
    CHECK(do_acts(ui.stage(), *screen, {"drag tree/wait"}) == "'tree/wait' are not two marks of the picture");
    CHECK(do_acts(ui.stage(), *screen, {"drag tree/wait card/A/tree/3"}) == "");
    CHECK(ui.text("tree/title").starts_with("Let go"));
}

TEST_CASE("a point of no return is drawn only where some ends are well and the later ones are not") {
    const auto screen = picture_app();
    Headless ui(*screen, {.width = 1600, .height = 900});
    const auto has_ends = [&] {
        return std::ranges::any_of(ui::all(), [](const ui::Mark& mark) { return mark.id.starts_with("lane/A/ends/"); });
    };
    for (const char* key : {"h", "s", "End"}) ui.key(key);
    REQUIRE(has_ends());                     // A has unbound its members: each end is a crash
    CHECK_FALSE(ui.has("lanes/no_return"));  // behind the playhead's flag, where its words have no room
    ui.key("Home");                          // what is to come is known from the run
    CHECK(ui.has("lanes/no_return") == Arena::available());
    if (Arena::available()) CHECK(ui.rect("lanes/no_return").x > ui.rect("now/tick").x);

    const auto taught = picture_app(1);
    Headless lesson(*taught);  // a question is open: it would be the answer
    CHECK(do_acts(lesson.stage(), *taught, {"key Space", "until lesson/next", "key Space", "until predict/0"}) == "");
    CHECK_FALSE(has_ends());
    CHECK_FALSE(lesson.has("lanes/no_return"));
}

TEST_CASE("a key is called as it stands on the keyboard, in the window's labels, too") {
    const auto screen = picture_app();
    Headless ui(*screen);
    CHECK(do_acts(ui.stage(), *screen, {"key S", "key Space", "wait 2"}) == "");
    CHECK(ui.text("card/A/status") != "RUNNING");
}

TEST_CASE("an act that cannot be done is told") {
    const auto screen = picture_app();
    Headless ui(*screen);
    for (const char* act : {"key Nonsense", "click nothing/here", "hover nothing/here", "until nothing/here", "dance"})
        CHECK(do_acts(ui.stage(), *screen, {act}) != "");
    CHECK(do_acts(ui.stage(), *screen, {}) == "");
}

TEST_CASE("no two states of an array have the same word") {
    std::set<std::string> words;
    constexpr std::array kAll = {Status::Running, Status::Stopping, Status::Waiting, Status::InDanger, Status::Stopped,
                                 Status::Oops,    Status::Hung,     Status::Off,     Status::Broken};
    for (const Status status : kAll) words.insert(status_word(default_exhibit(), status));
    CHECK(words.size() == kAll.size());
}

}  // namespace

}  // namespace mdscope::gui
