// SPDX-License-Identifier: MIT

#include "gui/frame/window.hpp"

#include <SDL.h>
#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <optional>
#include <utility>

#include "gui/frame/canvas.hpp"
#include "gui/frame/cursor.hpp"
#include "gui/frame/marks.hpp"
#include "gui/frame/sdl_events.hpp"
#include "gui/frame/signals.hpp"
#include "gui/frame/stage.hpp"

namespace mdscope::gui {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kFramesAfterInput = 3;  // a popup lays itself out in the second, nothing changes in the third
constexpr int kErrorsTooMany = 10;
constexpr int kSmallestWidth = 900, kSmallestHeight = 600;
constexpr double kCaretBlink = 0.4;                // seconds; what ImGui's caret needs to be seen blinking
constexpr std::chrono::milliseconds kShortest{4};  // between two frames: some mice move a thousand times a second
constexpr std::chrono::milliseconds kPace{16};     // of frames that nobody's input asked for

std::atomic<Uint32> wake_type{0};
std::atomic<bool> wake_pending{false}, service_pending{false};

Clock::duration to_duration(double seconds) {
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

void push_wake(std::atomic<bool>& pending) {
    if (wake_type == 0 || pending.exchange(true)) return;
    SDL_Event event{};
    event.type = wake_type;
    // A full queue: then the loop has enough to wake up for. Later calls have to try again.
    if (SDL_PushEvent(&event) != 1) pending = false;
}

}  // namespace

struct Window::Parts {
    explicit Parts(const WindowOptions& options)
        : stage(static_cast<float>(options.width), static_cast<float>(options.height)),
          canvas({options.title, options.width, options.height, false, options.hidden}) {
        stage.fonts_changed = [this] { canvas.new_fonts(); };
        limit_size();
        SDL_EventState(SDL_DROPFILE, SDL_ENABLE);
        use_clipboard();
        if (wake_type == 0) wake_type = SDL_RegisterEvents(1);
        wake_pending = service_pending = false;
        measure();
    }

    void limit_size();
    [[nodiscard]] int wait_ms() const;
    void pump(Screen& screen);
    void take(const SDL_Event& event, Screen& screen);
    void take_window_event(Uint8 what);
    void measure();
    using Moment = Clock::time_point;
    [[nodiscard]] std::optional<Moment> due() const;
    [[nodiscard]] bool is_due() const { return due() && Clock::now() >= *due(); }
    bool frame(Screen& screen);
    void plan_next(Screen& screen, Moment begun);
    void show();

