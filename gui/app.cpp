// What the window shows until it has panels: that it works, its keys, and its colours.
#include "gui/app.hpp"

#include <imgui.h>

#include <array>
#include <utility>

#include "gui/keys.hpp"
#include "gui/ui.hpp"

namespace mdscope::gui {

namespace {

class Placeholder : public Screen {
   public:
    explicit Placeholder(AppOptions options) : options_(std::move(options)) {}

    void draw() override {
        take_keys();
        ImGui::SetNextWindowPos(ImVec2(0, 0));
        ImGui::SetNextWindowSize(ImGui::GetIO().DisplaySize);
        ImGui::Begin("root", nullptr,
                     ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                         ImGuiWindowFlags_NoBringToFrontOnFocus);
        if (!options_.message.empty()) ui::paragraph("message", options_.message, Role::danger);
        draw_toolbar();
        draw_states();
        ui::text("played", "Played " + std::to_string(played_) + " times");
        ImGui::BeginChild("help", ImVec2(0, -sp(40)));
        draw_key_table();
        ImGui::EndChild();
        const std::array<std::string_view, 5> shown = {"play", "step_forward", "stop_both", "why", "help"};
        ui::text("status", status_text(shown), Role::dim_text);
        ImGui::End();
    }
    std::optional<int> next_frame_ms() override { return std::nullopt; }
    bool wants_to_quit() override { return quit_; }

   private:
    void take_keys() {
        if (pressed("play")) ++played_;
        if (pressed("quit")) quit_ = true;
        if (pressed("text_larger")) step_text_percent(+1);
        if (pressed("text_smaller")) step_text_percent(-1);
        if (pressed("text_reset")) set_text_percent(100);
        if (pressed("theme")) next_theme();
    }

    static void next_theme() { set_theme(static_cast<ThemeName>((static_cast<int>(theme().name) + 1) % 3)); }

    void draw_toolbar() {
        if (ui::button("toolbar/play", "▶ Play", {.tip = "Space"})) ++played_;
        ImGui::SameLine();
        ui::button("toolbar/stop_both", "■ Stop both arrays (S)", {.role = Role::danger});
        ImGui::SameLine();
        if (ui::button("toolbar/theme", "Theme")) next_theme();
        ImGui::SameLine();
        ui::slider("toolbar/speed", speed_, 0.1F, 4.0F, "speed %.2fx", sp(160));
        ImGui::SameLine();
        ui::toggle("toolbar/hold", "Hold every new write", hold_);
    }

    static void draw_states() {
        ui::chip("chip/danger", "▲", "IN DANGER", Role::danger);
        ImGui::SameLine();
        ui::chip("chip/safe", "●", "WAITING", Role::safe);
        ImGui::SameLine();
        ui::chip("chip/oops", "✗", "OOPS", Role::danger);
        ImGui::SameLine();
        ui::chip("chip/running", "○", "RUNNING", Role::data_write);
    }

    AppOptions options_;
    int played_ = 0;
    float speed_ = 0.25F;
    bool hold_ = false, quit_ = false;
};

}  // namespace

Result<std::unique_ptr<Screen>> make_app(AppOptions options) {
    return std::unique_ptr<Screen>(std::make_unique<Placeholder>(std::move(options)));
}

}  // namespace mdscope::gui
