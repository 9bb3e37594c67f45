// SPDX-License-Identifier: MIT

#include "gui/frame/settings.hpp"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "engine/host/host.hpp"
#include "gui/model/files.hpp"

namespace mdscope::gui {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t kLimit = 64 * 1024;
constexpr std::size_t kMostSplitters = 64, kLongestName = 64;
constexpr int kMostLessons = 9;

// A value of the wrong type is no value.
double number(const json& object, const char* name, double usual) {
    const auto found = object.find(name);
    if (found == object.end() || !found->is_number()) return usual;
    const double value = found->get<double>();
    return std::isfinite(value) ? value : usual;
}

std::string word(const json& object, const char* name, const std::string& usual) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : usual;
}

std::set<int> lessons_of(const json& object) {
    std::set<int> lessons;
    const auto found = object.find("lessons");
    if (found == object.end() || !found->is_array()) return lessons;
    for (const json& number : *found)
        if (number.is_number_integer() && number >= 0 && number <= kMostLessons) lessons.insert(number.get<int>());
    return lessons;
}

Settings from_json(const json& object) {
    Settings settings;
    settings.text_percent =
        static_cast<int>(std::clamp<double>(number(object, "text_percent", 100), kSmallestText, kLargestText));
    settings.theme = theme_from(word(object, "theme", "dark")).value_or(ThemeName::dark);
    settings.layout = word(object, "layout", settings.layout).substr(0, kLongestName);
    settings.motion = word(object, "motion", settings.motion).substr(0, kLongestName);
    settings.lessons = lessons_of(object);
    const auto splitters = object.find("splitters");
    if (splitters == object.end() || !splitters->is_object()) return settings;
    for (const auto& [name, value] : splitters->items())
        if (settings.splitters.size() < kMostSplitters && name.size() <= kLongestName && value.is_number())
            settings.splitters[name] = static_cast<float>(std::clamp(number(*splitters, name.c_str(), 0.5), 0.0, 1.0));
    return settings;
}

}  // namespace

std::string settings_path() {
    const auto folder = [](const char* name) {
        const char* value = std::getenv(name);
        // The XDG specification: a relative path is to be ignored.
        return value != nullptr && *value == '/' ? fs::path(value) : fs::path();
    };
    if (const fs::path chosen = folder("XDG_CONFIG_HOME"); !chosen.empty()) return chosen / "mdscope" / "gui.json";
    if (const fs::path home = folder("HOME"); !home.empty()) return home / ".config" / "mdscope" / "gui.json";
    return {};
}

LoadedSettings load_settings(const std::string& path) {
    if (path.empty()) return {};
    const Result<std::string> text = read_small_file(path, kLimit);
    if (!text && (text.error().err == ENOENT || text.error().err == ENOTDIR)) return {};
    if (!text) return {{}, "Settings are as at first: " + text.error().text};
    const json object = json::parse(*text, nullptr, /*allow_exceptions=*/false);
    if (!object.is_object())
        return {{}, "Settings are as at first: " + path + " is not JSON. It is replaced when a setting changes."};
    return {from_json(object), {}};
}

Result<bool> save_settings(const Settings& settings, const std::string& path) {
    if (path.empty()) return Error{ENOENT, "Settings are not kept: neither XDG_CONFIG_HOME nor HOME is set."};
    json splitters = json::object();
    for (const auto& [name, value] : settings.splitters) splitters[name] = value;
    const json object = {{"text_percent", settings.text_percent},
                         {"theme", theme_text(settings.theme)},
                         {"motion", settings.motion},
                         {"layout", settings.layout},
                         {"splitters", splitters},
                         {"lessons", settings.lessons}};
    std::error_code error;
    const fs::path folder = fs::path(path).parent_path();
    fs::create_directories(folder, error);
    if (error)
        return Error{error.value(), "Cannot make " + folder.string() + ": " + host_error_text(error.value()) + "."};
    return replace_file(path, object.dump(2, ' ', false, json::error_handler_t::replace) + "\n");
}

}  // namespace mdscope::gui
