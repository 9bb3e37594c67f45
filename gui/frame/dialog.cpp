// SPDX-License-Identifier: MIT

#include "gui/frame/dialog.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "gui/frame/imgui_version.hpp"
#include "gui/frame/keys.hpp"
#include "gui/frame/ui.hpp"

namespace mdscope::gui {

Dialog::Dialog(const char* id, const char* title, bool& open, ImVec2 size, bool has_foot) : open_(open) {
    if (open && !ImGui::IsPopupOpen(id)) ImGui::OpenPopup(id);
    const ImVec2 screen = ImGui::GetIO().DisplaySize;
    ImGui::SetNextWindowPos({screen.x / 2, screen.y / 2}, ImGuiCond_Always, {0.5F, 0.5F});
    ImGui::SetNextWindowSize({std::min(size.x, screen.x - sp(16)), std::min(size.y, screen.y - sp(16))});
    shown_ = ImGui::BeginPopupModal(id, nullptr,
                                    ImGuiWindowFlags_NoTitleBar | ImGuiWindowFlags_NoResize | ImGuiWindowFlags_NoMove);
    if (!shown_) return;
    ui::text(fmt::format("{}/title", id), title, Role::text, Font::text, ImGui::GetContentRegionAvail().x - sp(60));
    ImGui::SameLine(ImGui::GetContentRegionMax().x - ui::button_width("×"));
    if (ui::button(fmt::format("{}/close", id), "×", {.tip = "close (Esc)"}) || pressed("close")) close();
    ImGui::Separator();
    const float foot = has_foot ? ImGui::GetFrameHeight() + 2 * ImGui::GetStyle().ItemSpacing.y : 0;
    ImGui::PushStyleColor(ImGuiCol_ChildBg, color(Role::panel));
    ImGui::BeginChild("content", {0, -foot});
    ImGui::PopStyleColor();
    ui::scroll_by_keys();
    in_content_ = true;
}

Dialog::~Dialog() {
    if (in_content_) ImGui::EndChild();
    if (shown_) ImGui::EndPopup();
}

void Dialog::foot() {
    if (in_content_) ImGui::EndChild();
    in_content_ = false;
}

void Dialog::close() {
    open_ = false;
    if (shown_) ImGui::CloseCurrentPopup();
    hide_nav();  // Space and arrows are the window's again
}

}  // namespace mdscope::gui
