// SPDX-License-Identifier: MIT
// ImGui's own style, derived from the theme: every colour it has is one of ours, so nothing looks like its demo.
#include <imgui.h>

#include <array>

#include "gui/frame/theme.hpp"

namespace mdscope::gui {

namespace {

struct StyleRow {
    ImGuiCol slot;
    Role role;
    float alpha = 1.0F;
};

constexpr std::array kColours = {
    StyleRow{ImGuiCol_Text, Role::text},
    StyleRow{ImGuiCol_TextDisabled, Role::dim_text},
    StyleRow{ImGuiCol_WindowBg, Role::panel},
    StyleRow{ImGuiCol_ChildBg, Role::panel, 0.0F},  // what is behind it: a pixel filled twice is drawn twice
    StyleRow{ImGuiCol_PopupBg, Role::card},
    StyleRow{ImGuiCol_Border, Role::border},
    StyleRow{ImGuiCol_BorderShadow, Role::border, 0.0F},
    StyleRow{ImGuiCol_FrameBg, Role::field},
    StyleRow{ImGuiCol_FrameBgHovered, Role::button},
    StyleRow{ImGuiCol_FrameBgActive, Role::button},
    StyleRow{ImGuiCol_TitleBg, Role::card},
    StyleRow{ImGuiCol_TitleBgActive, Role::card},
    StyleRow{ImGuiCol_TitleBgCollapsed, Role::card},
    StyleRow{ImGuiCol_MenuBarBg, Role::card},
    StyleRow{ImGuiCol_ScrollbarBg, Role::panel},
    StyleRow{ImGuiCol_ScrollbarGrab, Role::border},
    StyleRow{ImGuiCol_ScrollbarGrabHovered, Role::dim_text},
    StyleRow{ImGuiCol_ScrollbarGrabActive, Role::accent},
    StyleRow{ImGuiCol_CheckMark, Role::accent},
    StyleRow{ImGuiCol_SliderGrab, Role::accent},
    StyleRow{ImGuiCol_SliderGrabActive, Role::text},
    StyleRow{ImGuiCol_Button, Role::button},
    StyleRow{ImGuiCol_ButtonHovered, Role::accent, 0.45F},
    StyleRow{ImGuiCol_ButtonActive, Role::accent, 0.65F},
    StyleRow{ImGuiCol_Header, Role::accent, 0.22F},
    StyleRow{ImGuiCol_HeaderHovered, Role::accent, 0.32F},
    StyleRow{ImGuiCol_HeaderActive, Role::accent, 0.42F},
    StyleRow{ImGuiCol_Separator, Role::border},
    StyleRow{ImGuiCol_SeparatorHovered, Role::accent},
    StyleRow{ImGuiCol_SeparatorActive, Role::accent},
    StyleRow{ImGuiCol_ResizeGrip, Role::border},
    StyleRow{ImGuiCol_ResizeGripHovered, Role::accent},
    StyleRow{ImGuiCol_ResizeGripActive, Role::accent},
    StyleRow{ImGuiCol_Tab, Role::card},
    StyleRow{ImGuiCol_TabHovered, Role::accent, 0.35F},
    StyleRow{ImGuiCol_TabActive, Role::button},
    StyleRow{ImGuiCol_TabUnfocused, Role::card},
    StyleRow{ImGuiCol_TabUnfocusedActive, Role::button},
    StyleRow{ImGuiCol_PlotLines, Role::data_write},
    StyleRow{ImGuiCol_PlotLinesHovered, Role::current},
    StyleRow{ImGuiCol_PlotHistogram, Role::data_write},
    StyleRow{ImGuiCol_PlotHistogramHovered, Role::current},
    StyleRow{ImGuiCol_TableHeaderBg, Role::card},
    StyleRow{ImGuiCol_TableBorderStrong, Role::border},
    StyleRow{ImGuiCol_TableBorderLight, Role::border, 0.5F},
    StyleRow{ImGuiCol_TableRowBg, Role::panel, 0.0F},
    StyleRow{ImGuiCol_TableRowBgAlt, Role::text, 0.03F},
    StyleRow{ImGuiCol_TextSelectedBg, Role::accent, 0.35F},
    StyleRow{ImGuiCol_DragDropTarget, Role::current},
    StyleRow{ImGuiCol_NavHighlight, Role::current},
    StyleRow{ImGuiCol_NavWindowingHighlight, Role::text, 0.7F},
    StyleRow{ImGuiCol_NavWindowingDimBg, Role::background, 0.4F},
    StyleRow{ImGuiCol_ModalWindowDimBg, Role::background, 0.6F},
};
static_assert(kColours.size() == ImGuiCol_COUNT, "each of ImGui's colours has a row");

void set_lengths(ImGuiStyle& style) {
    style.WindowPadding = sp(8, 8);
    style.FramePadding = sp(8, 4);
    style.CellPadding = sp(4, 2);
    style.ItemSpacing = sp(8, 4);
    style.ItemInnerSpacing = sp(4, 4);
    style.IndentSpacing = sp(16);
    style.ScrollbarSize = sp(12);
    style.GrabMinSize = sp(12);
    style.WindowRounding = sp(4);
    style.ChildRounding = sp(4);
    style.FrameRounding = sp(4);
    style.PopupRounding = sp(4);
    style.ScrollbarRounding = sp(4);
    style.GrabRounding = sp(4);
    style.TabRounding = sp(4);
    style.DisplaySafeAreaPadding = ImVec2(0, 0);
    style.WindowMinSize = ImVec2(8, 8);
}

}  // namespace

void apply_style() {
    ImGuiStyle& style = ImGui::GetStyle();
    style = ImGuiStyle();
    for (const StyleRow& row : kColours) {
        style.Colors[row.slot] = color(row.role);
        style.Colors[row.slot].w = row.alpha;
    }
    set_lengths(style);
    const bool thick = theme().name == ThemeName::contrast;
    style.WindowBorderSize = 1.0F;
    style.ChildBorderSize = 1.0F;
    style.PopupBorderSize = 1.0F;
    style.FrameBorderSize = thick ? 1.0F : 0.0F;
}

}  // namespace mdscope::gui
