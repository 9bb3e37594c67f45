// SPDX-License-Identifier: MIT
// Where a Screen is drawn, whatever becomes of the picture: an ImGui context with our fonts, style, input and marks.
//
//   InputQueue ──> Stage::frame(screen) ──> ImGui::GetDrawData() ──> OpenGL (window.cpp, png.cpp), or nobody (tests)
//
// The stage makes one frame, and says whether it looks like the one before; it never waits and knows no time but the
// seconds it is given, so tests step it as they like. One stage at a time, used by one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "gui/frame/input.hpp"
#include "gui/frame/screen.hpp"

struct ImGuiContext;

namespace mdscope::gui {

class Stage {
   public:
    Stage(float width, float height, float density = 1.0F);
    ~Stage();
    Stage(const Stage&) = delete;
    Stage& operator=(const Stage&) = delete;

    void set_size(float width, float height, float density);
    [[nodiscard]] InputQueue& input() { return input_; }
    [[nodiscard]] bool input_waits() const { return !input_.empty(); }
    // Called when another atlas is in use, before the frame that needs it: the renderer makes its texture.
    std::function<void()> fonts_changed = [] {};

    // One frame, `seconds` after the last one. What draw() throws ends the frame early and is kept in error().
    void frame(Screen& screen, float seconds);
    [[nodiscard]] bool took_input() const { return took_input_; }  // by this frame
    [[nodiscard]] bool looks_different() const { return picture_ != picture_before_; }
    [[nodiscard]] const std::string& error() const { return error_; }  // of the last frame; empty: none
    [[nodiscard]] int errors_in_a_row() const { return errors_in_a_row_; }

   private:
    void apply_theme();
    void draw(Screen& screen);

    ImGuiContext* context_;
    InputQueue input_;
    float density_;
    int styled_percent_ = 0, styled_theme_ = -1;
    bool took_input_ = false;
    std::uint64_t picture_ = 0, picture_before_ = 0;
    std::string error_;
    int errors_in_a_row_ = 0;
};

}  // namespace mdscope::gui
