#include "gui/focus.hpp"

#include <algorithm>

#include "gui/imgui_version.hpp"
#include "gui/keys.hpp"

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

void move_focus(int step) {
    const std::vector<const ui::Mark*> stops = tab_stops();
    if (stops.empty()) return;
    const ImGuiID here = focus_origin();
    const auto at =
        std::find_if(stops.begin(), stops.end(), [here](const ui::Mark* mark) { return mark->widget == here; });
    const std::ptrdiff_t count = std::ssize(stops);
    const std::ptrdiff_t from = at == stops.end() ? (step > 0 ? -1 : 0) : at - stops.begin();
    focus_mark(*stops[static_cast<std::size_t>((from + step + count) % count)]);
}

}  // namespace

void move_focus_by_keys() {
    if (pressed("focus_next")) move_focus(+1);
    if (pressed("focus_previous")) move_focus(-1);
    // A popup takes Escape itself; a text field, too.
    if (pressed("close") && !is_popup_open() && !ImGui::GetIO().WantTextInput) hide_nav();
}

bool focus_on(std::string_view id) {
    const ui::Mark* mark = ui::find(id);
    if (mark == nullptr || !mark->interactive || !mark->enabled) return false;
    focus_mark(*mark);
    return true;
}

std::vector<const ui::Mark*> tab_stops() {
    const ImGuiContext& context = *ImGui::GetCurrentContext();
    const ImGuiWindow* front = context.OpenPopupStack.Size > 0 ? context.OpenPopupStack.back().Window : nullptr;
    std::vector<const ui::Mark*> stops;
    for (const ui::Mark& mark : ui::all()) {
        const bool wanted = mark.interactive && mark.enabled;
        if (wanted && (front == nullptr || is_within(ImGui::FindWindowByID(mark.window), front)))
            stops.push_back(&mark);
    }
    return stops;
}

}  // namespace mdscope::gui
