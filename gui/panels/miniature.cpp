// SPDX-License-Identifier: MIT

#include "gui/panels/miniature.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gui/frame/marks.hpp"
#include "gui/panels/panel_stage.hpp"
#include "gui/panels/stage_figures.hpp"

namespace mdscope::gui {

namespace {

using namespace figures;

constexpr float kDoorX = 126, kGroundY = 138, kGaugeX = 40, kGaugeY = 166, kGaugeW = 172, kGaugeH = 38;
constexpr float kTokenY = 220, kMembersY = 246, kMembersH = 28;
constexpr float kEndX = 244;

// Where a write is drawn: above its disk, or nearer to the counter once it has ended and is still counted.
struct TokenPlace {
    float in_flight, ended;
    bool is_left;
};
constexpr TokenPlace kLeftToken = {84, 104, true}, kRightToken = {244, 190, false};

struct DoorWord {
    const char* word;
    Role role;
};

class Miniature {
   public:
    Miniature(const StageModel& stage, const MiniatureLook& look, ImDrawList& draw, float factor)
        : stage_(stage),
          look_(look),
          // Figures stand on the ground of the large stage.
          figures_(draw, {look.rect.x, look.rect.y + (kGroundY - kGround - head()) * sp(1000) / 1000 * factor}, factor),
          pen_(draw, {look.rect.x, look.rect.y - head() * sp(1000) / 1000 * factor}, factor) {
        // The counter that a write is counted in, else the one that is forgotten.
        const StageWrite* main = stage.main_write();
        if (main != nullptr && main->gauge) gauge_ = *main->gauge;
    }

    void draw() const {
        if (look_.has_head) draw_title();
        draw_corridor();
        draw_counter();
        draw_return();
        draw_disks();
        draw_end();
    }

   private:
    [[nodiscard]] float head() const { return look_.has_head ? 0 : kMiniatureHead; }
    [[nodiscard]] const StageDoor& door() const { return stage_.doors.at(gauge_); }
    [[nodiscard]] const StageGauge& gauge() const { return stage_.gauges.at(gauge_); }
    [[nodiscard]] bool is_waited() const { return stage_.stopper.state == StageStopper::State::Sleeps; }
    [[nodiscard]] bool is_danger() const { return gauge().is_unwatched || stage_.has_oops(); }

    void draw_title() const {
        pen_.frame(14, 16, 28, 28, pen_.ink(Role::text), 2, 5);
        pen_.text(28, 30, stage_.letter, Face::bold, 16, pen_.ink(Role::text), Align::middle);
        pen_.text(53, 30, stage_.title, Face::bold, 16, pen_.ink(Role::text));
    }

    [[nodiscard]] DoorWord word() const {
        switch (door().state) {
            case StageDoor::State::Missing:
                return {"no wait", is_danger() ? Role::danger : Role::dim_text};
            case StageDoor::State::Shut:
                return {is_waited() ? "waits" : "shut", is_waited() ? Role::safe : Role::dim_text};
            case StageDoor::State::Open:
                return {"open", Role::dim_text};
            case StageDoor::State::Aside:
                break;
        }
        return {"", Role::dim_text};
    }

    // At the door, before it or behind it: more is not told here.
    [[nodiscard]] float figure_x() const {
        if (stage_.stopper.state == StageStopper::State::Sleeps) return kDoorX - 62;
        const bool is_behind = door().is_passed || stage_.stopper.station > StageStopper::Station::FirstDoor;
        return is_behind ? kDoorX + 98 : kDoorX - 72;
    }

    void draw_corridor() const {
        pen_.line(pen_.at(16, kGroundY), pen_.at(306, kGroundY), pen_.ink(Role::faint), 2);
        const DoorWord said = word();
        if (!door().is_nowhere()) draw_door(figures_, kDoorX, door(), said.role, is_waited());
        pen_.text(kDoorX, 49, said.word, Face::bold, 14, pen_.ink(said.role), Align::middle);
        draw_stopper(figures_, figure_x(), stage_.stopper);
        if (door().state == StageDoor::State::Missing)
            return pen_.dashed({pen_.at(kDoorX, kGroundY), pen_.at(kDoorX, kGaugeY)}, pen_.ink(said.role), 3);
        if (door().is_nowhere()) return;
        const ImU32 wire = pen_.ink(is_waited() ? Role::safe : counter_role(gauge_));
        pen_.line(pen_.at(kDoorX, kGroundY + 1), pen_.at(kDoorX, kGaugeY), wire, 3.5F);
        if (!is_waited()) return;
        const float feet = figure_x();
        pen_.line(pen_.at(kDoorX, kGroundY + 13), pen_.at(feet, kGroundY + 13), wire, 3.5F);
        pen_.arrow(feet, kGroundY + 2, 0, -1, wire, 8);
    }

    void draw_counter() const {
        const bool counts = gauge().value != 0;
        const ImU32 ink = pen_.ink(counter_role(gauge_));
        pen_.fill(kGaugeX, kGaugeY, kGaugeW, kGaugeH, pen_.ink(Role::card));
        pen_.frame(kGaugeX, kGaugeY, kGaugeW, kGaugeH, counts ? ink : pen_.ink(Role::border));
        draw_counter_shape(pen_, kGaugeX + 18, kGaugeY + 19, gauge_, ink);
        pen_.text(kGaugeX + 30, kGaugeY + 19, look_.name, Face::text, 14, ink);
        pen_.text(kGaugeX + kGaugeW - 20, kGaugeY + 19, std::to_string(gauge().value), Face::bold, 22,
                  counts ? ink : pen_.ink(Role::dim_text), Align::middle);
    }

