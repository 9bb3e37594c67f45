// SPDX-License-Identifier: MIT

#include "gui/frame/stage.hpp"

#include <imgui.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <utility>

#include "engine/kernel/hash.hpp"
#include "gui/frame/focus.hpp"
#include "gui/frame/fonts.hpp"
#include "gui/frame/imgui_version.hpp"
#include "gui/frame/keys.hpp"
#include "gui/frame/marks.hpp"
#include "gui/frame/theme.hpp"

namespace mdscope::gui {

namespace {

std::uint64_t hash_bytes(std::uint64_t hash, const void* data, std::size_t size) {
    const char* bytes = static_cast<const char*>(data);
    for (; size >= sizeof(std::uint64_t); size -= sizeof(std::uint64_t), bytes += sizeof(std::uint64_t)) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes, sizeof word);
        hash = mix(hash, word);
    }
    std::uint64_t rest = 0;
    std::memcpy(&rest, bytes, size);
    return mix(hash, rest);
}

// Equal triangles with equal clipping and textures are equal pixels: then neither drawing nor presenting is needed.
std::uint64_t hash_picture(const ImDrawData& data, const ImFontAtlas* atlas) {
    std::uint64_t hash = mix(reinterpret_cast<std::uintptr_t>(atlas), static_cast<std::uint64_t>(data.CmdListsCount));
    hash = hash_bytes(hash, &data.DisplaySize, sizeof data.DisplaySize);
    for (int i = 0; i < data.CmdListsCount; ++i) {
        const ImDrawList& list = *data.CmdLists[i];
        hash = hash_bytes(hash, list.VtxBuffer.Data, static_cast<std::size_t>(list.VtxBuffer.size_in_bytes()));
        hash = hash_bytes(hash, list.IdxBuffer.Data, static_cast<std::size_t>(list.IdxBuffer.size_in_bytes()));
        for (const ImDrawCmd& command : list.CmdBuffer) {
            hash = hash_bytes(hash, &command.ClipRect, sizeof command.ClipRect);
            hash = mix(hash, command.ElemCount);
        }
    }
    return hash;
}

}  // namespace

Stage::Stage(float width, float height, float density)
    : context_(ImGui::CreateContext(&font_atlas(theme().text_percent, density))), density_(density) {
    ImGui::SetCurrentContext(context_);
    ui::forget_everything();
    ImGuiIO& io = ImGui::GetIO();
    io.IniFilename = nullptr;  // Not a file in whatever folder we were started in; settings.hpp has its own.
    io.LogFilename = nullptr;
    io.ConfigFlags |= ImGuiConfigFlags_NavEnableKeyboard;
    io.ConfigWindowsMoveFromTitleBarOnly = true;
    set_size(width, height, density);
}

Stage::~Stage() {
    ImGui::DestroyContext(context_);
}

void Stage::set_size(float width, float height, float density) {
    ImGuiIO& io = ImGui::GetIO();
    io.DisplaySize = ImVec2(std::max(1.0F, width), std::max(1.0F, height));
    io.DisplayFramebufferScale = ImVec2(density, density);
    io.FontGlobalScale = 1.0F / density;
    if (density != density_) styled_percent_ = 0;
    density_ = density;
}

void Stage::frame(Screen& screen, float seconds) {
    screen.poll();
    apply_theme();
    io_map_keys(focus_moves(), ImGui::GetIO().WantTextInput);
    took_input_ = input_.feed();
    set_key_edge(input_.edge());
    if (pressed("press") && nav_is_visible() && !ImGui::GetIO().WantTextInput) press_focused_item();
    ImGui::GetIO().DeltaTime = std::max(seconds, 1e-4F);
    ImGui::NewFrame();
    ui::begin_frame();
    draw(screen);
    ImGui::Render();
    if (is_settling()) ui::ask_for_frame(0);
    ui::end_frame();
    picture_before_ = std::exchange(picture_, hash_picture(*ImGui::GetDrawData(), ImGui::GetIO().Fonts));
}

// Between two frames: nothing may change size while a frame is laid out.
void Stage::apply_theme() {
    const int theme_number = static_cast<int>(theme().name);
    if (styled_percent_ != theme().text_percent) {
        ImGui::GetIO().Fonts = &font_atlas(theme().text_percent, density_);
        fonts_changed();
    }
    if (styled_percent_ != theme().text_percent || styled_theme_ != theme_number) apply_style();
    styled_percent_ = theme().text_percent;
    styled_theme_ = theme_number;
}

void Stage::draw(Screen& screen) {
    error_.clear();
    try {
        move_focus_by_keys();
        screen.draw();
    } catch (const std::exception& exception) {
        error_ = exception.what();
    } catch (...) {
        error_ = "an unknown exception";
    }
    // What draw() had begun when it threw would be an assertion in Render.
    if (!error_.empty()) mend_frame();
    errors_in_a_row_ = error_.empty() ? 0 : errors_in_a_row_ + 1;
}

}  // namespace mdscope::gui
