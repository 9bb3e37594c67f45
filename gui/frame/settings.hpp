// SPDX-License-Identifier: MIT
// What the window remembers: $XDG_CONFIG_HOME/mdscope/gui.json, or ~/.config/mdscope/gui.json.
//
// Never a reason not to start: what cannot be read is ignored, with one message; a value that makes no sense gets its
// usual one. Written atomically, so that two windows leave one or the other's.
#pragma once

#include <map>
#include <set>
#include <string>

#include "engine/kernel/result.hpp"
#include "gui/frame/theme.hpp"

namespace mdscope::gui {

struct Settings {
    int text_percent = 100;
    ThemeName theme = ThemeName::dark;
    std::string layout = "compare";
    std::map<std::string, float> splitters;  // by name: a share of the window, 0 to 1
    std::set<int> lessons;                   // that were completed
    std::string motion = "on";               // between two steps: on, short, off
    bool operator==(const Settings&) const = default;
};

std::string settings_path();  // empty: neither XDG_CONFIG_HOME nor HOME says where

struct LoadedSettings {
    Settings settings;
    std::string message;  // empty: all is well, or there was no file
};
LoadedSettings load_settings(const std::string& path);
Result<bool> save_settings(const Settings& settings, const std::string& path);

}  // namespace mdscope::gui
