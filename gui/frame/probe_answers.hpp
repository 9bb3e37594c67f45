// SPDX-License-Identifier: MIT
// What the probe answers: questions about the last frame, one line each, and answers that are one line of JSON.
//
//   ids          ["toolbar/play", ...]             frames       17: made since the start
//   rect ID      [x, y, width, height]             pictures     12: of these, the ones that looked different
//   text ID      "▶ Play"                          idle         true: nothing left to draw
//   value ID     0.25                              wait-idle    true, as soon as that is so
//   mark ID      all that is known of it           size         [width, height] of the window
//   marks        the same, of everything           origin       [x, y] of the window on the screen
//   focused      the id with the focus, or null    faults       ids that occur twice, text that is cut, ...
//   png PATH     true: saved there                 quit         true, and the window closes
//
// What is no such question, or has no answer: {"error": "why"}.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "engine/kernel/result.hpp"

namespace mdscope::gui {

// What only the window knows.
struct ProbeHost {
    std::function<int()> frames, pictures;
    std::function<bool()> is_idle;
    std::function<std::array<int, 4>()> place;  // x, y, width, height
    std::function<Result<bool>(const std::string& path)> save_png;
    std::function<void()> quit;
};

// Without a newline. nullopt: ask again after the next frame (wait-idle).
// REQUIRES: the thread that draws, between two frames.
std::optional<std::string> answer(std::string_view question, const ProbeHost& host);

}  // namespace mdscope::gui
