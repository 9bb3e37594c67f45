// SPDX-License-Identifier: MIT
// Keys and clicks that come faster than frames.
#include <doctest/doctest.h>

#include "tests/gui/demo_screen.hpp"
#include "tests/gui/harness.hpp"

namespace mdscope::gui {

namespace {

using Kind = InputEvent::Kind;

void push_key(Headless& ui, int key, unsigned mods = kNoMods) {
    ui.push({.kind = Kind::key_down, .key = key, .mods = mods});
    ui.push({.kind = Kind::key_up, .key = key, .mods = mods});
}

TEST_CASE("five presses of a key between two frames are five presses") {
    DemoScreen screen;
    Headless ui(screen, {.seconds_per_frame = 0.2F});
    for (int i = 0; i < 5; ++i) push_key(ui, key::kSpace);
    ui.settle();
    CHECK(screen.played == 5);
}

TEST_CASE("two keys pressed in one frame are two presses, in their order") {
    DemoScreen screen;
    Headless ui(screen);
    push_key(ui, key::kRight);
    push_key(ui, 's');
    push_key(ui, key::kRight);
    ui.settle();
    CHECK(screen.stepped == 2);
    CHECK(screen.stopped == 1);
}

TEST_CASE("a modifier that comes after a key does not belong to it") {
    DemoScreen screen;
    Headless ui(screen);
    ui.push({.kind = Kind::key_down, .key = 's'});
    ui.push({.kind = Kind::key_down, .key = key::kLeftShift, .mods = kShift});
    ui.push({.kind = Kind::key_up, .key = 's', .mods = kShift});
    ui.push({.kind = Kind::key_up, .key = key::kLeftShift});
    ui.settle();
    CHECK(screen.stopped == 1);
}

TEST_CASE("a click counts where it was, though the mouse has moved on") {
    DemoScreen screen;
    Headless ui(screen);
    const mdscope::gui::ui::Point at = ui.rect("bar/go").center();
    for (int i = 0; i < 3; ++i) {
        ui.push({.kind = Kind::mouse_move, .x = at.x, .y = at.y});
        ui.push({.kind = Kind::mouse_down, .x = at.x, .y = at.y});
        ui.push({.kind = Kind::mouse_up, .x = at.x, .y = at.y});
        ui.push({.kind = Kind::mouse_move, .x = 1000, .y = 700});
    }
    ui.settle();
    CHECK(screen.clicked == 3);
}

TEST_CASE("a held key repeats where that makes sense") {
    DemoScreen screen;
    Headless ui(screen);
    for (const int key : {key::kRight, static_cast<int>('s')}) {
        ui.push({.kind = Kind::key_down, .key = key});
        for (int i = 0; i < 3; ++i) ui.push({.kind = Kind::key_down, .key = key, .repeat = true});
        ui.push({.kind = Kind::key_up, .key = key});
    }
    ui.settle();
    CHECK(screen.stepped == 4);
    CHECK(screen.stopped == 1);
}

TEST_CASE("what was held when the window lost the focus is not held afterwards") {
    DemoScreen screen;
    Headless ui(screen);
    const mdscope::gui::ui::Point at = ui.rect("bar/go").center();
    ui.push({.kind = Kind::key_down, .key = key::kLeftCtrl, .mods = kCtrl});
    ui.push({.kind = Kind::mouse_move, .x = at.x, .y = at.y});
    ui.push({.kind = Kind::mouse_down, .x = at.x, .y = at.y});
    ui.push({.kind = Kind::focus_lost});
    ui.settle();
    CHECK_FALSE(ui.stage().input().anything_held());
    CHECK(screen.clicked == 0);
    ui.key("Space");
    CHECK(screen.played == 1);
}

TEST_CASE("Ctrl and + is larger text wherever the keyboard has the +") {
    DemoScreen screen;
    Headless ui(screen);
    for (const char* name : {"Ctrl+=", "Ctrl+Shift+=", "Ctrl++"}) ui.key(name);
    push_key(ui, key::kPadPlus, kCtrl);
    ui.settle();
    CHECK(screen.larger == 4);
}

TEST_CASE("? is help whatever keys it takes") {
    DemoScreen screen;
    Headless ui(screen);
    ui.type("?");
    ui.key("F1");
    CHECK(screen.helped == 2);
}

TEST_CASE("a key number from nowhere does nothing") {
    DemoScreen screen;
    Headless ui(screen);
    for (const int key : {-5, 0, key::kCount, 1 << 30}) push_key(ui, key);
    ui.push({.kind = Kind::mouse_down, .button = 7});
    ui.push({.kind = Kind::text, .text = "\xff\xfe"});
    ui.settle();
    CHECK(ui.faults() == std::vector<std::string>());
}

}  // namespace

}  // namespace mdscope::gui
