// SPDX-License-Identifier: MIT
// Pictures: written and read back, compared, and drawn without a display.
//
// The reference has shapes only: fonts and their rasterisers change from one distribution to the next, and a reference
// with text would fail for that. What text has to do is checked by what it says (marks_test.cpp).
#include "gui/frame/png.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "gui/model/files.hpp"
#include "tests/gui/demo_screen.hpp"
#include "tests/gui/harness.hpp"
#include "tests/gui/opengl.hpp"

namespace mdscope::gui {

namespace {

constexpr double kMostDifferent = 0.001;  // of all pixels

std::string temporary(const char* name) {
    return (std::filesystem::temp_directory_path() / (std::to_string(getpid()) + name)).string();
}

Image plain(int width, int height, std::uint8_t level) {
    return {width, height, std::vector<std::uint8_t>(4U * static_cast<unsigned>(width * height), level)};
}

Result<Image> picture(Screen& screen, const PngOptions& options) {
    const DriverLeaks leaks;
    return render(screen, options);
}

// One of each shape that panels are made of, in the colours of the theme.
class Shapes : public Screen {
   public:
    void draw() override {
        ImDrawList& list = *ImGui::GetBackgroundDrawList();
        float x = 10;
        for (const Role role : {Role::data_write, Role::bitmap_write, Role::danger, Role::safe, Role::current,
                                Role::daemon, Role::held, Role::idle}) {
            const ImVec2 from(x + shift, 10), to(x + shift + 26, 40);
            list.AddRectFilled(from, to, fill_u32(role), 4);
            list.AddRect(from, to, color_u32(role), 4, 0, 2);
            list.AddCircleFilled(ImVec2(x + 13, 60), 9, color_u32(role));
            list.AddTriangleFilled(ImVec2(x, 90), ImVec2(x + 26, 90), ImVec2(x + 13, 74), color_u32(role));
            x += 36;
        }
    }
    std::optional<int> next_frame_ms() override { return std::nullopt; }
    bool wants_to_quit() override { return false; }
    float shift = 0;
};

constexpr PngOptions kSmallPicture = {.width = 300, .height = 100};

TEST_CASE("a picture that is written is read back as it was") {
    Image image = plain(7, 5, 200);
    image.rgba[4] = 17;
    const std::string path = temporary("-back.png");
    REQUIRE(write_png(image, path));
    const Result<Image> back = read_png(path);
    REQUIRE(back);
    CHECK(back->width == 7);
    CHECK(back->rgba == image.rgba);
    std::filesystem::remove(path);
}

TEST_CASE("what is no picture, or cannot be written, is an error with its reason") {
    const std::string path = temporary("-bad.png");
    for (const char* text : {"", "not a picture", "\x89PNG\r\n\x1a\n and then nothing"}) {
        REQUIRE(replace_file(path, text));
        const Result<Image> image = read_png(path);
        REQUIRE_FALSE(image);
        CHECK(image.error().text.find(path) != std::string::npos);
    }
    std::filesystem::remove(path);
    CHECK(read_png(path).error().err == ENOENT);
    CHECK(write_png(plain(2, 2, 0), "/dev/full").error().err == ENOSPC);
    CHECK_FALSE(write_png(plain(2, 2, 0), path + "/no/such.png"));
}

TEST_CASE("pictures are compared by how much and how many") {
    const Image grey = plain(100, 100, 100);
    CHECK(share_of_different_pixels(grey, grey) == 0);
    CHECK(share_of_different_pixels(grey, plain(100, 100, 116)) == 0);
    CHECK(share_of_different_pixels(grey, plain(100, 100, 117)) == 1);
    CHECK(share_of_different_pixels(grey, plain(100, 101, 100)) == 1);
    Image dotted = grey;
    for (std::size_t i = 0; i < 10; ++i) dotted.rgba[i * 400] = 255;
    CHECK(share_of_different_pixels(grey, dotted) == doctest::Approx(0.001));
}

TEST_CASE("sizes that no picture can have are refused") {
    Shapes screen;
    CHECK_FALSE(render(screen, {.width = 0, .height = 5}));
    CHECK_FALSE(render(screen, {.width = 9000, .height = 5}));
    CHECK_FALSE(render(screen, {.width = 5000, .height = 5, .density = 2}));
}

TEST_CASE("shapes look like the reference, and a wrong one is noticed" * with_opengl()) {
    const std::string reference = std::string(MDSCOPE_SOURCE_DIR) + "/tests/data/gui-shapes.png";
    Shapes screen;
    const Result<Image> image = picture(screen, kSmallPicture);
    REQUIRE_MESSAGE(image, image.error().text);
    if (std::getenv("MDSCOPE_MAKE_REFERENCE") != nullptr) REQUIRE(write_png(*image, reference));
    const Result<Image> wanted = read_png(reference);
    REQUIRE(wanted);
    CHECK(share_of_different_pixels(*image, *wanted) <= kMostDifferent);
    screen.shift = 1;
    CHECK(share_of_different_pixels(*picture(screen, kSmallPicture), *wanted) > kMostDifferent);
    screen.shift = 0;
    set_theme(ThemeName::light);
    CHECK(share_of_different_pixels(*picture(screen, kSmallPicture), *wanted) > kMostDifferent);
    set_theme(ThemeName::dark);
}

TEST_CASE("twice the density is the same picture, twice as large" * with_opengl()) {
    DemoScreen screen;
    const Result<Image> image = picture(screen, {.width = 900, .height = 600, .density = 2});
    REQUIRE_MESSAGE(image, image.error().text);
    CHECK(image->width == 1800);
    const ui::Mark* chip = ui::find("chip");
    REQUIRE(chip != nullptr);
    // A pixel inside of the chip, left of its text.
    const std::uint8_t* pixel =
        image->at(static_cast<int>(2 * (chip->rect.x + 6)), static_cast<int>(2 * chip->rect.center().y));
    const ImVec4 wanted = fill(Role::danger);
    CHECK(std::abs(pixel[0] - static_cast<int>(wanted.x * 255)) <= 2);
    CHECK(std::abs(pixel[2] - static_cast<int>(wanted.z * 255)) <= 2);
    CHECK(pixel[3] == 255);
}

TEST_CASE("a screen that throws makes no picture, but an error" * with_opengl()) {
    DemoScreen screen;
    screen.more = [] { throw std::runtime_error("a panel is broken"); };
    const std::string path = temporary("-none.png");
    const DriverLeaks leaks;
    const Result<bool> made = render_png(screen, {}, path);
    REQUIRE_FALSE(made);
    CHECK(made.error().text.find("a panel is broken") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(path));
}

}  // namespace

}  // namespace mdscope::gui
