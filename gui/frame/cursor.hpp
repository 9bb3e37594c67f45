// SPDX-License-Identifier: MIT
// The shape of the mouse pointer, and the clipboard: what SDL does for ImGui besides events.
#pragma once

#include <map>

struct SDL_Cursor;

namespace mdscope::gui {

class Cursor {
   public:
    Cursor() = default;
    ~Cursor();
    Cursor(const Cursor&) = delete;
    Cursor& operator=(const Cursor&) = delete;
    void show(int imgui_cursor);

   private:
    std::map<int, SDL_Cursor*> made_;  // by SDL_SystemCursor; made when first needed
    int shown_ = -1;
};

// Copy and paste reach other programs. REQUIRES: a current ImGui context, SDL's video subsystem for as long as it
// lives.
void use_clipboard();

}  // namespace mdscope::gui
