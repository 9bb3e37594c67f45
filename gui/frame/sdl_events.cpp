// SPDX-License-Identifier: MIT

#include "gui/frame/sdl_events.hpp"

#include <cfloat>

namespace mdscope::gui {

namespace {

using Kind = InputEvent::Kind;

static_assert(key::kF1 == key::kOther + SDL_SCANCODE_F1 && key::kHome == key::kOther + SDL_SCANCODE_HOME &&
              key::kLeft == key::kOther + SDL_SCANCODE_LEFT && key::kPad0 == key::kOther + SDL_SCANCODE_KP_0 &&
              key::kUp == key::kOther + SDL_SCANCODE_UP && key::kPageDown == key::kOther + SDL_SCANCODE_PAGEDOWN &&
              key::kPadEnter == key::kOther + SDL_SCANCODE_KP_ENTER &&
              key::kInsert == key::kOther + SDL_SCANCODE_INSERT && key::kLeftCtrl == key::kOther + SDL_SCANCODE_LCTRL &&
              key::kRightSuper == key::kOther + SDL_SCANCODE_RGUI);

unsigned mods_of(SDL_Keymod mods) {
    return ((mods & KMOD_SHIFT) != 0 ? kShift : 0U) | ((mods & KMOD_CTRL) != 0 ? kCtrl : 0U) |
           ((mods & KMOD_ALT) != 0 ? kAlt : 0U) | ((mods & KMOD_GUI) != 0 ? kSuper : 0U);
}

int button_of(Uint8 button) {
    return button == SDL_BUTTON_LEFT ? 0 : button == SDL_BUTTON_RIGHT ? 1 : button == SDL_BUTTON_MIDDLE ? 2 : -1;
}

int plain_key(const SDL_Keysym& key) {
    const auto sym = static_cast<unsigned>(key.sym);
    const int scancode = static_cast<int>(key.scancode);
    // On some keyboards digits are typed with Shift; the keys are still the digits' keys.
    const bool digit_key = scancode >= SDL_SCANCODE_1 && scancode <= SDL_SCANCODE_0;
    if (digit_key && (sym < '0' || sym > '9'))
        return scancode == SDL_SCANCODE_0 ? '0' : '1' + scancode - SDL_SCANCODE_1;
    if (sym > 0 && sym < 128) return static_cast<int>(sym);
    if ((sym & SDLK_SCANCODE_MASK) != 0 && key::kOther + scancode < key::kCount - 1) return key::kOther + scancode;
    return key::kNone;
}

InputEvent key_event(Kind kind, int key, const SDL_KeyboardEvent& event) {
    InputEvent made{.kind = kind, .key = key};
    made.mods = mods_of(static_cast<SDL_Keymod>(event.keysym.mod));
    made.repeat = event.repeat != 0;
    return made;
}

InputEvent mouse_event(Kind kind, Sint32 x, Sint32 y, int button = 0) {
    return {.kind = kind, .button = button, .x = static_cast<float>(x), .y = static_cast<float>(y)};
}

}  // namespace

std::optional<InputEvent> SdlTranslator::translate(const SDL_Event& event) {
    switch (event.type) {
        case SDL_KEYDOWN:
        case SDL_KEYUP:
            return key_event(event.type == SDL_KEYDOWN ? Kind::key_down : Kind::key_up, key_of(event.key), event.key);
        case SDL_TEXTINPUT:
            return InputEvent{.kind = Kind::text, .text = static_cast<const char*>(event.text.text)};
        case SDL_MOUSEMOTION:
            return mouse_event(Kind::mouse_move, event.motion.x, event.motion.y);
        case SDL_MOUSEBUTTONDOWN:
        case SDL_MOUSEBUTTONUP:
            return mouse_event(event.type == SDL_MOUSEBUTTONDOWN ? Kind::mouse_down : Kind::mouse_up, event.button.x,
                               event.button.y, button_of(event.button.button));
        case SDL_MOUSEWHEEL:
            return InputEvent{.kind = Kind::wheel, .x = event.wheel.preciseX, .y = event.wheel.preciseY};
        case SDL_WINDOWEVENT:
            if (event.window.event == SDL_WINDOWEVENT_FOCUS_LOST) return InputEvent{.kind = Kind::focus_lost};
            if (event.window.event == SDL_WINDOWEVENT_LEAVE)
                return InputEvent{.kind = Kind::mouse_move, .x = -FLT_MAX, .y = -FLT_MAX};
            return std::nullopt;
        default:
            return std::nullopt;
    }
}

int SdlTranslator::key_of(const SDL_KeyboardEvent& event) {
    const auto scancode = static_cast<std::size_t>(event.keysym.scancode);
    if (scancode >= pressed_as_.size()) return key::kNone;
    if (event.type == SDL_KEYDOWN && event.repeat == 0) pressed_as_.at(scancode) = plain_key(event.keysym);
    return pressed_as_.at(scancode);
}

}  // namespace mdscope::gui
