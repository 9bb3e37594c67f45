// SPDX-License-Identifier: MIT

#include "gui/frame/theme.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

namespace mdscope::gui {

namespace {

struct Row {
    Role role;
    std::uint32_t dark, light, contrast;  // 0xRRGGBB
};

constexpr std::array<Row, static_cast<std::size_t>(Role::count)> kPalette = {{
    {Role::text, 0xEDF1F6, 0x12171E, 0xFFFFFF},         {Role::dim_text, 0xB3BDCA, 0x414B58, 0xD8D8D8},
    {Role::faint, 0x8A95A5, 0x5F6A78, 0xB8B8B8},        {Role::background, 0x0F1319, 0xF3F5F8, 0x000000},
    {Role::panel, 0x171C24, 0xFFFFFF, 0x000000},        {Role::card, 0x212834, 0xE9EDF2, 0x101010},
    {Role::border, 0x343D4B, 0xC3CBD6, 0xFFFFFF},       {Role::accent, 0x8CCBF2, 0x005E94, 0x8FD3FF},
    {Role::act, 0x0072B2, 0x0072B2, 0x003A70},          {Role::button, 0x2C3543, 0xDDE3EB, 0x20242C},
    {Role::button_text, 0xEDF1F6, 0x12171E, 0xFFFFFF},  {Role::drastic, 0xB84A00, 0xB84A00, 0xFF9A5C},
    {Role::field, 0x263144, 0xDCE6F2, 0x1C1C1C},        {Role::mddev, 0x56B4E9, 0x0A6CA8, 0x8FD3FF},
    {Role::bitmap, 0xD68CB8, 0xA8457F, 0xFFB0DC},       {Role::data_write, 0x56B4E9, 0x00588F, 0x8FD3FF},
    {Role::bitmap_write, 0xE69F00, 0x7A4F00, 0xFFC04D}, {Role::danger, 0xFF8548, 0xA94300, 0xFF9A5C},
    {Role::danger_fill, 0xD55E00, 0xD55E00, 0xD55E00},  {Role::safe, 0x2CC498, 0x00614A, 0x4DE8BE},
    {Role::current, 0xF0E442, 0x5F5600, 0xFFF36B},      {Role::here, 0xF0E442, 0xC9B500, 0xFFF36B},
    {Role::daemon, 0xDB93BB, 0x8A3A68, 0xFFB0DC},       {Role::held, 0xE69F00, 0x7A4F00, 0xFFC04D},
    {Role::idle, 0xA9AFB9, 0x4C525C, 0xE8E8E8},         {Role::figure, 0xEDF1F6, 0x12171E, 0xFFFFFF},
}};

constexpr bool in_order() {
    for (std::size_t i = 0; i < kPalette.size(); ++i)
        if (static_cast<std::size_t>(kPalette.at(i).role) != i) return false;
    return true;
}
static_assert(in_order(), "the palette is looked up by number");

Theme current_theme;

ImVec4 from_rgb(std::uint32_t rgb) {
    const auto part = [rgb](unsigned shift) { return static_cast<float>((rgb >> shift) & 0xFFU) / 255.0F; };
    return {part(16), part(8), part(0), 1.0F};
}

ImVec4 blend(const ImVec4& below, const ImVec4& above, float share) {
    const auto part = [share](float a, float b) { return a + (b - a) * share; };
    return {part(below.x, above.x), part(below.y, above.y), part(below.z, above.z), 1.0F};
}

double linear(float part) {
    return part <= 0.04045F ? part / 12.92 : std::pow((part + 0.055) / 1.055, 2.4);
}

double luminance(const ImVec4& color) {
    return 0.2126 * linear(color.x) + 0.7152 * linear(color.y) + 0.0722 * linear(color.z);
}

}  // namespace

const Theme& theme() {
    return current_theme;
}

const char* theme_text(ThemeName name) {
    switch (name) {
        case ThemeName::dark:
            return "dark";
        case ThemeName::light:
            return "light";
        case ThemeName::contrast:
            return "contrast";
    }
    return "dark";
}

std::optional<ThemeName> theme_from(std::string_view text) {
    for (const ThemeName name : {ThemeName::dark, ThemeName::light, ThemeName::contrast})
        if (text == theme_text(name)) return name;
    return std::nullopt;
}

void set_theme(ThemeName name) {
    current_theme.name = name;
}

void set_text_percent(int percent) {
    current_theme.text_percent = std::clamp(percent, kSmallestText, kLargestText);
}

void step_text_percent(int steps) {
    constexpr std::array<int, 10> sizes = {80, 90, 100, 110, 125, 150, 175, 200, 225, 250};
    const auto here = std::lower_bound(sizes.begin(), sizes.end(), theme().text_percent);
    const auto place = std::clamp<std::ptrdiff_t>(here - sizes.begin() + steps, 0, std::ssize(sizes) - 1);
    set_text_percent(sizes.at(static_cast<std::size_t>(place)));
}

ImVec4 color(ThemeName name, Role role) {
    const Row& row = kPalette.at(static_cast<std::size_t>(role));
    switch (name) {
        case ThemeName::light:
            return from_rgb(row.light);
        case ThemeName::contrast:
            return from_rgb(row.contrast);
        case ThemeName::dark:
            break;
    }
    return from_rgb(row.dark);
}

ImVec4 color(Role role) {
    return color(theme().name, role);
}

ImU32 color_u32(Role role, float alpha) {
    ImVec4 value = color(role);
    value.w = alpha;
    return ImGui::ColorConvertFloat4ToU32(value);
}

ImVec4 fill(ThemeName name, Role role) {
    const float share = name == ThemeName::light ? 0.14F : 0.20F;
    return blend(color(name, Role::panel), color(name, role), share);
}

ImVec4 fill(Role role) {
    return fill(theme().name, role);
}

ImU32 fill_u32(Role role) {
    return ImGui::ColorConvertFloat4ToU32(fill(role));
}

float sp(float pixels) {
    return std::round(pixels * static_cast<float>(theme().text_percent) / 100.0F);
}

double contrast(const ImVec4& a, const ImVec4& b) {
    const auto [darker, lighter] = std::minmax({luminance(a), luminance(b)});
    return (lighter + 0.05) / (darker + 0.05);
}

}  // namespace mdscope::gui
