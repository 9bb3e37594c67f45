// SPDX-License-Identifier: MIT

#include "gui/panels/stage_crash.hpp"

#include <algorithm>

#include "gui/frame/marks.hpp"
#include "gui/frame/ui.hpp"
#include "gui/panels/stage_figures.hpp"

namespace mdscope::gui {

namespace {

constexpr float kBurstX = 118, kBurstY = 322, kBurst = 88;

constexpr float kConsoleX = 24, kConsoleY = 106, kConsoleWidth = 516, kConsoleLine = 24;  // the console and its lines

float console_height(const std::vector<std::string>& lines) {
    return 12 + kConsoleLine * static_cast<float>(std::max<std::size_t>(lines.size(), 1));
}

void draw_console(const Pen& pen, const std::vector<std::string>& lines, const std::string& id, float typed) {
    const float height = console_height(lines);
    pen.fill(kConsoleX, kConsoleY, kConsoleWidth, height, pen.ink(Role::background));
    pen.frame(kConsoleX, kConsoleY, kConsoleWidth, height, pen.ink(Role::danger_fill));
    float y = kConsoleY + 6 + kConsoleLine / 2;
    std::string all;
    std::size_t letters = 0;
    for (const std::string& line : lines) letters += line.size();
    auto left = static_cast<std::size_t>(static_cast<float>(letters) * typed);
    for (std::size_t i = 0; i < lines.size(); i++, y += kConsoleLine) {
        const Face face = i == 0 ? Face::bold_code : Face::code;
        const FontScope scope(type(face, 14 * pen.factor()));
        const std::string shown = typed < 1 ? lines[i].substr(0, std::min(left, lines[i].size())) : lines[i];
        left -= std::min(left, lines[i].size());
        pen.text(kConsoleX + 14, y, ui::shortened(shown, pen.px(kConsoleWidth - 28)), face, 14,
                 pen.ink(i == 0 ? Role::danger : Role::text));
        all += lines[i] + "\n";
    }
    ui::mark_rect(pen.rect_of(kConsoleX, kConsoleY, kConsoleWidth, height), id + "/console", "text", all);
}

// The pointer that led nowhere: from the burst to the member, broken.
void draw_broken_pointer(const Pen& pen, const StageModel& stage) {
    for (std::size_t i = 0; i < stage.members.size(); i++) {
        if (stage.members[i].state != StageMember::State::Met) continue;
        const ui::Rect box = figures::member_boxes(stage.members.size())[i];
        figures::draw_member(pen, box, stage.members[i]);
        const float y = box.y + box.h - 16, x = i == 0 ? box.x + box.w + 14 : box.x + 22;
        pen.curve(pen.at(kBurstX + 70, kBurstY - 6), pen.at(kBurstX + 130, kBurstY - 8), pen.at(x - 60, y - 6),
                  pen.at(x - 10, y), pen.ink(Role::danger), 4, true);
        const ImU32 color = pen.ink(Role::danger);
        pen.line(pen.at(x - 8, y - 8), pen.at(x + 8, y + 8), color, 4);
        pen.line(pen.at(x - 8, y + 8), pen.at(x + 8, y - 8), color, 4);
    }
}

}  // namespace

void draw_crash(const Pen& pen, const StageModel& stage, const std::string& id, const CrashShares& shares) {
    if (shares.typed > 0) draw_console(pen, stage.crash->console, id, shares.typed);
    if (!stage.crash->is_oops) {
        if (shares.burst > 0.02F) figures::draw_broken_rule(pen, kBurstX, kBurstY, kBurst * shares.burst);
    } else if (shares.burst > 0.02F) {
        draw_broken_pointer(pen, stage);
        figures::draw_burst(pen, kBurstX, kBurstY, kBurst * shares.burst);
        if (shares.burst > 0.6F) pen.text(kBurstX, kBurstY, "OOPS", Face::bold, 36, IM_COL32_WHITE, Align::middle);
    }
    pen.text(232, 303, stage.crash->followed[0], Face::bold, 16, pen.ink(Role::text));
    pen.text(232, 323, stage.crash->followed[1], Face::bold, 16, pen.ink(Role::text));
    ui::mark_rect(crash_burst_rect(pen), id + (stage.crash->is_oops ? "/oops" : "/broken"), "text", stage.word);
}

ui::Rect crash_console_rect(const Pen& pen, const StageModel& stage) {
    return pen.rect_of(kConsoleX, kConsoleY, kConsoleWidth, console_height(stage.crash->console));
}

ui::Rect crash_burst_rect(const Pen& pen) {
    return pen.rect_of(kBurstX - kBurst, kBurstY - kBurst, 2 * kBurst, 2 * kBurst);
}

}  // namespace mdscope::gui
