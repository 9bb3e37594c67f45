// SPDX-License-Identifier: MIT
// The window as a whole: lays the panels out, takes the keys, lets time pass.
#include "gui/app.hpp"

#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "gui/frame/imgui_version.hpp"
#include "gui/frame/keys.hpp"
#include "gui/panels/panel_lesson.hpp"
#include "gui/panels/panel_live.hpp"
#include "gui/panels/panels.hpp"

namespace mdscope::gui {

namespace {

constexpr const char* kFirstScenario = "race";
constexpr int kFrameMs = 16;
constexpr std::chrono::seconds kPictureWait{3};  // for an array to answer

class App : public Screen {
   public:
    App(AppOptions options, const Scenario& scenario) : options_(std::move(options)), state_(scenario) {
        state_.scenarios = scenario_files();
        state_.matrix.wake = state_.share.wake = options_.wake;
        state_.matrix.known = std::move(options_.explored);
        state_.share.save_png = options_.save_png;
        state_.live.wake = options_.wake;
        begin_in(options_.mode);
        if (const auto panel = kSideTabs.find(options_.panel); panel) state_.show_side(*panel);
        take_settings();
        if (!options_.message.empty()) state_.say(options_.message, true);
        begin_lessons();
    }

    void draw() override {
        was_drawn_ = true;
        state_.live.set_visible(state_.mode == Mode::live);
        state_.pass(ImGui::GetIO().DeltaTime);
        take_keys();
        ImGui::SetNextWindowPos({0, 0});
        ImGui::SetNextWindowSize(ImGui::GetIO().DisplaySize);
        ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(0, 0));
        // Its background is the canvas'.
        ImGui::Begin("root", nullptr,
                     ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                         ImGuiWindowFlags_NoBackground | ImGuiWindowFlags_NoBringToFrontOnFocus |
                         ImGuiWindowFlags_NoScrollWithMouse);
        ImGui::PopStyleVar();
        draw_panels();
        ImGui::End();
        draw_help(state_);
        draw_setup(state_);
        draw_share(state_);
        live::draw_question(state_);
        draw_messages();
        draw_black();
        keep_settings();
    }

    bool is_on_real_time() override { return state_.mode == Mode::live; }

    std::optional<int> next_frame_ms() override {
        if (state_.player.is_playing() || (state_.mode == Mode::learn && state_.home.is_playing())) return kFrameMs;
        if (state_.mode == Mode::live) return state_.live.next_frame_ms();
        return std::nullopt;
    }

    // Polled twice without a frame between: the window is hidden.
    void poll() override { state_.live.poll(state_.mode == Mode::live && std::exchange(was_drawn_, false)); }

    bool wants_to_quit() override { return state_.wants_quit; }
    void dropped_file(const std::string& path) override { state_.open_dropped(path); }

   private:
    // ---- what is remembered

    void take_settings() {
        const Settings& settings = options_.settings;
        state_.tries_all_ends = options_.is_picture;
        state_.motion.speed = options_.is_picture ? MotionSpeed::off : motion_from(settings.motion);
        for (const auto& [preset, name] : kPresets)
            if (settings.layout == name) state_.preset = preset;
    }

    // Not while something is being dragged.
    void keep_settings() {
        if (options_.is_picture || ImGui::IsMouseDown(0)) return;
        Settings settings = options_.settings;
        settings.text_percent = theme().text_percent;
        settings.theme = theme().name;
        settings.motion = motion_text(state_.motion.speed);
        for (const auto& [preset, name] : kPresets)
            if (state_.preset == preset) settings.layout = name;
        settings.lessons = state_.lessons_done;
        if (!is_first_look_ && settings != options_.settings) options_.save_settings(settings);
        options_.settings = std::move(settings);
        is_first_look_ = false;  // what the command line says is for this time only
    }

    void begin_in(const std::string& mode) {
        const bool is_live = !options_.attach.empty() || !options_.pair.empty();
        state_.mode = is_live ? Mode::live : kWindowModes.find(mode).value_or(Mode::lab);
        if (!options_.pair.empty()) state_.live.open_pair(full_path(options_.pair));
        if (!options_.attach.empty()) state_.live.attach(options_.attach);
        if (options_.is_picture) state_.live.wait_for_something(kPictureWait);
        if (kWindowModes.find(mode) != Mode::matrix || !options_.is_picture) return;
        state_.matrix.enter();
        state_.matrix.run().wait();
    }

