// SPDX-License-Identifier: MIT
// The whole of what is in the window, made from the command line's words.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/explore/matrix.hpp"
#include "engine/kernel/result.hpp"
#include "gui/frame/screen.hpp"
#include "gui/frame/settings.hpp"

namespace mdscope::gui {

struct AppOptions {
    std::string scenario;              // a name or a path; empty: the usual one
    std::string attach;                // the mount point of an array; empty: none
    std::string pair;                  // the folder of a mounted pair; empty: none
    std::optional<int> lesson;         // 0 to 7
    std::string mode;                  // learn, lab, ...; empty: the usual one
    std::vector<MatrixCell> explored;  // of the coarse matrix, by somebody who did it before; may be empty
    std::string panel;                 // a page of the sidebar: in_flight, why, oops, ...; empty: the usual one
    bool is_picture = false;           // it is drawn once: what would come in time is waited for
    Settings settings;                 // as loaded; the App changes them and calls save_settings
    std::string message;               // to show once: what went wrong before there was a window; may be empty
    std::function<void(const Settings&)> save_settings = [](const Settings& /*changed*/) {};
    // Saves a picture of the whole window after the present frame; `done` is called with how it went.
    std::function<void(const std::string& path, std::function<void(const Result<bool>&)> done)> save_png;
    std::function<void()> wake = [] {};  // from any thread: there is something new to draw
};

// Or an Error to print: no such scenario, nothing mounted there.
Result<std::unique_ptr<Screen>> make_app(AppOptions options);

}  // namespace mdscope::gui
