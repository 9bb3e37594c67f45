// SPDX-License-Identifier: MIT

#include "gui/frame/cursor.hpp"

#include <SDL.h>
#include <imgui.h>

#include <string>

namespace mdscope::gui {

namespace {

SDL_SystemCursor system_cursor(int imgui_cursor) {
    switch (imgui_cursor) {
        case ImGuiMouseCursor_TextInput:
            return SDL_SYSTEM_CURSOR_IBEAM;
        case ImGuiMouseCursor_ResizeAll:
            return SDL_SYSTEM_CURSOR_SIZEALL;
        case ImGuiMouseCursor_ResizeNS:
            return SDL_SYSTEM_CURSOR_SIZENS;
        case ImGuiMouseCursor_ResizeEW:
            return SDL_SYSTEM_CURSOR_SIZEWE;
        case ImGuiMouseCursor_ResizeNESW:
            return SDL_SYSTEM_CURSOR_SIZENESW;
        case ImGuiMouseCursor_ResizeNWSE:
            return SDL_SYSTEM_CURSOR_SIZENWSE;
        case ImGuiMouseCursor_Hand:
            return SDL_SYSTEM_CURSOR_HAND;
        case ImGuiMouseCursor_NotAllowed:
            return SDL_SYSTEM_CURSOR_NO;
        default:
            return SDL_SYSTEM_CURSOR_ARROW;
    }
}

// Valid until the next call, as ImGui expects.
const char* clipboard_text(void* /*user*/) {
    static std::string text;
    char* const from_sdl = SDL_GetClipboardText();
    text = from_sdl != nullptr ? from_sdl : "";
    SDL_free(from_sdl);
    return text.c_str();
}

void set_clipboard_text(void* /*user*/, const char* text) {
    SDL_SetClipboardText(text);
}

}  // namespace

Cursor::~Cursor() {
    for (const auto& [which, cursor] : made_) SDL_FreeCursor(cursor);
}

void Cursor::show(int imgui_cursor) {
    const SDL_SystemCursor wanted = system_cursor(imgui_cursor);
    if (wanted == shown_) return;
    SDL_Cursor*& cursor = made_[wanted];
    if (cursor == nullptr) cursor = SDL_CreateSystemCursor(wanted);
    if (cursor != nullptr) SDL_SetCursor(cursor);
    shown_ = wanted;
}

void use_clipboard() {
    ImGui::GetIO().GetClipboardTextFn = clipboard_text;
    ImGui::GetIO().SetClipboardTextFn = set_clipboard_text;
}

}  // namespace mdscope::gui
