// SPDX-License-Identifier: MIT

#include "tests/gui/harness.hpp"

#include <doctest/doctest.h>
#include <imgui.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <set>
#include <stdexcept>

#include "gui/frame/focus.hpp"
#include "gui/frame/fonts.hpp"
#include "gui/frame/theme.hpp"

namespace mdscope::gui {

namespace {

using Kind = InputEvent::Kind;

struct NamedKey {
    std::string_view name;
    int key;
};
constexpr std::array kNamed = {
    NamedKey{"Space", key::kSpace},
    NamedKey{"Tab", key::kTab},
    NamedKey{"Enter", key::kEnter},
    NamedKey{"Escape", key::kEscape},
    NamedKey{"Backspace", key::kBackspace},
    NamedKey{"Delete", key::kDelete},
    NamedKey{"Left", key::kLeft},
    NamedKey{"Right", key::kRight},
    NamedKey{"Up", key::kUp},
    NamedKey{"Down", key::kDown},
    NamedKey{"Home", key::kHome},
    NamedKey{"End", key::kEnd},
    NamedKey{"PageUp", key::kPageUp},
    NamedKey{"PageDown", key::kPageDown},
    NamedKey{"PageUp", key::kPageUp},
    NamedKey{"F1", key::kF1},
    NamedKey{"F2", key::kF2},
    NamedKey{"F3", key::kF3},
    NamedKey{"F4", key::kF4},
    NamedKey{"F5", key::kF5},
    NamedKey{"F6", key::kF6},
};

int key_named(std::string_view name) {
    for (const NamedKey& row : kNamed)
        if (row.name == name) return row.key;
    if (name.size() != 1) throw std::invalid_argument("no such key: " + std::string(name));
    return std::tolower(static_cast<unsigned char>(name.front()));  // "S" is the key, with or without Shift
}

InputEvent at(Kind kind, ui::Point where, int button = 0) {
    return {.kind = kind, .button = button, .x = where.x, .y = where.y};
}

}  // namespace

Headless::Headless(Screen& screen, const HeadlessOptions& options)
    : screen_(screen),
      stage_((set_text_percent(options.text_percent), options.width), options.height),
      seconds_per_frame_(options.seconds_per_frame) {
    settle();
}

Headless::~Headless() {
    set_text_percent(100);
    set_theme(ThemeName::dark);
}

void Headless::frame(int count) {
    for (int i = 0; i < count; ++i, ++frames_) stage_.frame(screen_, seconds_per_frame_);
}

void Headless::pass(double seconds) {
    frame(static_cast<int>(std::ceil(seconds / static_cast<double>(seconds_per_frame_))));
}

void Headless::settle() {
    while (!stage_.input().empty()) frame();
    frame(2);
}

void Headless::frames_until(std::string_view id) {
    while (!has(id)) frame(2);
}

void Headless::resize(float width, float height) {
    stage_.set_size(width, height, 1);
    settle();
}

void Headless::move_to(std::string_view id) {
    push(at(Kind::mouse_move, rect(id).center()));
    settle();
}

// A thread beside this one may have something new to show, which moves the mark while the mouse is on its way.
ui::Point Headless::aim(std::string_view id) {
    constexpr int kTries = 10;
    ui::Point where;
    for (int tries = 0; tries < kTries; ++tries) {
        where = rect(id).center();
        push(at(Kind::mouse_move, where));
        frame();
        if (mark(id).rect.covers(where)) break;
    }
    REQUIRE(mark(id).visible);
    REQUIRE(mark(id).enabled);
    return where;
}

void Headless::click(std::string_view id, int button) {
    INFO("clicking " << std::string(id));
    const ui::Point where = aim(id);
    push(at(Kind::mouse_down, where, button));
    push(at(Kind::mouse_up, where, button));
    settle();
}

void Headless::double_click(std::string_view id) {
    const ui::Point where = rect(id).center();
    push(at(Kind::mouse_move, where));
    for (int i = 0; i < 2; ++i) {
        push(at(Kind::mouse_down, where));
        push(at(Kind::mouse_up, where));
    }
    settle();
}

void Headless::drag(std::string_view id, float dx, float dy) {
    const ui::Point from = rect(id).center();
    push(at(Kind::mouse_move, from));
    settle();  // what lies on another item is hovered before it is pressed
    push(at(Kind::mouse_down, from));
    settle();
    push(at(Kind::mouse_move, {from.x + dx, from.y + dy}));
    settle();
    push(at(Kind::mouse_up, {from.x + dx, from.y + dy}));
    settle();
}

void Headless::wheel(std::string_view id, float lines) {
    push(at(Kind::mouse_move, rect(id).center()));
    push({.kind = Kind::wheel, .y = lines});
    settle();
}

void Headless::key(std::string_view name) {
    unsigned mods = kNoMods;
    const std::array<std::pair<std::string_view, unsigned>, 3> prefixes = {
        {{"Ctrl+", kCtrl}, {"Shift+", kShift}, {"Alt+", kAlt}}};
    for (bool again = true; again;) {
        again = false;
        for (const auto& [prefix, mod] : prefixes) {
            if (!name.starts_with(prefix) || name.size() == prefix.size()) continue;
            mods |= mod;
            name.remove_prefix(prefix.size());
            again = true;
        }
    }
    const int number = key_named(name);
    push({.kind = Kind::key_down, .key = number, .mods = mods});
    const bool prints = (mods & (kCtrl | kAlt)) == 0 && number >= ' ' && number < key::kDelete;
    const int letter = (mods & kShift) != 0 ? std::toupper(number) : number;
    if (prints) push({.kind = Kind::text, .text = std::string(1, static_cast<char>(letter))});
    push({.kind = Kind::key_up, .key = number, .mods = kNoMods});
    settle();
}

void Headless::reveal(std::string_view id) {
    INFO("scrolling to " << std::string(id));
    REQUIRE(focus_on(id));
    settle();
    key("Escape");
}

void Headless::type(std::string_view text) {
    push({.kind = Kind::text, .text = std::string(text)});
    settle();
}

const ui::Mark& Headless::mark(std::string_view id) const {
    const ui::Mark* found = ui::find(id);
    if (found == nullptr) throw std::invalid_argument("nothing on the screen is called " + std::string(id));
    return *found;
}

std::string Headless::text(std::string_view id) const {
    return mark(id).text;
}

double Headless::value(std::string_view id) const {
    return mark(id).value;
}

ui::Rect Headless::rect(std::string_view id) const {
    return mark(id).rect;
}

std::vector<std::string> Headless::faults() const {
    std::vector<std::string> found;
    for (const std::string& id : ui::duplicate_ids()) found.push_back("twice: " + id);
    for (const std::string& line : ui::clipped()) found.push_back("cut: " + line);
    for (const std::string& line : ui::fallback_glyphs()) found.push_back("no glyph: " + line);
    if (!stage_.error().empty()) found.push_back("exception: " + stage_.error());
    return found;
}

std::vector<std::string> Headless::out_of_reach() {
    std::set<std::string> wanted;
    for (const ui::Mark& mark : ui::all())
        if (mark.interactive && mark.enabled) wanted.insert(mark.id);
    const auto reached = [&wanted] {
        for (const ui::Mark& mark : ui::all())
            if (mark.focused && mark.visible) return wanted.erase(mark.id) > 0 && is_in_group(mark);
        return false;
    };
    const std::size_t presses = 2 * wanted.size() + 1;  // controls may have come meanwhile
    for (std::size_t i = 0; i < presses && !wanted.empty(); ++i) {
        key("Tab");
        if (!reached()) continue;
        // Within a group: up to its first one, then down.
        for (const char* arrow : {"Up", "Down"}) do
                key(arrow);
            while (reached());
    }
    key("Escape");
    return {wanted.begin(), wanted.end()};
}

}  // namespace mdscope::gui
