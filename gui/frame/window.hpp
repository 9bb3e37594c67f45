// SPDX-License-Identifier: MIT
// The window: SDL2 for the window and its events, OpenGL 3 for the picture, and a main loop that sleeps.
//
// The loop draws when something happened: input (and up to two frames more, as a popup takes its size from the frame
// before), wake() by another thread, or the moment the screen asked for. Otherwise it blocks, at no cost. A frame whose
// triangles equal the last one's is not rasterised: on a machine without a GPU that is nearly all of the work.
//
// One Window at a time, made and run by the thread that owns ImGui; only wake() may be called from anywhere.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>

#include "engine/kernel/result.hpp"
#include "gui/frame/screen.hpp"

namespace mdscope::gui {

struct WindowOptions {
    std::string title = "mdscope";
    int width = 1600, height = 900;
    bool hidden = false;
};

class Window {
   public:
    // Throws std::runtime_error with what was tried, what was found and what to do: no display, no OpenGL.
    explicit Window(const WindowOptions& options);
    ~Window();
    Window(const Window&) = delete;
    Window& operator=(const Window&) = delete;

    // Until the screen wants to quit, the window is closed, or SIGINT or SIGTERM comes. The exit code of the program:
    // 0, or 1 after ten frames in a row that failed.
    int run(Screen& screen);

    // From any thread, at any time: take in what is new and draw. Many calls before that make one frame.
    static void wake();
    // The same, but only to have `served` called: not a reason to draw.
    static void wake_service();
    // Called by the loop at each wake-up, and after a frame before it goes to sleep; for questions that do not change
    // the picture (probe_server.hpp).
    void set_service(std::function<void()> served);

    [[nodiscard]] int frames_drawn() const;          // made, whether or not they looked different
    [[nodiscard]] int pictures_shown() const;        // rasterised and presented
    [[nodiscard]] bool is_idle() const;              // nothing left to draw until something happens
    [[nodiscard]] std::array<int, 4> place() const;  // x, y, width and height on the screen
    void quit();
    // The window as the last frame left it, into a file that is replaced as a whole or not at all. Not from draw().
    Result<bool> save_png(const std::string& path);
    // From draw(): once this frame is complete; `done` hears how it went, before the next one.
    void save_png_later(const std::string& path, std::function<void(const Result<bool>&)> done);

   private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace mdscope::gui
