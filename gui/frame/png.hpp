// SPDX-License-Identifier: MIT
// Pictures of a screen: PNG files, made without a display, and read back by tests to be compared.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/kernel/result.hpp"
#include "gui/frame/screen.hpp"

namespace mdscope::gui {

struct Image {
    int width = 0, height = 0;
    std::vector<std::uint8_t> rgba;  // rows from the top, 4 bytes a pixel
    [[nodiscard]] const std::uint8_t* at(int x, int y) const {
        return rgba.data() +
               4 * (static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x));
    }
};

Result<bool> write_png(const Image& image, const std::string& path);  // as replace_file() does it
Result<Image> read_png(const std::string& path);

struct PngOptions {
    int width = 1600, height = 900;
    float density = 1;                   // pixels per unit: 2 makes the same picture twice as large and as sharp
    int frames = 4;                      // drawn before the picture is taken: sizes settle in two or three
    std::vector<std::string> acts = {};  // done before it is taken (picture_acts.hpp)
};
// Draws the screen with no display and no window. The text size is the theme's.
Result<Image> render(Screen& screen, const PngOptions& options);
Result<bool> render_png(Screen& screen, const PngOptions& options, const std::string& path);

// How many pixels differ by more than `tolerance` in a channel; all of them if the sizes differ. Rasterisers round
// differently by a few levels, and edges move by a fraction of a pixel: a test allows both a magnitude and a share.
double share_of_different_pixels(const Image& a, const Image& b, int tolerance = 16);

}  // namespace mdscope::gui
