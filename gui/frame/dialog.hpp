// SPDX-License-Identifier: MIT
// A dialog in the middle of the window, over everything else, as long as `open` says; Esc and × close it. One at a
// time.
#pragma once

#include <imgui.h>

namespace mdscope::gui {

class Dialog {
   public:
    // `size` is what it would like: it becomes no larger than the window, and its content scrolls.
    Dialog(const char* id, const char* title, bool& open, ImVec2 size, bool has_foot = false);
    ~Dialog();
    Dialog(const Dialog&) = delete;
    Dialog& operator=(const Dialog&) = delete;
    explicit operator bool() const { return shown_; }
    void foot();  // what follows stands below the content and does not scroll with it; REQUIRES: has_foot
    void close();

   private:
    bool& open_;
    bool shown_ = false, in_content_ = false;
};

}  // namespace mdscope::gui
