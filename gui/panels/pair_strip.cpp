// SPDX-License-Identifier: MIT
// Both arrays of a pair on one axis of real time: both counters, the stop, and each member's bitmap writes; at the
// right what is in flight now, and what becomes of it.
//
//   real time   24 s ago        16 s ago  (first difference)   now
//   A  mddev    ___||__|-----------------------------------    | 1 in flight
//      bitmap   ___________________________________________    | 0
//      stop             [stop] said "stopped"                  | when released:
//      sda, sdb  | ||   [bitmap write HELD 12.4 s /////////    | A: Oops
//   B  ...
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "gui/frame/ui_parts.hpp"
#include "gui/live/words.hpp"
#include "gui/panels/counter_plot.hpp"
#include "gui/panels/pair_parts.hpp"
#include "gui/panels/time_axis.hpp"

namespace mdscope::gui::live {

namespace {

using Seconds = std::chrono::duration<double>;

constexpr float kAxisRow = 26, kMddevRow = 30, kBitmapRow = 18, kRow = 22, kBetween = 8;
constexpr std::size_t kMemberRows = 2;

float array_height(bool is_short) {
    if (is_short) return sp(kMddevRow) + sp(kRow);
    return sp(kMddevRow) + sp(kBitmapRow) + sp(kRow) + static_cast<float>(kMemberRows) * sp(kRow);
}

struct RealAxis {
    float x, width;
    LiveClock::time_point now;
    Seconds span;
    [[nodiscard]] float right() const { return x + width; }
    [[nodiscard]] float x_of(LiveClock::time_point at) const {
        const double ago = Seconds(now - at).count();
        return x + width * static_cast<float>(std::clamp(1 - ago / span.count(), 0.0, 1.0));
    }
    // Of a moment of that array's clock.
    [[nodiscard]] float x_of(const PairArray& array, std::uint64_t ns) const {
        const std::uint64_t right = array.ns_at(now);
        const double ago = (static_cast<double>(right) - static_cast<double>(ns)) / 1e9;
        return x + width * static_cast<float>(std::clamp(1 - ago / span.count(), 0.0, 1.0));
    }
};

void write_in(const ui::Rect& rect, const std::string& words, Role role, bool has_ground = false) {
    const std::string shown = ui::shortened(words, rect.w - sp(8));
    if (shown.size() < std::min<std::size_t>(words.size(), 4)) return;
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    const float y = rect.y + (rect.h - ImGui::GetTextLineHeight()) / 2, x = rect.x + sp(4);
    if (has_ground)
        draw.AddRectFilled({x - sp(3), rect.y + sp(2)}, {x + ui::text_width(shown) + sp(3), rect.bottom() - sp(2)},
                           color_u32(Role::panel), sp(2));
    draw.AddText({x, y}, color_u32(role), shown.c_str());
}

void draw_ago(const RealAxis& axis, float y, float bottom, std::optional<float> taken) {
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    constexpr int kParts = 6;
    for (int i = 0; i < kParts; i++) {
        const double ago = axis.span.count() * (kParts - i) / kParts;
        const float x = axis.x + axis.width * static_cast<float>(i) / kParts;
        const std::string words = fmt::format("{:.0f} s ago", ago);
        const float width = ui::text_width(words), left = std::max(axis.x, x - width / 2);
        draw.AddLine({x, y + ImGui::GetTextLineHeight() + sp(3)}, {x, bottom}, color_u32(Role::card));
        const bool is_taken = taken && left < *taken + sp(140) && left + width > *taken - sp(16);
        if (!is_taken) draw.AddText({left, y}, color_u32(Role::faint), words.c_str());
    }
    draw.AddLine({axis.right(), y}, {axis.right(), bottom}, color_u32(Role::here), sp(2.5F));
    const float half = ui::text_width("now") / 2 + sp(8);
    draw.AddRectFilled({axis.right() - half, y - sp(1)}, {axis.right() + half, y + ImGui::GetTextLineHeight() + sp(1)},
                       color_u32(Role::here), sp(4));
    draw.AddText({axis.right() - half + sp(8), y}, IM_COL32(18, 23, 30, 255), "now");
}

// Where they part: a rhombus on the axis, and dots below it, under the bars.
std::optional<float> difference_x(const PairPage& pair, const RealAxis& axis) {
    const auto at = pair.first_difference();
    if (!at || pair.now() - *at > pair.span) return std::nullopt;
    return axis.x_of(*at);
}

void draw_difference(const PairPage& pair, const RealAxis& axis, float x, float y, float bottom) {
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    for (float part = y + sp(22); part < bottom; part += sp(6))
        draw.AddLine({x, part}, {x, std::min(part + sp(3), bottom)}, color_u32(Role::text), sp(1.5F));
    const float middle = y + ImGui::GetTextLineHeight() / 2, r = sp(6);
    draw.AddQuadFilled({x, middle - r}, {x + r, middle}, {x, middle + r}, {x - r, middle}, color_u32(Role::text));
    const char* const words = "first difference";
    const FontScope bold(type(Face::bold, 14));
    const float width = ui::text_width(words);
    const bool is_left = x + sp(14) + width > axis.right() - sp(40);
    draw.AddText({is_left ? x - sp(14) - width : x + sp(14), middle - ImGui::GetTextLineHeight() / 2},
                 color_u32(Role::text), words);
    ui::mark_rect({x - r, middle - r, 2 * r, 2 * r}, "pair/first_difference", "mark", words,
                  Seconds(pair.now() - *pair.first_difference()).count());
}

// ---- one array

class ArrayRows {
   public:
    ArrayRows(const PairPage& pair, const PairArray& array, const RealAxis& axis, ImVec2 at, bool is_short)
        : pair_(pair), array_(array), axis_(axis), left_(at.x), y_(at.y), is_short_(is_short) {}

