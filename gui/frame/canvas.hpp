// SPDX-License-Identifier: MIT
// Where pixels are made: an SDL window with an OpenGL 3 context, visible or off the screen, and ImGui's renderer on it.
#pragma once

#include <memory>
#include <string>

#include "gui/frame/png.hpp"

struct ImDrawData;
struct SDL_Window;

namespace mdscope::gui {

struct CanvasOptions {
    std::string title = "mdscope";
    int width = 1600, height = 900;
    bool off_screen = false;  // needs no display: EGL on whatever there is, Mesa's software renderer at the least
    bool hidden = false;
};

class Canvas {
   public:
    // Throws std::runtime_error. REQUIRES: a current ImGui context that outlives this.
    explicit Canvas(const CanvasOptions& options);
    ~Canvas();
    Canvas(const Canvas&) = delete;
    Canvas& operator=(const Canvas&) = delete;

    void new_fonts();  // another atlas is in use
    void draw(ImDrawData& data);
    void present();
    [[nodiscard]] Image read() const;  // what draw() drew; before present()
    [[nodiscard]] SDL_Window* window() const;
    [[nodiscard]] std::string renderer_name() const;

   private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace mdscope::gui
