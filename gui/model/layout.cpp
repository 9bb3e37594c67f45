// SPDX-License-Identifier: MIT

#include "gui/model/layout.hpp"

#include <algorithm>
#include <optional>

namespace mdscope::gui {

namespace {

constexpr float kMargin = 10, kGap = 10;
constexpr float kStatus = 26;
// The least that each needs, in units.
constexpr float kTree = 372, kTreeOpened = 280;
constexpr float kLanes = 200, kFewLanes = 96;
constexpr float kCompactCard = 116, kNarrowCompactCard = 152, kCompactLanes = 260, kCompactMiddle = 340;
constexpr float kSideBySideFrom = 880;

// Half of what there is, but enough for its buttons and two lines.
float lesson_room(float height, float unit) {
    constexpr float kLeast = 100;
    return std::max(height * 0.45F, std::min(height * 0.75F, kLeast * unit));
}

// Takes a strip off the top or the bottom of what is left.
class Rest {
   public:
    Rest(ui::Rect all, float gap) : all_(all), gap_(gap) {}
    ui::Rect top(float height) {
        const ui::Rect strip{all_.x, all_.y, all_.w, std::min(height, all_.h)};
        all_.y += strip.h + gap_;
        all_.h = std::max(0.0F, all_.h - strip.h - gap_);
        return strip;
    }
    ui::Rect bottom(float height) {
        const ui::Rect strip{all_.x, all_.bottom() - std::min(height, all_.h), all_.w, std::min(height, all_.h)};
        all_.h = std::max(0.0F, all_.h - strip.h - gap_);
        return strip;
    }
    [[nodiscard]] ui::Rect rest() const { return all_; }

   private:
    ui::Rect all_;
    float gap_;
};

// The largest factor with which two stages, a tree of that width and lanes of that height have room; in units.
std::optional<float> largest_factor(const ui::Rect& body, float tree, float lanes, float least) {
    const float between = tree > 0 ? tree + 2 * kGap : kGap;
    for (const float factor : kStageFactors)
        if (factor >= least && 2 * kStageWidth * factor + between <= body.w + 0.5F &&
            kStageHeight * factor + kGap + lanes <= body.h + 0.5F)
            return factor;
    return std::nullopt;
}

ui::Rect scaled(const ui::Rect& rect, float by) {
    return {rect.x * by, rect.y * by, rect.w * by, rect.h * by};
}

// A, the tree, B in one row; the lanes have what is left.
void place_in_full(Layout& layout, float unit) {
    const float width = kStageWidth * layout.factor * unit, height = kStageHeight * layout.factor * unit;
    const float gap = kGap * unit;
    const ui::Rect& body = layout.body;
    layout.card[0] = {body.x, body.y, width, height};
    layout.card[1] = {body.right() - width, body.y, width, height};
    layout.middle = {body.x + width + gap, body.y, body.w - 2 * width - 2 * gap, height};
    layout.lanes = {body.x, body.y + height + gap, body.w, body.h - height - gap};
    layout.has_middle = true;
}

void place_without_tree(Layout& layout, float unit) {
    const float gap = kGap * unit, height = kStageHeight * layout.factor * unit;
    const ui::Rect& body = layout.body;
    const float half = (body.w - gap) / 2;
    layout.card[0] = {body.x, body.y, half, height};
    layout.card[1] = {body.x + half + gap, body.y, half, height};
    layout.lanes = {body.x, body.y + height + gap, body.w, body.h - height - gap};
    layout.has_middle = false;
}

void place_compact(Layout& layout, bool opens, float unit) {
    const float gap = kGap * unit;
    const bool is_wide = layout.body.w / unit >= kSideBySideFrom;
    const bool is_row = !is_wide && layout.body.w / unit > 600;  // the gauges of a card beside each other
    const float height = (is_row ? kCompactCard : kNarrowCompactCard) * unit;
    layout.is_compact = true;
    layout.factor = kStageFactors.back();
    const ui::Rect& body = layout.body;
    const float width = body.w - 16 * unit;  // beside the scroll bar
    const float half = (width - gap) / 2;
    layout.card[0] = {body.x, body.y, is_wide ? half : width, height};
    layout.card[1] = is_wide ? ui::Rect{body.x + half + gap, body.y, half, height}
                             : ui::Rect{body.x, body.y + height + gap, width, height};
    float y = layout.card[1].bottom() + gap;
    layout.has_middle = opens;
    if (opens) {
        layout.middle = {body.x, y, width, kCompactMiddle * unit};
        y = layout.middle.bottom() + gap;
    }
    layout.lanes = {body.x, y, width, std::max(kCompactLanes * unit, body.bottom() - y)};
    layout.body_height = layout.lanes.bottom() - body.y;
}

}  // namespace

Layout layout_of(const LayoutInput& input) {
    const float unit = input.unit;
    Layout layout;
    layout.toolbar = {0, 0, input.width, input.toolbar_height};
    Rest rest({kMargin * unit, input.toolbar_height + kGap * unit / 2, input.width - 2 * kMargin * unit,
               input.height - input.toolbar_height - kGap * unit / 2},
              kGap * unit / 2);
    layout.status = rest.bottom(kStatus * unit);
    layout.status.x = 0;
    layout.status.w = input.width;
    layout.now = {rest.rest().x, rest.rest().y, rest.rest().w, 0};
    if (input.now_height > 0) layout.now = rest.top(input.now_height);
    if (input.has_lesson) layout.lesson = rest.top(std::min(input.lesson_height, lesson_room(rest.rest().h, unit)));
    layout.body = rest.rest();
    layout.body_height = layout.body.h;

    const ui::Rect body = scaled(layout.body, 1 / unit);
    std::optional<float> factor;
    if (input.preset != Preset::present) factor = largest_factor(body, kTree, kLanes, 1);
    if (!factor && input.opens) factor = largest_factor(body, kTreeOpened, kFewLanes, 0);
    if (factor) {
        layout.factor = *factor;
        place_in_full(layout, unit);
        return layout;
    }
    if (!input.opens) factor = largest_factor(body, 0, kFewLanes, 0);
    if (factor) {
        layout.factor = *factor;
        place_without_tree(layout, unit);
        return layout;
    }
    place_compact(layout, input.opens, unit);
    return layout;
}

}  // namespace mdscope::gui
