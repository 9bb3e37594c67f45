// SPDX-License-Identifier: MIT
// For a page that is drawn rather than filled with widgets: positions in units from the page's corner, text in the
// stage's faces, and places that can be pressed. The page scrolls as a whole, so nothing on it is ever cut.
#pragma once

#include <string>

#include "gui/model/phrase.hpp"
#include "gui/model/rect.hpp"
#include "gui/panels/pen.hpp"

namespace mdscope::gui {

struct TextLook {
    float size = 16;
    bool is_bold = false;
    int most_lines = 1;
    Role role = Role::text;
};

class PagePen {
   public:
    // At the cursor of the current window.
    PagePen();
    [[nodiscard]] const Pen& pen() const { return pen_; }
    [[nodiscard]] ui::Rect on_screen(const ui::Rect& units) const {
        return pen_.rect_of(units.x, units.y, units.w, units.h);
    }

    void panel(const ui::Rect& units, Role border = Role::border, float width = 1) const;
    // Text in so many lines as it needs, at most `most_lines`; marked, its value 1 if some of it is left out. Returns
    // its height in units.
    float text(const std::string& id, const std::string& text, const ui::Rect& units, const TextLook& words = {}) const;
    float text(const std::string& id, const Phrases& phrases, const ui::Rect& units, const TextLook& words = {}) const;
    // How high it will be.
    [[nodiscard]] float height_of(const std::string& text, float width, const TextLook& words) const;
    // A place that can be pressed, with the focus's frame. `role` as of a mark.
    bool area(const std::string& id, const ui::Rect& units, const std::string& words, bool enabled = true) const;
    // A key in a box: "F3". Right-aligned at x; returns its left edge.
    float key(float right, float y, const std::string& name, Role role = Role::text) const;
    // The page is so high: for the scroll bar.
    void end_at(float y) const;

   private:
    ImVec2 origin_;
    Pen pen_;
};

float line_of(float size);  // its height in units

// Where the `number`th of equal boxes stands, in so many columns.
struct GridPlace {
    float column, row;
};
GridPlace place_in_grid(std::size_t number, std::size_t columns);
float grid_rows(std::size_t count, std::size_t columns);

}  // namespace mdscope::gui
