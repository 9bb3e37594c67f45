// SPDX-License-Identifier: MIT
// Mend it: the wait of the fix is dragged to another line of the tree; every order is searched with it there, and what
// comes of it is said, or played.
#include "gui/model/mend.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "gui/app.hpp"
#include "tests/gui/harness.hpp"

namespace mdscope::gui {

namespace {

std::unique_ptr<Screen> mending(const std::string& scenario) {
    AppOptions options;
    options.scenario = scenario;
    auto app = make_app(std::move(options));
    REQUIRE(app);
    return std::move(*app);
}

// The line of the tree that is called so.
std::string line_of(const Headless& ui, const std::string& name) {
    for (const ui::Mark& mark : ui::all())
        if (mark.id.starts_with("card/A/tree/") && mark.text.starts_with(name)) return mark.id;
    FAIL("no line is called ", name, " on ", ui.text("tree/title"));
    return "";
}

void drag_wait_to(Headless& ui, const std::string& name) {
    ui.drag("tree/wait", 0, ui.rect(line_of(ui, name)).center().y - ui.rect("tree/wait").center().y);
}

}  // namespace

TEST_CASE("a wait at another place is a row that the search knows: early or late it does not help") {
    struct Row {
        const char* fix;
        bool is_safe;
    };
    constexpr Row kRows[] = {{"after-run-1", false}, {"after-run-2", false}, {"upstream", true},
                             {"after-header", true}, {"in-free", true},      {"in-detach", true},
                             {"after-export", false}};
    for (const Row& row : kRows) {
        CAPTURE(row.fix);
        Scenario scenario = stop_mid_write("external", "array_state", 1);
        REQUIRE(scenario.variants.choose("fix", row.fix));
        ExploreOptions options;
        const Result<Verdict> verdict = explore(scenario, options);
        REQUIRE(verdict);
        CHECK(verdict->complete);
        CHECK((verdict->crashes == 0) == row.is_safe);
        CHECK(verdict->hangs + verdict->violations == 0);
    }
    CHECK(variants::fix::trials().size() + 1 == std::size(kRows));
    CHECK(find_variant("fix")->size == 4);  // nobody is offered what nobody proposed
    CHECK(scenario_text(stop_mid_write("external", "array_state", 1)).find("after-") == std::string::npos);
}

TEST_CASE("the wait is dragged within the tree: the row under it opens, and all orders are looked at") {
    const auto app = mending("race");
    Headless ui(*app);
    REQUIRE(ui.has("tree/wait"));
    CHECK(ui.text("tree/wait") == "md_super_wait behind md_bitmap_daemon_work #3");
    const float before = ui.rect("tree/wait").y, line = ui.rect("tree/wait").h;

    // While the mouse has it, it stands under the line that it would wait behind.
    const ui::Point from = ui.rect("tree/wait").center();
    ui.push({.kind = InputEvent::Kind::mouse_move, .x = from.x, .y = from.y});
    ui.settle();
    ui.push({.kind = InputEvent::Kind::mouse_down, .x = from.x, .y = from.y});
    ui.settle();
    const float down = ui.rect(line_of(ui, "md_bitmap_update_sb")).center().y;
    ui.push({.kind = InputEvent::Kind::mouse_move, .x = from.x, .y = down});
    ui.settle();
    CHECK(ui.text("tree/wait") == "md_super_wait behind md_bitmap_update_sb");
    CHECK(ui.text("tree/title") == "Let go to look at all orders");
    CHECK(std::abs(ui.rect("tree/wait").y - before - line) < 1);
    CHECK(ui.rect(line_of(ui, "md_bitmap_update_sb")).bottom() <= ui.rect("tree/wait").y + 1);
    CHECK(ui.faults() == kNone);
    ui.push({.kind = InputEvent::Kind::mouse_up, .x = from.x, .y = down});
    ui.frames_until("message/text");
    CHECK(ui.text("message/text") == "md_super_wait behind md_bitmap_update_sb: safe: 0 of 8,446 orders go wrong.");
    CHECK(ui.text("tree/wait") == "md_super_wait behind md_bitmap_update_sb");
    CHECK(ui.text("tree/title") == "The stop, line by line");
    CHECK(ui.faults() == kNone);
}

TEST_CASE("the code under the tree has Linux's lines beside a kernel that has them, not where the wait is elsewhere") {
    struct Row {
        const char *a, *b;
        bool are_shown;
    };
    for (const Row& row : std::initializer_list<Row>{{"none", "upstream", true},
                                                     {"none", "after-header", false},
                                                     {"after-run-1", "upstream", true},
                                                     {"none", "v1", false},
                                                     {"none", "none", true}}) {
        CAPTURE(row.a);
        CAPTURE(row.b);
        Scenario a = stop_mid_write("external", "array_state", 1), b = a;
        REQUIRE(a.variants.choose("fix", row.a));
        REQUIRE(b.variants.choose("fix", row.b));
        CHECK(shows_upstream_lines(Duel(a, b)) == row.are_shown);
    }
}

TEST_CASE("where the wait does not help, the shortest crash plays beside the kernel that was mended") {
    const auto app = mending("race");
    Headless ui(*app);
    drag_wait_to(ui, "md_bitmap_daemon_work #1");
    ui.frames_until("message/text");
    const std::string words = ui.text("message/text");
    CHECK(words.find("md_super_wait behind md_bitmap_daemon_work #1: 183 of 1,265 states go wrong.") == 0);
    CHECK(words.find("A plays the shortest") != std::string::npos);
    ui.key("Escape");
    ui.key("End");
    CHECK(ui.text("card/A/status") == "OOPS");
    CHECK(ui.text("card/A/title").find("after-run-1") != std::string::npos);
    CHECK(ui.text("card/B/title").find("upstream") != std::string::npos);
    CHECK(ui.faults() == kNone);
}

TEST_CASE("keys move the wait, too; where there is none to move they are not offered") {
    const auto app = mending("race");
    Headless ui(*app);
    CHECK(ui.text("status/keys").find("Alt+↓ move the wait") != std::string::npos);
    ui.key("Alt+Down");
    ui.frames_until("message/text");
    CHECK(ui.text("tree/wait") == "md_super_wait behind md_bitmap_update_sb");
    ui.key("Escape");
    ui.key("Alt+Down");
    ui.frames_until("message/text");
    CHECK(ui.text("message/text").find("in md_bitmap_free: safe") != std::string::npos);
    CHECK(ui.text("tree/wait") == "md_super_wait in md_bitmap_free");
    ui.key("Escape");
    ui.key("Alt+Up");
    ui.frames_until("message/text");
    CHECK(ui.text("tree/wait") == "md_super_wait behind md_bitmap_update_sb");

    const auto other = mending("late-wake-up");
    Headless without(*other);
    CHECK_FALSE(without.has("tree/wait"));
    CHECK(without.text("status/keys").find("move the wait") == std::string::npos);

    AppOptions options;
    options.lesson = 1;
    auto lesson = make_app(std::move(options));
    REQUIRE(lesson);
    Headless taught(**lesson);
    CHECK_FALSE(taught.has("tree/wait"));
}

}  // namespace mdscope::gui
