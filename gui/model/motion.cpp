// SPDX-License-Identifier: MIT

#include "gui/model/motion.hpp"

#include <algorithm>

namespace mdscope::gui {

const char* motion_text(MotionSpeed speed) {
    for (const auto& [row, text] : kMotionSpeeds)
        if (row == speed) return text;
    return "on";
}

MotionSpeed motion_from(std::string_view text) {
    for (const auto& [row, name] : kMotionSpeeds)
        if (text == name) return row;
    return MotionSpeed::on;
}

float StageMotion::share(float from, float to) const {
    return std::clamp((ms - from) / (to - from), 0.0F, 1.0F);
}

void Motion::show(const std::array<StageModel, 2>& stages, std::uint64_t version, std::size_t tick) {
    const std::pair now(version, tick);
    if (at_ == now) {
        now_ = stages;  // an answer was given: words have changed, nothing has moved
        return;
    }
    // A run grows while it is played, so its version may be another one; a step is a step all the same.
    const bool is_next = at_ && tick == at_->second + 1, is_last = at_ && tick + 1 == at_->second;
    const bool is_same_run = at_ && (version == at_->first || is_next);
    before_ = std::exchange(now_, stages);
    is_backwards_ = is_last;
    crashes_ = !is_last && (now_[0].crash.has_value() != before_[0].crash.has_value() ||
                            now_[1].crash.has_value() != before_[1].crash.has_value());
    moves_ = speed != MotionSpeed::off && is_same_run && (is_next || is_last) && now_ != before_;
    seconds_ = 0;
    at_ = now;
}

float Motion::length() const {
    const float full = crashes_ ? kCrashMs : kStepMs;
    return full * (speed == MotionSpeed::brief ? 1.0F / 3 : 1.0F) * (is_backwards_ ? 0.5F : 1.0F);
}

void Motion::pass(double seconds) {
    if (!moves_) return;
    seconds_ += seconds;
    if (seconds_ * 1000 >= static_cast<double>(length())) moves_ = false;
}

std::optional<StageMotion> Motion::of(Side side) const {
    if (!moves_) return std::nullopt;
    const float full = crashes_ ? kCrashMs : kStepMs;
    return StageMotion{&before_.at(side), static_cast<float>(seconds_) * 1000 / length() * full, is_backwards_};
}

float cubic_in_out(float share) {
    if (share < 0.5F) return 4 * share * share * share;
    const float rest = 2 - 2 * share;
    return 1 - rest * rest * rest / 2;
}

float cubic_out(float share) {
    const float rest = 1 - share;
    return 1 - rest * rest * rest;
}

float back_out(float share) {
    constexpr float kBeyond = 2.2F;
    const float rest = share - 1;
    return 1 + (kBeyond + 1) * rest * rest * rest + kBeyond * rest * rest;
}

}  // namespace mdscope::gui
