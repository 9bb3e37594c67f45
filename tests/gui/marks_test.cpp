// SPDX-License-Identifier: MIT
// What the checks of a frame find, and what they leave alone.
#include <doctest/doctest.h>

#include <stdexcept>

#include "tests/gui/demo_screen.hpp"
#include "tests/gui/harness.hpp"

namespace mdscope::gui {

namespace {

using Lines = std::vector<std::string>;

TEST_CASE("one of each widget has no fault, at every text size, in every theme") {
    for (const int percent : {80, 100, 150, 200, 250}) {
        DemoScreen screen;
        Headless ui(screen, {.text_percent = percent});
        for (const ThemeName name : {ThemeName::dark, ThemeName::light, ThemeName::contrast}) {
            set_theme(name);
            ui.settle();
            CAPTURE(percent);
            CHECK(ui.faults() == Lines());
        }
    }
}

TEST_CASE("an id that occurs twice is found") {
    DemoScreen screen;
    screen.more = [] {
        ui::text("same", "one");
        ui::text("same", "two");
        ui::text("same", "three");
    };
    Headless ui(screen);
    CHECK(ui.faults() == Lines{"twice: same"});
    CHECK(ui.text("same") == "one");
}

TEST_CASE("text that leaves its panel is found, unless it can be scrolled to") {
    DemoScreen screen;
    screen.more = [] {
        ImGui::BeginChild("narrow", ImVec2(60, 60), true);
        ImGui::TextUnformatted("wider than sixty pixels");
        ui::mark("wide", "text", "wider than sixty pixels");
        ui::text("shortened", "wider than sixty pixels, but cut with an ellipsis");
        for (int i = 0; i < 9; ++i) ui::text("below/" + std::to_string(i), "x");
        ImGui::EndChild();
        ImGui::BeginChild("scrolls", ImVec2(60, 60), true, ImGuiWindowFlags_HorizontalScrollbar);
        ImGui::TextUnformatted("wider than sixty pixels");
        ui::mark("reachable", "text", "wider than sixty pixels");
        ImGui::EndChild();
        ImGui::BeginChild("fixed", ImVec2(60, 30), true,
                          ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
        ui::text("first", "x");
        ui::text("second", "x");
        ImGui::EndChild();
    };
    Headless ui(screen);
    CHECK(ui.faults() == Lines{"cut: wide: wider than sixty pixels", "cut: second: x"});
    CHECK(ui.text("shortened") == "wider than sixty pixels, but cut with an ellipsis");
}

TEST_CASE("what leaves the window is found") {
    DemoScreen screen;
    screen.more = [] {
        ImGui::SetCursorScreenPos(ImVec2(1590, 400));
        ui::button("outside", "Outside");
    };
    Headless ui(screen);
    CHECK(ui.faults() == Lines{"cut: outside: Outside"});
    ui.resize(1800, 900);
    CHECK(ui.faults() == Lines());
}

TEST_CASE("a column that cuts its cell is found") {
    DemoScreen screen;
    screen.more = [] {
        ImGui::BeginTable("table", 2, ImGuiTableFlags_SizingFixedFit);
        ImGui::TableSetupColumn("narrow", ImGuiTableColumnFlags_WidthFixed, 30);
        ImGui::TableSetupColumn("wide", ImGuiTableColumnFlags_WidthFixed, 300);
        ImGui::TableNextColumn();
        ImGui::TextUnformatted("too long");
        ui::mark("cell/1", "text", "too long");
        ImGui::TableNextColumn();
        ImGui::TextUnformatted("fits");
        ui::mark("cell/2", "text", "fits");
        ImGui::EndTable();
    };
    Headless ui(screen);
    CHECK(ui.faults() == Lines{"cut: cell/1: too long"});
}

TEST_CASE("a character without a glyph is found, in whatever font it is drawn") {
    DemoScreen screen;
    screen.more = [] {
        ui::text("play", "▶ ⏸");
        ui::text("code", "⟲", Role::text, Font::code);
        ui::chip("state", "⌛", "WAITING", Role::safe);
        ui::text("broken", "\xC3");
    };
    Headless ui(screen);
    CHECK(ui.faults() ==
          Lines{"no glyph: play: ⏸", "no glyph: code: ⟲", "no glyph: state: ⌛", "no glyph: broken: (not UTF-8)"});
}

TEST_CASE("a shape drawn by hand has a mark, too") {
    DemoScreen screen;
    screen.more = [] { ui::mark_rect({10, 500, 40, 20}, "bar/w7", "bio", "w7 HELD", 7); };
    Headless ui(screen);
    CHECK(ui.text("bar/w7") == "w7 HELD");
    CHECK(ui.value("bar/w7") == 7);
    CHECK(ui.rect("bar/w7").right() == 50);
    CHECK_FALSE(ui.mark("bar/w7").interactive);
    CHECK_FALSE(ui.has("no/such"));
    CHECK_THROWS(static_cast<void>(ui.text("no/such")));
}

TEST_CASE("a tip appears after half a second, and goes with the mouse") {
    DemoScreen screen;
    Headless ui(screen);
    ui.move_to("bar/go");
    CHECK_FALSE(ui.has("tip"));
    CHECK(ui::asked_for_frame() > 0.3);
    while (!ui.has("tip")) ui.frame();
    CHECK(ui::asked_for_frame() == 0);  // laid out, but not seen yet
    CHECK_FALSE(ui.mark("tip").visible);
    ui.frame();
    CHECK(ui.text("tip") == "Goes.");
    CHECK(ui.mark("tip").visible);
    CHECK(ui::asked_for_frame() < 0);
    CHECK(ui.faults() == Lines());
    ui.move_to("bar/hold");
    CHECK_FALSE(ui.has("tip"));
}

TEST_CASE("a tip appears for the keyboard's focus as well") {
    DemoScreen screen;
    Headless ui(screen);
    ui.key("Tab");
    CHECK(ui.mark("bar/go").focused);
    ui.pass(0.6);
    CHECK(ui.text("tip") == "Goes.");
}

TEST_CASE("a frame that throws is mended, wherever it stopped") {
    DemoScreen screen;
    Headless ui(screen);
    const std::vector<std::function<void()>> places = {
        [] {},
        [] { ImGui::BeginChild("child"); },
        [] { ImGui::BeginTable("table", 2), ImGui::TableNextColumn(); },
        [] {
            ImGui::BeginGroup(), ImGui::PushID(1), ImGui::PushStyleColor(ImGuiCol_Text, 0U), ImGui::PushItemWidth(3);
        },
        [] { ImGui::OpenPopup("popup"), ImGui::BeginPopup("popup"); },
        [] { ImGui::BeginDisabled(); },
        [] { ImGui::BeginTooltip(); },
        [] { ImGui::Begin("another"), ImGui::TreePush("tree"); },
    };
    for (const auto& place : places) {
        screen.more = [&place] {
            place();
            throw std::runtime_error("a panel is broken");
        };
        ui.frame(2);
        CHECK(ui.stage().error() == "a panel is broken");
        CHECK(ui.stage().errors_in_a_row() == 2);
        CHECK(ui.has("bar/go"));  // as far as it got
        screen.more = nullptr;
        ui.frame(2);
        CHECK(ui.faults() == Lines());
        CHECK(ui.stage().errors_in_a_row() == 0);
    }
    ui.click("bar/go");
    CHECK(screen.clicked == 1);
}

TEST_CASE("frames that look alike are known to") {
    DemoScreen screen;
    Headless ui(screen);
    ui.frame();
    CHECK_FALSE(ui.stage().looks_different());
    ui.push({.kind = InputEvent::Kind::mouse_move, .x = 1200, .y = 800});
    ui.frame();
    CHECK_FALSE(ui.stage().looks_different());
    screen.more = [] { ui::text("new", "new"); };
    ui.frame();
    CHECK(ui.stage().looks_different());
}

}  // namespace

}  // namespace mdscope::gui