    void begin_lessons() {
        state_.lessons_done = options_.settings.lessons;
        state_.player.set_gate([this] { return state_.may_step(); });
        if (options_.lesson) state_.answer(LessonRun::start(state_, *options_.lesson));
    }

    // Modes that have one panel and nothing else.
    static constexpr std::array<std::pair<Mode, void (*)(State&, const ui::Rect&)>, 4> kWholePages{
        {{Mode::learn, draw_home}, {Mode::museum, draw_museum}, {Mode::matrix, draw_matrix}, {Mode::live, draw_live}}};

    void draw_panels() {
        const Layout layout = lay_out();
        state_.hovers.clear();
        if (layout.toolbar.h > 0) draw_toolbar(state_, layout.toolbar);
        if (layout.now.h > 0) draw_now(state_, layout.now);
        draw_lesson(state_, layout.lesson);
        const float top = layout.lesson.h > 0 ? layout.lesson.bottom() + sp(8) : layout.now.y;
        for (const auto& [mode, draw] : kWholePages)
            if (state_.mode == mode) {
                draw(state_, {layout.now.x, top, layout.now.w, layout.status.y - top - sp(4)});
                return draw_status(state_, layout.status);
            }
        draw_lab(layout);
        draw_status(state_, layout.status);
    }

    Layout lay_out() {
        const ImVec2 size = ImGui::GetIO().DisplaySize;
        LayoutInput input;
        input.width = size.x;
        input.height = size.y;
        input.unit = sp(1000) / 1000;
        if (!state_.is_presenting())
            input.toolbar_height = toolbar_height(state_, size.x);
        else
            input.toolbar_height = 0;
        input.now_height = state_.mode == Mode::lab ? now_height(state_, size.x) : 0;
        input.has_lesson = has_lesson_strip(state_);
        if (input.has_lesson) input.lesson_height = lesson_height(state_, size.x);
        input.opens = state_.shows_side || state_.shows_tree;
        input.preset = state_.preset;
        return layout_of(input);
    }

    // Where there is too little room, all below the sentence scrolls as one.
    void draw_lab(const Layout& layout) {
        state_.is_end_focused = state_.has_wait_to_move = false;
        state_.take_mended();
        if (state_.mend.search.is_searching()) ui::ask_for_frame(0.05);
        state_.motion.pass(ImGui::GetIO().DeltaTime);
        state_.motion.show(state_.stages(), state_.player.version(), state_.player.tick());
        if (state_.motion.is_moving()) ui::ask_for_frame(0);
        try_ends();
        if (!layout.is_compact) {
            draw_lab_panels(layout, 0);
        } else {
            ImGui::SetCursorScreenPos({layout.body.x, layout.body.y});
            ImGui::BeginChild("body", {layout.body.w, layout.body.h});
            if (std::exchange(state_.brings_middle, false) && layout.has_middle)
                ImGui::SetScrollY(layout.middle.y - layout.body.y);
            const float scrolled = ImGui::GetScrollY();
            draw_lab_panels(layout, scrolled);
            ImGui::SetCursorScreenPos({layout.body.x, layout.body.y - scrolled + layout.body_height - 1});
            ImGui::Dummy({1, 1});
            ImGui::EndChild();
        }
        take_pointing();
        // Its handle may be gone with the run that is tried.
        if (state_.end_drag && !ImGui::IsMouseDown(0)) state_.drop_end(state_.end_drag->tick);
    }

    void draw_lab_panels(const Layout& layout, float up) {
        const auto moved = [up](ui::Rect rect) {
            rect.y -= up;
            return rect;
        };
        // From left to right: so Tab goes.
        draw_card(state_, Side::A, moved(layout.card[Side::A]), layout);
        if (layout.has_middle && state_.shows_side)
            draw_side(state_, moved(layout.middle));
        else if (layout.has_middle)
            draw_tree(state_, moved(layout.middle));
        draw_card(state_, Side::B, moved(layout.card[Side::B]), layout);
        draw_lanes(state_, moved(layout.lanes));
    }

