// SPDX-License-Identifier: MIT

#include "gui/live/mounts.hpp"

#include <filesystem>
#include <system_error>

#include "engine/host/mountinfo.hpp"

namespace mdscope::gui {

namespace {

constexpr const char* kType = "fuse.mdscope";  // "subtype=mdscope" in the mount's options

}  // namespace

std::vector<MountedLab> list_mounts() {
    std::vector<MountedLab> labs;
    for (const MountEntry& entry : read_mounts())
        if (entry.type == kType) labs.push_back({entry.point, entry.source});
    return labs;
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
