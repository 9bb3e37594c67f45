// SPDX-License-Identifier: MIT
// The things on a stage: doors, who walks, gauges, writes, members. Each is drawn in the stage's coordinates and says
// what it is by its shape; colour only goes with it.
#pragma once

#include "gui/model/stage_model.hpp"
#include "gui/panels/pen.hpp"

namespace mdscope::gui::figures {

inline constexpr float kGround = 178;                       // the line on which everybody walks
inline constexpr std::array<float, 2> kDoors = {131, 356};  // the middles of the doors, and of what hangs below them
inline constexpr std::array<float, 2> kGauges = {24, 250};  // their left edges
inline constexpr float kGaugeWidth = 214, kGaugeTop = 195, kGaugeHeight = 75;
inline constexpr float kMemberTop = 346, kMemberHeight = 58;
inline constexpr float kWriteX = 286, kWriteY = 308, kWriteGap = 40;

Role counter_role(std::size_t gauge);
// A disc or a square: the shape that goes with the colour.
void draw_counter_shape(const Pen& pen, float x, float y, std::size_t gauge, ImU32 color, float size = 5);

void draw_door(const Pen& pen, float x, const StageDoor& door, Role missing, bool is_waited_at);
void draw_stopper(const Pen& pen, float x, const StageStopper& stopper);
void draw_scissors(const Pen& pen, float x, float y, ImU32 color);
// A number that rolls: the old one goes up, the new one comes in.
struct Roll {
    int before = 0;
    float share = 1;  // 1: it has rolled
};
float gauge_words_left_out(const Pen& pen, const StageGauge& gauge);  // in stage units; 0: all are there
void draw_gauge(const Pen& pen, std::size_t number, const StageGauge& gauge, const Roll& roll = {});
void draw_compact_gauge(const Pen& pen, std::size_t number, const StageGauge& gauge, const ui::Rect& box);  // a line
void draw_write(const Pen& pen, float x, float y, const StageWrite& write);
// What the shown ones are, and how they fare; `main` of the stage among them. From `x` on, no further than `to`.
void draw_write_words(const Pen& pen, const StageModel& stage, const std::vector<StageWrite>& shown, float x, float to);
void draw_member(const Pen& pen, const ui::Rect& box, const StageMember& member);  // box: in the stage's coordinates
void draw_burst(const Pen& pen, float x, float y, float size);
// Eight sides and two words: a run that a judge ended.
void draw_broken_rule(const Pen& pen, float x, float y, float size);
void draw_check(const Pen& pen, float x, float y, float size, ImU32 color);

// Of a whole stage: only its edge tells a state.
struct Edge {
    Role role;
    float width;
};
Edge edge_of(Status status);

float station_x(StageStopper::Station station);
// Where the members stand: side by side, as wide as there is room.
std::vector<ui::Rect> member_boxes(std::size_t count);

}  // namespace mdscope::gui::figures
