// SPDX-License-Identifier: MIT
// Panels with more in them than usual: long logs do not make frames slow.
#include "gui/panels/panels.hpp"

#include <doctest/doctest.h>

#include <array>
#include <chrono>

#include "engine/scenario/scenario_files.hpp"
#include "tests/gui/harness.hpp"

namespace mdscope::gui {

namespace {

class LogScreen : public Screen {
   public:
    explicit LogScreen(State& state) : state_(state) {}
    void draw() override {
        ImGui::SetNextWindowPos({0, 0});
        ImGui::SetNextWindowSize(ImGui::GetIO().DisplaySize);
        ImGui::Begin("root", nullptr, ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoSavedSettings);
        draw_log(state_);
        ImGui::End();
    }
    std::optional<int> next_frame_ms() override { return std::nullopt; }
    bool wants_to_quit() override { return false; }

   private:
    State& state_;
};

TEST_CASE("a log of 100,000 lines is drawn by those that can be seen") {
    const auto scenario = load_scenario_file("race");
    REQUIRE(scenario);
    State state(*scenario);
    (void)state.log_rows();
    for (std::size_t i = 0; i < 100'000; i++)
        state.log.push_back({i, "stopper enters md_bitmap_daemon_work and goes on"});
    LogScreen screen(state);
    Headless ui(screen);
    ui.frame(3);
    CHECK(ui.text("log/copy").starts_with("Copy 1000"));
    CHECK(ui::all().size() < 200);  // marks: what is out of sight is not there
    // Only told: a machine under load is slow. What bounds it is the number of marks above.
    const auto begin = std::chrono::steady_clock::now();
    ui.frame(100);
    const double ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count() / 100;
    MESSAGE("a frame with 100,000 lines in the log: " << ms << " ms");
    ui.click("log/filter");
    ui.type("nothing like this");
    CHECK(ui.text("log/copy") == "Copy 0 lines");
}

}  // namespace

}  // namespace mdscope::gui
