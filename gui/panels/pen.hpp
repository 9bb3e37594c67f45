// SPDX-License-Identifier: MIT
// A pen that draws in a stage's own coordinates: 564 by 416, whatever size the stage has on the screen. Lengths and
// positions are scaled; text is of the nearest size that the atlas has, so that it is never a blurred bitmap.
#pragma once

#include <imgui.h>

#include <initializer_list>
#include <string_view>
#include <vector>

#include "gui/frame/fonts.hpp"
#include "gui/frame/theme.hpp"
#include "gui/model/rect.hpp"

namespace mdscope::gui {

enum class Align { left, middle, right };

class Pen {
   public:
    // `factor`: of the stage, beside the text's size.
    Pen(ImDrawList& draw, ImVec2 origin, float factor);

    [[nodiscard]] ImVec2 at(float x, float y) const { return {origin_.x + x * scale_, origin_.y + y * scale_}; }
    [[nodiscard]] float px(float length) const { return length * scale_; }
    [[nodiscard]] ui::Rect rect_of(float x, float y, float w, float h) const {
        return {at(x, y).x, at(x, y).y, px(w), px(h)};
    }
    [[nodiscard]] ImDrawList& list() const { return draw_; }
    [[nodiscard]] float factor() const { return factor_; }

    // Everything that is drawn from here on is that faint.
    void set_alpha(float alpha) { alpha_ = alpha; }
    [[nodiscard]] float alpha() const { return alpha_; }
    [[nodiscard]] ImU32 ink(Role role, float alpha = 1) const { return color_u32(role, alpha * alpha_); }

    void line(ImVec2 from, ImVec2 to, ImU32 color, float width = 2) const;
    void path(std::initializer_list<ImVec2> points, ImU32 color, float width = 2) const;
    void dashed(const std::vector<ImVec2>& points, ImU32 color, float width = 2, float dash = 6, float gap = 4) const;
    void dashed(std::initializer_list<ImVec2> points, ImU32 color, float width = 2) const {
        dashed(std::vector<ImVec2>(points), color, width);
    }
    void curve(ImVec2 a, ImVec2 b, ImVec2 c, ImVec2 d, ImU32 color, float width, bool is_dashed) const;
    void fill(float x, float y, float w, float h, ImU32 color, float radius = 6) const;
    void frame(float x, float y, float w, float h, ImU32 color, float width = 2, float radius = 6) const;
    void dashed_frame(float x, float y, float w, float h, ImU32 color, float width = 2) const;
    void circle(float x, float y, float r, ImU32 color) const;
    void ring(float x, float y, float r, ImU32 color, float width = 2) const;
    void dashed_ring(float x, float y, float r, ImU32 color, float width = 2) const;
    void polygon(std::initializer_list<ImVec2> points, ImU32 color) const;                // convex
    void arrow(float x, float y, float dx, float dy, ImU32 color, float size = 7) const;  // its tip, and whither
    void hatch(const ui::Rect& rect, ImU32 color, bool falls) const;

    // `y`: of the middle of the line. Returns its width, in the stage's coordinates.
    float text(float x, float y, std::string_view text, Face face, float size, ImU32 color,
               Align align = Align::left) const;
    // A name that has to be read in full: smaller, if its place is too small for it.
    void text_within(float x, float y, std::string_view text, Face face, float size, ImU32 color, float width) const;
    [[nodiscard]] float width_of(std::string_view text, Face face, float size) const;

   private:
    ImDrawList& draw_;
    ImVec2 origin_;
    float factor_, scale_;
    float alpha_ = 1;
};

}  // namespace mdscope::gui
