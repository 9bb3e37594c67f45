// SPDX-License-Identifier: MIT

#include "gui/model/share_actions.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "engine/explore/card.hpp"
#include "engine/scenario/scenario_files.hpp"
#include "engine/scenario/share.hpp"
#include "engine/story/draw/trace_json.hpp"
#include "gui/model/files.hpp"

namespace mdscope::gui {

namespace fs = std::filesystem;

namespace {

constexpr std::array kFormats = {
    ShareFormatRow{ShareFormat::Scenario, "scenario", "Scenario", ".mds",
                   "Both arrays, the schedule and the playhead as a small text file. This window opens it, and so does "
                   "`mdscope run`."},
    ShareFormatRow{ShareFormat::Trace, "trace", "Timeline", ".json",
                   "Both runs for ui.perfetto.dev (Chrome's JSON format): functions, writes in flight, counters."},
    ShareFormatRow{ShareFormat::Picture, "picture", "Picture", ".png", "The window as it is now, without this dialog."},
};

const char* kind_of(mode_t mode) {
    if (S_ISDIR(mode)) return "a folder";
    if (S_ISFIFO(mode)) return "a FIFO";
    if (S_ISSOCK(mode)) return "a socket";
    if (S_ISBLK(mode) || S_ISCHR(mode)) return "a device";
    return "no regular file";
}

const char* advice_for(int error) {
    switch (error) {
        case ENOSPC:
        case EDQUOT:
        case EFBIG:
            return "Make room there, or choose another folder.";
        case EACCES:
        case EPERM:
        case EROFS:
            return "Choose a folder that is yours.";
        case ENOENT:
        case ENOTDIR:
            return "Choose a folder that exists.";
        case ENAMETOOLONG:
            return "Choose a shorter name.";
        default:
            return "Choose another place.";
    }
}

// A file says how array B differs by its rows and its bitmap, and by nothing else.
Result<bool> check_opponent(const Player& player, const Scenario& shared) {
    const auto array = [](Scenario scenario) {
        scenario.name = scenario.title = scenario.versus = "";
        scenario.schedule.clear();
        scenario.playhead.reset();
        scenario.expect = {};
        return scenario;
    };
    if (array(opponent_of(shared)) == array(player.scenario(Side::B))) return true;
    return Error{0,
                 "This comparison cannot be shared: array B differs in something that a scenario has no words for, "
                 "other than kernel, fix, order, pools and bitmap. Give both arrays the rest alike (Set up…)."};
}

Result<Scenario> to_share(const Player& player) {
    Scenario shared = player.to_share();
    if (const Result<bool> fits = check_opponent(player, shared); !fits) return fits.error();
    return shared;
}

}  // namespace

std::span<const ShareFormatRow> share_formats() {
    return kFormats;
}

const ShareFormatRow& row_of(ShareFormat format) {
    return *std::ranges::find(kFormats, format, &ShareFormatRow::format);
}

// ---- paths

std::string full_path(const std::string& typed) {
    const char* home = std::getenv("HOME");
    const bool from_home = typed == "~" || typed.starts_with("~/");
    if (from_home && home != nullptr) return home + typed.substr(1);
    if (typed.starts_with('/')) return typed;
    std::error_code error;
    const fs::path here = fs::current_path(error);
    return (error ? "/" : here.string() + "/") + typed;
}

std::string folder_of(const std::string& path) {
    return path.substr(0, path.rfind('/') + 1);
}

std::string with_ending(const std::string& path, ShareFormat format) {
    const fs::path whole(path);
    const std::string ending = whole.extension().string();
    if (ending == row_of(format).ending || path.ends_with('/')) return path;
    const bool is_ours = std::ranges::any_of(kFormats, [&](const auto& row) { return ending == row.ending; });
    return (is_ours ? path.substr(0, path.size() - ending.size()) : path) + row_of(format).ending;
}

std::string usual_path(const Player& player, ShareFormat format) {
    const std::string& name = player.scenario(Side::A).name;
    std::string folder = full_path("");
    if (access(folder.c_str(), W_OK) != 0) folder = full_path("~/");
    return folder + (name.empty() || name.find('/') != std::string::npos ? "run" : name) + row_of(format).ending;
}

std::vector<std::string> completions(const Listing& listing, const std::string& path, const std::string& ending) {
    const std::string begun = path.substr(folder_of(path).size());
    std::vector<std::string> names;
    for (const std::string& name : listing.names) {
        if (!name.starts_with(begun) || (name.starts_with('.') && begun.empty())) continue;
        if (name.ends_with('/') || name.ends_with(ending)) names.push_back(name);
    }
    return names;
}

// ---- out

Result<std::string> content_of(ShareFormat format, Player& player) {
    if (format == ShareFormat::Trace) return trace_json(player.duel()) + "\n";
    const Result<Scenario> shared = to_share(player);
    if (!shared) return shared.error();
    return scenario_text(*shared);
}

Result<bool> check_target(const std::string& path) {
    struct stat status {};
    if (path.ends_with('/')) return Error{EISDIR, fmt::format("{} is a folder. Give the file a name.", path)};
    if (stat(path.c_str(), &status) != 0 || S_ISREG(status.st_mode)) return true;  // what is wrong, writing will tell
    return Error{EINVAL,
                 fmt::format("{} is {}; nothing was written. Choose another name.", path, kind_of(status.st_mode))};
}

bool is_there(const std::string& path) {
    std::error_code error;
    return fs::exists(fs::symlink_status(path, error));
}

Error with_advice(const Error& error) {
    return {error.err, fmt::format("{} Nothing was changed. {}", error.text, advice_for(error.err))};
}

Result<std::string> save_content(ShareFormat format, const std::string& path, Player& player) {
    if (const Result<bool> possible = check_target(path); !possible) return possible.error();
    const Result<std::string> content = content_of(format, player);
    if (!content) return content.error();
    if (const Result<bool> saved = replace_file(path, *content); !saved) return with_advice(saved.error());
    return fmt::format("Saved {} ({} bytes).", path, grouped(content->size()));
}

Result<std::string> code_of(const Player& player) {
    const Result<Scenario> shared = to_share(player);
    if (!shared) return shared.error();
    return share_code(*shared);
}

std::string description_of(Player& player) {
    return describe(player.duel(), player.tick(), player.foresight());
}

// ---- in

Result<Scenario> scenario_from_file(const std::string& path) {
    struct stat status {};
    if (stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode))
        return Error{EINVAL, fmt::format("Cannot open {}: it is {}. Choose a scenario file (.mds).", path,
                                         kind_of(status.st_mode))};
    Result<Scenario> scenario = load_scenario_file(path);
    if (scenario) return scenario;
    const bool is_readable = scenario.error().err == EINVAL;  // and it was the text that was wrong
    return Error{
        scenario.error().err,
        fmt::format("{} {}", scenario.error().text,
                    is_readable ? "The present run stays." : "Choose a scenario file (.mds); the present run stays.")};
}

Result<Scenario> scenario_from_text(const std::string& text) {
    const std::size_t begin = text.find_first_not_of(" \t\r\n");
    if (begin == std::string::npos) return Error{EINVAL, "There is nothing to open. Paste a code (mds1:…) first."};
    if (is_share_code(text.substr(begin))) return scenario_from_code(text.substr(begin));
    if (!text.substr(begin).starts_with("mdscope-scenario"))
        return Error{EINVAL, "This is neither a code nor a scenario: a code begins with mds1:. Copy all of it."};
    Result<Scenario> scenario = parse_scenario(text.substr(begin), "shared");
    if (!scenario) return Error{EINVAL, "line " + scenario.error().text};
    return scenario;
}

// ---- the dialog's part of the state

void SharePage::begin(Tab with) {
    tab = with;
    is_new = true;
    answer.reset();
    pasted.clear();
    if (folders) folders->forget();
}

std::shared_ptr<const Listing> SharePage::look(const std::string& folder) {
    if (!folders) folders = std::make_unique<FolderList>([woken = wake] { woken(); });
    return folders->look(folder);
}

}  // namespace mdscope::gui
