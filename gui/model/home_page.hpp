// SPDX-License-Identifier: MIT
// What moves on the first page: the race of the first lesson, in small. Both arrays stand where it is decided, A past
// its last look and B asleep, until somebody lets time run; then A crashes, and B stops well.
#pragma once

#include <array>
#include <optional>

#include "gui/model/motion.hpp"
#include "gui/model/player.hpp"
#include "gui/model/stage_model.hpp"

namespace mdscope::gui {

class HomePage {
   public:
    // Both stages, as far as it was played. The first call records the race.
    const std::array<StageModel, 2>& stages();
    [[nodiscard]] bool is_playing() const { return player_ && player_->is_playing(); }
    [[nodiscard]] bool is_over() const { return player_ && player_->at_end(); }
    void toggle_play();  // at its end: from the start
    void pass(double seconds);

   private:
    void record();

    std::optional<Player> player_;
    std::size_t decisive_ = 0;
    std::optional<std::size_t> shown_;  // the tick that stages_ is of
    std::array<StageModel, 2> stages_;
};

}  // namespace mdscope::gui
