// SPDX-License-Identifier: MIT
// SDL's events in our words (input.hpp).
#pragma once

#include <SDL.h>

#include <array>
#include <optional>

#include "gui/frame/input.hpp"

namespace mdscope::gui {

class SdlTranslator {
   public:
    // nullopt: nothing that ImGui has to know.
    std::optional<InputEvent> translate(const SDL_Event& event);

   private:
    int key_of(const SDL_KeyboardEvent& event);
    std::array<int, SDL_NUM_SCANCODES> pressed_as_{};  // A key goes up as what it went down as, layout changed or not.
};

}  // namespace mdscope::gui