    void draw() {
        draw_counters();
        if (!is_short_) draw_stop();
        draw_members();
    }

   private:
    void name(const std::string& id, const std::string& words, Role role, float height, float indent = 0) const {
        ImGui::SetCursorScreenPos({left_ + indent, y_ + (height - ImGui::GetTextLineHeight()) / 2});
        ui::text(id, words, role, Font::text, axis_.x - left_ - indent - sp(8));
    }

    void draw_counters() {
        for (const ShownCounter& plot : kShownCounters) {
            if (is_short_ && plot.counter != Counter::Mddev) continue;
            const float height = sp(plot.counter == Counter::Mddev ? kMddevRow : kBitmapRow);
            const std::string id = fmt::format("{}/{}", id_of(array_), plot.id);
            const bool is_short = axis_.x - left_ < ui::text_width("A  bitmap->pending_writes");
            name(id + "/row", fmt::format("{}  {}", array_.letter, is_short ? plot.id : plot.name), plot.role, height);
            const std::uint64_t from = array_.ns_at(pair_.now() - pair_.span), to = array_.ns_at(pair_.now());
            if (to > from && array_.history) {
                // Before its clock began there is nothing: of a young array the plot begins behind the axis' left end.
                const float left = axis_.x_of(array_, from);
                ImGui::GetWindowDrawList()->AddRectFilled({axis_.x, y_}, {axis_.right(), y_ + height - sp(3)},
                                                          color_u32(Role::field), sp(3));
                draw_counter_plot({*array_.history, plot.counter, from, to},
                                  {left, y_, axis_.right() - left, height - sp(3)}, plot.role, id);
            }
            y_ += height;
        }
    }

    void draw_stop() {
        const float height = sp(kRow);
        const std::string id = id_of(array_) + "/stop_bar";
        name(id + "/row", "stopper", Role::dim_text, height, sp(18));
        if (array_.stop) draw_stop_bar(id, height);
        y_ += height;
    }
    void draw_stop_bar(const std::string& id, float height) const {
        ImDrawList& draw = *ImGui::GetWindowDrawList();
        const Mounted& seen = array_.seen;
        const std::uint64_t now_ns = array_.ns_at(pair_.now());
        const bool is_over = array_.stop->to_ns != 0;
        const std::uint64_t end = is_over ? array_.stop->to_ns : now_ns;
        const float left = axis_.x_of(array_, array_.stop->from_ns);
        const ui::Rect bar{left, y_ + sp(1), std::max(sp(3), axis_.x_of(array_, end) - left), height - sp(3)};
        const bool is_danger = seen.status == Status::InDanger || seen.status == Status::Oops;
        const Role role = is_danger ? Role::danger : is_over ? Role::safe : Role::idle;
        draw.AddRectFilled({bar.x, bar.y}, {bar.right(), bar.bottom()}, fill_u32(role), sp(3));
        draw.AddRect({bar.x, bar.y}, {bar.right(), bar.bottom()}, color_u32(role), sp(3));
        const MountedSleeper* stop =
            !seen.sleepers.empty() && seen.sleepers.front().is_stop ? &seen.sleepers.front() : nullptr;
        std::string words = "stop";
        if (!is_over && stop != nullptr) {
            const float from = axis_.x_of(array_, stop->since_ns);
            const ui::Rect sleep{from, bar.y, bar.right() - from, bar.h};
            draw.AddRectFilled({sleep.x, sleep.y}, {sleep.right(), sleep.bottom()}, fill_u32(Role::safe), sp(3));
            draw.AddRect({sleep.x, sleep.y}, {sleep.right(), sleep.bottom()}, color_u32(Role::safe), sp(3));
            words = fmt::format("asleep in {}  {}", stop->function, age_words(stop->since_ns, now_ns));
            write_in(with_room(sleep, words), words, Role::safe, true);
        } else if (is_over) {
            words = fmt::format("said \"stopped\" after {}", age_words(array_.stop->from_ns, end));
            const float width = ui::text_width(words) + sp(12);
            const bool is_right = bar.right() + width < axis_.right();
            write_in({is_right ? bar.right() + sp(4) : std::max(axis_.x, bar.x - width), bar.y, width, bar.h}, words,
                     is_danger ? Role::danger : Role::safe);
        } else {
            write_in(bar, words, Role::text);
        }
        ui::mark_rect(bar, id, "bar", words, static_cast<double>(end - std::min(end, array_.stop->from_ns)) / 1e9);
    }

