// SPDX-License-Identifier: MIT

#include "engine/host/data_folders.hpp"

#include <cstdlib>
#include <filesystem>

#include "engine/kernel/shown.hpp"

namespace mdscope {

namespace {

namespace files = std::filesystem;

std::string variable(const char* name) {
    const char* const value = std::getenv(name);
    return value != nullptr ? value : "";
}

// The folder above the one that the running program lies in.
files::path prefix_of_program() {
    std::error_code failed;
    const files::path program = files::read_symlink("/proc/self/exe", failed);
    return failed ? files::path() : program.parent_path().parent_path();
}

}  // namespace

std::string own_data_folder(const std::string& kind) {
    const std::string data = variable("XDG_DATA_HOME"), home = variable("HOME");
    if (data.starts_with('/')) return data + "/mdscope/" + kind;  // a relative one is to be ignored, says the standard
    return home.empty() ? "" : home + "/.local/share/mdscope/" + kind;
}

std::vector<std::string> shipped_data_folders(const std::string& kind) {
    if (const std::string data = variable("MDSCOPE_DATA"); !data.empty()) return {data + "/" + kind};
    std::vector<std::string> folders;
    if (const files::path prefix = prefix_of_program(); !prefix.empty())
        folders.push_back((prefix / "share/mdscope" / kind).string());
    for (const char* const configured : {MDSCOPE_INSTALLED_DATA, MDSCOPE_SOURCE_DATA})
        if (*configured != '\0') folders.push_back(std::string(configured) + "/" + kind);
    return folders;
}

std::string data_folders_text(const std::string& kind) {
    std::string text = own_data_folder(kind);
    for (const std::string& folder : shipped_data_folders(kind)) text += (text.empty() ? "" : ", ") + folder;
    return shown(text);
}

}  // namespace mdscope
