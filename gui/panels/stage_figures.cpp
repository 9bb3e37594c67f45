// SPDX-License-Identifier: MIT

#include "gui/panels/stage_figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace mdscope::gui::figures {

namespace {

constexpr float kDoorHalf = 28, kDoorTop = 99;
constexpr float kGaugeWords = kGaugeWidth - 54;  // the room for them

void draw_lock(const Pen& pen, float x, float y, ImU32 color) {
    pen.list().PathArcTo(pen.at(x, y - 5), pen.px(6), 3.1416F, 6.2832F, 10);
    pen.list().PathStroke(color, ImDrawFlags_None, pen.px(3));
    pen.line(pen.at(x - 6, y - 5), pen.at(x - 6, y), color, 3);
    pen.line(pen.at(x + 6, y - 5), pen.at(x + 6, y), color, 3);
    pen.fill(x - 10, y - 1, 20, 15, color, 3);
}

void draw_shut(const Pen& pen, float x, bool is_waited_at) {
    pen.fill(x - kDoorHalf, kDoorTop, 2 * kDoorHalf, kGround - kDoorTop, pen.ink(Role::border), 2);
    pen.frame(x - kDoorHalf, kDoorTop, 2 * kDoorHalf, kGround - kDoorTop, pen.ink(Role::faint), 2, 2);
    pen.frame(x - kDoorHalf + 6, kDoorTop + 6, 2 * kDoorHalf - 12, kGround - kDoorTop - 6, pen.ink(Role::faint), 1, 1);
    pen.circle(x + 17, kDoorTop + 46, 2.5F, pen.ink(Role::faint));
    draw_lock(pen, x, kDoorTop + 36, pen.ink(is_waited_at ? Role::safe : Role::dim_text));
}

void draw_open(const Pen& pen, float x) {
    pen.fill(x - kDoorHalf, kDoorTop, 2 * kDoorHalf, kGround - kDoorTop, pen.ink(Role::background), 0);
    pen.path({pen.at(x - kDoorHalf, kGround), pen.at(x - kDoorHalf, kDoorTop), pen.at(x + kDoorHalf, kDoorTop),
              pen.at(x + kDoorHalf, kGround)},
             pen.ink(Role::faint), 2);
    // The leaf, swung out.
    const auto corner = [&](float dx, float y) { return pen.at(x + kDoorHalf + dx, y); };
    pen.polygon({corner(0, kDoorTop), corner(19, kDoorTop + 9), corner(19, kGround + 8), corner(0, kGround)},
                pen.ink(Role::border));
    pen.path({corner(0, kDoorTop), corner(19, kDoorTop + 9), corner(19, kGround + 8), corner(0, kGround)},
             pen.ink(Role::faint), 1.5F);
}

void draw_missing(const Pen& pen, float x, ImU32 color) {
    pen.dashed(
        {pen.at(x - 25, kGround), pen.at(x - 25, kDoorTop + 2), pen.at(x + 25, kDoorTop + 2), pen.at(x + 25, kGround)},
        color, 2);
    pen.dashed_ring(x, kDoorTop + 24, 10, color, 2);
    pen.dashed({pen.at(x - 13, kGround), pen.at(x - 13, 148), pen.at(x - 6, 140), pen.at(x + 6, 140),
                pen.at(x + 13, 148), pen.at(x + 13, kGround)},
               color, 2);
    pen.text(x, 160, "?", Face::bold, 19, color, Align::middle);
}

void draw_aside(const Pen& pen, float x) {
    pen.path({pen.at(x - kDoorHalf, kGround), pen.at(x - kDoorHalf, kDoorTop), pen.at(x + kDoorHalf, kDoorTop),
              pen.at(x + kDoorHalf, kGround)},
             pen.ink(Role::border), 2);
}

void draw_head(const Pen& pen, float x, float y, bool sleeps, ImU32 color) {
    const ImU32 eye = pen.ink(Role::panel);
    pen.circle(x, y, 10.5F, color);
    if (!sleeps) return pen.circle(x + 4, y - 1, 1.7F, eye);
    for (const float dx : {-4.5F, 4.0F}) {
        pen.list().PathArcTo(pen.at(x + dx, y - 1), pen.px(3), 0.2F, 2.94F, 6);
        pen.list().PathStroke(eye, ImDrawFlags_None, pen.px(1.6F));
    }
}

void draw_standing(const Pen& pen, float x, bool sleeps) {
    const ImU32 color = pen.ink(Role::figure);
    draw_head(pen, x, 125, sleeps, color);
    pen.list().AddRectFilled(pen.at(x - 13, 138), pen.at(x + 13, kGround), color, pen.px(9),
                             ImDrawFlags_RoundCornersTop);
    if (!sleeps) return;
    pen.text(x + 17, 115, "z", Face::bold, 14, pen.ink(Role::safe));
    pen.text(x + 28, 102, "z", Face::bold, 16, pen.ink(Role::safe));
}

// Where it has come from is left out where something else is written.
void draw_walking(const Pen& pen, float x, bool is_moving) {
    const ImU32 color = pen.ink(Role::figure);
    draw_head(pen, x, 125, false, color);
    pen.polygon({pen.at(x - 7, 139), pen.at(x + 6, 138), pen.at(x + 12, 146), pen.at(x + 9, 163), pen.at(x - 11, 163)},
                color);
    pen.line(pen.at(x - 5, 160), pen.at(x - 11, kGround - 2), color, 7);
    pen.line(pen.at(x + 4, 160), pen.at(x + 11, kGround - 2), color, 7);
    if (!is_moving) return;
    for (const float y : {136.0F, 149.0F, 162.0F})
        pen.line(pen.at(x - 32, y), pen.at(x - 20, y), pen.ink(Role::faint), 1.5F);
}

// A write of the bitmap has the bitmap's grid; one of the superblock is a diamond; data is plain.
void draw_kind(const Pen& pen, float x, float y, const StageWrite& write, ImU32 color) {
    if (write.kind == "superblock") {
        pen.polygon({pen.at(x, y - 14), pen.at(x + 14, y), pen.at(x, y + 14), pen.at(x - 14, y)}, color);
        return;
    }
    if (write.gauge == std::size_t{1})
        pen.fill(x - 12, y - 12, 24, 24, color, 3);
    else
        pen.circle(x, y, 13, color);
    if (write.kind != "bitmap") return;
    const ImU32 grid = pen.ink(Role::background);
    for (const float dx : {-5.5F, 0.7F})
        for (const float dy : {-5.5F, 0.7F}) pen.fill(x + dx, y + dy, 4.8F, 4.8F, grid, 0);
}

}  // namespace

