// SPDX-License-Identifier: MIT

#include "engine/host/mountinfo.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>

namespace mdscope {

namespace {

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

// "user_id=1000" among the options of a file system.
unsigned number_in(const std::string& options, const std::string& name) {
    const std::size_t at = ("," + options).find("," + name + "=");
    if (at == std::string::npos) return 0;
    return static_cast<unsigned>(std::strtoul(options.c_str() + at + name.size() + 1, nullptr, 10));
}

}  // namespace

std::vector<MountEntry> parse_mountinfo(const std::string& text) {
    std::vector<MountEntry> mounts;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
        // id parent major:minor root POINT options [tags] - TYPE SOURCE options
        std::istringstream words(line);
        std::string skipped, device, point, word, type, source, options;
        words >> skipped >> skipped >> device >> skipped >> point;
        while (words >> word && word != "-") {
        }
        words >> type >> source >> options;
        if (!point.empty())
            mounts.push_back({unescape(point), type, unescape(source), device, number_in(options, "user_id"),
                              number_in(options, "group_id")});
    }
    return mounts;
}

std::vector<MountEntry> read_mounts() {
    std::ifstream in("/proc/self/mountinfo");
    return parse_mountinfo({std::istreambuf_iterator<char>(in), {}});
}

}  // namespace mdscope
