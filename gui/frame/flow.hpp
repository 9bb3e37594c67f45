// SPDX-License-Identifier: MIT
// Widgets of known widths, one after the other, in as many lines as it takes.
#pragma once

#include <imgui.h>

namespace mdscope::gui {

// Places items from left to right, in lines. Without drawing, it only says how many lines there are.
class Flow {
   public:
    Flow(float width, bool draws) : width_(width), draws_(draws) {}

    // True if the item is to be drawn now.
    bool item(float width) {
        const float gap = used_ == 0 ? 0 : ImGui::GetStyle().ItemSpacing.x;
        if (used_ > 0 && used_ + gap + width > width_) {
            used_ = 0;
            lines_++;
        } else if (used_ > 0 && draws_) {
            ImGui::SameLine();
        }
        used_ += (used_ == 0 ? 0 : gap) + width;
        return draws_;
    }
    [[nodiscard]] int lines() const { return lines_; }

   private:
    float width_;
    bool draws_;
    float used_ = 0;
    int lines_ = 1;
};

}  // namespace mdscope::gui
