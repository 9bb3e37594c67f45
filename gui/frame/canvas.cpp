// SPDX-License-Identifier: MIT

#include "gui/frame/canvas.hpp"

#include <SDL.h>
#include <SDL_opengl.h>
#include <backends/imgui_impl_opengl3.h>
#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string_view>

#include "gui/frame/display_gone.hpp"
#include "gui/frame/theme.hpp"

namespace mdscope::gui {

// Each part knows how to end what it began, so that a constructor that throws halfway leaves nothing behind.
struct Canvas::Parts {
    struct Video {
        explicit Video(bool off_screen);
        ~Video() { SDL_QuitSubSystem(SDL_INIT_VIDEO); }
        Video(const Video&) = delete;
        Video& operator=(const Video&) = delete;
    };
    struct Renderer {
        Renderer();
        ~Renderer() { ImGui_ImplOpenGL3_Shutdown(); }
        Renderer(const Renderer&) = delete;
        Renderer& operator=(const Renderer&) = delete;
    };
    struct DestroyWindow {
        void operator()(SDL_Window* one) const { SDL_DestroyWindow(one); }
    };
    struct DeleteContext {
        void operator()(void* one) const { SDL_GL_DeleteContext(one); }
    };

    explicit Parts(CanvasOptions options);

    Video video;
    std::unique_ptr<SDL_Window, DestroyWindow> window;
    std::unique_ptr<void, DeleteContext> context;
    std::unique_ptr<Renderer> renderer;
};

namespace {

[[noreturn]] void no_display(const std::string& why) {
    const char* display = std::getenv("DISPLAY");
    const char* wayland = std::getenv("WAYLAND_DISPLAY");
    const auto named = [](const char* name, const char* value) {
        return value != nullptr && *value != '\0' ? fmt::format("{} is '{}'", name, value)
                                                  : fmt::format("{} is not set", name);
    };
    throw std::runtime_error(
        fmt::format("Cannot open a window: there is no display ({}, {}; {}). Start it in a desktop session, or with "
                    "'xvfb-run mdscope-gui', or make a picture with '--png FILE', which needs no display.",
                    named("DISPLAY", display), named("WAYLAND_DISPLAY", wayland), why));
}

[[noreturn]] void no_opengl(const char* what, bool off_screen) {
    throw std::runtime_error(fmt::format(
        "Cannot draw: {} failed (SDL says: {}). OpenGL 3.0 is needed; without a GPU, Mesa draws in software: install "
        "{}, and try LIBGL_ALWAYS_SOFTWARE=1.",
        what, SDL_GetError(), off_screen ? "libgl1-mesa-dri and libegl1" : "libgl1-mesa-dri and libgl1"));
}

// SDL falls back to drivers that show nothing; asked for a window, that is no success.
bool shows_windows(std::string_view driver) {
    const char* asked = std::getenv("SDL_VIDEODRIVER");
    return (driver != "offscreen" && driver != "dummy") || (asked != nullptr && asked == driver);
}

void set_attributes() {
    SDL_GL_SetAttribute(SDL_GL_CONTEXT_MAJOR_VERSION, 3);
    SDL_GL_SetAttribute(SDL_GL_CONTEXT_MINOR_VERSION, 0);
    SDL_GL_SetAttribute(SDL_GL_DOUBLEBUFFER, 1);
    SDL_GL_SetAttribute(SDL_GL_DEPTH_SIZE, 0);
    SDL_GL_SetAttribute(SDL_GL_STENCIL_SIZE, 0);
    SDL_GL_SetAttribute(SDL_GL_ALPHA_SIZE, 0);
}

// A window larger than the screen would have its status bar where nobody sees it.
void fit_to_screen(CanvasOptions& options) {
    SDL_Rect usable{};
    if (options.off_screen || SDL_GetDisplayUsableBounds(0, &usable) != 0 || usable.w <= 0 || usable.h <= 0) return;
    options.width = std::min(options.width, usable.w);
    options.height = std::min(options.height, usable.h);
}

}  // namespace

Canvas::Parts::Video::Video(bool off_screen) {
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");  // signals.hpp is for that
    SDL_SetHint(SDL_HINT_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR, "0");
    SDL_SetHint(SDL_HINT_VIDEO_ALLOW_SCREENSAVER, "1");
    if (off_screen) SDL_SetHintWithPriority(SDL_HINT_VIDEODRIVER, "offscreen", SDL_HINT_OVERRIDE);
    const bool ready = SDL_InitSubSystem(SDL_INIT_VIDEO) == 0;
    if (off_screen) SDL_ResetHint(SDL_HINT_VIDEODRIVER);
    if (!ready && off_screen) no_opengl("SDL's off-screen driver", off_screen);
    if (!ready) no_display(std::string("SDL says: ") + SDL_GetError());
    const std::string driver = SDL_GetCurrentVideoDriver();
    if (!off_screen) end_with_the_display();
    if (off_screen || shows_windows(driver)) return;
    SDL_QuitSubSystem(SDL_INIT_VIDEO);
    no_display("SDL found only its driver '" + driver + "'");
}

Canvas::Parts::Renderer::Renderer() {
    if (!ImGui_ImplOpenGL3_Init("#version 130")) throw std::runtime_error("Cannot draw: OpenGL 3 has no functions.");
    ImGui_ImplOpenGL3_NewFrame();  // Shaders and the first texture now: draw() and new_fonts() come in any order.
}

Canvas::Parts::Parts(CanvasOptions options) : video(options.off_screen) {
    fit_to_screen(options);
    set_attributes();
    Uint32 flags = SDL_WINDOW_OPENGL | SDL_WINDOW_RESIZABLE;
    if (!options.off_screen) flags |= SDL_WINDOW_ALLOW_HIGHDPI;
    if (options.hidden || options.off_screen) flags |= SDL_WINDOW_HIDDEN;
    window.reset(SDL_CreateWindow(options.title.c_str(), SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED, options.width,
                                  options.height, flags));
    if (!window) no_opengl("making a window", options.off_screen);
    context.reset(SDL_GL_CreateContext(window.get()));
    if (!context) no_opengl("making an OpenGL context", options.off_screen);
    SDL_GL_SetSwapInterval(1);  // Where it fails, the loop paces itself.
    renderer = std::make_unique<Renderer>();
}

Canvas::Canvas(const CanvasOptions& options) : parts_(std::make_unique<Parts>(options)) {}

Canvas::~Canvas() = default;

void Canvas::new_fonts() {
    ImGui_ImplOpenGL3_DestroyFontsTexture();
    ImGui_ImplOpenGL3_CreateFontsTexture();
    ImGui::GetIO().Fonts->ClearTexData();  // It is on the GPU now; 16 MB a size would add up here.
}

void Canvas::draw(ImDrawData& data) {
    const ImVec4 clear = color(Role::background);
    glViewport(0, 0, static_cast<int>(data.DisplaySize.x * data.FramebufferScale.x),
               static_cast<int>(data.DisplaySize.y * data.FramebufferScale.y));
    glClearColor(clear.x, clear.y, clear.z, 1);
    glClear(GL_COLOR_BUFFER_BIT);
    ImGui_ImplOpenGL3_RenderDrawData(&data);
}

void Canvas::present() {
    SDL_GL_SwapWindow(parts_->window.get());
}

Image Canvas::read() const {
    Image image;
    SDL_GL_GetDrawableSize(parts_->window.get(), &image.width, &image.height);
    const std::size_t row = 4 * static_cast<std::size_t>(image.width);
    std::vector<std::uint8_t> upside_down(row * static_cast<std::size_t>(image.height));
    glPixelStorei(GL_PACK_ALIGNMENT, 1);
    glReadPixels(0, 0, image.width, image.height, GL_RGBA, GL_UNSIGNED_BYTE, upside_down.data());
    image.rgba.resize(upside_down.size());
    for (int y = 0; y < image.height; ++y)
        std::memcpy(image.rgba.data() + row * static_cast<std::size_t>(y),
                    upside_down.data() + row * static_cast<std::size_t>(image.height - 1 - y), row);
    // What is behind the window is none of the picture's business.
    for (std::size_t i = 3; i < image.rgba.size(); i += 4) image.rgba[i] = 255;
    return image;
}

SDL_Window* Canvas::window() const {
    return parts_->window.get();
}

std::string Canvas::renderer_name() const {
    const auto* name = reinterpret_cast<const char*>(glGetString(GL_RENDERER));
    return name != nullptr ? name : "unknown";
}

}  // namespace mdscope::gui
