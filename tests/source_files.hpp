// SPDX-License-Identifier: MIT
// The sources as text, for the tests that read them.
#pragma once

#include <filesystem>
#include <fstream>
#include <functional>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace sources {

namespace fs = std::filesystem;

struct SourceFile {
    std::string path;  // from the root of the repository, with slashes
    std::vector<std::string> lines;
};

inline bool is_code(const std::string& path) {
    const std::string extension = fs::path(path).extension();
    return extension == ".cpp" || extension == ".hpp";
}

inline bool is_binary(const std::string& path) {
    static const std::set<std::string> extensions = {".zst", ".png", ".img"};
    return extensions.contains(fs::path(path).extension());
}

inline void read_into(std::vector<SourceFile>& files, const fs::path& root, const fs::path& file) {
    SourceFile source{fs::relative(file, root).generic_string(), {}};
    if (is_binary(source.path)) return;
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) source.lines.push_back(line);
    files.push_back(std::move(source));
}

// Everything that is ours, as text: the agreed folders and the files at the top.
inline const std::vector<SourceFile>& all_files() {
    static const std::vector<SourceFile> files = [] {
        const fs::path root = MDSCOPE_SOURCE_DIR;
        std::vector<SourceFile> found;
        for (const char* folder : {"engine", "fs", "gui", "tests", "assets", ".ci"}) {
            if (!fs::exists(root / folder)) continue;
            for (const auto& entry : fs::recursive_directory_iterator(root / folder))
                if (entry.is_regular_file()) read_into(found, root, entry.path());
        }
        for (const char* file : {"CMakeLists.txt", "README.md", ".clang-tidy"})
            if (fs::exists(root / file)) read_into(found, root, root / file);
        return found;
    }();
    return files;
}

using Wanted = std::function<bool(const std::string& path)>;

// "path:line: text" of each line that matches.
inline std::string matches(const Wanted& wanted, const std::regex& pattern) {
    std::string found;
    for (const SourceFile& file : all_files()) {
        if (!wanted(file.path)) continue;
        for (std::size_t i = 0; i < file.lines.size(); ++i)
            if (std::regex_search(file.lines[i], pattern))
                found += file.path + ":" + std::to_string(i + 1) + ": " + file.lines[i] + "\n";
    }
    return found;
}

inline bool everywhere(const std::string& /*path*/) {
    return true;
}

}  // namespace sources
