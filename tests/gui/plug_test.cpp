// SPDX-License-Identifier: MIT
// U pulls the plug: in a scenario that knows of it and in any other, at every size, and again with a disk that was
// quicker.
#include "engine/story/tell/plug.hpp"

#include <doctest/doctest.h>

#include "engine/scenario/scenario_files.hpp"
#include "gui/app.hpp"
#include "gui/model/player.hpp"
#include "tests/gui/harness.hpp"

namespace mdscope::gui {

namespace {

std::unique_ptr<Screen> app_with(const std::string& scenario) {
    AppOptions options;
    options.scenario = scenario;
    auto made = make_app(std::move(options));
    REQUIRE_MESSAGE(made, made.error().text);
    return std::move(*made);
}

TEST_CASE("the plug is pulled at the playhead; what was lost is shown, and what came of it") {
    const auto screen = app_with("plug-pulled");
    Headless ui(*screen);
    ui.key("i");
    ui.click("side/plug");
    CHECK(ui.text("plug/A/sdb/2/platter") == "old");
    CHECK(ui.text("plug/A/sdb/2/unsure") == "new, on its way: lost");
    CHECK(ui.text("plug/A/sda/2/unsure") == "new, in the cache: kept");
    CHECK(ui.text("plug/B/after").starts_with("The power is back"));
    ui.key("End");
    CHECK(ui.text("plug/A/after").ends_with("64 KiB of 512 KiB had to be compared: what the bitmap had marked."));
    CHECK(ui.text("plug/B/after").ends_with("All 512 KiB had to be compared."));
    CHECK(ui.faults() == kNone);
}

TEST_CASE("back before the cut the same key cuts again, and every cache is lost") {
    const auto screen = app_with("plug-pulled");
    Headless ui(*screen);
    ui.key("i");
    ui.click("side/plug");
    ui.reveal("plug/back");
    ui.click("plug/back");
    CHECK(ui.has("plug/pull"));
    CHECK(ui.text("plug/A/sda/2/unsure") == "new, in the cache");  // as it would be found
    CHECK(ui.text("plug/B/sdb/1/unsure") == "new, on its way");
    ui.key("u");
    ui.key("End");
    CHECK(ui.text("plug/A/sda/2/unsure") == "new, in the cache: lost");
    CHECK(ui.text("plug/A/after").find("every member has the old data") != std::string::npos);
    ui.reveal("plug/keep/sdb");
    ui.click("plug/keep/sdb");
    ui.key("End");
    CHECK(ui.text("plug/A/sdb/2/unsure") == "new, on its way: kept");
    CHECK(ui.text("plug/A/after").find("and is not there") != std::string::npos);  // sda is copied to sdb
    CHECK(ui.faults() == kNone);
}

TEST_CASE("in a scenario that knows nothing of a plug it can be pulled as well, at any size") {
    struct Size {
        float width, height;
        int percent;
    };
    for (const Size size : {Size{900, 600, 100}, {1280, 720, 100}, {1600, 900, 100}, {1600, 900, 200}}) {
        CAPTURE(size.width);
        CAPTURE(size.percent);
        const auto screen = app_with("race");
        Headless ui(*screen, {.width = size.width, .height = size.height, .text_percent = size.percent});
        ui.key("h");
        ui.key("s");
        ui.key("End");
        ui.key("u");
        CHECK(ui.has("plug/A/after"));
        CHECK(ui.faults() == kNone);
        CHECK(ui.out_of_reach() == kNone);
        ui.key("End");
        CHECK(ui.text("plug/A/after").find("Nothing that was acknowledged is lost.") != std::string::npos);
        CHECK(ui.faults() == kNone);
    }
}

// Each in its own way: a stop half done, a member that failed, a resync under way, four pages.
TEST_CASE("in every scenario, at its beginning, in its middle and at its end, U cuts or says why not") {
    for (const ScenarioFileInfo& entry : scenario_files()) {
        CAPTURE(entry.name);
        const Result<Scenario> scenario = load_scenario_file(entry.path);
        REQUIRE(scenario);
        for (const int part : {0, 1, 2}) {
            CAPTURE(part);
            Player player(*scenario);
            player.play_to_end();
            player.go_to(player.end() * static_cast<std::size_t>(part) / 2);
            const std::size_t tick = player.tick();
            const std::string wrong = player.pull_plug("cut");
            if (!wrong.empty()) {
                CHECK(
                    (wrong.find("cannot be cut") != std::string::npos || wrong.find("too many") != std::string::npos));
                continue;
            }
            CHECK(player.tick_of_cut() == player.tick());
            CHECK(player.tick() <= tick + 1);
            player.go_to(player.end());
            for (const Side side : kSides) {
                CHECK(player.view().sides[side].step->life == 2);
                CHECK_FALSE(is_data_lost(player.duel(), side, player.end()));
            }
        }
    }
}

TEST_CASE("where an array has crashed there is nothing to pull, and the window says so") {
    const auto screen = app_with("race-lost");
    Headless ui(*screen);
    ui.key("End");
    CHECK(ui.text("card/A/status") == "OOPS");
    ui.key("u");
    CHECK(ui.text("message/text").find("cannot be cut") != std::string::npos);
    CHECK(ui.faults() == kNone);
}

}  // namespace

}  // namespace mdscope::gui