    // Which ends of the held write crash, an end a frame, while nothing else goes on.
    void try_ends() {
        const StageWrite* write = state_.stages()[Side::A].main_write();
        const bool asks = write != nullptr && write->is_held && write->gauge && !state_.hides_outcome() &&
                          !state_.player.is_playing() && !state_.motion.is_moving();
        if (!asks) return;
        state_.ends.ask(state_.player.version(), state_.player.tick(), write->bio);
        if (state_.tries_all_ends) return state_.ends.try_all(state_.player.duel());
        if (state_.ends.try_next(state_.player.duel())) ui::ask_for_frame(0);
    }

    // A click pins what the mouse is on, Esc lets go.
    void take_pointing() {
        if (state_.hovered != state_.hovers) ui::ask_for_frame(0);
        state_.hovered = state_.hovers;
        if (ImGui::IsMouseClicked(0)) state_.pinned = state_.hovered;
        if (pressed("close")) state_.pinned.clear();
    }

    // The newest message, until somebody acts on it.
    void draw_messages() {
        if (state_.messages.empty()) return;
        const Message& message = state_.messages.back();
        const ImVec2 size = ImGui::GetIO().DisplaySize;
        const float width = std::min(sp(640), size.x - sp(32));
        ImGui::SetNextWindowPos({size.x / 2, size.y - sp(36)}, ImGuiCond_Always, {0.5F, 1});
        ImGui::SetNextWindowSize({width, 0});
        ImGui::PushStyleColor(ImGuiCol_Border, color(message.is_error ? Role::danger : Role::accent));
        ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 1);
        ImGui::Begin("message", nullptr,
                     ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                         ImGuiWindowFlags_NoFocusOnAppearing | ImGuiWindowFlags_AlwaysAutoResize);
        ImGui::PopStyleVar();
        ImGui::PopStyleColor();
        ui::paragraph("message/text", message.text, message.is_error ? Role::danger : Role::text);
        if (ui::button("message/close", "Close (Esc)") || pressed("close")) state_.messages.pop_back();
        ImGui::End();
    }

    // For who presents and wants to be listened to.
    void draw_black() {
        if (!state_.is_black) return;
        const ImVec2 size = ImGui::GetIO().DisplaySize;
        ImGui::GetForegroundDrawList()->AddRectFilled({0, 0}, size, IM_COL32_BLACK);
        if (ImGui::IsMouseClicked(0) || !state_.is_presenting()) state_.is_black = false;
    }

    // ---- keys

    void take_keys() {
        take_keys_everywhere();
        if (is_dialog_open(state_)) return;
        for (const char* mode : kWindowModes)
            if (pressed(fmt::format("mode_{}", mode))) state_.mode = *kWindowModes.find(mode);
        if (pressed("matrix")) state_.toggle_matrix();
        if (state_.mode == Mode::live) live::take_keys(state_);
        if (state_.mode != Mode::lab) return;
        take_time_keys();
        take_hand_keys();
        take_view_keys();
    }

    void take_keys_everywhere() {
        if (pressed("quit")) state_.wants_quit = true;
        // One dialog at a time.
        const bool asks = state_.live.is_asking();
        const bool other = state_.show_help || state_.show_setup || state_.show_open || asks;
        if (pressed("save") && !other) state_.begin_share(SharePage::Tab::Save);
        if (pressed("open") && !other) state_.begin_share(SharePage::Tab::Open);
        if (pressed("help") && !state_.show_setup && !state_.show_share && !asks) state_.show_help = !state_.show_help;
        if (pressed("text_larger")) step_text_percent(+1);
        if (pressed("text_smaller")) step_text_percent(-1);
        if (pressed("text_reset")) set_text_percent(100);
        if (pressed("theme")) set_theme(static_cast<ThemeName>((static_cast<int>(theme().name) + 1) % 3));
        if (pressed("reset_layout")) {
            state_.preset = Preset::compare;
            state_.shows_side = state_.shows_tree = false;
        }
    }