    Stage stage;
    Canvas canvas;  // After the stage: its renderer ends before ImGui's context does.
    SdlTranslator translator;
    Cursor cursor;
    std::function<void()> service;
    std::optional<std::pair<std::string, std::function<void(const Result<bool>&)>>> wanted_png;
    int active_frames = kFramesAfterInput;
    std::optional<Moment> next_frame;  // without input
    Moment last_frame = Clock::now();
    bool hidden = false, exposed = true, closed = false, extra_frame = false;
    int frames = 0, pictures = 0;
    std::string error_before;
};

Window::Window(const WindowOptions& options) : parts_(std::make_unique<Parts>(options)) {}

Window::~Window() = default;

int Window::run(Screen& screen) {
    const SignalWatch signals;
    Parts& parts = *parts_;
    while (true) {
        if (parts.service) parts.service();
        if (SignalWatch::caught() || parts.closed) return 0;
        parts.pump(screen);
        if (parts.hidden) {
            screen.poll();
            continue;
        }
        if (!parts.is_due()) continue;
        if (!parts.frame(screen)) return 1;
        if (screen.wants_to_quit()) return 0;
    }
}

// Panels need some room; but a small screen, or a size that was asked for, is not argued with.
void Window::Parts::limit_size() {
    int width = 0, height = 0;
    SDL_GetWindowSize(canvas.window(), &width, &height);
    SDL_SetWindowMinimumSize(canvas.window(), std::min(width, kSmallestWidth), std::min(height, kSmallestHeight));
}

// When to draw the next frame, as far as is known now.
std::optional<Window::Parts::Moment> Window::Parts::due() const {
    if (active_frames > 0 || stage.input_waits()) return last_frame + kShortest;
    return next_frame;
}

int Window::Parts::wait_ms() const {
    const std::optional<Moment> when = due();
    if (hidden || !when) return -1;
    // Rounded up: waking a little too early would be one more turn of the loop for nothing.
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*when - Clock::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

void Window::Parts::pump(Screen& screen) {
    SDL_Event event;
    const int wait = wait_ms();
    if (wait != 0 && SDL_WaitEventTimeout(&event, wait) != 0) take(event, screen);
    while (SDL_PollEvent(&event) != 0) take(event, screen);
}

void Window::Parts::take(const SDL_Event& event, Screen& screen) {
    if (event.type == wake_type) {
        service_pending = false;
        if (wake_pending.exchange(false)) active_frames = std::max(active_frames, 1);
        return;
    }
    if (event.type == SDL_QUIT) closed = true;
    if (event.type == SDL_WINDOWEVENT) take_window_event(event.window.event);
    if (event.type == SDL_DROPFILE) {
        screen.dropped_file(event.drop.file);
        SDL_free(event.drop.file);
        active_frames = kFramesAfterInput;
    }
    if (auto input = translator.translate(event)) stage.input().push(*std::move(input));
}

void Window::Parts::take_window_event(Uint8 what) {
    switch (what) {
        case SDL_WINDOWEVENT_MINIMIZED:
        case SDL_WINDOWEVENT_HIDDEN:
            hidden = true;
            return;
        case SDL_WINDOWEVENT_RESTORED:
        case SDL_WINDOWEVENT_SHOWN:
        case SDL_WINDOWEVENT_MAXIMIZED:
            hidden = false;
            break;
        case SDL_WINDOWEVENT_SIZE_CHANGED:
        case SDL_WINDOWEVENT_EXPOSED:
            break;
        case SDL_WINDOWEVENT_CLOSE:
            closed = true;
            return;
        default:
            return;
    }
    measure();
    exposed = true;
    active_frames = kFramesAfterInput;
}

void Window::Parts::measure() {
    int width = 0, height = 0, pixels = 0, ignored = 0;
    SDL_GetWindowSize(canvas.window(), &width, &height);
    SDL_GL_GetDrawableSize(canvas.window(), &pixels, &ignored);
    const float density = width > 0 && pixels > 0 ? static_cast<float>(pixels) / static_cast<float>(width) : 1.0F;
    stage.set_size(static_cast<float>(width), static_cast<float>(height), density);
}

// False: it failed too often.
bool Window::Parts::frame(Screen& screen) {
    const Moment now = Clock::now();
    stage.frame(screen, std::chrono::duration<float>(now - std::exchange(last_frame, now)).count());
    ++frames;
    if (stage.took_input()) active_frames = kFramesAfterInput;
    if (active_frames > 0) --active_frames;
    // What changed by itself may have changed the layout, and a scroll bar only shows in the frame after. Once: what
    // changes in every frame is an animation, and asks for its frames.
    extra_frame = active_frames == 0 && stage.looks_different() && !extra_frame;
    if (extra_frame) active_frames = 1;
    if (!stage.error().empty() && stage.error() != error_before)
        fmt::print(stderr, "mdscope-gui: a frame could not be drawn: {}\n", stage.error());
    error_before = stage.error();
    if (stage.errors_in_a_row() >= kErrorsTooMany) {
        fmt::print(stderr, "mdscope-gui: {} frames in a row failed; giving up.\n", kErrorsTooMany);
        return false;
    }
    show();
    plan_next(screen, now);
    return true;
}

void Window::Parts::show() {
    const bool changed = stage.looks_different() || std::exchange(exposed, false);
    if (changed || wanted_png) canvas.draw(*ImGui::GetDrawData());
    if (wanted_png) {
        const auto wanted = *std::exchange(wanted_png, std::nullopt);
        wanted.second(write_png(canvas.read(), wanted.first));
        active_frames = std::max(active_frames, 1);  // to show what `done` said
    }
    if (!changed) return;
    canvas.present();
    ++pictures;
    cursor.show(ImGui::GetMouseCursor());
}

void Window::Parts::plan_next(Screen& screen, Moment begun) {
    next_frame.reset();
    const auto plan = [this](Moment when) { next_frame = next_frame ? std::min(*next_frame, when) : when; };
    if (const std::optional<int> ms = screen.next_frame_ms())
        plan(begun + std::max(kPace, std::chrono::milliseconds(std::max(0, *ms))));
    if (ui::asked_for_frame() >= 0) plan(begun + std::max<Clock::duration>(kPace, to_duration(ui::asked_for_frame())));
    if (ImGui::GetIO().WantTextInput) plan(begun + to_duration(kCaretBlink));
    if (!stage.error().empty()) plan(begun + kPace);
}

void Window::wake() {
    push_wake(wake_pending);
}

void Window::wake_service() {
    push_wake(service_pending);
}

void Window::set_service(std::function<void()> served) {
    parts_->service = std::move(served);
}

int Window::frames_drawn() const {
    return parts_->frames;
}

int Window::pictures_shown() const {
    return parts_->pictures;
}

bool Window::is_idle() const {
    SDL_PumpEvents();  // What X has for us already counts as waiting.
    const bool something_to_do = parts_->active_frames > 0 || parts_->stage.input_waits() || parts_->is_due();
    return parts_->hidden || (!something_to_do && SDL_HasEvents(SDL_FIRSTEVENT, SDL_LASTEVENT) == SDL_FALSE);
}

std::array<int, 4> Window::place() const {
    std::array<int, 4> found{};
    SDL_GetWindowPosition(parts_->canvas.window(), &found[0], &found[1]);
    SDL_GetWindowSize(parts_->canvas.window(), &found[2], &found[3]);
    return found;
}

void Window::quit() {
    parts_->closed = true;
}

Result<bool> Window::save_png(const std::string& path) {
    ImDrawData* data = ImGui::GetDrawData();
    if (data == nullptr) return Error{0, "Nothing has been drawn yet."};
    parts_->canvas.draw(*data);
    return write_png(parts_->canvas.read(), path);
}

void Window::save_png_later(const std::string& path, std::function<void(const Result<bool>&)> done) {
    parts_->wanted_png.emplace(path, std::move(done));
}

}  // namespace mdscope::gui
