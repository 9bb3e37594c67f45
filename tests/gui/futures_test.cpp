// SPDX-License-Identifier: MIT
// The band of futures over the lanes: of all orders that are left at a step, how many go wrong.
#include <doctest/doctest.h>

#include "engine/kernel/arena.hpp"
#include "gui/app.hpp"
#include "gui/model/future_band.hpp"
#include "tests/gui/harness.hpp"

namespace mdscope::gui {

namespace {

std::unique_ptr<Screen> with_futures(AppOptions options) {
    options.is_picture = true;  // it waits for the count
    auto app = make_app(std::move(options));
    REQUIRE(app);
    return std::move(*app);
}

}  // namespace

TEST_CASE("large numbers of futures are told as a share, small ones as they are, and never as safe when cut off") {
    CHECK(futures_words({.all = 19, .crashes = 8}) == "8 of 19 futures crash");
    CHECK(futures_words({.all = 257'998, .crashes = 180'000}) == "7 in 10 futures crash");
    CHECK(futures_words({.all = 257'998, .crashes = 1}) == "less than 1 in 10 futures crash");
    CHECK(futures_words({.all = 257'998, .crashes = 257'997}) == "more than 9 in 10 futures crash");
    CHECK(futures_words({.all = 4, .hangs = 4}) == "all futures hang");
    CHECK(futures_words({.all = 4, .crashes = 1, .violations = 1}) == "2 of 4 futures go wrong");
    CHECK(futures_words({.all = 8'446}) == "no future crashes");
    CHECK(futures_words({.all = 5'000, .crashes = 2'000, .is_whole = false}) == "at least 2,000 futures crash");
    CHECK(futures_share({.all = 8'446}) == "none");
    CHECK(futures_share({.all = 5'000, .is_whole = false}) == "at least 0");
}

TEST_CASE("the share of orders that crash stands at the playhead, and is all of them in the end" *
          doctest::skip(!Arena::available())) {
    AppOptions options;
    options.scenario = "race-lost";
    const auto app = with_futures(std::move(options));
    Headless ui(*app, {.width = 1600, .height = 900});
    ui.key("Home");
    CHECK(ui.text("futures/now").find(" in 10 futures crash") != std::string::npos);
    CHECK(ui.text("futures/b") == "B: none");
    CHECK(ui.faults() == kNone);
    ui.key("End");
    CHECK_FALSE(ui.has("futures/now"));  // the kernel has halted: there are none
    CHECK(ui.has("futures/all"));
    ui.key("End");  // of B, behind it
    REQUIRE(ui.has("lanes/no_return"));
    CHECK(ui.rect("futures/all").x > ui.rect("lanes/no_return").x);
    CHECK(ui.rect("futures/all").right() < ui.rect("now/tick").x);
    CHECK(ui.text("futures/b") == "B: none");
    CHECK(ui.faults() == kNone);
}

TEST_CASE("while a question is open the futures are not told" * doctest::skip(!Arena::available())) {
    AppOptions options;
    options.lesson = 1;
    const auto app = with_futures(std::move(options));
    Headless ui(*app);
    ui.key("Space");
    ui.frames_until("lesson/next");
    ui.key("Space");
    ui.frames_until("predict/0");
    CHECK_FALSE(ui.has("futures/now"));
    CHECK_FALSE(ui.has("futures/b"));
}

// Paused where the write is held and the question of the first lesson is answered.
void to_danger(Headless& ui) {
    ui.key("Space");
    ui.frames_until("lesson/next");
    ui.key("Space");
    ui.frames_until("predict/0");
    ui.key("1");
    ui.frames_until("futures/now");
    ui.key("Space");
    ui.frames_until("lanes/no_return");
}

TEST_CASE("behind the playhead the band goes on for as long as the write is held, to where all orders crash" *
          doctest::skip(!Arena::available())) {
    AppOptions options;
    options.lesson = 1;
    const auto app = with_futures(std::move(options));
    Headless ui(*app);
    to_danger(ui);
    CHECK(ui.text("futures/now").find(" futures crash") != std::string::npos);
    REQUIRE(ui.has("futures/all"));
    CHECK(ui.rect("futures/all").x > ui.rect("lanes/no_return").x);
    CHECK(ui.faults() == kNone);
}

TEST_CASE("in a small window the futures stay, and the lane of the held write" * doctest::skip(!Arena::available())) {
    AppOptions options;
    options.lesson = 1;
    const auto app = with_futures(std::move(options));
    Headless ui(*app, {.width = 1280, .height = 720});
    to_danger(ui);
    CHECK(ui.has("futures/now"));
    CHECK(ui.has("lane/A/bio/sdb bitmap 1"));
    CHECK(ui.mark("lane/A/bio/sdb bitmap 1").visible);
    CHECK(ui.faults() == kNone);
}

}  // namespace mdscope::gui
