// SPDX-License-Identifier: MIT

#include "engine/scenario/scenario_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "engine/host/data_folders.hpp"
#include "engine/host/host.hpp"
#include "engine/scenario/near_names.hpp"
#include "engine/scenario/share.hpp"

namespace mdscope {

namespace {

namespace files = std::filesystem;

constexpr const char* kEnding = ".mds";
constexpr const char* kKind = "scenarios";  // of the data
constexpr std::uint64_t kLargestFile = 16 << 20;

void add_paths(const std::string& folder, std::vector<files::path>& paths) {
    std::error_code error;
    for (const auto& entry : files::directory_iterator(folder, error))
        if (entry.path().extension() == kEnding) paths.push_back(entry.path());
}

// One's own, and those of the first folder that has any; of two with the same name one's own.
std::vector<files::path> known_paths() {
    std::vector<files::path> paths, shipped;
    if (const std::string own = own_data_folder(kKind); !own.empty()) add_paths(own, paths);
    for (const std::string& folder : shipped_data_folders(kKind)) {
        add_paths(folder, shipped);
        if (!shipped.empty()) break;
    }
    for (files::path& path : shipped)
        if (std::ranges::find(paths, path.filename(), &files::path::filename) == paths.end())
            paths.push_back(std::move(path));
    std::ranges::sort(paths);
    return paths;
}

// Those that it may have been meant for.
std::string instead_of(const std::string& name) {
    std::vector<std::string> names;
    for (const files::path& path : known_paths()) names.push_back(path.stem().string());
    if (names.empty()) return fmt::format("; none are installed here (looked in {})", data_folders_text(kKind));
    return near_text(name, names);
}

Result<std::string> path_of(const std::string& name) {
    if (name.find('/') != std::string::npos || name.ends_with(kEnding)) return name;
    for (const files::path& path : known_paths())
        if (path.stem() == name) return path.string();
    return Error{
        ENOENT,
        fmt::format("there is no scenario '{}'{}. `mdscope scenarios` lists them; a file has a '/' in its name, or "
                    "{} at its end",
                    name, instead_of(name), kEnding)};
}

}  // namespace

Result<std::string> read_text_file(const std::string& path) {
    const Result<HostFile> file = HostFile::open_to_read(path);
    if (!file) return file.error();
    if (file->size_bytes() > kLargestFile)
        return Error{EFBIG,
                     fmt::format("{}: has {} bytes, at most {} are read", path, file->size_bytes(), kLargestFile)};
    std::string text(file->size_bytes(), '\0');
    const std::int64_t done = file->read_at(0, std::as_writable_bytes(std::span(text)));
    if (done < 0)
        return Error{static_cast<int>(-done),
                     fmt::format("{}: cannot be read: {}", path, host_error_text(static_cast<int>(done)))};
    text.resize(static_cast<std::size_t>(done));
    return text;
}

Result<Scenario> load_scenario_file(const std::string& name) {
    if (is_share_code(name)) return scenario_from_code(name);
    const Result<std::string> path = path_of(name);
    if (!path) return path.error();
    const Result<std::string> text = read_text_file(*path);
    if (!text) return text.error();
    Result<Scenario> scenario = parse_scenario(*text, files::path(*path).stem().string());
    if (!scenario) return Error{EINVAL, *path + ":" + scenario.error().text};
    return scenario;
}

std::vector<ScenarioFileInfo> scenario_files(std::vector<std::string>* left_out) {
    std::vector<ScenarioFileInfo> found;
    for (const files::path& path : known_paths()) {
        const Result<Scenario> scenario = load_scenario_file(path.string());
        if (!scenario && left_out != nullptr) left_out->push_back(scenario.error().text);
        if (!scenario) continue;
        const std::string name = path.stem().string();
        found.push_back({name, scenario->title.empty() ? name : scenario->title, path.string()});
    }
    std::ranges::sort(found, {}, &ScenarioFileInfo::title);
    return found;
}

}  // namespace mdscope