Role counter_role(std::size_t gauge) {
    return gauge == 0 ? Role::mddev : Role::bitmap;
}

void draw_counter_shape(const Pen& pen, float x, float y, std::size_t gauge, ImU32 color, float size) {
    if (gauge == 0)
        pen.circle(x, y, size + 0.8F, color);
    else
        pen.fill(x - size, y - size, 2 * size, 2 * size, color, 0);
}

void draw_door(const Pen& pen, float x, const StageDoor& door, Role missing, bool is_waited_at) {
    switch (door.state) {
        case StageDoor::State::Open:
            return draw_open(pen, x);
        case StageDoor::State::Shut:
            return draw_shut(pen, x, is_waited_at);
        case StageDoor::State::Missing:
            return draw_missing(pen, x, pen.ink(missing));
        case StageDoor::State::Aside:
            return draw_aside(pen, x);
    }
}

void draw_stopper(const Pen& pen, float x, const StageStopper& stopper) {
    using enum StageStopper::State;
    if (stopper.state == Walks || stopper.state == Fell)
        return draw_walking(pen, x, stopper.state == Walks && stopper.station != StageStopper::Station::Between);
    draw_standing(pen, x, stopper.state == Sleeps);
}

void draw_scissors(const Pen& pen, float x, float y, ImU32 color) {
    pen.line(pen.at(x - 4, y - 3), pen.at(x + 15, y + 5), color, 2);
    pen.line(pen.at(x - 4, y + 3), pen.at(x + 15, y - 5), color, 2);
    pen.ring(x - 9, y - 5, 4.5F, color, 2);
    pen.ring(x - 9, y + 5, 4.5F, color, 2);
}

float gauge_words_left_out(const Pen& pen, const StageGauge& gauge) {
    const float longest =
        std::max(pen.width_of(gauge.answer, Face::text, 14), pen.width_of(gauge.note, Face::text, 14));
    return std::max(0.0F, longest - kGaugeWords);
}

