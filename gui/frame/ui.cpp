// SPDX-License-Identifier: MIT

#include "gui/frame/ui.hpp"

#include <imgui_stdlib.h>

#include <algorithm>

#include "gui/frame/imgui_version.hpp"
#include "gui/frame/keys.hpp"
#include "gui/frame/ui_parts.hpp"

namespace mdscope::gui::ui {

bool button(std::string_view id, std::string_view label, const ButtonLook& look) {
    const IdScope scope(id);
    const DisabledScope disabled(!look.enabled);
    const bool plain = look.role == Role::button;
    const ImVec4 filled = color(look.role);
    const ImVec4 ink = plain ? color(Role::button_text) : ink_on(filled);
    const float width = look.width > 0 ? look.width : button_width(label);
    const float room = width - 2 * ImGui::GetStyle().FramePadding.x;
    const std::string shown = shortened(label, room);
    ImGui::PushStyleColor(ImGuiCol_Button, filled);
    ImGui::PushStyleColor(ImGuiCol_Text, ink);
    if (!plain) {
        ImGui::PushStyleColor(ImGuiCol_ButtonHovered, mixed(filled, ink, 0.15F));
        ImGui::PushStyleColor(ImGuiCol_ButtonActive, mixed(filled, ink, 0.30F));
    }
    const bool clicked = ImGui::Button((shown + "###it").c_str(), ImVec2(width, 0));
    ImGui::PopStyleColor(plain ? 2 : 4);
    mark(id, "button", label);
    tip(!look.tip.empty() ? look.tip : shown != label ? label : std::string_view());
    return clicked;
}

float button_width(std::string_view label) {
    return text_width(label) + 2 * ImGui::GetStyle().FramePadding.x;
}

bool toggle(std::string_view id, std::string_view label, bool& value, std::string_view tip_text) {
    const IdScope scope(id);
    const float box = ImGui::GetFrameHeight() + ImGui::GetStyle().ItemInnerSpacing.x;
    const std::string shown = shortened(label, ImGui::GetContentRegionAvail().x - box);
    ImGui::PushStyleVar(ImGuiStyleVar_FrameBorderSize, 1.0F);  // An empty box has to be seen, too.
    ImGui::PushStyleColor(ImGuiCol_Border, color(Role::dim_text));
    const bool changed = ImGui::Checkbox((shown + "###it").c_str(), &value);
    ImGui::PopStyleColor();
    ImGui::PopStyleVar();
    mark(id, "toggle", label, value ? 1 : 0);
    tip(!tip_text.empty() ? tip_text : shown != label ? label : std::string_view());
    return changed;
}

void chip(std::string_view id, std::string_view shape, std::string_view word, Role role) {
    const std::string both = std::string(shape) + " " + std::string(word);
    const ImVec2 size(chip_width(shape, word), ImGui::GetTextLineHeight() + sp(4));
    const ImVec2 at = ImGui::GetCursorScreenPos();
    ImGui::Dummy(size);
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    const ImVec2 end(at.x + size.x, at.y + size.y);
    draw.AddRectFilled(at, end, fill_u32(role), size.y / 2);
    if (theme().name == ThemeName::contrast) draw.AddRect(at, end, color_u32(role), size.y / 2);
    draw.AddText(ImVec2(at.x + sp(10), at.y + sp(2)), color_u32(role), both.data(), both.data() + both.size());
    mark(id, "chip", word);
    note_missing(both);
}

float chip_width(std::string_view shape, std::string_view word) {
    return text_width(std::string(shape) + " " + std::string(word)) + 2 * sp(10);
}

namespace {

// The list that opens is as wide as its longest words, whatever its button is.
void allow_for_words(std::span<const std::string> items) {
    constexpr float kMostRows = 20;
    const ImGuiStyle& style = ImGui::GetStyle();
    const ImVec2 screen = ImGui::GetIO().DisplaySize;
    float width = 0;
    for (const std::string& item : items) width = std::max(width, text_width(item));
    width += 2 * sp(6) + 2 * style.WindowPadding.x + style.ScrollbarSize + 1;
    const float height = kMostRows * (ImGui::GetTextLineHeight() + sp(4) + style.ItemSpacing.y);
    ImGui::SetNextWindowSizeConstraints({std::min(width, screen.x), 0}, {screen.x, std::min(height, screen.y)});
}

}  // namespace

bool combo(std::string_view id, std::span<const std::string> items, int& chosen, float width, std::string_view tip_text,
           bool again) {
    const IdScope scope(id);
    const bool valid = chosen >= 0 && chosen < std::ssize(items);
    const std::string& label = valid ? items[static_cast<std::size_t>(chosen)] : std::string();
    if (width <= 0) width = ImGui::GetContentRegionAvail().x;
    const std::string shown = shortened(label, width - ImGui::GetFrameHeight() - 2 * ImGui::GetStyle().FramePadding.x);
    ImGui::SetNextItemWidth(width);
    allow_for_words(items);
    const bool open = ImGui::BeginCombo("##it", shown.c_str(), ImGuiComboFlags_HeightLarge);
    bool changed = false;
    if (!open) {
        mark(id, "combo", label, chosen);
        tip(!tip_text.empty() ? tip_text : shown != label ? std::string_view(label) : std::string_view());
        return false;
    }
    for (int i = 0; i < static_cast<int>(items.size()); ++i) {
        const std::string& item = items[static_cast<std::size_t>(i)];
        const std::string item_id = std::string(id) + "/" + std::to_string(i);
        if (row(item_id, item, {.selected = i == chosen})) {
            changed = again || i != chosen;
            chosen = i;
            ImGui::CloseCurrentPopup();
        }
        if (i == chosen && ImGui::IsWindowAppearing()) ImGui::SetItemDefaultFocus();
    }
    ImGui::EndCombo();
    mark(id, "combo", label, chosen);
    return changed;
}

float combo_width(std::span<const std::string> items) {
    float longest = 0;
    for (const std::string& item : items) longest = std::max(longest, text_width(item));
    return longest + ImGui::GetFrameHeight() + 2 * ImGui::GetStyle().FramePadding.x + 1;
}

// The value stands before the track, not on it: there the grab would cover it.
bool slider(std::string_view id, float& value, float from, float to, const char* format, float width,
            std::string_view tip_text) {
    const IdScope scope(id);
    if (width <= 0) width = ImGui::GetContentRegionAvail().x;
    const float words = std::max(text_width(formatted(format, from)), text_width(formatted(format, to))) + 1;
    const float gap = ImGui::GetStyle().ItemInnerSpacing.x;
    const float left = ImGui::GetCursorPosX();
    ImGui::AlignTextToFramePadding();
    text(std::string(id) + "/value", formatted(format, value), Role::text, Font::text, words);
    ImGui::SameLine(left + words + gap);
    ImGui::SetNextItemWidth(std::max(sp(40), width - words - gap));
    const bool changed =
        ImGui::SliderFloat("##it", &value, from, to, "", ImGuiSliderFlags_AlwaysClamp | ImGuiSliderFlags_NoInput);
    mark(id, "slider", formatted(format, value), value);
    tip(tip_text);
    return changed;
}

bool field(std::string_view id, std::string& value, std::string_view hint, float width) {
    const IdScope scope(id);
    if (width <= 0) width = ImGui::GetContentRegionAvail().x;
    ImGui::SetNextItemWidth(width);
    const std::string shown = shortened(hint, width - 2 * ImGui::GetStyle().FramePadding.x);
    const bool changed = ImGui::InputTextWithHint("##it", shown.c_str(), &value);
    mark(id, "field", value);
    tip(hint);
    return changed;
}

bool tabs(std::string_view id, std::span<const Tab> items, int& chosen) {
    const float right = ImGui::GetCursorScreenPos().x + ImGui::GetContentRegionAvail().x;
    const float gap = sp(4);
    bool changed = false;
    for (int i = 0; i < static_cast<int>(items.size()); ++i) {
        const Tab& tab = items[static_cast<std::size_t>(i)];
        if (i > 0 && ImGui::GetItemRectMax().x + gap + tab_width(tab.label) <= right) ImGui::SameLine(0, gap);
        if (!tab_button(std::string(id) + "/" + std::string(tab.id), tab.label, i == chosen)) continue;
        changed = i != chosen;
        chosen = i;
    }
    return changed;
}

bool row(std::string_view id, std::string_view text, const RowLook& look) {
    const IdScope scope(id);
    const FontScope font(look.font);
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const ImVec2 size(ImGui::GetContentRegionAvail().x, ImGui::GetTextLineHeight() + sp(4));
    const ImVec2 end(at.x + size.x, at.y + size.y);
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    if (look.tinted) draw.AddRectFilled(at, end, fill_u32(look.role), sp(2));
    const bool clicked = ImGui::Selectable("##it", look.selected, ImGuiSelectableFlags_None, size);
    const std::string shown = shortened(text, size.x - 2 * sp(6));
    draw.AddText(ImVec2(at.x + sp(6), at.y + sp(2)), color_u32(look.role), shown.data(), shown.data() + shown.size());
    mark(id, look.alone ? "item" : "row", text, look.selected ? 1 : 0);
    if (shown != text) tip(text);
    return clicked;
}

void text(std::string_view id, std::string_view text, Role role, Font which, float width) {
    const FontScope font(which);
    const std::string shown = shortened(text, width > 0 ? width : ImGui::GetContentRegionAvail().x);
    ImGui::PushStyleColor(ImGuiCol_Text, color(role));
    ImGui::TextUnformatted(shown.data(), shown.data() + shown.size());
    ImGui::PopStyleColor();
    mark(id, "text", text);
    if (shown != text) tip(text);
}

void scroll_by_keys() {
    const float page = ImGui::GetWindowHeight() - 2 * ImGui::GetTextLineHeightWithSpacing();
    if (const int step = page_step(); step != 0)
        ImGui::SetScrollY(ImGui::GetScrollY() + static_cast<float>(step) * page);
}

void paragraph(std::string_view id, std::string_view text, Role role) {
    ImGui::PushStyleColor(ImGuiCol_Text, color(role));
    ImGui::PushTextWrapPos(0.0F);
    ImGui::TextUnformatted(text.data(), text.data() + text.size());
    ImGui::PopTextWrapPos();
    ImGui::PopStyleColor();
    mark(id, "text", text);
}

namespace {

// The word of a line that begins at 0 and is that far from it.
std::string word_at(std::string_view line, float x) {
    for (std::size_t at = 0; at < line.size();) {
        const std::size_t end = std::min(line.find(' ', at), line.size());
        if (x < text_width(line.substr(0, end)))
            return x < text_width(line.substr(0, at)) ? "" : std::string(line.substr(at, end - at));
        at = end + 1;
    }
    return "";
}

}  // namespace

std::string word_under_mouse(std::string_view text) {
    const Rect rect = rect_of_item();
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    if (!ImGui::IsWindowHovered() || !rect.covers({mouse.x, mouse.y})) return "";
    // Lines are broken as ImGui breaks them.
    const ImFont& font = *ImGui::GetFont();
    const float width = ImGui::GetContentRegionAvail().x, scale = ImGui::GetFontSize() / font.FontSize;
    auto number = static_cast<int>((mouse.y - rect.y) / ImGui::GetTextLineHeight());
    const char *at = text.data(), *const last = at + text.size();
    while (at < last) {
        const char* end = std::find(at, font.CalcWordWrapPositionA(scale, at, last, width), '\n');
        if (number-- == 0) return word_at({at, static_cast<std::size_t>(end - at)}, mouse.x - rect.x);
        at = end;
        while (at < last && *at == ' ') at++;
        if (at < last && *at == '\n') at++;
    }
    return "";
}

bool link(std::string_view id, std::string_view text) {
    const IdScope scope(id);
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const std::string shown = shortened(text, ImGui::GetContentRegionAvail().x);
    const ImVec2 size(text_width(shown), ImGui::GetTextLineHeight());
    const bool clicked = ImGui::InvisibleButton("##it", at_least_one(size));
    if (ImGui::IsItemHovered()) ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    draw.AddText(at, color_u32(Role::accent), shown.data(), shown.data() + shown.size());
    const float line = at.y + size.y - 1;
    draw.AddLine(ImVec2(at.x, line), ImVec2(at.x + size.x, line), color_u32(Role::accent));
    draw_focus();
    mark(id, "link", text);
    if (shown != text) tip(text);
    return clicked;
}

void header(std::string_view id, std::string_view text) {
    ui::text(id, text, Role::text, Font::text);
    const Rect rect = rect_of_item();
    const float from = rect.right() + sp(8), y = rect.y + rect.h / 2;
    const float to = ImGui::GetCursorScreenPos().x + ImGui::GetContentRegionAvail().x;
    if (to > from) ImGui::GetWindowDrawList()->AddLine(ImVec2(from, y), ImVec2(to, y), color_u32(Role::border));
}

}  // namespace mdscope::gui::ui
