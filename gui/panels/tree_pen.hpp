// SPDX-License-Identifier: MIT
// Lines of the one tree of two arrays, as they are drawn: a symbol for each side, the name, a few words. Where the
// arrays come from, the lab or two mounts, is not known here.
#pragma once

#include <imgui.h>

#include <string>

#include "gui/model/rect.hpp"
#include "gui/model/tree_rows.hpp"

namespace mdscope::gui {

std::string line_text(const TreeRow& row);  // "md_bitmap_daemon_work #3"
bool is_here(TreeLine::State state);        // that side is in this line now

class TreePen {
   public:
    // `rect`: of all lines; `line`: the height of one. `hides`: what a missing line will come to is not told.
    TreePen(const ui::Rect& rect, float line, bool hides)
        : rect_(rect), line_(line), hides_(hides), draw_(*ImGui::GetWindowDrawList()) {}

    void draw(const TreeRow& row, float y);  // below what was drawn by ground()
    void ground(const TreeRow& row, float y);
    void ring(float y);                      // around the name: it is pointed at
    void grip(const TreeRow& row, float y);  // dots before the name: it can be dragged
    // Of the name and the words, as far as B's symbol.
    [[nodiscard]] ui::Rect words_rect(float y) const;
    [[nodiscard]] const ui::Rect& rect() const { return rect_; }
    [[nodiscard]] float line() const { return line_; }

   private:
    [[nodiscard]] float a_x() const;
    [[nodiscard]] float b_x() const;
    [[nodiscard]] float name_x() const;
    void words(const TreeRow& row, float y);
    void symbol(const TreeRow& row, Side side, ImVec2 at);
    void dot(ImVec2 at);
    void check(ImVec2 at);
    void cross(ImVec2 at, bool is_danger);
    void cursor(Side side, ImVec2 at);

    ui::Rect rect_;
    float line_;
    bool hides_;
    ImDrawList& draw_;
    float name_end_ = 0;
};

}  // namespace mdscope::gui
