// SPDX-License-Identifier: MIT

#include "gui/panels/panels.hpp"

#include <fmt/format.h>

#include "gui/model/titles.hpp"

namespace mdscope::gui {

Panel::Panel(const char* id, const ui::Rect& rect, const Look& look) {
    ImGui::SetCursorScreenPos({rect.x, rect.y});
    // What is there already needs not be drawn again.
    const auto drawn = [](Role role) { return role == Role::background ? ImVec4{} : color(role); };
    ImGui::PushStyleColor(ImGuiCol_ChildBg, drawn(look.fill));
    ImGui::PushStyleColor(ImGuiCol_Border, drawn(look.border));
    const ImGuiWindowFlags flags =
        look.scrolls ? ImGuiWindowFlags_None : ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse;
    ImGui::BeginChild(id, {rect.w, rect.h}, true, flags);
    ImGui::PopStyleColor(2);
}

Panel::~Panel() {
    ImGui::EndChild();
}

// Rows reach a little beyond their text; the padding keeps that inside.
Page::Page(const char* id, ImVec2 size, ImGuiWindowFlags flags) {
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, sp(9, 1));
    ImGui::BeginChild(id, size, false, flags | ImGuiWindowFlags_AlwaysUseWindowPadding);
    ImGui::PopStyleVar();
}

Page::~Page() {
    ImGui::EndChild();
}

StateLook look_of(Status status) {
    switch (status) {
        case Status::Off:
            return {"○", Role::dim_text};
        case Status::Running:
            return {"○", Role::text};
        case Status::Stopping:
            return {"▶", Role::text};
        case Status::Waiting:
            return {"●", Role::safe};
        case Status::InDanger:
            return {"▲", Role::danger};
        case Status::Stopped:
            return {"■", Role::dim_text};
        case Status::Oops:
            return {"✗", Role::danger};
        case Status::Hung:
            return {"…", Role::held};
        case Status::Broken:
            return {"×", Role::danger};
    }
    return {"○", Role::text};
}

StateLook look_of(TreeLine::State state) {
    switch (state) {
        case TreeLine::State::Done:
            return {"✓", Role::safe};
        case TreeLine::State::Now:
            return {"▶", Role::current};
        case TreeLine::State::Asleep:
            return {"●", Role::safe};
        case TreeLine::State::Inside:
            return {"↓", Role::current};
        case TreeLine::State::ToCome:
            return {"·", Role::dim_text};
        case TreeLine::State::Missing:
            return {"✗", Role::danger};
        case TreeLine::State::Never:
            return {"·", Role::dim_text};
        case TreeLine::State::Oops:
            return {"☠", Role::danger};
    }
    return {"·", Role::dim_text};
}

Role role_of(const Exhibit& exhibit, const BioName& bio) {
    if (exhibit.counted_in == nullptr) return Role::idle;
    const std::string_view counter = exhibit.counted_in(bio, false);
    const auto counters = stage_counters(exhibit);
    for (std::size_t i = 0; i < counters.size(); i++)
        if (counters.at(i) != nullptr && counter == counters.at(i)->name) return i == 0 ? Role::mddev : Role::bitmap;
    return Role::idle;
}

bool is_dialog_open(const State& state) {
    return state.show_help || state.show_setup || state.show_share || state.show_open || state.live.is_asking();
}

const char* side_name(Side side) {
    return side == Side::A ? "A" : "B";
}

std::string side_title(const State& state, Side side) {
    const Titles titles =
        titles_of(state.player.scenario(side), state.player.scenario(side == Side::A ? Side::B : Side::A));
    return titles.title == titles.rows ? titles.rows : fmt::format("{}  ({})", titles.title, titles.rows);
}

}  // namespace mdscope::gui
