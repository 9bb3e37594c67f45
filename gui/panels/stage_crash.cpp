// SPDX-License-Identifier: MIT

#include "gui/panels/stage_crash.hpp"

#include <algorithm>

#include "gui/frame/marks.hpp"
#include "gui/frame/ui.hpp"
#include "gui/panels/stage_figures.hpp"

namespace mdscope::gui {

namespace {

constexpr float kBurstX = 118, kBurstY = 322, kBurst = 88;

void draw_console(const Pen& pen, const std::vector<std::string>& lines, const std::string& id, float typed) {
    constexpr float kX = 24, kY = 106, kWidth = 516, kLine = 24;
    const float height = 12 + kLine * static_cast<float>(std::max<std::size_t>(lines.size(), 1));
    pen.fill(kX, kY, kWidth, height, pen.ink(Role::background));
    pen.frame(kX, kY, kWidth, height, pen.ink(Role::danger_fill));
    float y = kY + 6 + kLine / 2;
    std::string all;
    std::size_t letters = 0;
    for (const std::string& line : lines) letters += line.size();
    auto left = static_cast<std::size_t>(static_cast<float>(letters) * typed);
    for (std::size_t i = 0; i < lines.size(); i++, y += kLine) {
        const Face face = i == 0 ? Face::bold_code : Face::code;
        const FontScope scope(type(face, 14 * pen.factor()));
        const std::string shown = typed < 1 ? lines[i].substr(0, std::min(left, lines[i].size())) : lines[i];
        left -= std::min(left, lines[i].size());
        pen.text(kX + 14, y, ui::shortened(shown, pen.px(kWidth - 28)), face, 14,
                 pen.ink(i == 0 ? Role::danger : Role::text));
        all += lines[i] + "\n";
    }
    ui::mark_rect(pen.rect_of(kX, kY, kWidth, height), id + "/console", "text", all);
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
    ui::mark_rect(pen.rect_of(kBurstX - kBurst, kBurstY - kBurst, 2 * kBurst, 2 * kBurst),
                  id + (stage.crash->is_oops ? "/oops" : "/broken"), "text", stage.word);
}

}  // namespace mdscope::gui