    void take_time_keys() {
        Player& player = state_.player;
        if (pressed("play")) state_.toggle_play();
        if (pressed("step_back")) player.step_back();
        if (pressed("step_forward")) state_.step_forward();
        if (pressed("previous_change")) player.to_change(-1);
        if (pressed("next_change") && !state_.hides_future()) player.to_change(+1);
        if (pressed("first")) player.go_to(0);
        if (pressed("last")) state_.to_end();
        if (pressed("set_last")) state_.to_where_it_was_set();
        if (pressed("first_difference") && !state_.hides_future())
            if (const auto tick = player.duel().first_difference()) player.go_to(*tick);
    }

    void take_hand_keys() {
        Player& player = state_.player;
        const std::string bio = state_.bio_to_act_on();
        const unsigned sides = state_.sides_to_act_on();
        if (pressed("stop_both")) state_.answer(player.stop());
        if (pressed("stop_one")) state_.answer(player.stop(1U << state_.focus));
        if (const std::string what = state_.what_to_hold(); pressed("hold") && !what.empty())
            state_.answer(player.hold(what, sides));
        if (pressed("release")) state_.answer(player.release(bio.empty() ? "all" : bio, sides));
        if (pressed("fail") && !bio.empty()) state_.answer(player.end_bio(bio, false, sides));
        if (pressed("plug")) state_.pull_plug();
        if (pressed("fork")) state_.answer(player.fork());
    }

    void take_view_keys() {
        if (pressed("why")) state_.show_side(SideTab::why);
        if (pressed("details")) state_.shows_side = state_.brings_middle = !state_.shows_side;
        if (pressed("tree")) state_.toggle_tree();
        if (pressed("lanes")) state_.shows_all_lanes = !state_.shows_all_lanes;
        if (pressed("predict")) state_.predict_mode = !state_.predict_mode;
        if (pressed("present")) state_.preset = state_.preset == Preset::present ? Preset::compare : Preset::present;
        take_presenter_keys();
        if (pressed("expand"))
            state_.player.set_detail(static_cast<TreeDetail>((static_cast<int>(state_.player.detail()) + 1) % 3));
        if (pressed("zoom_in")) state_.zoom = (state_.zoom > 0 ? state_.zoom : sp(12)) * 1.25F;
        if (pressed("zoom_out")) state_.zoom *= 0.8F;
        take_answer_keys();
    }

    // A presenter's remote has these.
    void take_presenter_keys() {
        if (!state_.is_presenting()) return;
        if (pressed("present_next")) press_next_act(state_);
        if (pressed("present_back") && state_.lesson && state_.lesson->can_go_back()) state_.lesson->back(state_);
        if (pressed("present_black")) state_.is_black = !state_.is_black;
    }

    // While a question is open, digits are its answers and nothing else; what it hid is watched, and Enter goes on.
    void take_answer_keys() {
        if (state_.lesson && state_.lesson->goes_on_by_enter() && !focus_moves() && pressed("press"))
            press_next_act(state_);
        if (!state_.is_asked() || (state_.lesson && state_.lesson->is_away())) return;
        constexpr std::array kDigits = {"digit_1", "digit_2", "digit_3", "digit_4"};
        for (std::size_t i = 0; i < kDigits.size(); i++)
            if (pressed(kDigits[i])) state_.answer_question(i);
        if (pressed("digit_0")) state_.show_answer();
    }

    static constexpr std::array<std::pair<Preset, const char*>, 3> kPresets = {
        {{Preset::compare, "compare"}, {Preset::one, "one"}, {Preset::present, "present"}}};

    AppOptions options_;
    State state_;
    bool is_first_look_ = true;
    bool was_drawn_ = true;
};

}  // namespace

Result<std::unique_ptr<Screen>> make_app(AppOptions options) {
    const std::string name = options.scenario.empty() ? kFirstScenario : options.scenario;
    const Result<Scenario> scenario = load_scenario_file(name);
    if (!scenario) return scenario.error();
    try {
        return std::unique_ptr<Screen>(std::make_unique<App>(std::move(options), *scenario));
    } catch (const std::runtime_error& error) {
        return Error{EINVAL, fmt::format("{}: {}", name, error.what())};
    }
}

}  // namespace mdscope::gui
