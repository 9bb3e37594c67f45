// SPDX-License-Identifier: MIT

#include "gui/panels/pen.hpp"

#include <algorithm>
#include <cmath>

namespace mdscope::gui {

namespace {

constexpr float kSmallestText = 14;  // at 100 %

float distance(ImVec2 a, ImVec2 b) {
    return std::hypot(b.x - a.x, b.y - a.y);
}

ImVec2 between(ImVec2 a, ImVec2 b, float share) {
    return {a.x + (b.x - a.x) * share, a.y + (b.y - a.y) * share};
}

struct Written {
    ImFont* font;
    float size;
    ImVec2 extent;
};
Written written(std::string_view text, Face face, float pixels) {
    ImFont* font = type(face, std::max(kSmallestText, pixels));
    const float size = font->FontSize * ImGui::GetIO().FontGlobalScale;
    return {font, size, font->CalcTextSizeA(size, FLT_MAX, 0, text.data(), text.data() + text.size())};
}

}  // namespace

Pen::Pen(ImDrawList& draw, ImVec2 origin, float factor)
    : draw_(draw), origin_(origin), factor_(factor), scale_(factor * sp(1000) / 1000) {}

void Pen::line(ImVec2 from, ImVec2 to, ImU32 color, float width) const {
    draw_.AddLine(from, to, color, px(width));
}

void Pen::path(std::initializer_list<ImVec2> points, ImU32 color, float width) const {
    draw_.AddPolyline(points.begin(), static_cast<int>(points.size()), color, ImDrawFlags_None, px(width));
}

void Pen::dashed(const std::vector<ImVec2>& points, ImU32 color, float width, float dash, float gap) const {
    float left = px(dash);  // of the dash, or of the gap, that is under way
    bool draws = true;
    for (std::size_t i = 1; i < points.size(); i++) {
        const ImVec2 from = points[i - 1], to = points[i];
        const float length = distance(from, to);
        for (float done = 0; done < length;) {
            const float step = std::min(left, length - done);
            if (draws)
                draw_.AddLine(between(from, to, done / length), between(from, to, (done + step) / length), color,
                              px(width));
            done += step;
            left -= step;
            if (left > 0.01F) continue;
            draws = !draws;
            left = px(draws ? dash : gap);
        }
    }
}

void Pen::curve(ImVec2 a, ImVec2 b, ImVec2 c, ImVec2 d, ImU32 color, float width, bool is_dashed) const {
    constexpr int kSegments = 24;
    std::vector<ImVec2> points;
    for (int i = 0; i <= kSegments; i++) {
        const float t = static_cast<float>(i) / kSegments, u = 1 - t;
        const float wa = u * u * u, wb = 3 * u * u * t, wc = 3 * u * t * t, wd = t * t * t;
        points.emplace_back(wa * a.x + wb * b.x + wc * c.x + wd * d.x, wa * a.y + wb * b.y + wc * c.y + wd * d.y);
    }
    if (is_dashed) return dashed(points, color, width);
    draw_.AddPolyline(points.data(), static_cast<int>(points.size()), color, ImDrawFlags_None, px(width));
}

void Pen::fill(float x, float y, float w, float h, ImU32 color, float radius) const {
    draw_.AddRectFilled(at(x, y), at(x + w, y + h), color, px(radius));
}

void Pen::frame(float x, float y, float w, float h, ImU32 color, float width, float radius) const {
    draw_.AddRect(at(x, y), at(x + w, y + h), color, px(radius), ImDrawFlags_None, px(width));
}

void Pen::dashed_frame(float x, float y, float w, float h, ImU32 color, float width) const {
    dashed({at(x, y), at(x + w, y), at(x + w, y + h), at(x, y + h), at(x, y)}, color, width);
}

void Pen::circle(float x, float y, float r, ImU32 color) const {
    draw_.AddCircleFilled(at(x, y), px(r), color);
}

void Pen::ring(float x, float y, float r, ImU32 color, float width) const {
    draw_.AddCircle(at(x, y), px(r), color, 0, px(width));
}

void Pen::dashed_ring(float x, float y, float r, ImU32 color, float width) const {
    constexpr int kDashes = 14;
    constexpr float kTurn = 6.2831853F / kDashes;
    for (int i = 0; i < kDashes; i++) {
        const float from = kTurn * static_cast<float>(i);
        draw_.PathArcTo(at(x, y), px(r), from, from + kTurn * 0.62F, 4);
        draw_.PathStroke(color, ImDrawFlags_None, px(width));
    }
}

void Pen::polygon(std::initializer_list<ImVec2> points, ImU32 color) const {
    draw_.AddConvexPolyFilled(points.begin(), static_cast<int>(points.size()), color);
}

void Pen::arrow(float x, float y, float dx, float dy, ImU32 color, float size) const {
    const float length = std::max(0.001F, std::hypot(dx, dy));
    const float ux = dx / length, uy = dy / length, half = size * 0.75F;
    draw_.AddTriangleFilled(at(x, y), at(x - ux * size * 1.5F - uy * half, y - uy * size * 1.5F + ux * half),
                            at(x - ux * size * 1.5F + uy * half, y - uy * size * 1.5F - ux * half), color);
}

void Pen::hatch(const ui::Rect& rect, ImU32 color, bool falls) const {
    draw_.PushClipRect({rect.x, rect.y}, {rect.right(), rect.bottom()}, true);
    for (float x = rect.x - rect.h; x < rect.right(); x += px(8))
        draw_.AddLine({x, falls ? rect.y : rect.bottom()}, {x + rect.h, falls ? rect.bottom() : rect.y}, color,
                      px(1.5F));
    draw_.PopClipRect();
}

float Pen::text(float x, float y, std::string_view text, Face face, float size, ImU32 color, Align align) const {
    const Written letters = written(text, face, size * factor_);
    const float back = align == Align::left ? 0 : align == Align::middle ? letters.extent.x / 2 : letters.extent.x;
    const ImVec2 place = at(x, y);
    draw_.AddText(letters.font, letters.size, {std::round(place.x - back), std::round(place.y - letters.extent.y / 2)},
                  color, text.data(), text.data() + text.size());
    return letters.extent.x / scale_;
}

void Pen::text_within(float x, float y, std::string_view text, Face face, float size, ImU32 color, float width) const {
    const Written letters = written(text, face, size * factor_);
    const float shrunk = std::min(1.0F, px(width) / letters.extent.x);
    const ImVec2 place = at(x, y);
    draw_.AddText(letters.font, letters.size * shrunk,
                  {std::round(place.x), std::round(place.y - letters.extent.y * shrunk / 2)}, color, text.data(),
                  text.data() + text.size());
}

float Pen::width_of(std::string_view text, Face face, float size) const {
    return written(text, face, size * factor_).extent.x / scale_;
}

}  // namespace mdscope::gui