    // The write that is told of, and one to another disk: more is not told here.
    void draw_return() const {
        const StageWrite* main = stage_.main_write();
        if (main == nullptr || stage_.crash) return;
        const auto other = std::ranges::find_if(
            stage_.writes, [&](const StageWrite& write) { return place_of(write).is_left != place_of(*main).is_left; });
        if (other != stage_.writes.end()) draw_token(*other);
        draw_token(*main);
    }

    [[nodiscard]] const TokenPlace& place_of(const StageWrite& write) const {
        const bool is_first = !stage_.members.empty() && stage_.members.front().name == write.member;
        return is_first ? kLeftToken : kRightToken;
    }

    void draw_token(const StageWrite& write) const {
        const TokenPlace& place = place_of(write);
        const bool has_ended = write.place == StageWrite::Place::Completion;
        const float x = has_ended ? place.ended : place.in_flight, way = place.is_left ? -1.0F : 1.0F;
        const Role role = write.gauge ? counter_role(*write.gauge) : Role::faint;
        pen_.curve(pen_.at(kDoorX, kGaugeY + kGaugeH), pen_.at(kDoorX, kTokenY),
                   pen_.at(kDoorX + way * std::min(40.0F, std::abs(x - kDoorX) / 2), kTokenY - 6),
                   pen_.at(x - way * 14, kTokenY), pen_.ink(role), 3.5F, false);
        draw_write(pen_, x, kTokenY, write);
        const char* const words = has_ended ? "ending" : write.is_read ? "read" : "write";
        const float begin = place.is_left ? x - 20 - pen_.width_of(words, Face::text, 14) : x + 24;
        pen_.text(begin, kTokenY, words, Face::text, 14, pen_.ink(role));
        const ImVec2 from = pen_.at(x - 13, kTokenY - 13), to = pen_.at(x + 13, kTokenY + 13);
        ui::mark_rect({from.x, from.y, to.x - from.x, to.y - from.y}, look_.id + "/" + write.member, "picture", words);
    }

    void draw_disks() const {
        const std::size_t count = std::min<std::size_t>(stage_.members.size(), 2);
        for (std::size_t i = 0; i < count; i++) {
            const StageMember& member = stage_.members[i];
            const float x = i == 0 ? 20 : 177, width = i == 0 ? 118 : 125;
            using enum StageMember::State;
            const bool goes = member.state == Leaving || member.state == Met;
            pen_.fill(x, kMembersY, width, kMembersH, pen_.ink(Role::card), 4);
            if (goes)
                pen_.dashed_frame(x, kMembersY, width, kMembersH, pen_.ink(Role::danger), 2);
            else
                pen_.frame(x, kMembersY, width, kMembersH, pen_.ink(Role::border), 1, 4);
            const std::string words = member.state == Leaving                       ? member.name + ": leaving"
                                      : member.state == Gone || member.state == Met ? member.name + ": gone"
                                                                                    : "disk " + member.name;
            pen_.text(x + 14, kMembersY + kMembersH / 2, words, Face::text, 14,
                      pen_.ink(goes ? Role::danger : Role::dim_text));
        }
    }

    void draw_end() const {
        if (stage_.crash && !stage_.crash->is_oops) {
            draw_broken_rule(pen_, 250, 180, 52);
        } else if (stage_.crash) {
            draw_burst(pen_, 250, 180, 52);
            pen_.text(250, 180, "OOPS", Face::bold, 19, IM_COL32_WHITE, Align::middle);
        } else if (stage_.status == Status::Hung) {
            for (const float dx : {-12.0F, 0.0F, 12.0F}) pen_.circle(kEndX + 16 + dx, 176, 4, pen_.ink(Role::held));
            pen_.text(kEndX + 16, 196, "hangs", Face::bold, 16, pen_.ink(Role::held), Align::middle);
        } else if (!stage_.end.empty()) {
            draw_check(pen_, 242, kTokenY - 4, 9, pen_.ink(Role::safe));
            pen_.text(260, kTokenY - 4, "ended", Face::bold, 14, pen_.ink(Role::safe));
        }
    }

    const StageModel& stage_;
    const MiniatureLook& look_;
    Pen figures_, pen_;
    std::size_t gauge_ = 0;
};

}  // namespace

void draw_miniature(const StageModel& stage, const MiniatureLook& look) {
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    const float factor = look.rect.w / (kMiniatureWidth * sp(1000) / 1000);
    if (look.has_head) {
        const Edge edge = edge_of(stage.status);
        draw.AddRectFilled({look.rect.x, look.rect.y}, {look.rect.right(), look.rect.bottom()}, color_u32(Role::panel),
                           sp(8));
        draw.AddRect({look.rect.x, look.rect.y}, {look.rect.right(), look.rect.bottom()}, color_u32(edge.role), sp(8),
                     ImDrawFlags_None, sp(std::min(edge.width, 3.0F)));
    }
    Miniature(stage, look, draw, factor).draw();
    ui::mark_rect(look.rect, look.id, "picture", fmt::format("{} {}", stage.letter, stage.word));
}

}  // namespace mdscope::gui
