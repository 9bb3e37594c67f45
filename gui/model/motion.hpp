// SPDX-License-Identifier: MIT
// Motion between two steps: what was on the stages before, and for how long the step has been shown. Only between
// neighbours; a jump, a drag and another run show at once. It never loops, and a new step ends what still moves.
//
//   step 33 -> 34     ms 0 .. kStepMs      a write comes back, a number rolls, a door opens, somebody walks
//   step 51 -> 52     ms 0 .. kCrashMs     nothing, then the burst
//   step 34 -> 33     the same backwards, in half the time
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "gui/model/stage_model.hpp"

namespace mdscope::gui {

enum class MotionSpeed { on, brief, off };
inline constexpr std::array<std::pair<MotionSpeed, const char*>, 3> kMotionSpeeds = {
    {{MotionSpeed::on, "on"}, {MotionSpeed::brief, "short"}, {MotionSpeed::off, "off"}}};
const char* motion_text(MotionSpeed speed);
MotionSpeed motion_from(std::string_view text);  // on, if there is none by that name

// Of one stage, for whoever draws it.
struct StageMotion {
    const StageModel* before = nullptr;
    float ms = 0;  // since the step was shown, at full length
    bool is_backwards = false;

    // From 0 to 1 between two moments.
    [[nodiscard]] float share(float from, float to) const;
};

class Motion {
   public:
    static constexpr float kStepMs = 500, kCrashMs = 940;

    // What is shown now. Begins to move if it is the step before or behind the one that was shown.
    void show(const std::array<StageModel, 2>& stages, std::uint64_t version, std::size_t tick);
    void pass(double seconds);
    [[nodiscard]] bool is_moving() const { return moves_; }
    [[nodiscard]] std::optional<StageMotion> of(Side side) const;  // nullopt: it stands still
    MotionSpeed speed = MotionSpeed::on;

   private:
    [[nodiscard]] float length() const;

    std::array<StageModel, 2> before_, now_;
    std::optional<std::pair<std::uint64_t, std::size_t>> at_;  // version of the run, and tick
    bool moves_ = false, is_backwards_ = false, crashes_ = false;
    double seconds_ = 0;
};

// Curves, from 0 to 1.
float cubic_in_out(float share);
float cubic_out(float share);
float back_out(float share);  // a little beyond 1, and back

}  // namespace mdscope::gui