void draw_gauge(const Pen& pen, std::size_t number, const StageGauge& gauge, const Roll& roll) {
    if (gauge.counter.empty()) return;
    const float x = kGauges.at(number), y = kGaugeTop;
    const Role role = counter_role(number);
    const bool counts = gauge.value != 0;
    pen.fill(x, y, kGaugeWidth, kGaugeHeight, pen.ink(Role::card));
    pen.frame(x, y, kGaugeWidth, kGaugeHeight, pen.ink(counts ? role : Role::border));
    draw_counter_shape(pen, x + 14, y + 18, number, pen.ink(role));
    pen.text_within(x + 25, y + 18, gauge.counter, Face::code, 14, pen.ink(role), kGaugeWidth - 31);
    const Role ink = counts ? role : Role::dim_text;
    if (roll.share < 1)
        pen.text(x + 27, y + 52 - 16 * roll.share, std::to_string(roll.before), Face::bold, 36,
                 pen.ink(ink, 1 - roll.share), Align::middle);
    pen.text(x + 27, y + 52 + 16 * (1 - roll.share), std::to_string(gauge.value), Face::bold, 36,
             pen.ink(ink, roll.share), Align::middle);
    pen.text(x + 52, y + 41, gauge.answer, Face::text, 14, pen.ink(Role::text));
    if (pen.width_of(gauge.note, Face::text, 14) <= kGaugeWords)
        pen.text(x + 52, y + 60, gauge.note, Face::text, 14, pen.ink(Role::dim_text));
}

void draw_compact_gauge(const Pen& pen, std::size_t number, const StageGauge& gauge, const ui::Rect& box) {
    const Role role = counter_role(number);
    const float y = box.y + box.h / 2;
    pen.fill(box.x, box.y, box.w, box.h, pen.ink(Role::card));
    pen.frame(box.x, box.y, box.w, box.h, pen.ink(gauge.value != 0 ? role : Role::border));
    float x = box.x + 10;
    x += 12 +
         pen.text(x, y, std::to_string(gauge.value), Face::bold, 22, pen.ink(gauge.value != 0 ? role : Role::dim_text));
    draw_counter_shape(pen, x, y, number, pen.ink(role));
    x += 11 + pen.text(x + 11, y, gauge.counter, Face::code, 14, pen.ink(role)) + 14;
    for (const std::string& words : {gauge.answer + (gauge.note.empty() ? "" : ", " + gauge.note), gauge.answer})
        if (x + pen.width_of(words, Face::text, 14) < box.x + box.w - 6) {
            pen.text(x, y, words, Face::text, 14, pen.ink(Role::text));
            return;
        }
}

void draw_write(const Pen& pen, float x, float y, const StageWrite& write) {
    const Role role = write.gauge ? counter_role(*write.gauge) : Role::idle;
    draw_kind(pen, x, y, write, pen.ink(role));
    if (write.is_held) pen.dashed_ring(x, y, 18, pen.ink(Role::held), 2.5F);
}

void draw_write_words(const Pen& pen, const StageModel& stage, const std::vector<StageWrite>& shown, float x,
                      float to) {
    const StageWrite* main = stage.main_write();
    const auto held = static_cast<std::size_t>(std::ranges::count(shown, true, &StageWrite::is_held));
    BioName name;
    (void)read_bio_name(main->bio, &name);
    const bool same = std::ranges::all_of(shown, [&](const auto& write) { return write.kind == name.kind; });
    const char* way = stage.way_of_writes();
    const std::string words = shown.size() == 1
                                  ? fmt::format("{} {} {}", name.kind, way, name.number)
                                  : fmt::format("{} {}{}s", shown.size(), same ? name.kind + " " : "", way);
    if (pen.width_of(words, Face::text, 14) <= to - x) pen.text(x, 300, words, Face::text, 14, pen.ink(Role::text));
    if (held > 0) {
        const ImU32 color = pen.ink(Role::held);
        pen.fill(x, 317, 4, 12, color, 0);
        pen.fill(x + 7, 317, 4, 12, color, 0);
        const std::string word = held == shown.size() ? "HELD" : fmt::format("{} HELD", held);
        pen.text(x + 18, 323, word, Face::bold, 14, color);
    } else {
        const bool ends = main->place == StageWrite::Place::Completion;
        pen.text(x, 323, ends ? "is ending" : "on its way", Face::text, 14, pen.ink(Role::dim_text));
    }
}

