// SPDX-License-Identifier: MIT
// Frames around the widgets that a lesson is about, where they were in the last frame.
#include <algorithm>

#include "gui/frame/imgui_version.hpp"
#include "gui/panels/panel_lesson.hpp"

namespace mdscope::gui {

namespace {

constexpr double kPulse = 1.2;  // seconds: a frame that closes in on its widget is seen

// "card/A/tree~md_super_wait": the last of those below that id which has these words; "lane/A/bar^unbind": the first.
struct Wanted {
    std::string id, words;
    bool is_first = false;
    explicit Wanted(const std::string& highlight) : id(highlight) {
        const std::size_t at = highlight.find_first_of("~^");
        if (at == std::string::npos) return;
        is_first = highlight[at] == '^';
        words = highlight.substr(at + 1);
        id.resize(at);
    }
};

const ui::Mark* marked(const Wanted& wanted) {
    if (wanted.words.empty()) return ui::find(wanted.id);
    const ui::Mark* found = nullptr;
    for (const ui::Mark& mark : ui::all()) {
        if (!mark.id.starts_with(wanted.id) || mark.text.find(wanted.words) == std::string::npos) continue;
        found = &mark;
        if (wanted.is_first) break;
    }
    return found;
}

bool is_an_end(const std::string& highlight) {
    return highlight.ends_with("/end");
}

// Beside a bar that is too short for its words.
void draw_words(ImDrawList& draw, const ui::Rect& rect, const std::string& words) {
    const ImVec2 size = ImGui::CalcTextSize(words.c_str());
    if (size.x + sp(10) < rect.w) return;
    const ImVec2 at(rect.right() + sp(10), rect.y + (rect.h - size.y) / 2);
    draw.AddRectFilled({at.x - sp(4), at.y - sp(1)}, {at.x + size.x + sp(4), at.y + size.y + sp(1)},
                       color_u32(Role::panel), sp(3));
    draw.AddText(at, color_u32(Role::current), words.c_str());
}

// Which way the end of a bar is meant to go.
void draw_arrow(ImDrawList& draw, const ui::Rect& rect) {
    const float y = rect.y + rect.h / 2, from = rect.x - sp(6), to = from - sp(44), head = sp(6);
    draw.AddLine({from, y}, {to + head, y}, color_u32(Role::current), sp(3));
    draw.AddTriangleFilled({to, y}, {to + head * 1.6F, y - head}, {to + head * 1.6F, y + head},
                           color_u32(Role::current));
}

}  // namespace

void draw_highlights(const LessonRun& lesson) {
    if (is_popup_open() || lesson.is_away() || !lesson.feedback().empty()) return;
    const double age = lesson.page_age();
    const float wide = static_cast<float>(std::max(0.0, 1 - age / kPulse));
    ImDrawList& draw = *ImGui::GetForegroundDrawList();
    for (const std::string& highlight : lesson.highlights()) {
        const Wanted wanted(highlight);
        const ui::Mark* mark = marked(wanted);
        if (mark == nullptr || !mark->visible) continue;
        const float out = sp(3) + wide * sp(6);
        const ui::Rect& rect = mark->rect;
        const ui::Rect& clip = mark->clip;
        draw.PushClipRect({clip.x - sp(8), clip.y - sp(8)}, {clip.right() + sp(8), clip.bottom() + sp(8)}, false);
        draw.AddRect({rect.x - out, rect.y - out}, {rect.right() + out, rect.bottom() + out}, color_u32(Role::current),
                     sp(4), ImDrawFlags_None, sp(2));
        if (is_an_end(highlight)) draw_arrow(draw, rect);
        if (wanted.is_first) draw_words(draw, rect, wanted.words);
        draw.PopClipRect();
    }
    if (wide > 0 && !lesson.highlights().empty()) ui::ask_for_frame(0);
}

}  // namespace mdscope::gui
