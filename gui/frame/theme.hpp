// SPDX-License-Identifier: MIT
// Colours by what they mean, lengths by the text's size. Panels say color(Role::danger), never a number: three themes
// stand behind it, and colour is never the only signal (a state also has a word and a shape).
//
// The hues are Okabe and Ito's, told apart by people who see few colours; on dark panels vermillion and green are
// lightened, on light ones all are darkened, until text in them reads at 4.5:1 (tests/gui/theme_test.cpp).
#pragma once

#include <imgui.h>

#include <optional>
#include <string_view>
#include <vector>

namespace mdscope::gui {

enum class Role {
    // what is on the screen
    text,
    dim_text,
    faint,       // not yet, or no longer
    background,  // between the panels
    panel,
    card,  // a panel in a panel; the toolbar, the status bar
    border,
    accent,  // links, the open tab
    act,     // the one button of a screen that is meant to be pressed next
    button,
    button_text,
    drastic,  // a button whose effect is large: "Stop both"; colour of its inside
    field,    // what can be typed in, dragged or opened
    // what it is about
    mddev,   // mddev->pending_writes and every write counted in it: a disc, left, above
    bitmap,  // bitmap->pending_writes, likewise: a square, right, below
    data_write,
    bitmap_write,
    danger,
    danger_fill,
    safe,
    current,
    here,  // where you are, as a shape: playhead, rings. Text is written in `current`
    daemon,
    held,
    idle,    // a neutral thing: the bar of a function that only runs
    figure,  // who walks on the stage
    count
};

enum class ThemeName { dark, light, contrast };

const char* theme_text(ThemeName name);  // "dark", "light", "contrast": as settings and --theme spell it
std::optional<ThemeName> theme_from(std::string_view text);

inline constexpr int kSmallestText = 80, kLargestText = 250;  // percent

struct Theme {
    ThemeName name = ThemeName::dark;
    int text_percent = 100;
};

// Of the whole process. A change shows with the next frame: the stage (stage.hpp) rebuilds fonts and style between two.
const Theme& theme();
void set_theme(ThemeName name);
void set_text_percent(int percent);  // clamped
void step_text_percent(int steps);   // to the next larger (+1) or smaller (-1) of the useful sizes

[[nodiscard]] ImVec4 color(Role role);
[[nodiscard]] ImVec4 color(ThemeName name, Role role);
[[nodiscard]] ImU32 color_u32(Role role, float alpha = 1.0F);
// The inside of a bar, chip or row: the role's colour laid thinly over the panel, so that text of color(role) or
// Role::text on it can be read.
[[nodiscard]] ImVec4 fill(Role role);
[[nodiscard]] ImVec4 fill(ThemeName name, Role role);
[[nodiscard]] ImU32 fill_u32(Role role);

// A length in pixels at 100 % text size, scaled to the present one and rounded.
[[nodiscard]] float sp(float pixels);
[[nodiscard]] inline ImVec2 sp(float x, float y) {
    return {sp(x), sp(y)};
}

// How well one colour reads on another: 1 (not at all) to 21 (black on white), as WCAG 2 counts.
[[nodiscard]] double contrast(const ImVec4& a, const ImVec4& b);

// Sets ImGui's style to the theme. The stage calls it when something changed.
void apply_style();

}  // namespace mdscope::gui