    // In short the one of which a write is in flight.
    [[nodiscard]] std::vector<std::string> members_shown() const {
        std::vector<std::string> names = array_.members;
        const auto is_busy = [&](const std::string& name) {
            return std::ranges::find(array_.seen.writes, name, &MountedWrite::member) != array_.seen.writes.end();
        };
        std::stable_partition(names.begin(), names.end(), is_busy);
        names.resize(std::min(names.size(), is_short_ ? 1 : kMemberRows));
        if (!is_short_) std::ranges::sort(names);
        return names;
    }
    // Of a bar that is too short for its words: beside it, where it is still empty.
    [[nodiscard]] ui::Rect with_room(const ui::Rect& bar, const std::string& words) const {
        const float width = ui::text_width(words) + sp(12);
        if (bar.w >= width || bar.x - width < axis_.x) return bar;
        return {bar.x - width, bar.y, width, bar.h};
    }
    void draw_members() {
        for (const std::string& member : members_shown()) {
            const float height = sp(kRow);
            name(fmt::format("{}/lane/{}", id_of(array_), member), member, Role::dim_text, height, sp(18));
            draw_ended(member, height);
            draw_in_flight(member, height);
            y_ += height;
        }
    }
    // One a column of pixels is enough.
    void draw_ended(const std::string& member, float height) const {
        if (!array_.history) return;
        ImDrawList& draw = *ImGui::GetWindowDrawList();
        const HistoryWindow& history = *array_.history;
        const std::uint64_t from = array_.ns_at(pair_.now() - pair_.span);
        float last = -1;
        for (std::size_t i = history.bios.lower_bound([](const BioBar& bar) { return bar.end_ns; }, from);
             i < history.bios.size(); i++) {
            const BioBar& bar = history.bios[i];
            if (history.name(bar.member) != member || history.name(bar.kind) != kBioKinds[BioKind::Bitmap]) continue;
            const float left = axis_.x_of(array_, bar.begin_ns);
            const float right = std::max(left + sp(3), axis_.x_of(array_, bar.end_ns));
            if (right <= last + 1) continue;
            last = right;
            const Role role = role_of(default_exhibit(), {member, kBioKinds[BioKind::Bitmap], 0});
            draw.AddRectFilled({left, y_ + sp(2)}, {right, y_ + height - sp(3)}, color_u32(role), sp(1));
        }
    }
    void draw_in_flight(const std::string& member, float height) const {
        const std::uint64_t now_ns = array_.ns_at(pair_.now());
        for (const MountedWrite& write : array_.seen.writes) {
            if (write.member != member) continue;
            ImDrawList& draw = *ImGui::GetWindowDrawList();
            const float left = axis_.x_of(array_, write.since_ns);
            const ui::Rect bar{left, y_ + sp(1), std::max(sp(3), axis_.right() - left), height - sp(3)};
            const Role role = role_of(default_exhibit(), {write.member, write.kind, write.id});
            draw.AddRectFilled({bar.x, bar.y}, {bar.right(), bar.bottom()}, fill_u32(role), sp(2));
            if (write.held) draw_hatch(bar, Role::held);
            draw.AddRect({bar.x, bar.y}, {bar.right(), bar.bottom()}, color_u32(write.held ? Role::held : role), sp(2));
            const std::string words = fmt::format("{} write{} {}", write.kind, write.held ? " HELD" : "",
                                                  age_words(write.since_ns, std::max(now_ns, array_.snapshot->at_ns)));
            write_in(with_room(bar, words), words, Role::text, true);
            ui::mark_rect(bar, fmt::format("{}/write/{}", id_of(array_), write.id), "bar", words);
        }
    }

