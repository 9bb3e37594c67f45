// SPDX-License-Identifier: MIT
// What fills the window. A Screen knows nothing of SDL or OpenGL: the same object is drawn in a window, into a PNG and
// without any display in tests. All calls come from one thread, the one that owns ImGui.
#pragma once

#include <optional>
#include <string>

namespace mdscope::gui {

class Screen {
   public:
    virtual ~Screen() = default;

    // One frame, between ImGui::NewFrame and Render. May throw: the frame is then mended and shown as far as it got.
    virtual void draw() = 0;
    // When to draw again although nobody touched anything: 0 is as soon as possible. nullopt: only after input.
    virtual std::optional<int> next_frame_ms() = 0;
    virtual bool wants_to_quit() = 0;

    // Before each frame, and at each wake-up while the window is minimised and nothing is drawn: take in what other
    // threads have left, so that their queues stay short.
    virtual void poll() {}
    // What it shows has a clock of its own, as a mounted array has: who waits for it has to wait.
    virtual bool is_on_real_time() { return false; }
    virtual void dropped_file(const std::string& /*path*/) {}
};

}  // namespace mdscope::gui
