// SPDX-License-Identifier: MIT
// Which mounts of mdscope there are, read from the kernel's list alone: nothing here touches a mount, which may not
// answer.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace mdscope::gui {

struct MountedLab {
    std::string mount_point;
    std::string lab_folder;  // where its images are
};

std::vector<MountedLab> list_mounts();
// The one on this path; absolute, as in the list.
std::optional<MountedLab> find_mount(const std::string& mount_point);

// The path as the kernel's list has it, without touching the last component: that may be a mount that does not answer.
std::string mount_path_of(const std::string& path);

}  // namespace mdscope::gui
