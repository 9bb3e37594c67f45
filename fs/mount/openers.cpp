// SPDX-License-Identifier: MIT

#include "fs/mount/openers.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "engine/host/mountinfo.hpp"
#include "fs/mount/wait_until.hpp"

namespace mdscope {

namespace fs = std::filesystem;

namespace {

bool is_within(const std::string& path, const std::string& root) {
    return path == root || (path.size() > root.size() && path.starts_with(root) && path[root.size()] == '/');
}

std::string link_target(const fs::path& link) {
    std::error_code failed;
    const fs::path target = fs::read_symlink(link, failed);
    return failed ? std::string() : target.string();
}

std::string first_line(const fs::path& file) {
    std::ifstream in(file);
    std::string line;
    std::getline(in, line);
    return line;
}

// What of `root` this process holds, or an empty string.
std::string held_by_process(const fs::path& process, const std::string& root) {
    for (const char* link : {"cwd", "root"}) {
        const std::string target = link_target(process / link);
        if (is_within(target, root)) return target;
    }
    std::error_code failed;
    for (fs::directory_iterator at(process / "fd", failed), end; !failed && at != end; at.increment(failed)) {
        const std::string target = link_target(at->path());
        if (is_within(target, root)) return target;
    }
    return {};
}

void add_processes(const std::string& root, std::vector<Opener>& openers) {
    const std::string self = std::to_string(getpid());
    std::error_code failed;
    for (fs::directory_iterator at("/proc", failed), end; !failed && at != end; at.increment(failed)) {
        const std::string pid = at->path().filename().string();
        if (pid.find_first_not_of("0123456789") != std::string::npos || pid == self) continue;
        const std::string held = held_by_process(at->path(), root);
        if (!held.empty()) openers.push_back({first_line(at->path() / "comm") + "[" + pid + "]", held});
    }
}

void add_loop_devices(const std::string& root, std::vector<Opener>& openers) {
    std::error_code failed;
    for (fs::directory_iterator at("/sys/block", failed), end; !failed && at != end; at.increment(failed)) {
        const std::string name = at->path().filename().string();
        if (!name.starts_with("loop")) continue;
        const std::string file = loop_backing_file("/dev/" + name);
        if (!file.empty() && is_within(file, root)) openers.push_back({"/dev/" + name, file});
    }
}

void add_mounts(const std::string& root, std::vector<Opener>& openers) {
    for (const MountEntry& entry : read_mounts())
        if (entry.point != root && (is_within(entry.point, root) || is_within(entry.source, root)))
            openers.push_back({"mount on " + entry.point, entry.source});
}

}  // namespace

std::vector<Opener> find_openers(const std::string& path) {
    std::vector<Opener> openers;
    add_loop_devices(path, openers);
    add_mounts(path, openers);
    add_processes(path, openers);
    return openers;
}

std::vector<Opener> wait_until_closed(const std::string& path, int patience_ms) {
    std::vector<Opener> openers;
    wait_until(patience_ms, [&] { return (openers = find_openers(path)).empty(); });
    return openers;
}

std::string openers_text(const std::vector<Opener>& openers) {
    std::string text;
    for (const Opener& opener : openers) text += (text.empty() ? "" : ", ") + opener.name;
    return text;
}

std::string loop_backing_file(const std::string& device) {
    return first_line(fs::path("/sys/block") / fs::path(device).filename() / "loop" / "backing_file");
}

}  // namespace mdscope