void draw_member(const Pen& pen, const ui::Rect& box, const StageMember& member) {
    using enum StageMember::State;
    const bool is_danger = member.state == Leaving || member.state == Met;
    pen.fill(box.x, box.y, box.w, box.h, pen.ink(Role::card));
    if (is_danger)
        pen.dashed_frame(box.x, box.y, box.w, box.h, pen.ink(Role::danger), 2);
    else
        pen.frame(box.x, box.y, box.w, box.h, pen.ink(Role::border), 2);
    pen.fill(box.x + 11, box.y + 11, 4, box.h - 22, pen.ink(Role::faint), 2);
    const float left = box.x + 25, first = box.y + 20, second = box.y + 43;
    const float name = pen.text(left, first, member.name, Face::bold, 16, pen.ink(Role::text));
    const char* note = member.state == Met ? "unbound" : member.note.c_str();
    const float room = box.x + box.w - left - name - 16;
    if (pen.width_of(note, Face::text, 14) <= room)
        pen.text(left + name + 11, first, note, Face::text, 14,
                 pen.ink(member.state == Met ? Role::danger : Role::dim_text));
    if (member.state == Off) {
        pen.text(left, second, "not assembled", Face::text, 14, pen.ink(Role::dim_text));
        return;
    }
    const bool is_gone = member.state == Gone || member.state == Met;
    const bool is_short = pen.width_of("rdev->mddev → NULL", Face::code, 14) > box.x + box.w - left - 8;
    const float words = pen.text(left, second, is_short ? "" : "rdev->mddev ", Face::code, 14, pen.ink(Role::dim_text));
    pen.text(left + words, second, is_gone ? "→ NULL" : "→ md0", Face::bold_code, 14,
             pen.ink(member.state == Met ? Role::danger
                     : is_gone           ? Role::dim_text
                                         : Role::text));
}

void draw_burst(const Pen& pen, float x, float y, float size) {
    constexpr int kPoints = 16;
    constexpr float kTurn = 6.2831853F / (2 * kPoints);
    ImDrawList& draw = pen.list();
    const ImU32 color = pen.ink(Role::danger_fill);
    const auto corner = [&](int i) {
        const float r = size * (i % 2 == 0 ? (i % 4 == 0 ? 1.0F : 0.88F) : 0.68F);
        const float angle = kTurn * static_cast<float>(i) - 1.57F;
        return pen.at(x + r * std::cos(angle), y + r * std::sin(angle));
    };
    // A fan around its middle: it is not convex. Smoothed edges of each triangle would be seams.
    const ImDrawListFlags flags = draw.Flags;
    draw.Flags &= ~ImDrawListFlags_AntiAliasedFill;
    std::vector<ImVec2> edge;
    for (int i = 0; i < 2 * kPoints; i++) {
        draw.AddTriangleFilled(pen.at(x, y), corner(i), corner(i + 1), color);
        edge.push_back(corner(i));
    }
    draw.Flags = flags;
    draw.AddPolyline(edge.data(), static_cast<int>(edge.size()), color, ImDrawFlags_Closed, pen.px(1.5F));
}

void draw_broken_rule(const Pen& pen, float x, float y, float size) {
    constexpr int kCorners = 8;
    std::vector<ImVec2> edge;
    for (int i = 0; i < kCorners; i++) {
        const float angle = 6.2831853F * (static_cast<float>(i) + 0.5F) / kCorners;
        edge.push_back(pen.at(x + size * std::cos(angle), y + size * std::sin(angle)));
    }
    pen.list().AddConvexPolyFilled(edge.data(), kCorners, pen.ink(Role::danger_fill));
    const float line = size * 0.26F;
    pen.text(x, y - line, "RULE", Face::bold, size * 0.36F, IM_COL32_WHITE, Align::middle);
    pen.text(x, y + line, "BROKEN", Face::bold, size * 0.36F, IM_COL32_WHITE, Align::middle);
}

void draw_check(const Pen& pen, float x, float y, float size, ImU32 color) {
    pen.path({pen.at(x - size, y), pen.at(x - size * 0.25F, y + size * 0.75F), pen.at(x + size, y - size * 0.75F)},
             color, 3.5F);
}

Edge edge_of(Status status) {
    switch (status) {
        case Status::InDanger:
            return {Role::danger, 2};
        case Status::Oops:
        case Status::Broken:
            return {Role::danger_fill, 5};
        case Status::Waiting:
        case Status::Stopped:
            return {Role::safe, 2};
        default:
            return {Role::border, 1};
    }
}

float station_x(StageStopper::Station station) {
    using enum StageStopper::Station;
    switch (station) {
        case Start:
            return 40;
        case FirstDoor:
            return 62;
        case Between:
            return 300;
        case SecondDoor:
            return 304;
        case Behind:
            return 437;
        case Taker:
        case Away:
            return 468;
    }
    return 40;
}

std::vector<ui::Rect> member_boxes(std::size_t count) {
    std::vector<ui::Rect> boxes;
    if (count <= 2) {
        boxes = {{15, kMemberTop, 206, kMemberHeight}, {250, kMemberTop, 214, kMemberHeight}};
        boxes.resize(count);
        return boxes;
    }
    const float width = (534 - 12 * static_cast<float>(count - 1)) / static_cast<float>(count);
    for (std::size_t i = 0; i < count; i++)
        boxes.push_back({15 + static_cast<float>(i) * (width + 12), kMemberTop, width, kMemberHeight});
    return boxes;
}

}  // namespace mdscope::gui::figures
