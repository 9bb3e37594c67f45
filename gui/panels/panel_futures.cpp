// SPDX-License-Identifier: MIT

#include "gui/panels/panel_futures.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "gui/frame/imgui_version.hpp"
#include "gui/frame/ui_parts.hpp"
#include "gui/panels/time_axis.hpp"

namespace mdscope::gui {

namespace {

constexpr float kBand = 34, kBelow = 4;

void draw_words(const std::string& id, const std::string& words, ImVec2 at, float height, Role role) {
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    const ImVec2 size = ImGui::CalcTextSize(words.c_str());
    const ui::Rect box{at.x, at.y + (height - size.y) / 2 - sp(2), size.x + sp(12), size.y + sp(4)};
    draw.AddRectFilled({box.x, box.y}, {box.right(), box.bottom()}, color_u32(Role::panel), sp(3));
    draw.AddText({box.x + sp(6), box.y + sp(2)}, color_u32(role), words.c_str());
    ui::mark_rect(box, id, "text", words);
}

// When A halted; a kernel that has has no futures.
std::optional<std::size_t> halted_at(const State& state) {
    const Duel& duel = state.player.duel();
    if (duel.tape(Side::A).moment() != Moment::Crash) return std::nullopt;
    return duel.tick_of(Side::A, duel.tape(Side::A).size() - 1);
}

// Of each step that has been seen, and behind the last one of those of the held write for as long as it is held.
std::vector<float> shares_shown(State& state) {
    const std::vector<float>& run = state.futures.shares(state.player.duel());
    std::size_t seen = std::min(state.last_seen() + 1, run.size());
    if (const auto halted = halted_at(state)) seen = std::min(seen, *halted + 1);
    std::vector<float> shares(run.begin(), run.begin() + static_cast<std::ptrdiff_t>(seen));
    if (state.player.tick() + 1 != seen || write_with_ends(state) == nullptr) return shares;
    for (const std::uint64_t hash : state.ends.states_ahead()) shares.push_back(state.futures.share(hash));
    shares.push_back(shares.back());  // the last step is as wide as any
    return shares;
}

// The curve as a step each: between two steps nothing is decided.
void draw_curve(const std::vector<float>& shares, const LaneView& view, float y, float height) {
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    float before = -1;  // where the step before stands; none: there is none
    for (std::size_t tick = 0; tick < shares.size(); tick++) {
        const float from = std::max(view.left, view.x_of(static_cast<double>(tick)));
        const float to = tick + 1 == shares.size() ? from + sp(2) : view.x_of(static_cast<double>(tick + 1));
        if (shares[tick] < 0 || to <= view.left || from >= view.right) {
            before = -1;
            continue;
        }
        const float right = std::min(to, view.right), top = y + (height - sp(2)) * (1 - shares[tick]) + sp(1);
        draw.AddRectFilled({from, top}, {right, y + height}, color_u32(Role::danger_fill, 0.45F));
        draw.AddLine({from, top}, {right, top}, color_u32(Role::danger), sp(2));
        if (before >= 0 && before != top) draw.AddLine({from, before}, {from, top}, color_u32(Role::danger), sp(2));
        before = top;
    }
}

// The first of the steps from which on every order goes wrong; none: there is no such step, or it is the first.
std::optional<std::size_t> first_all_bad(const std::vector<float>& shares) {
    std::size_t first = shares.size();
    while (first > 0 && shares[first - 1] >= 1) first--;
    if (first == 0 || first == shares.size() || shares[first - 1] < 0) return std::nullopt;
    return first;
}

// Where every order that is left goes wrong: hatched as the ends of a write that crash are. At the playhead words say
// so, and there are no others.
void draw_all_bad(const std::vector<float>& shares, bool is_said, const LaneView& view, float y, float height) {
    const std::size_t first = first_all_bad(shares).value_or(0);
    if (first == 0) return;
    const float from = std::max(view.left, view.x_of(static_cast<double>(first)));
    const float to = std::min(view.right, view.x_of(static_cast<double>(shares.size() - 1)));
    if (to <= from) return;
    draw_hatch({from, y, to - from, height}, Role::danger_fill);
    if (is_said) return;
    const FontScope bold(type(Face::bold, 14));
    const std::string words = "all crash";
    const float width = ui::text_width(words) + sp(12);
    if (width + sp(8) > to - from) return;
    draw_words("futures/all", words, {(from + to - width) / 2, y}, height, Role::danger);
}

// The curve's point under the playhead.
void draw_point_now(const std::vector<float>& shares, std::size_t tick, ImVec2 at, float height) {
    if (tick >= shares.size() || shares[tick] < 0) return;
    const ImVec2 point{at.x, at.y + (height - sp(2)) * (1 - shares[tick]) + sp(1)};
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    draw.AddCircleFilled(point, sp(5), color_u32(Role::background));
    draw.AddCircleFilled(point, sp(4), color_u32(Role::here));
}

// At the playhead; nullptr: not known, or there are none.
const Futures* futures_now(const State& state) {
    if (const auto halted = halted_at(state); halted && state.player.tick() >= *halted) return nullptr;
    return state.futures.at(state.player.duel(), Side::A, state.player.tick());
}

// Beside the playhead, on the side where there is room for them; `left` is taken by B's.
void draw_words_now(State& state, const LaneView& view, float y, float height, float left) {
    const Futures* futures = futures_now(state);
    if (futures == nullptr && !state.futures.is_counting()) return;
    const FontScope bold(type(Face::bold, 14));
    const std::string words = futures != nullptr ? futures_words(*futures) : "counting…";
    const float x = view.x_of(static_cast<double>(state.player.tick())), width = ui::text_width(words) + sp(20);
    const bool fits_left = x - width > left;
    if (!fits_left && x + width > view.right) return;
    const bool is_bad = futures != nullptr && futures->bad() > 0;
    draw_words("futures/now", words, {fits_left ? x - width : std::max(x + sp(8), left), y}, height,
               is_bad               ? Role::danger
               : futures != nullptr ? Role::safe
                                    : Role::dim_text);
}

}  // namespace

std::optional<std::size_t> tick_of_no_return(State& state) {
    if (!can_show_futures(state) || state.hides_outcome()) return std::nullopt;
    return first_all_bad(shares_shown(state));
}

bool can_show_futures(const State& state) {
    return FutureBand::can_count(state.player.duel());
}

float futures_height() {
    return sp(kBand + kBelow);
}

void draw_futures(State& state, const LaneView& view, float y, float height) {
    const float band = height - sp(kBelow);
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    draw.AddRectFilled({view.left, y}, {view.right, y + band}, color_u32(Role::background), sp(3));
    draw.AddText({view.left - sp(130), y + (band - ImGui::GetTextLineHeight()) / 2}, color_u32(Role::dim_text),
                 "futures");
    state.futures.follow(state.player.duel(), state.player.version(), state.tries_all_ends);
    if (state.futures.is_counting()) ui::ask_for_frame(0.1F);
    const float x = view.x_of(static_cast<double>(state.player.tick()));
    const bool shows_playhead = x >= view.left - 1 && x <= view.right + 1;
    if (shows_playhead) draw.AddLine({x, y - sp(4)}, {x, y + height}, color_u32(Role::here), sp(2.5F));
    if (state.hides_outcome()) return;
    const std::vector<float> shares = shares_shown(state);
    draw_curve(shares, view, y, band);
    const Futures* const now = futures_now(state);
    draw_all_bad(shares, now != nullptr && now->bad() >= now->all, view, y, band);
    if (shows_playhead) draw_point_now(shares, state.player.tick(), {x, y}, band);
    float left = view.left;
    if (const Futures* other = state.futures.at(state.player.duel(), Side::B, state.player.tick())) {
        const FontScope bold(type(Face::bold, 14));
        const std::string words = "B: " + futures_share(*other);
        draw_words("futures/b", words, {left + sp(4), y}, band, other->bad() > 0 ? Role::danger : Role::safe);
        left += ui::text_width(words) + sp(24);
    }
    draw_words_now(state, view, y, band, left);
}

}  // namespace mdscope::gui
