// SPDX-License-Identifier: MIT
// The window without a window: a Screen drawn frame by frame, used by name, as a test says. No SDL, no OpenGL, no time
// but what the test lets pass. Input goes through the same queue as SDL's.
//
//   Headless ui(screen);
//   ui.click("toolbar/play");  ui.key("Space");  CHECK(ui.text("played") == "Played 2 times");
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gui/frame/marks.hpp"
#include "gui/frame/screen.hpp"
#include "gui/frame/stage.hpp"

namespace mdscope::gui {

inline const std::vector<std::string> kNone;  // of faults, and of what is out of reach

struct HeadlessOptions {
    float width = 1600, height = 900;
    int text_percent = 100;
    float seconds_per_frame = 1.0F / 60;
};

class Headless {
   public:
    explicit Headless(Screen& screen, const HeadlessOptions& options = {});
    ~Headless();
    Headless(const Headless&) = delete;
    Headless& operator=(const Headless&) = delete;

    void frame(int count = 1);
    void pass(double seconds);  // in frames of a 60th
    // Frames until everything pushed has arrived, and the two more that a window draws.
    void settle();
    // Frames until something is called so, however long a thread beside this one takes for it.
    void frames_until(std::string_view id);
    void resize(float width, float height);

    // Input, at the middle of a mark of the last frame; all of them settle. Without such a mark, or one that is out of
    // sight or disabled, the test fails: so it does not go on as if something had been clicked.
    void click(std::string_view id, int button = 0);
    void double_click(std::string_view id);
    void move_to(std::string_view id);
    void drag(std::string_view id, float dx, float dy);
    void wheel(std::string_view id, float lines);
    void key(std::string_view name);  // "Space", "Shift+Left", "Ctrl+=", "F1", "a", "Shift+S"
    void type(std::string_view text);
    void reveal(std::string_view id);  // scrolls to it, without pressing it
    void push(InputEvent event) { stage_.input().push(std::move(event)); }

    [[nodiscard]] bool has(std::string_view id) const { return ui::find(id) != nullptr; }
    [[nodiscard]] std::string text(std::string_view id) const;
    [[nodiscard]] double value(std::string_view id) const;
    [[nodiscard]] ui::Rect rect(std::string_view id) const;
    [[nodiscard]] const ui::Mark& mark(std::string_view id) const;
    // What is wrong in the last frame: ids that occur twice, text that is cut, characters without a glyph, exceptions.
    [[nodiscard]] std::vector<std::string> faults() const;
    // Interactive and enabled, but neither Tab nor, in a list, the arrows get there.
    std::vector<std::string> out_of_reach();

    [[nodiscard]] Stage& stage() { return stage_; }
    [[nodiscard]] int frames() const { return frames_; }

   private:
    ui::Point aim(std::string_view id);

    Screen& screen_;
    Stage stage_;
    float seconds_per_frame_;
    int frames_ = 0;
};

}  // namespace mdscope::gui
