#include "gui/live/mounts.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <system_error>

namespace mdscope::gui {

namespace {

constexpr const char* kType = "fuse.mdscope";  // "subtype=mdscope" in the mount's options

// The list writes blanks, tabs, newlines and backslashes as three octal digits.
std::string unescape(const std::string& text) {
    const auto is_digit = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '7'; };
    std::string plain;
    for (std::size_t i = 0; i < text.size(); i++) {
        if (text[i] == '\\' && i + 3 < text.size() && is_digit(i + 1) && is_digit(i + 2) && is_digit(i + 3)) {
            plain += static_cast<char>(std::strtol(text.substr(i + 1, 3).c_str(), nullptr, 8));
            i += 3;
        } else {
            plain += text[i];
        }
    }
    return plain;
}

}  // namespace

std::vector<MountedLab> parse_mountinfo(const std::string& text) {
    std::vector<MountedLab> labs;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
        // id parent major:minor root POINT options [tags] - TYPE SOURCE options
        std::istringstream words(line);
        std::string skipped, point, word, type, source;
        words >> skipped >> skipped >> skipped >> skipped >> point;
        while (words >> word && word != "-") {
        }
        words >> type >> source;
        if (type == kType && !point.empty()) labs.push_back({unescape(point), unescape(source)});
    }
    return labs;
}

std::vector<MountedLab> list_mounts() {
    std::ifstream in("/proc/self/mountinfo");
    return parse_mountinfo({std::istreambuf_iterator<char>(in), {}});
}

std::optional<MountedLab> find_mount(const std::string& mount_point) {
    std::optional<MountedLab> found;
    for (const MountedLab& lab : list_mounts())
        if (lab.mount_point == mount_point) found = lab;  // the last one covers the others
    return found;
}

std::string mount_path_of(const std::string& path) {
    std::error_code failed;
    const std::filesystem::path given = std::filesystem::absolute(path, failed).lexically_normal();
    const std::filesystem::path clean = given.has_filename() ? given : given.parent_path();
    const std::filesystem::path parent = std::filesystem::canonical(clean.parent_path(), failed);
    return failed ? clean.string() : (parent / clean.filename()).string();
}

}  // namespace mdscope::gui
