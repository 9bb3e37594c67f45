// The App as it stands: nothing wrong on the screen at any text size, and everything within reach.
#include "gui/app.hpp"

#include <doctest/doctest.h>

#include "tests/gui/harness.hpp"

namespace mdscope::gui {

namespace {

TEST_CASE("the window plays by key and by mouse") {
    auto app = make_app({});
    REQUIRE(app);
    Headless ui(**app);
    ui.click("toolbar/play");
    ui.key("Space");
    ui.key("k");
    CHECK(ui.text("played") == "Played 3 times");
    CHECK(ui.faults() == std::vector<std::string>());
    CHECK(ui.out_of_reach() == std::vector<std::string>());
}

}  // namespace

}  // namespace mdscope::gui