    const PairPage& pair_;
    const PairArray& array_;
    const RealAxis& axis_;
    float left_, y_;
    bool is_short_;
};

// ---- what is now

// "Oops", "wakes, stops": the first clause is enough beside the lanes.
void draw_now_column(const PairArray& array, const ui::Rect& rect, bool is_short) {
    const std::string id = id_of(array);
    float y = rect.y;
    const float line = ImGui::GetTextLineHeight();
    const auto put = [&](const std::string& mark, const std::string& words, Role role, float height) {
        ImGui::SetCursorScreenPos({rect.x, y + (height - line) / 2});
        ui::text(mark, words, role, Font::text, rect.w);
        y += height;
    };
    const SnapshotArray& now = array.snapshot->array;
    put(id + "/now/mddev", fmt::format("{} in flight", now.pending_writes),
        now.pending_writes != 0 ? Role::mddev : Role::dim_text, sp(kMddevRow));
    if (!is_short)
        put(id + "/now/bitmap", fmt::format("{} in flight", now.bitmap_pending_writes),
            now.bitmap_pending_writes != 0 ? Role::bitmap : Role::dim_text, sp(kBitmapRow));
    if (array.seen.when_released.empty()) return;
    if (!is_short) put(id + "/now/when", "when released:", Role::dim_text, sp(kRow));
    ImGui::SetCursorScreenPos({rect.x, y});
    const PagePen words;
    const float width = rect.w / (sp(1000) / 1000);
    const std::string all = fmt::format("{}: {}", array.letter, array.seen.when_released);
    const std::string first = all.substr(0, all.find_first_of(":,", 3));
    const TextLook look{14, true, 2, array.seen.status == Status::InDanger ? Role::danger : Role::safe};
    const bool fits = words.height_of(all, width, {14, true, 9}) <= (is_short ? 1 : 2) * line_of(14);
    words.text(id + "/when_released", fits ? all : first, {0, 0, width, 0}, look);
}

}  // namespace

float pair_strip_height(bool is_short) {
    return sp(kAxisRow) + 2 * array_height(is_short) + sp(kBetween) + sp(4);
}

void draw_pair_strip(const PairPage& pair, bool is_short) {
    const ImVec2 begin = ImGui::GetCursorScreenPos();
    const float room = ImGui::GetContentRegionAvail().x;
    const bool is_wide = room >= sp(1100);
    const float names = is_wide ? ui::text_width("A  bitmap->pending_writes") + sp(16) : sp(96);
    const float now = is_wide ? sp(250) : sp(150);
    const RealAxis axis{begin.x + names, std::max(sp(80), room - names - now), pair.now(), pair.span};
    const float top = begin.y + sp(kAxisRow), bottom = top + 2 * array_height(is_short) + sp(kBetween);
    ImGui::SetCursorScreenPos(begin);
    const std::string where = pair.differed_before() ? "they differed before" : "real time";
    ui::text("pair/axis", where, Role::dim_text, Font::text, names - sp(8));
    if (pair.differed_before())
        ui::mark_rect({begin.x, begin.y, names, sp(kAxisRow)}, "pair/differed_before", "text",
                      "They differed before this window looked: when, it cannot say.");
    const auto difference = difference_x(pair, axis);
    draw_ago(axis, begin.y, bottom, difference);
    if (difference) draw_difference(pair, axis, *difference, begin.y, bottom);
    for (std::size_t i = 0; i < 2; i++) {
        const float y = top + static_cast<float>(i) * (array_height(is_short) + sp(kBetween));
        ArrayRows(pair, pair.side(i), axis, {begin.x, y}, is_short).draw();
        draw_now_column(pair.side(i), {axis.right() + sp(14), y, now - sp(14), array_height(is_short)}, is_short);
    }
    ImGui::SetCursorScreenPos({begin.x, bottom});
    ImGui::Dummy({1, sp(2)});
}

}  // namespace mdscope::gui::live
