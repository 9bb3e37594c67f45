// SPDX-License-Identifier: MIT
// Keys and mouse on their way to ImGui: one queue for SDL's events and for those of tests.
//
// ImGui 1.86 has no input queue: it reads `io.KeysDown` and `io.MouseDown` once a frame, so a key that goes down and up
// within one frame was never pressed, and a click that ends elsewhere is seen at the wrong place. Here a frame takes
// events only up to where the order would get lost ("trickling"); the rest waits for the next frame, which then has to
// be drawn at once. That a frame holds at most one key going down is also what makes pressed() in keys.hpp simple.
//
// A key is a number that does not depend on the keyboard's layout more than people do: its ASCII character, lower case,
// or kOther + the SDL scancode for keys that print nothing.
#pragma once

#include <array>
#include <deque>
#include <string>
#include <vector>

namespace mdscope::gui {

namespace key {
inline constexpr int kNone = 0;
inline constexpr int kBackspace = 8, kTab = 9, kEnter = 13, kEscape = 27, kSpace = ' ', kDelete = 127;
inline constexpr int kOther = 128;
inline constexpr int kF1 = kOther + 58, kF2 = kF1 + 1, kF3 = kF1 + 2, kF4 = kF1 + 3, kF5 = kF1 + 4, kF6 = kF1 + 5;
inline constexpr int kInsert = kOther + 73, kHome = kOther + 74, kPageUp = kOther + 75, kEnd = kOther + 77,
                     kPageDown = kOther + 78, kRight = kOther + 79, kLeft = kOther + 80, kDown = kOther + 81,
                     kUp = kOther + 82, kPadMinus = kOther + 86, kPadPlus = kOther + 87, kPadEnter = kOther + 88,
                     kPad0 = kOther + 98;
inline constexpr int kLeftCtrl = kOther + 224, kLeftShift = kOther + 225, kLeftAlt = kOther + 226,
                     kRightSuper = kOther + 231;
inline constexpr int kCount = 512;  // the size of io.KeysDown
}  // namespace key

enum Mods : unsigned { kNoMods = 0, kShift = 1, kCtrl = 2, kAlt = 4, kSuper = 8 };

struct InputEvent {
    enum class Kind { key_down, key_up, text, mouse_move, mouse_down, mouse_up, wheel, focus_lost };
    Kind kind = Kind::focus_lost;
    int key = key::kNone;
    unsigned mods = kNoMods;  // as they are after this event
    bool repeat = false;      // of key_down: the keyboard repeats a key that is held
    int button = 0;           // 0 left, 1 right, 2 middle
    float x = 0, y = 0;       // of the mouse, or how far the wheel turned
    std::string text = {};    // UTF-8
};

// The key that went down in this frame, if any.
struct KeyEdge {
    int key = key::kNone;
    unsigned mods = kNoMods;
    bool repeat = false;
    std::string text;  // what was typed in this frame
};

class InputQueue {
   public:
    void push(InputEvent event) { queue_.push_back(std::move(event)); }
    [[nodiscard]] bool empty() const { return queue_.empty(); }
    // Hands ImGui's io what one frame can tell apart. False: there was nothing.
    // REQUIRES: a current ImGui context, before NewFrame.
    bool feed();
    [[nodiscard]] const KeyEdge& edge() const { return edge_; }
    [[nodiscard]] bool anything_held() const;

   private:
    // What this frame has already taken.
    struct Taken {
        std::vector<int> keys;
        bool plain_key_down = false, button = false, wheel = false, text = false;
    };
    [[nodiscard]] static bool must_wait(const InputEvent& event, const Taken& taken);
    static void note(const InputEvent& event, Taken& taken);
    void apply(const InputEvent& event);
    void release_everything();

    std::deque<InputEvent> queue_;
    KeyEdge edge_;
    std::array<bool, key::kCount> held_{};
    std::array<bool, 3> buttons_{};
};

}  // namespace mdscope::gui
