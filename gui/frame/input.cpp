// SPDX-License-Identifier: MIT

#include "gui/frame/input.hpp"

#include <imgui.h>

#include <algorithm>
#include <cfloat>

#include "gui/frame/imgui_version.hpp"

namespace mdscope::gui {

namespace {

using Kind = InputEvent::Kind;

bool is_modifier(int key) {
    return key >= key::kLeftCtrl && key <= key::kRightSuper;
}

bool is_key(const InputEvent& event) {
    return event.kind == Kind::key_down || event.kind == Kind::key_up;
}

bool is_button(const InputEvent& event) {
    return event.kind == Kind::mouse_down || event.kind == Kind::mouse_up;
}

}  // namespace

bool InputQueue::feed() {
    edge_ = {};
    Taken taken;
    bool fed = false;
    while (!queue_.empty() && !must_wait(queue_.front(), taken)) {
        const InputEvent event = std::move(queue_.front());
        queue_.pop_front();
        note(event, taken);
        apply(event);
        fed = true;
    }
    return fed;
}

bool InputQueue::must_wait(const InputEvent& event, const Taken& taken) {
    if (is_key(event)) {
        if (taken.button) return true;  // Ctrl+click: the click saw the modifiers of its moment.
        if (std::find(taken.keys.begin(), taken.keys.end(), event.key) != taken.keys.end()) return true;
        // A second key, or a modifier that changes after the key it did not belong to.
        return taken.plain_key_down && (event.kind == Kind::key_down || is_modifier(event.key));
    }
    if (is_button(event)) return taken.button || taken.wheel || taken.plain_key_down;
    if (event.kind == Kind::mouse_move || event.kind == Kind::wheel) return taken.button || taken.wheel;
    if (event.kind == Kind::text) return taken.text;
    return taken.button || !taken.keys.empty();
}

void InputQueue::note(const InputEvent& event, Taken& taken) {
    if (is_key(event)) taken.keys.push_back(event.key);
    taken.plain_key_down |= event.kind == Kind::key_down && !is_modifier(event.key);
    taken.button |= is_button(event);
    taken.wheel |= event.kind == Kind::wheel;
    taken.text |= event.kind == Kind::text;
}

void InputQueue::apply(const InputEvent& event) {
    switch (event.kind) {
        case Kind::key_down:
        case Kind::key_up: {
            const bool down = event.kind == Kind::key_down;
            io_set_mods((event.mods & kCtrl) != 0, (event.mods & kShift) != 0, (event.mods & kAlt) != 0,
                        (event.mods & kSuper) != 0);
            if (event.key <= key::kNone || event.key >= key::kCount) return;
            held_.at(event.key) = down;
            io_set_key(event.key, down);
            if (down && !is_modifier(event.key)) edge_ = {event.key, event.mods, event.repeat, edge_.text};
            return;
        }
        case Kind::text:
            edge_.text += event.text;
            ImGui::GetIO().AddInputCharactersUTF8(event.text.c_str());
            return;
        case Kind::mouse_move:
            io_set_mouse_pos(event.x, event.y);
            return;
        case Kind::mouse_down:
        case Kind::mouse_up:
            if (event.button < 0 || event.button >= static_cast<int>(buttons_.size())) return;
            io_set_mouse_pos(event.x, event.y);
            buttons_.at(event.button) = event.kind == Kind::mouse_down;
            io_set_mouse_button(event.button, event.kind == Kind::mouse_down);
            return;
        case Kind::wheel:
            io_add_wheel(event.x, event.y);
            return;
        case Kind::focus_lost:
            release_everything();
            return;
    }
}

// Another window gets the key-up events from now on.
void InputQueue::release_everything() {
    for (int i = 0; i < key::kCount; ++i)
        if (held_.at(i)) io_set_key(i, false);
    held_.fill(false);
    for (int i = 0; i < static_cast<int>(buttons_.size()); ++i)
        if (buttons_.at(i)) io_set_mouse_button(i, false);
    buttons_.fill(false);
    io_set_mods(false, false, false, false);
    io_set_mouse_pos(-FLT_MAX, -FLT_MAX);
}

bool InputQueue::anything_held() const {
    const auto is_true = [](bool held) { return held; };
    return std::any_of(held_.begin(), held_.end(), is_true) || std::any_of(buttons_.begin(), buttons_.end(), is_true);
}

}  // namespace mdscope::gui
