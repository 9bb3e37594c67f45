// SPDX-License-Identifier: MIT
// Everything that differs between versions of Dear ImGui, in one place: nothing here may be spelled out elsewhere.
// Debian 12 has 1.86 (18600), Debian 13 has 1.90.1 (19010); an #if for a later version goes into these functions.
#pragma once

#include <imgui.h>
#include <imgui_internal.h>

#include "gui/frame/input.hpp"

namespace mdscope::gui {

// --- input: 1.87 replaced the arrays by io.Add...Event() ---

#if IMGUI_VERSION_NUM >= 18700
// Which of ImGui's own keys one of our key numbers is, while focus moves by keys or not (see io_map_keys). Tab and the
// window's shortcuts are none.
inline ImGuiKey named_key(int key, bool moves) {
    switch (key) {
        case key::kLeft:
            return moves ? ImGuiKey_LeftArrow : ImGuiKey_None;
        case key::kRight:
            return moves ? ImGuiKey_RightArrow : ImGuiKey_None;
        case key::kUp:
            return moves ? ImGuiKey_UpArrow : ImGuiKey_None;
        case key::kDown:
            return moves ? ImGuiKey_DownArrow : ImGuiKey_None;
        case key::kHome:
            return moves ? ImGuiKey_Home : ImGuiKey_None;
        case key::kEnd:
            return moves ? ImGuiKey_End : ImGuiKey_None;
        case key::kSpace:
            return moves ? ImGuiKey_Space : ImGuiKey_None;
        case key::kPageUp:
            return ImGuiKey_PageUp;
        case key::kPageDown:
            return ImGuiKey_PageDown;
        case key::kInsert:
            return ImGuiKey_Insert;
        case key::kDelete:
            return ImGuiKey_Delete;
        case key::kBackspace:
            return ImGuiKey_Backspace;
        case key::kEnter:
            return ImGuiKey_Enter;
        case key::kEscape:
            return ImGuiKey_Escape;
        case key::kPadEnter:
            return ImGuiKey_KeypadEnter;
        case 'a':
            return ImGuiKey_A;
        case 'c':
            return ImGuiKey_C;
        case 'v':
            return ImGuiKey_V;
        case 'x':
            return ImGuiKey_X;
        case 'y':
            return ImGuiKey_Y;
        case 'z':
            return ImGuiKey_Z;
        default:
            return ImGuiKey_None;
    }
}
inline bool keys_move_focus = false;  // of the coming frame; one window is drawn at a time

inline void io_set_key(int key, bool down) {
    if (const ImGuiKey named = named_key(key, keys_move_focus); named != ImGuiKey_None)
        ImGui::GetIO().AddKeyEvent(named, down);
}
inline void io_set_mods(bool ctrl, bool shift, bool alt, bool super) {
    ImGuiIO& io = ImGui::GetIO();
    io.AddKeyEvent(ImGuiMod_Ctrl, ctrl);
    io.AddKeyEvent(ImGuiMod_Shift, shift);
    io.AddKeyEvent(ImGuiMod_Alt, alt);
    io.AddKeyEvent(ImGuiMod_Super, super);
}
#else
inline void io_set_key(int key, bool down) {
    ImGui::GetIO().KeysDown[key] = down;
}
inline void io_set_mods(bool ctrl, bool shift, bool alt, bool super) {
    ImGuiIO& io = ImGui::GetIO();
    io.KeyCtrl = ctrl;
    io.KeyShift = shift;
    io.KeyAlt = alt;
    io.KeySuper = super;
}
#endif
inline void io_set_mouse_pos(float x, float y) {
    ImGui::GetIO().MousePos = ImVec2(x, y);
}
inline void io_set_mouse_button(int button, bool down) {
    ImGui::GetIO().MouseDown[button] = down;
}
inline void io_add_wheel(float x, float y) {
    ImGui::GetIO().MouseWheelH += x;
    ImGui::GetIO().MouseWheel += y;
}

// Which of our key numbers ImGui's own keys are. Focus with the keyboard (arrows, Home, Space...) belongs to ImGui only
// when `navigation` says so; the keys are the window's shortcuts otherwise. Tab is ours always (focus.hpp).
#if IMGUI_VERSION_NUM >= 18700
inline void io_map_keys(bool navigation, bool text) {
    ImGuiIO& io = ImGui::GetIO();
    io.ConfigInputTrickleEventQueue = false;  // InputQueue does that, and knows which keys belong together
    const bool moves = navigation || text;
    for (int key = 0; keys_move_focus && !moves && key < key::kCount; key++)
        if (named_key(key, false) == ImGuiKey_None && named_key(key, true) != ImGuiKey_None)
            io.AddKeyEvent(named_key(key, true), false);  // held while it became one of the window's
    keys_move_focus = moves;
}
#else
inline void io_map_keys(bool navigation, bool text) {
    int* map = ImGui::GetIO().KeyMap;
    const bool moves = navigation || text;
    map[ImGuiKey_Tab] = -1;
    map[ImGuiKey_LeftArrow] = moves ? key::kLeft : -1;
    map[ImGuiKey_RightArrow] = moves ? key::kRight : -1;
    map[ImGuiKey_UpArrow] = moves ? key::kUp : -1;
    map[ImGuiKey_DownArrow] = moves ? key::kDown : -1;
    map[ImGuiKey_PageUp] = key::kPageUp;
    map[ImGuiKey_PageDown] = key::kPageDown;
    map[ImGuiKey_Home] = moves ? key::kHome : -1;
    map[ImGuiKey_End] = moves ? key::kEnd : -1;
    map[ImGuiKey_Insert] = key::kInsert;
    map[ImGuiKey_Delete] = key::kDelete;
    map[ImGuiKey_Backspace] = key::kBackspace;
    map[ImGuiKey_Space] = moves ? key::kSpace : key::kCount - 1;  // NewFrame wants a key here; nobody has this one.
    map[ImGuiKey_Enter] = key::kEnter;
    map[ImGuiKey_Escape] = key::kEscape;
    map[ImGuiKey_KeyPadEnter] = key::kPadEnter;
    map[ImGuiKey_A] = 'a';
    map[ImGuiKey_C] = 'c';
    map[ImGuiKey_V] = 'v';
    map[ImGuiKey_X] = 'x';
    map[ImGuiKey_Y] = 'y';
    map[ImGuiKey_Z] = 'z';
}
#endif

// `key` is one of ours.
inline bool is_key_pressed(int key) {
#if IMGUI_VERSION_NUM >= 18700
    const ImGuiKey named = named_key(key, true);
    return named != ImGuiKey_None && ImGui::IsKeyPressed(named);
#else
    return ImGui::IsKeyPressed(key);
#endif
}

// --- focus with the keyboard ---

inline bool nav_is_visible() {
    return ImGui::GetIO().NavVisible && ImGui::GetCurrentContext()->NavId != 0;
}
inline void show_nav(bool shown) {
    ImGuiContext& context = *ImGui::GetCurrentContext();
#if IMGUI_VERSION_NUM >= 19140
    context.NavCursorVisible = shown;
#else
    context.NavDisableHighlight = !shown;
#endif
}
inline void hide_nav() {
    show_nav(false);
}
inline bool is_popup_open() {
    return ImGui::GetCurrentContext()->OpenPopupStack.Size > 0;
}
inline ImGuiID focused_id() {
    return nav_is_visible() ? ImGui::GetCurrentContext()->NavId : 0;
}
// Where Tab goes on from: the text field in use, the focus, or what was clicked last.
inline ImGuiID focus_origin() {
    const ImGuiContext& context = *ImGui::GetCurrentContext();
    if (context.ActiveId != 0) return context.ActiveId;
    return nav_is_visible() ? context.NavId : context.LastActiveId;
}
// `rect` is of the item, on the screen.
inline void focus_item(ImGuiID id, ImGuiWindow* window, const ImRect& rect) {
    ImGuiContext& context = *ImGui::GetCurrentContext();
    ImGui::ClearActiveID();
    ImGui::FocusWindow(window);
    const ImVec2 origin = window->Pos;
    ImGui::SetNavID(id, ImGuiNavLayer_Main, 0,
                    ImRect(rect.Min.x - origin.x, rect.Min.y - origin.y, rect.Max.x - origin.x, rect.Max.y - origin.y));
    show_nav(true);
#if IMGUI_VERSION_NUM >= 19140
    context.NavHighlightItemUnderNav = true;
#else
    context.NavDisableMouseHover = true;
#endif
    ImGui::ScrollToBringRectIntoView(window, rect);
}
// Presses the focused item in the coming frame, as Space does. REQUIRES: before NewFrame.
inline void press_focused_item() {
#if IMGUI_VERSION_NUM >= 18700
    ImGui::GetCurrentContext()->NavNextActivateId = ImGui::GetCurrentContext()->NavId;
#else
    ImGui::GetIO().NavInputs[ImGuiNavInput_Activate] = 1.0F;
#endif
}

// The next field gets the keyboard: both are called, around it. Since 1.87 the first only asks for it, and a dialog
// that has just opened does not get what it asks for.
inline void before_focused_field() {
#if IMGUI_VERSION_NUM < 18700
    ImGui::SetKeyboardFocusHere();
#endif
}
inline void after_focused_field() {
#if IMGUI_VERSION_NUM >= 18700
    ImGuiContext& context = *ImGui::GetCurrentContext();
    context.NavNextActivateId = context.LastItemData.ID;
    context.NavNextActivateFlags = ImGuiActivateFlags_PreferInput;
#endif
}

// An item that others may lie on, and get the mouse: both are called, around it.
inline void before_overlapped_item() {
#if IMGUI_VERSION_NUM >= 18970
    ImGui::SetNextItemAllowOverlap();
#endif
}
inline void after_overlapped_item() {
#if IMGUI_VERSION_NUM < 18970
    ImGui::SetItemAllowOverlap();
#else  // what that did besides: while it is pressed, its window is hovered still
    ImGuiContext& context = *ImGui::GetCurrentContext();
    if (context.ActiveId == context.LastItemData.ID) context.ActiveIdAllowOverlap = true;
#endif
}

// --- the last item ---

inline bool is_item_disabled() {
#if IMGUI_VERSION_NUM >= 19140
    return (ImGui::GetCurrentContext()->LastItemData.ItemFlags & ImGuiItemFlags_Disabled) != 0;
#else
    return (ImGui::GetCurrentContext()->LastItemData.InFlags & ImGuiItemFlags_Disabled) != 0;
#endif
}
inline ImGuiID last_item_id() {
    return ImGui::GetCurrentContext()->LastItemData.ID;
}

// The picture is not complete yet, though nothing will happen: a popup or tip is laid out unseen in its first frame,
// and what is behind a dialog darkens for some.
inline bool is_settling() {
    const ImGuiContext& context = *ImGui::GetCurrentContext();
    if (context.DimBgRatio > 0.0F && context.DimBgRatio < 1.0F) return true;
    for (const ImGuiWindow* window : context.Windows) {
        // Children out of sight are hidden as well, for as long as they are.
        const bool counts = window->Active && (window->Flags & ImGuiWindowFlags_ChildWindow) == 0;
        if (counts && (window->HiddenFramesCanSkipItems > 0 || window->HiddenFramesCannotSkipItems > 0)) return true;
    }
    return false;
}

// --- tooltips and children ---

inline bool begin_tooltip() {
    ImGui::BeginTooltip();  // returns bool since 1.89.7
    return true;
}
inline bool begin_child(const char* id, ImVec2 size, bool border, ImGuiWindowFlags flags) {
    return ImGui::BeginChild(id, size, border, flags);  // bool became ImGuiChildFlags in 1.90
}

// --- errors ---

// Closes what a frame left open when it threw: windows, tables, groups, pushed ids, colours and variables.
inline void mend_frame() {
    ImGui::ErrorCheckEndFrameRecover(nullptr);
}

}  // namespace mdscope::gui
