// SPDX-License-Identifier: MIT
// Which kernel a mounted array has: what it is like in words, and rows that can be changed, of which few matter.
#include <doctest/doctest.h>

#include <algorithm>

#include "engine/md/variant.hpp"
#include "tests/gui/harness.hpp"
#include "tests/gui/live_app.hpp"

namespace mdscope::gui {

TEST_CASE("of the kernel of a mounted array stands which it is like, and the rows of the stop; the others are folded") {
    const mdscope::testing::LiveApp live;
    Headless ui(*live.app);
    REQUIRE(live.is_read(ui));
    const auto combos = [] {
        return std::ranges::count_if(ui::all(), [](const ui::Mark& mark) {
            return mark.id.starts_with("live/axis/") && !mark.id.ends_with("/label");
        });
    };
    CHECK(ui.text("live/kernel") == "mdscope's default");
    CHECK(ui.has("live/axis/fix"));
    CHECK_FALSE(ui.has("live/axis/unplug"));
    CHECK(combos() < 8);
    ui.click("live/other_rows");
    CHECK(ui.has("live/axis/unplug"));
    CHECK(combos() == std::ssize(all_variants()));
    CHECK(ui.faults() == kNone);
    CHECK(ui.out_of_reach() == kNone);
}

}  // namespace mdscope::gui
