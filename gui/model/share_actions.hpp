// SPDX-License-Identifier: MIT
// What goes out of the window and what comes in: scenario files, codes of one line, timelines, text. Nothing here
// draws.
//
// Each answer is a value or an Error that says what was tried, what was found and what to do; nothing half-written is
// left behind, and what is read is refused before it can keep us waiting: a FIFO, a device, a file of gigabytes.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gui/model/folder_list.hpp"
#include "gui/model/player.hpp"

namespace mdscope::gui {

enum class ShareFormat { Scenario, Trace, Picture };
struct ShareFormatRow {
    ShareFormat format;
    const char* id;
    const char* label;
    const char* ending;
    const char* what;  // for people: what it is good for
};
std::span<const ShareFormatRow> share_formats();
const ShareFormatRow& row_of(ShareFormat format);

// ---- paths

std::string full_path(const std::string& typed);  // "~/x" and "x" from the root; nothing: the folder we are in
std::string folder_of(const std::string& path);   // with a '/' at its end
// With the ending of the format in place of another format's, or behind what has none.
std::string with_ending(const std::string& path, ShareFormat format);
std::string usual_path(const Player& player, ShareFormat format);
// Names of the listing that go on as the path begins: folders, and files with that ending.
std::vector<std::string> completions(const Listing& listing, const std::string& path, const std::string& ending);

// ---- out

// The text of a file of that format. REQUIRES: not a picture, which only the window has.
Result<std::string> content_of(ShareFormat format, Player& player);
// A sentence to show: what was written, and where.
Result<std::string> save_content(ShareFormat format, const std::string& path, Player& player);
// Whether a file may be written there, as far as it can be told before: not a folder, a FIFO, a device.
Result<bool> check_target(const std::string& path);
bool is_there(const std::string& path);
Error with_advice(const Error& error);  // and what a person can do about it
Result<std::string> code_of(const Player& player);
std::string description_of(Player& player);  // the playhead's facts as text

// ---- in

Result<Scenario> scenario_from_file(const std::string& path);
Result<Scenario> scenario_from_text(const std::string& text);  // a code, or the text of a scenario file

// ---- the dialog's part of the state

struct SharePage {
    enum class Tab { Save, Open, Text };
    struct Answer {
        std::string text;
        bool is_error = false;
    };
    struct Picture {
        std::string path;
        int frames_to_wait;  // until the dialog is gone from the picture
    };

    Tab tab = Tab::Save;
    ShareFormat format = ShareFormat::Scenario;
    std::string save_path, open_path, pasted;
    std::optional<Answer> answer;  // to what was asked last
    bool is_new = true;            // the dialog has just been opened
    std::optional<Picture> picture;
    std::unique_ptr<FolderList> folders;
    // As AppOptions has them; no save_png: there is no window to be seen.
    std::function<void(const std::string& path, std::function<void(const Result<bool>&)> done)> save_png;
    std::function<void()> wake = [] {};

    void begin(Tab with);
    std::shared_ptr<const Listing> look(const std::string& folder);
};

}  // namespace mdscope::gui
