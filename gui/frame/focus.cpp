// SPDX-License-Identifier: MIT

#include "gui/frame/focus.hpp"

#include <algorithm>

#include "gui/frame/imgui_version.hpp"
#include "gui/frame/keys.hpp"

namespace mdscope::gui {

namespace {

// A window and those it lies in, up to the popup that is in front, if one is.
bool is_within(const ImGuiWindow* window, const ImGuiWindow* front) {
    while (window != nullptr && window != front) window = window->ParentWindow;
    return window == front;
}

void focus_mark(const ui::Mark& mark) {
    if (ImGuiWindow* window = ImGui::FindWindowByID(mark.window))
        focus_item(mark.widget, window, ImRect(mark.rect.x, mark.rect.y, mark.rect.right(), mark.rect.bottom()));
}

// The rows of a list are one stop, as in other programs: Tab goes to the chosen row or the first one, arrows from
// there. So are things whose order arrows follow, and the bar at the top.
bool is_of_bar(const ui::Mark& mark) {
    const ui::Mark* bar = ui::find("toolbar/help");
    return bar != nullptr && bar->window == mark.window;
}

bool is_in_order(const ui::Mark& mark) {
    return mark.role == "thing" || mark.role == "bar" || is_of_bar(mark);
}

ImGuiID group_of(const ui::Mark& mark) {
    return mark.role == "row" || is_in_order(mark) ? mark.window : 0;
}

bool is_stop(const std::vector<const ui::Mark*>& widgets, const ui::Mark& mark) {
    if (group_of(mark) == 0) return true;
    const ui::Mark* best = nullptr;
    for (const ui::Mark* other : widgets) {
        if (group_of(*other) != group_of(mark)) continue;
        const bool is_chosen = other->role == "row" && other->value != 0;
        if (best == nullptr || (best->value == 0 && is_chosen)) best = other;
    }
    return best == &mark;
}

void move_focus(int step) {
    const std::vector<const ui::Mark*> widgets = focusable();
    const std::ptrdiff_t count = std::ssize(widgets);
    const ImGuiID here = focus_origin();
    const auto at =
        std::find_if(widgets.begin(), widgets.end(), [here](const auto* mark) { return mark->widget == here; });
    const ImGuiID group = at == widgets.end() ? 0 : group_of(**at);
    std::ptrdiff_t next = at == widgets.end() ? (step > 0 ? -1 : 0) : at - widgets.begin();
    for (std::ptrdiff_t tries = 0; tries < count; ++tries) {
        next = (next + step + count) % count;
        const ui::Mark& mark = *widgets[static_cast<std::size_t>(next)];
        if (is_stop(widgets, mark) && (group == 0 || group_of(mark) != group)) return focus_mark(mark);
    }
}

// Arrows among things that have an order; where there is none, ImGui finds the neighbour.
void move_in_group(int step) {
    const ui::Mark* here = nullptr;
    std::vector<const ui::Mark*> group;
    for (const ui::Mark* mark : focusable())
        if (mark->focused) here = mark;
    if (here == nullptr || !is_in_order(*here) || is_popup_open()) return;
    if (ImGui::GetCurrentContext()->ActiveId != 0) return;  // a slider that is being moved
    for (const ui::Mark* mark : focusable())
        if (is_in_order(*mark) && group_of(*mark) == group_of(*here)) group.push_back(mark);
    const std::ptrdiff_t next = std::ranges::find(group, here) - group.begin() + step;
    ImGui::NavMoveRequestCancel();
    if (next >= 0 && next < std::ssize(group)) focus_mark(*group[static_cast<std::size_t>(next)]);
}

// What had the focus may be gone with the page it was on. Then nothing has it, and keys mean what the footer says.
void let_go_of_what_is_gone() {
    static ImGuiID seen = 0;
    const ImGuiID here = focused_id();
    if (here == 0 || is_popup_open()) return;
    const bool is_there = std::ranges::any_of(ui::all(), [here](const ui::Mark& mark) { return mark.widget == here; });
    if (!is_there && here == seen) hide_nav();
    seen = is_there ? here : 0;
}

}  // namespace

void move_focus_by_keys() {
    let_go_of_what_is_gone();
    if (pressed("focus_next")) move_focus(+1);
    if (pressed("focus_previous")) move_focus(-1);
    if (const int step = arrow_step(); step != 0) move_in_group(step);
    // A popup takes Escape itself; a text field, too.
    if (pressed("close") && !is_popup_open() && !ImGui::GetIO().WantTextInput) hide_nav();
}

bool is_in_group(const ui::Mark& mark) {
    return group_of(mark) != 0;
}

bool focus_on(std::string_view id) {
    const ui::Mark* mark = ui::find(id);
    if (mark == nullptr || !mark->interactive || !mark->enabled) return false;
    focus_mark(*mark);
    return true;
}

std::vector<const ui::Mark*> focusable() {
    const ImGuiContext& context = *ImGui::GetCurrentContext();
    const ImGuiWindow* front = context.OpenPopupStack.Size > 0 ? context.OpenPopupStack.back().Window : nullptr;
    std::vector<const ui::Mark*> widgets;
    for (const ui::Mark& mark : ui::all()) {
        const bool wanted = mark.interactive && mark.enabled;
        if (wanted && (front == nullptr || is_within(ImGui::FindWindowByID(mark.window), front)))
            widgets.push_back(&mark);
    }
    // The bar at the top is for who looks for something else: what the page is about comes first.
    if (const ui::Mark* bar = ui::find("toolbar/help"))
        std::stable_partition(widgets.begin(), widgets.end(),
                              [bar](const ui::Mark* mark) { return mark->window != bar->window; });
    return widgets;
}

}  // namespace mdscope::gui
