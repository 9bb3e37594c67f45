// SPDX-License-Identifier: MIT
// What the stage is drawn with.
#include "gui/panels/pen.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include "tests/gui/demo_screen.hpp"
#include "tests/gui/harness.hpp"

namespace mdscope::gui {

namespace {

// How far to the right the letters go that `write` writes, and how many there are.
std::pair<float, int> letters_of(const std::function<void(const Pen&)>& write) {
    DemoScreen screen;
    std::pair<float, int> found{0, 0};
    screen.more = [&] {
        ImDrawList& draw = *ImGui::GetWindowDrawList();
        const Pen pen(draw, {0, 0}, 1);
        const int before = draw.VtxBuffer.Size;
        write(pen);
        found = {0, (draw.VtxBuffer.Size - before) / 4};
        for (int i = before; i < draw.VtxBuffer.Size; i++) found.first = std::max(found.first, draw.VtxBuffer[i].pos.x);
    };
    const Headless ui(screen);
    return found;
}

}  // namespace

TEST_CASE("a name that has to be read in full shrinks to its place and loses no letter") {
    const std::string name = "bitmap->pending_writes";
    const auto write = [&](float width) {
        return letters_of(
            [&name, width](const Pen& pen) { pen.text_within(0, 300, name, Face::code, 14, IM_COL32_WHITE, width); });
    };
    const auto [wide, all] = write(1000);
    CHECK(all == static_cast<int>(name.size()));
    const auto [narrow, letters] = write(120);
    CHECK(wide > 120);
    CHECK(narrow <= 121);
    CHECK(narrow > 100);
    CHECK(letters == all);
}

}  // namespace mdscope::gui
