// SPDX-License-Identifier: MIT
// Motion between two steps: it begins, it ends, and what stands still stays still.
#include "gui/model/motion.hpp"

#include <doctest/doctest.h>

#include "gui/app.hpp"
#include "tests/gui/harness.hpp"

namespace mdscope::gui {

namespace {

std::array<StageModel, 2> stages_with(int value, bool crashed = false) {
    std::array<StageModel, 2> stages;
    stages[0].gauges[0].value = value;
    if (crashed) stages[0].crash = StageCrash{};
    return stages;
}

TEST_CASE("only a step to a neighbour moves, and it comes to an end") {
    Motion motion;
    motion.show(stages_with(0), 1, 5);
    CHECK_FALSE(motion.is_moving());  // the first picture
    motion.show(stages_with(1), 1, 6);
    REQUIRE(motion.is_moving());
    CHECK(motion.of(Side::A)->before->gauges[0].value == 0);
    CHECK_FALSE(motion.of(Side::A)->is_backwards);
    CHECK(motion.of(Side::A)->ms == 0);
    motion.pass(0.25);
    CHECK(motion.of(Side::A)->ms == doctest::Approx(250));
    motion.pass(0.3);
    CHECK_FALSE(motion.is_moving());
    motion.show(stages_with(0), 1, 5);
    REQUIRE(motion.is_moving());
    CHECK(motion.of(Side::A)->is_backwards);
    motion.pass(0.26);  // in half the time
    CHECK_FALSE(motion.is_moving());
    motion.show(stages_with(9), 1, 40);  // a jump
    CHECK_FALSE(motion.is_moving());
    motion.show(stages_with(9), 1, 41);  // nothing has changed
    CHECK_FALSE(motion.is_moving());
    motion.show(stages_with(3), 7, 40);  // another run
    CHECK_FALSE(motion.is_moving());
}

TEST_CASE("a new step ends what still moves") {
    Motion motion;
    motion.show(stages_with(0), 1, 5);
    motion.show(stages_with(1), 1, 6);
    motion.pass(0.1);
    motion.show(stages_with(2), 1, 7);
    CHECK(motion.of(Side::A)->ms == 0);
    CHECK(motion.of(Side::A)->before->gauges[0].value == 1);
}

TEST_CASE("a crash takes longer; short is a third, off is nothing") {
    for (const auto& [speed, seconds] : {std::pair{MotionSpeed::on, 0.9}, {MotionSpeed::brief, 0.3}}) {
        Motion motion;
        motion.speed = speed;
        motion.show(stages_with(1), 1, 5);
        motion.show(stages_with(1, true), 1, 6);
        motion.pass(seconds);
        CHECK(motion.is_moving());
        motion.pass(seconds * 0.1);
        CHECK_FALSE(motion.is_moving());
    }
    Motion motion;
    motion.speed = MotionSpeed::off;
    motion.show(stages_with(1), 1, 5);
    motion.show(stages_with(1, true), 1, 6);
    CHECK_FALSE(motion.is_moving());
    for (const auto& [row, text] : kMotionSpeeds) CHECK(motion_from(motion_text(row)) == row);
    CHECK(motion_from("sideways") == MotionSpeed::on);
}

TEST_CASE("curves begin at 0 and end at 1; only the crash's goes beyond") {
    for (float (*curve)(float) : {cubic_in_out, cubic_out, back_out}) {
        CHECK(curve(0) == doctest::Approx(0).epsilon(0.001));
        CHECK(curve(1) == doctest::Approx(1));
    }
    float most = 0;
    for (int i = 0; i <= 100; i++) {
        CHECK(cubic_in_out(static_cast<float>(i) / 100) <= 1);
        most = std::max(most, back_out(static_cast<float>(i) / 100));
    }
    CHECK(most > 1.1F);
    CHECK(most < 1.3F);
}

TEST_CASE("after a step the picture comes to rest, and asks for no more frames") {
    AppOptions options;
    options.scenario = "race-lost";
    auto made = make_app(std::move(options));
    REQUIRE(made);
    Headless ui(**made);
    // Futures may still be counted behind it: that looks ten times a second whether they are.
    const auto rests = [] { return ui::asked_for_frame() < 0 || ui::asked_for_frame() > 0.05; };
    ui.key("Left");
    CHECK(ui.stage().looks_different());
    ui.pass(1.2);
    CHECK_FALSE(ui.stage().looks_different());
    CHECK(rests());
    ui.key("Right");                            // the crash
    CHECK(ui.text("card/A/status") == "OOPS");  // told at once, whatever moves
    CHECK(ui::asked_for_frame() == 0);
    ui.pass(1.2);
    CHECK(rests());
    CHECK(ui.text("card/A/oops") == "OOPS");
    CHECK(ui.faults() == kNone);
}

}  // namespace

}  // namespace mdscope::gui
