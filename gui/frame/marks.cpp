// SPDX-License-Identifier: MIT

#include "gui/frame/marks.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "gui/frame/fonts.hpp"
#include "gui/frame/imgui_version.hpp"

namespace mdscope::gui::ui {

namespace {

struct Registry {
    std::vector<Mark> growing, complete;
    std::unordered_map<std::string_view, std::size_t> by_id;  // of `complete`; the first one where an id occurs twice
    int frame = 0;
    double next_frame = -1;
};
Registry registry;

constexpr float kSlack = 1.5F;  // pixels; rounding of positions and of glyphs that lean out of their box

bool scrolls_vertically(const ImGuiWindow& window) {
    return (window.Flags & ImGuiWindowFlags_NoScrollbar) == 0 ||
           (window.Flags & ImGuiWindowFlags_NoScrollWithMouse) == 0;
}

bool scrolls_horizontally(const ImGuiWindow& window) {
    return (window.Flags & ImGuiWindowFlags_HorizontalScrollbar) != 0;
}

bool is_cut_along(float from, float to, float clip_from, float clip_to) {
    return from < clip_from - kSlack || to > clip_to + kSlack;
}

// The inside of a window; of all of it along an axis where an outer window scrolls, which can bring it into sight.
ImRect inside_of(const ImGuiWindow& window, ImRect seen) {
    bool x = false, y = false;
    for (const ImGuiWindow* outer = window.ParentWindow; outer != nullptr; outer = outer->ParentWindow) {
        x = x || scrolls_horizontally(*outer);
        y = y || scrolls_vertically(*outer);
    }
    if (y) {
        seen.Min.y = std::min(seen.Min.y, window.InnerRect.Min.y);
        seen.Max.y = std::max(seen.Max.y, window.InnerRect.Max.y);
    }
    if (x) {
        seen.Min.x = std::min(seen.Min.x, window.InnerRect.Min.x);
        seen.Max.x = std::max(seen.Max.x, window.InnerRect.Max.x);
    }
    return seen;
}

// What of `rect` lies outside of the window, or the window outside of its parents, where no scrolling brings it back.
bool is_cut(ImRect rect, ImRect clip, const ImGuiWindow* window) {
    bool x = true, y = true;  // whether to look along this axis: an outer window that scrolls shows the rest
    while (window != nullptr) {
        x = x && !scrolls_horizontally(*window);
        y = y && !scrolls_vertically(*window);
        if (x && is_cut_along(rect.Min.x, rect.Max.x, clip.Min.x, clip.Max.x)) return true;
        if (y && is_cut_along(rect.Min.y, rect.Max.y, clip.Min.y, clip.Max.y)) return true;
        if ((window->Flags & ImGuiWindowFlags_ChildWindow) == 0) break;
        // From here on it is the child that has to be inside: what it scrolls is its own business, where it lies is
        // not.
        rect = window->Rect();
        window = window->ParentWindow;
        if (window != nullptr) clip = inside_of(*window, window->InnerClipRect);
        x = y = true;
    }
    const ImVec2 screen = ImGui::GetIO().DisplaySize;
    return is_cut_along(rect.Min.x, rect.Max.x, 0, screen.x) || is_cut_along(rect.Min.y, rect.Max.y, 0, screen.y);
}

ImRect to_im(const Rect& rect) {
    return {rect.x, rect.y, rect.right(), rect.bottom()};
}

Mark& add(const Rect& rect, std::string_view id, std::string_view role, std::string_view text, double value) {
    const ImGuiWindow& window = *ImGui::GetCurrentWindowRead();
    Mark& mark = registry.growing.emplace_back();
    mark.id = id;
    mark.role = role;
    mark.text = text;
    mark.value = value;
    mark.rect = rect;
    mark.clip = rect_between(window.ClipRect.Min, window.ClipRect.Max);
    mark.visible = !window.Hidden && rect.overlaps(mark.clip);
    mark.cut = !window.Hidden && is_cut(to_im(rect), inside_of(window, window.ClipRect), &window);
    mark.frame = registry.frame;
    mark.window = window.ID;
    mark.missing = missing_glyphs(text, *ImGui::GetFont());
    return mark;
}

}  // namespace

void mark(std::string_view id, std::string_view role, std::string_view text, double value) {
    // In a window that is wholly out of sight ImGui leaves its items out: the last item is some other window's.
    if (ImGui::GetCurrentWindowRead()->SkipItems) {
        add({}, id, role, text, value).visible = false;
        registry.growing.back().cut = false;
        return;
    }
    // Before add(): hovering must be asked of the last item, whatever add() looks at.
    const bool hovered = ImGui::IsItemHovered();
    Mark& mark = add(rect_of_item(), id, role, text, value);
    mark.enabled = !is_item_disabled();
    mark.widget = last_item_id();
    mark.interactive = mark.widget != 0;
    mark.hovered = hovered;
    mark.focused = mark.interactive && focused_id() == mark.widget;
}

void mark_rect(const Rect& rect, std::string_view id, std::string_view role, std::string_view text, double value) {
    add(rect, id, role, text, value);
}

void note_missing(std::string_view shown) {
    for (std::string& letter : missing_glyphs(shown, *ImGui::GetFont()))
        registry.growing.back().missing.push_back(std::move(letter));
}

const Mark* find(std::string_view id) {
    const auto found = registry.by_id.find(id);
    return found == registry.by_id.end() ? nullptr : &registry.complete[found->second];
}

const std::vector<Mark>& all() {
    return registry.complete;
}

int frame_number() {
    return registry.frame;
}

std::vector<std::string> duplicate_ids() {
    std::vector<std::string> found;
    for (std::size_t i = 0; i < registry.complete.size(); ++i) {
        const std::string& id = registry.complete[i].id;
        if (registry.by_id.at(id) != i && std::find(found.begin(), found.end(), id) == found.end()) found.push_back(id);
    }
    return found;
}

std::vector<std::string> clipped() {
    std::vector<std::string> found;
    for (const Mark& mark : registry.complete)
        if (mark.cut && (mark.interactive || !mark.text.empty())) found.push_back(mark.id + ": " + mark.text);
    return found;
}

std::vector<std::string> fallback_glyphs() {
    std::vector<std::string> found;
    for (const Mark& mark : registry.complete)
        for (const std::string& letter : mark.missing) found.push_back(mark.id + ": " + letter);
    return found;
}

void ask_for_frame(double seconds) {
    if (registry.next_frame < 0 || seconds < registry.next_frame) registry.next_frame = std::max(0.0, seconds);
}

void begin_frame() {
    registry.growing.clear();
    registry.next_frame = -1;
    ++registry.frame;
}

void end_frame() {
    std::swap(registry.growing, registry.complete);
    registry.by_id.clear();
    for (std::size_t i = 0; i < registry.complete.size(); ++i) registry.by_id.try_emplace(registry.complete[i].id, i);
}

void forget_everything() {
    registry = {};
}

double asked_for_frame() {
    return registry.next_frame;
}

}  // namespace mdscope::gui::ui
