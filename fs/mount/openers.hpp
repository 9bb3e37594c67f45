// SPDX-License-Identifier: MIT
// Who has a file open, or stands in a folder: what "busy" means, in names.
//
// Looks through /proc: open files and working folders of processes (their links are read, the files are not touched, so
// a stuck file system cannot stop us), loop devices on the file, and mounts. What belongs to other users is not visible
// to an ordinary user.
#pragma once

#include <string>
#include <vector>

namespace mdscope {

struct Opener {
    std::string name;  // "dd[4711]", "/dev/loop0", "mount on /mnt/disk"
    std::string path;  // what it holds
};

// Everything that holds `path` or something below it; the calling process is left out.
std::vector<Opener> find_openers(const std::string& path);
// Looks until nobody has it open any more, or `patience_ms` have passed. The result is who still has.
std::vector<Opener> wait_until_closed(const std::string& path, int patience_ms);
std::string openers_text(const std::vector<Opener>& openers);  // "dd[4711], /dev/loop0"

// The file behind /dev/loopN, or empty.
std::string loop_backing_file(const std::string& device);

}  // namespace mdscope
