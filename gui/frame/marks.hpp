// SPDX-License-Identifier: MIT
// The probe: a list of everything that a frame put on the screen, by name.
//
//   if (ImGui::Button("Stop both")) stop();
//   ui::mark("toolbar/stop_both", "button", "Stop both");
//
// A mark is made right after its widget and keeps where it is, what it says and whether it can be used. One list serves
// tests (click by name), xdotool (rectangles), lessons (highlights), blind users (the same text without pixels), focus
// with Tab, and the checks that no id occurs twice, nothing is cut off and no character is drawn as "?".
//
// Ids are paths of data, "card/A/status", never of positions: they stay the same when the layout changes. Everything
// here belongs to the thread that draws. What find() and all() answer is the last complete frame.
#pragma once

#include <imgui.h>

#include <string>
#include <string_view>
#include <vector>

#include "gui/model/rect.hpp"

namespace mdscope::gui::ui {

// Between ImGui's points and ours.
inline ImVec2 vec(Point at) {
    return {at.x, at.y};
}
inline Rect rect_between(ImVec2 min, ImVec2 max) {
    return {min.x, min.y, max.x - min.x, max.y - min.y};
}
inline Rect rect_of_item() {
    return rect_between(ImGui::GetItemRectMin(), ImGui::GetItemRectMax());
}

struct Mark {
    std::string id;
    std::string role;  // button toggle chip combo slider tab row text link header splitter field thing; or a shape
    std::string text;  // what a person reads there, in full even where it is shown shortened
    double value = 0;
    Rect rect, clip;
    bool enabled = true;
    bool visible = true;       // some of it is
    bool interactive = false;  // it is a widget that can be used (whatever its role)
    bool focused = false;      // by the keyboard, with the frame around it
    bool hovered = false;
    bool cut = false;  // part of it can be seen by no scrolling
    int frame = 0;
    std::vector<std::string> missing;  // characters of the text that its font lacks
    ImGuiID widget = 0, window = 0;    // of ImGui; 0 where it is only drawn
};

// Of the last item. REQUIRES: called right after it.
void mark(std::string_view id, std::string_view role, std::string_view text = {}, double value = 0);
// Of something drawn by hand: a bar, a cell. It becomes interactive only through an item of its own.
void mark_rect(const Rect& rect, std::string_view id, std::string_view role, std::string_view text = {},
               double value = 0);

// Characters that the last mark's widget shows besides the mark's text.
void note_missing(std::string_view shown);

// nullptr: the last frame did not have it. The pointer is good until the next frame ends.
const Mark* find(std::string_view id);
const std::vector<Mark>& all();
int frame_number();

// The checks of the last frame, as lines a test can print: what is wrong, with the mark's id.
std::vector<std::string> duplicate_ids();
std::vector<std::string> clipped();
std::vector<std::string> fallback_glyphs();

// Asks for a frame in so many seconds although nobody touches anything: a tip that is about to appear.
void ask_for_frame(double seconds);

// For the stage: around each frame; and when a new ImGui context begins.
void begin_frame();
void end_frame();
void forget_everything();
// The nearest of what ask_for_frame() was asked for since the frame began; negative if nothing.
double asked_for_frame();

}  // namespace mdscope::gui::ui
