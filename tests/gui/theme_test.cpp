// SPDX-License-Identifier: MIT
// Colours that can be read, sizes that are drawn and not scaled, characters that exist.
#include <doctest/doctest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "gui/frame/imgui_version.hpp"
#include "tests/gui/demo_screen.hpp"
#include "tests/gui/harness.hpp"

namespace mdscope::gui {

namespace {

constexpr std::array kThemes = {ThemeName::dark, ThemeName::light, ThemeName::contrast};
// What text is written in.
constexpr std::array kInks = {Role::text,         Role::dim_text, Role::accent, Role::data_write,
                              Role::bitmap_write, Role::danger,   Role::safe,   Role::current,
                              Role::daemon,       Role::held,     Role::idle};
// What bars, chips and rows are filled with.
constexpr std::array kFills = {Role::accent,  Role::data_write, Role::bitmap_write, Role::danger, Role::safe,
                               Role::current, Role::daemon,     Role::held,         Role::idle};

TEST_CASE("text reads at 4.5:1 or better, in every theme") {
    for (const ThemeName name : kThemes) {
        for (const Role ink : kInks) {
            for (const Role ground : {Role::panel, Role::card, Role::background}) {
                INFO(theme_text(name) << ": role " << static_cast<int>(ink) << " on " << static_cast<int>(ground));
                CHECK(contrast(color(name, ink), color(name, ground)) >= 4.5);
            }
        }
        for (const Role filled : kFills) {
            INFO(theme_text(name) << ": on the fill of role " << static_cast<int>(filled));
            CHECK(contrast(color(name, filled), fill(name, filled)) >= 4.5);
            CHECK(contrast(color(name, Role::text), fill(name, filled)) >= 4.5);
            CHECK(contrast(ui::ink_on(color(name, filled)), color(name, filled)) >= 4.5);
        }
        CHECK(contrast(color(name, Role::button_text), color(name, Role::button)) >= 4.5);
        CHECK(contrast(color(name, Role::text), color(name, Role::field)) >= 4.5);
        CHECK(contrast(ui::ink_on(color(name, Role::drastic)), color(name, Role::drastic)) >= 4.5);
    }
}

TEST_CASE("contrast is counted as WCAG counts it") {
    const ImVec4 white(1, 1, 1, 1), black(0, 0, 0, 1), grey(0x77 / 255.0F, 0x77 / 255.0F, 0x77 / 255.0F, 1);
    CHECK(contrast(black, white) == doctest::Approx(21));
    CHECK(contrast(white, black) == doctest::Approx(21));
    CHECK(contrast(grey, white) == doctest::Approx(4.48).epsilon(0.005));
}

TEST_CASE("a larger text size is another atlas, and lengths follow") {
    DemoScreen screen;
    Headless ui(screen);
    const float height = ui.rect("bar/go").h;
    CHECK(ImGui::GetFontSize() == 16);
    set_text_percent(200);
    ui.settle();
    CHECK(font(Font::text)->FontSize == 32);
    CHECK(font(Font::text)->Scale == 1);
    CHECK(ui.rect("bar/go").h == doctest::Approx(2 * height));
    CHECK(sp(8) == 16);
    set_text_percent(1000);
    CHECK(theme().text_percent == kLargestText);
    set_text_percent(-5);
    CHECK(theme().text_percent == kSmallestText);
}

TEST_CASE("Ctrl + and - go through the sizes and stop at the ends") {
    set_text_percent(100);
    step_text_percent(+1);
    CHECK(theme().text_percent == 110);
    step_text_percent(-2);
    CHECK(theme().text_percent == 90);
    for (int i = 0; i < 20; ++i) step_text_percent(+1);
    CHECK(theme().text_percent == 250);
    set_text_percent(130);  // between two of them
    step_text_percent(+1);
    CHECK(theme().text_percent == 175);
    set_text_percent(130);
    step_text_percent(-1);
    CHECK(theme().text_percent == 125);
    set_text_percent(100);
}

TEST_CASE("the fonts have the characters the window uses, and the check knows those they lack") {
    DemoScreen screen;
    const Headless ui(screen);
    const std::string_view used = "▶ ◀ ■ ● ○ ◐ ▲ ⚠ ✓ ✗ → ← … ↺ ↻ ⇤ ⇥ ☠ ⚡ ⚑ · — “ ” × − ≠ ≥ äßé";
    for (const Font which : {Font::text, Font::code}) CHECK(missing_glyphs(used, which) == std::vector<std::string>());
    CHECK(missing_glyphs("0123456789 −→ %", Font::large) == std::vector<std::string>{"−"});
    CHECK(missing_glyphs("⏮⏭ ⏮ 😀\xff") == std::vector<std::string>{"⏮", "⏭", "😀", "(not UTF-8)"});
    CHECK(missing_glyphs("").empty());
}

// Characters outside of ASCII in the string literals of a source file; a crude reader is enough: no raw strings with
// quotes in them hold such characters.
std::string literals_of(const std::filesystem::path& path) {
    std::ifstream in(path);
    std::string found;
    for (std::string line; std::getline(in, line);) {
        bool inside = false;
        for (std::size_t i = 0; i < line.size(); ++i) {
            if (!inside && line.compare(i, 2, "//") == 0) break;
            if (inside && line[i] == '\\') {
                ++i;
            } else if (line[i] == '"') {
                inside = !inside;
            } else if (inside && static_cast<unsigned char>(line[i]) >= 0x80) {
                found += line[i];
            }
        }
    }
    return found;
}

TEST_CASE("no string of the window has a character that would be drawn as a box") {
    DemoScreen screen;
    const Headless ui(screen);
    int files = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(std::string(MDSCOPE_SOURCE_DIR) + "/gui")) {
        ++files;
        CAPTURE(entry.path());
        CHECK(missing_glyphs(literals_of(entry.path())) == std::vector<std::string>());
    }
    CHECK(files > 20);
}

TEST_CASE("themes and their names") {
    for (const ThemeName name : kThemes) CHECK(theme_from(theme_text(name)) == name);
    CHECK_FALSE(theme_from("pink"));
    CHECK_FALSE(theme_from(""));
}

TEST_CASE("text is cut between characters, and says that it is cut") {
    DemoScreen screen;
    screen.more = [] {
        CHECK(ui::shortened("short", 500) == "short");
        const std::string cut = ui::shortened("▶▶▶▶▶▶▶▶▶▶", 60);
        CHECK(cut.ends_with("▶…"));
        CHECK(missing_glyphs(cut) == std::vector<std::string>());
        CHECK(ImGui::CalcTextSize(cut.c_str()).x <= 61);
        CHECK(ui::shortened("anything", 0) == "…");
        CHECK(ui::shortened("", 0).empty());
    };
    const Headless ui(screen);
}

TEST_CASE("every key has an id, words, and no other key's combination in its scope") {
    std::set<std::tuple<int, unsigned, std::string>> seen;
    for (const KeyRow& row : key_table()) {
        CAPTURE(row.id);
        CHECK((row.key != key::kNone || *row.typed != '\0'));
        CHECK((*row.keys == '\0' || *row.label != '\0'));
        CHECK(seen.insert({row.key, row.mods, row.typed}).second);
    }
    const std::vector<KeyHint> hints = key_hints({"play", "help"});
    REQUIRE(hints.size() == 2);
    CHECK(hints[0].keys + " " + hints[0].words == "Space play");
    CHECK(hints[1].keys + " " + hints[1].words == "F1 help");
}

}  // namespace

}  // namespace mdscope::gui
