#include "gui/model/layout.hpp"

#include <algorithm>

namespace mdscope::gui {

namespace {

constexpr float kGap = 8;
constexpr float kStatus = 24;
constexpr float kTabsHeight = 34;
constexpr float kWideFrom = 1240, kWideFromHigh = 640;  // units
constexpr float kTwoCardsFrom = 900;
constexpr float kSingleBelow = 560;
constexpr float kLeastLesson = 100;
constexpr float kShort = 400;  // what a lesson leaves, before one thing at a time is shown

Shape shape_of(float width, float height) {
    if (width >= kWideFrom && height >= kWideFromHigh) return Shape::wide;
    return width >= kTwoCardsFrom ? Shape::medium : Shape::narrow;
}

// Half of what there is, but enough for its buttons and two lines.
float lesson_room(float height, float unit) {
    return std::max(height * 0.45F, std::min(height * 0.75F, kLeastLesson * unit));
}

// Takes a strip off the top or the right of what is left.
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
    ui::Rect right(float width) {
        const ui::Rect strip{all_.right() - width, all_.y, width, all_.h};
        all_.w = std::max(0.0F, all_.w - width - gap_);
        return strip;
    }
    [[nodiscard]] ui::Rect rest() const { return all_; }

   private:
    ui::Rect all_;
    float gap_;
};

void place_cards(Layout& layout, float gap) {
    if (layout.cards_are_tabs) {
        layout.card = {layout.cards, layout.cards};
        return;
    }
    const float half = (layout.cards.w - gap) / 2;
    layout.card[0] = {layout.cards.x, layout.cards.y, half, layout.cards.h};
    layout.card[1] = {layout.cards.x + half + gap, layout.cards.y, half, layout.cards.h};
}

}  // namespace

Layout layout_of(const LayoutInput& input) {
    const float unit = input.unit;
    const float gap = kGap * unit;
    Layout layout;
    layout.shape = shape_of(input.width / unit, input.height / unit);
    layout.has_side = input.preset != Preset::present;
    layout.side_is_tab = layout.has_side && layout.shape != Shape::wide;
    layout.cards_are_tabs = input.preset == Preset::one || layout.shape == Shape::narrow;

    layout.toolbar = {0, 0, input.width, input.toolbar_height};
    Rest rest(
        {gap, input.toolbar_height + gap / 2, input.width - 2 * gap, input.height - input.toolbar_height - gap / 2},
        gap);
    layout.status = rest.bottom(kStatus * unit);
    layout.status.x = 0;
    layout.status.w = input.width;
    layout.now = {rest.rest().x, rest.rest().y, rest.rest().w, 0};
    if (input.now_height > 0) layout.now = rest.top(input.now_height);
    if (input.has_lesson) layout.lesson = rest.top(std::min(input.lesson_height, lesson_room(rest.rest().h, unit)));
    if (layout.has_side && !layout.side_is_tab) {
        const float most = rest.rest().w * 0.6F;
        layout.side = rest.right(std::clamp(input.side_width * unit, 240 * unit, std::max(240 * unit, most)));
        layout.side_splitter = {layout.side.x - gap, layout.side.y, gap, layout.side.h};
    }
    const bool is_low = layout.cards_are_tabs && input.height / unit < kSingleBelow;
    if (layout.side_is_tab && (is_low || (input.has_lesson && rest.rest().h < kShort * unit))) {
        layout.single = true;
        layout.tabs = rest.top(kTabsHeight * unit);
        layout.cards = layout.lanes = layout.side = rest.rest();
        place_cards(layout, gap);
        return layout;
    }
    const float least = std::min(120 * unit, rest.rest().h / 2);
    const float cards = std::clamp(rest.rest().h * input.cards_share, least, std::max(least, rest.rest().h - least));
    layout.cards = rest.top(cards);
    layout.cards_splitter = {layout.cards.x, layout.cards.bottom(), layout.cards.w, gap};
    if (layout.side_is_tab) layout.tabs = rest.top(kTabsHeight * unit);
    layout.lanes = rest.rest();
    if (layout.side_is_tab) layout.side = layout.lanes;
    place_cards(layout, gap);
    return layout;
}

}  // namespace mdscope::gui
