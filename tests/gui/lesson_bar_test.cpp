// SPDX-License-Identifier: MIT
// Where the head of a lesson stands: in the bar at the top, so that its words are all that it takes below the sentence.
#include <doctest/doctest.h>

#include "gui/app.hpp"
#include "tests/gui/harness.hpp"

namespace mdscope::gui {

TEST_CASE("in a window of 1280 the head of a lesson is in the bar, whose least needed buttons give way") {
    AppOptions options;
    options.lesson = 1;
    const auto app = make_app(std::move(options));
    REQUIRE(app);
    for (const float width : {1280.0F, 1366.0F, 1600.0F}) {
        CAPTURE(width);
        Headless ui(**app, {.width = width, .height = width < 1600 ? 720.0F : 900.0F});
        const ui::Rect bar = ui.rect("toolbar/play");
        CHECK(ui.rect("lesson/dots").y < bar.bottom());
        CHECK(ui.rect("lesson/close").y < bar.bottom());
        CHECK(ui.rect("lesson/text").bottom() < ui.rect("card/A/status").y);
        CHECK(ui.text("lesson/title") == "Lesson 1   The race in 60 seconds");
        CHECK(ui.has("toolbar/stop_both"));
        CHECK(ui.has("toolbar/first") == (width == 1600));
        CHECK(ui.faults() == kNone);
        CHECK(ui.out_of_reach() == kNone);
    }
}

}  // namespace mdscope::gui
