// SPDX-License-Identifier: MIT
// The main loop, on SDL's off-screen driver: when it draws, when it ends. With an X server and real input it is tested
// by tests/real/gui_window.py.
#include "gui/frame/window.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <stdlib.h>

#include <atomic>
#include <stdexcept>
#include <thread>

#include "gui/frame/png.hpp"
#include "tests/gui/opengl.hpp"

namespace mdscope::gui {

namespace {

class LoopScreen : public Screen {
   public:
    void draw() override {
        ++drawn;
        if (fails) throw std::runtime_error("always");
        if (drawing) drawing();
    }
    std::optional<int> next_frame_ms() override { return again_ms; }
    bool wants_to_quit() override { return quit; }
    void poll() override {
        if (polling) polling();
    }
    int drawn = 0;
    bool fails = false, quit = false;
    std::optional<int> again_ms;
    std::function<void()> drawing, polling;
};

struct OffScreen {
    OffScreen() { setenv("SDL_VIDEODRIVER", "offscreen", 1); }
    ~OffScreen() { unsetenv("SDL_VIDEODRIVER"); }
    OffScreen(const OffScreen&) = delete;
    OffScreen& operator=(const OffScreen&) = delete;
    const DriverLeaks leaks;
};

TEST_CASE("it draws again when the screen asks for it, and ends when the screen wants to" * with_opengl()) {
    const OffScreen driver;
    LoopScreen screen;
    screen.again_ms = 0;
    screen.drawing = [&] { screen.quit = screen.drawn == 20; };
    Window window({.width = 320, .height = 200});
    CHECK(window.run(screen) == 0);
    CHECK(screen.drawn == 20);
    CHECK(window.frames_drawn() == 20);
    CHECK(window.pictures_shown() < 5);  // They are all alike.
}

TEST_CASE("what another thread brought before it woke the window is taken in" * with_opengl()) {
    const OffScreen driver;
    LoopScreen screen;
    std::atomic<int> brought{0};
    constexpr int all = 1000;
    screen.polling = [&] { screen.quit = brought == all; };
    Window window({.width = 320, .height = 200});
    std::thread other([&] {
        for (int i = 0; i < all; ++i) {
            ++brought;
            Window::wake();
        }
    });
    CHECK(window.run(screen) == 0);
    other.join();
    CHECK(screen.drawn < all);
    Window::wake();  // Nobody runs any more; nothing happens.
}

TEST_CASE("ten frames in a row that fail end it with an error, nine do not" * with_opengl()) {
    const OffScreen driver;
    LoopScreen screen;
    screen.fails = true;
    {
        Window window({.width = 320, .height = 200});
        CHECK(window.run(screen) == 1);
        CHECK(screen.drawn == 10);
    }
    LoopScreen nearly;
    nearly.again_ms = 0;
    nearly.polling = [&] {
        nearly.fails = nearly.drawn % 10 != 9;
        nearly.quit = nearly.drawn >= 30;
    };
    Window window({.width = 320, .height = 200});
    CHECK(window.run(nearly) == 0);
}

TEST_CASE("a signal ends it, and afterwards signals are what they were" * with_opengl()) {
    const OffScreen driver;
    LoopScreen screen;
    struct sigaction before {};
    sigaction(SIGTERM, nullptr, &before);
    Window window({.width = 320, .height = 200});
    screen.drawing = [] { raise(SIGTERM); };
    CHECK(window.run(screen) == 0);
    CHECK(screen.drawn == 1);
    struct sigaction after {};
    sigaction(SIGTERM, nullptr, &after);
    CHECK((before.sa_handler == after.sa_handler));
}

TEST_CASE("a picture of the window that a button asks for" * with_opengl()) {
    const OffScreen driver;
    LoopScreen screen;
    const std::string path =
        std::string(getenv("TMPDIR") != nullptr ? getenv("TMPDIR") : "/tmp") + "/mdscope-window.png";
    std::vector<std::string> said;
    Window window({.width = 320, .height = 200});
    screen.drawing = [&] {
        const auto done = [&](const Result<bool>& saved) { said.push_back(saved ? "saved" : saved.error().text); };
        if (screen.drawn == 1) window.save_png_later(path, done);
        if (screen.drawn == 2) window.save_png_later("/dev/full", done);
        screen.quit = screen.drawn == 3;
    };
    CHECK(window.run(screen) == 0);
    CHECK(said == std::vector<std::string>{"saved", "Cannot write /dev/full: No space left on device."});
    const Result<Image> image = read_png(path);
    REQUIRE(image);
    CHECK(image->width == 320);
    remove(path.c_str());
}

}  // namespace

}  // namespace mdscope::gui
