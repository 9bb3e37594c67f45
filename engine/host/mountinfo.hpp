// SPDX-License-Identifier: MIT
// What is mounted where, read from the kernel's list alone: nothing here touches a mount, which may not answer.
#pragma once

#include <string>
#include <vector>

namespace mdscope {

// One line of /proc/self/mountinfo.
struct MountEntry {
    std::string point;
    std::string type;    // "fuse.mdscope", "ext4"
    std::string source;  // "/dev/loop0"
    std::string device;  // "0:45": the same for all mounts of one file system
    unsigned user = 0;   // of a FUSE file system: who has mounted it
    unsigned group = 0;
};

// In the order of the list: of two on the same point the last one covers the other.
std::vector<MountEntry> read_mounts();
// For tests: the text of such a list.
std::vector<MountEntry> parse_mountinfo(const std::string& text);

}  // namespace mdscope
