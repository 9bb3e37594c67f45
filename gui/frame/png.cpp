// SPDX-License-Identifier: MIT

#include "gui/frame/png.hpp"

#include <fmt/format.h>
#include <imgui.h>
#include <png.h>

#include <cstdlib>
#include <exception>

#include "gui/frame/canvas.hpp"
#include "gui/frame/picture_acts.hpp"
#include "gui/frame/stage.hpp"
#include "gui/model/files.hpp"

namespace mdscope::gui {

namespace {

constexpr int kLargestSide = 8192;

png_image description(int width, int height) {
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    image.width = static_cast<png_uint_32>(width);
    image.height = static_cast<png_uint_32>(height);
    image.format = PNG_FORMAT_RGBA;
    return image;
}

}  // namespace

Result<bool> write_png(const Image& image, const std::string& path) {
    png_image png = description(image.width, image.height);
    png_alloc_size_t size = 0;
    if (png_image_write_get_memory_size(png, size, 0, image.rgba.data(), 0, nullptr) == 0)
        return Error{0, fmt::format("Cannot make a PNG: {}.", static_cast<const char*>(png.message))};
    std::string bytes(size, '\0');
    png = description(image.width, image.height);
    if (png_image_write_to_memory(&png, bytes.data(), &size, 0, image.rgba.data(), 0, nullptr) == 0)
        return Error{0, fmt::format("Cannot make a PNG: {}.", static_cast<const char*>(png.message))};
    bytes.resize(size);
    return replace_file(path, bytes);
}

Result<Image> read_png(const std::string& path) {
    constexpr std::size_t limit = std::size_t{256} << 20U;
    const Result<std::string> bytes = read_small_file(path, limit);
    if (!bytes) return bytes.error();
    png_image png = description(0, 0);
    const auto wrong = [&] {
        const std::string why = static_cast<const char*>(png.message);
        png_image_free(&png);
        return Error{0, fmt::format("{} is no PNG that can be read: {}.", path, why)};
    };
    if (png_image_begin_read_from_memory(&png, bytes->data(), bytes->size()) == 0) return wrong();
    if (png.width > kLargestSide || png.height > kLargestSide) {
        png_image_free(&png);
        return Error{0, fmt::format("{} is larger than {} pixels.", path, kLargestSide)};
    }
    png.format = PNG_FORMAT_RGBA;
    Image image{static_cast<int>(png.width), static_cast<int>(png.height), {}};
    image.rgba.resize(PNG_IMAGE_SIZE(png));
    if (png_image_finish_read(&png, nullptr, image.rgba.data(), 0, nullptr) == 0) return wrong();
    return image;
}

Result<Image> render(Screen& screen, const PngOptions& options) {
    const float width = static_cast<float>(options.width) * options.density;
    const float height = static_cast<float>(options.height) * options.density;
    if (!(width >= 1 && height >= 1 && width <= kLargestSide && height <= kLargestSide))
        return Error{EINVAL,
                     fmt::format("A picture of {:.0f}x{:.0f} pixels cannot be made: a side has 1 to {} of them.", width,
                                 height, kLargestSide)};
    try {
        Stage stage(static_cast<float>(options.width), static_cast<float>(options.height), options.density);
        Canvas canvas({.width = static_cast<int>(width), .height = static_cast<int>(height), .off_screen = true});
        stage.fonts_changed = [&canvas] { canvas.new_fonts(); };
        for (int i = 0; i < options.frames; ++i) {
            stage.frame(screen, 1.0F / 60);
            if (!stage.error().empty()) return Error{0, "The picture cannot be drawn: " + stage.error()};
        }
        if (const std::string wrong = do_acts(stage, screen, options.acts); !wrong.empty()) return Error{EINVAL, wrong};
        canvas.draw(*ImGui::GetDrawData());
        return canvas.read();
    } catch (const std::exception& exception) {
        return Error{0, exception.what()};
    }
}

Result<bool> render_png(Screen& screen, const PngOptions& options, const std::string& path) {
    const Result<Image> image = render(screen, options);
    if (!image) return image.error();
    return write_png(*image, path);
}

double share_of_different_pixels(const Image& a, const Image& b, int tolerance) {
    if (a.width != b.width || a.height != b.height || a.rgba.empty()) return 1;
    std::size_t different = 0;
    for (std::size_t i = 0; i < a.rgba.size(); i += 4) {
        bool differs = false;
        for (std::size_t channel = i; channel < i + 4; ++channel)
            differs |= std::abs(int{a.rgba[channel]} - int{b.rgba[channel]}) > tolerance;
        different += differs ? 1 : 0;
    }
    const std::size_t pixels = a.rgba.size() / 4;
    return static_cast<double>(different) / static_cast<double>(pixels);
}

}  // namespace mdscope::gui
