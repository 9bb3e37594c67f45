// SPDX-License-Identifier: MIT
// The lanes of both arrays as an SVG picture, for slides and for comparing with diff: text stays text, equal runs make
// equal files. What a bar is can be read without colour: sleeps are outlined, what is held is hatched, an Oops is
// marked by a word.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "engine/story/draw/lanes.hpp"

namespace mdscope {

// What is drawn, as values.
struct LanesPicture {
    struct Part {  // one array
        std::string name;
        std::vector<Lane> lanes;
        std::vector<CounterStep> mddev, bitmap;
    };
    std::string title;
    std::array<Part, 2> parts;
    std::size_t ticks = 0;
    std::optional<std::size_t> first_difference, playhead;
};

LanesPicture picture_of(const Duel& duel, std::optional<std::size_t> playhead);
std::string lanes_svg(const LanesPicture& picture);

}  // namespace mdscope
