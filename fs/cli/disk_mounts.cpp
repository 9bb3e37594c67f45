// SPDX-License-Identifier: MIT

#include "fs/cli/disk_mounts.hpp"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "fs/mount/openers.hpp"

namespace mdscope {

std::optional<MountEntry> mount_at(const std::string& point) {
    std::optional<MountEntry> found;
    for (const MountEntry& entry : read_mounts())
        if (entry.point == point) found = entry;  // the last one covers the others
    return found;
}

// "md0"; mount --device has others.
static bool is_array_name(const std::string& name) {
    return name.size() > 2 && name.starts_with("md") && name.find_first_not_of("0123456789", 2) == std::string::npos;
}

std::string disk_below(const MountEntry& entry) {
    const std::string file = entry.source.starts_with("/dev/loop") ? loop_backing_file(entry.source) : entry.source;
    return is_array_name(std::filesystem::path(file).filename().string()) ? file : std::string();
}

std::string disk_file(const std::string& point) {
    std::error_code failed;
    for (std::filesystem::directory_iterator at(point, failed), end; !failed && at != end; at.increment(failed)) {
        const std::string name = at->path().filename().string();
        if (is_array_name(name) && at->is_regular_file(failed)) return point + "/" + name;
    }
    return point + "/md0";
}

std::optional<MountEntry> array_below(const MountEntry& entry) {
    const std::string disk = disk_below(entry);
    if (disk.empty()) return std::nullopt;
    const std::optional<MountEntry> array = mount_at(std::filesystem::path(disk).parent_path().string());
    return array && array->type == kMdscopeType ? array : std::nullopt;
}

std::vector<MountEntry> file_systems_on(const std::string& disk) {
    std::vector<MountEntry> found;
    for (const MountEntry& entry : read_mounts())
        if (disk_below(entry) == disk) found.push_back(entry);
    return found;
}

std::optional<MountEntry> mount_of_lab(const std::string& lab) {
    for (const MountEntry& entry : read_mounts())
        if (entry.type == kMdscopeType && entry.source == lab) return entry;
    return std::nullopt;
}

std::string user_text(const MountEntry& mount) {
    const passwd* const user = getpwuid(mount.user);
    return user != nullptr ? "user " + std::string(user->pw_name)
                           : "the user with number " + std::to_string(mount.user);
}

Result<bool> become_user_of(const MountEntry& mount) {
    if (geteuid() != 0 || mount.user == 0) return true;
    const gid_t group = mount.group;
    if (setgroups(1, &group) == 0 && setresgid(group, group, group) == 0 &&
        setresuid(mount.user, mount.user, mount.user) == 0)
        return true;
    return Error{errno, mount.point + " is a mount of " + user_text(mount) +
                            ", and this process cannot become that: " + std::strerror(errno)};
}

// The first of them.
static std::string first_array_point(const std::string& lab) {
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");
    return runtime != nullptr && access(runtime, W_OK) == 0
               ? std::string(runtime) + "/mdscope/" + std::filesystem::path(lab).filename().string()
               : lab + ".mnt";
}

static constexpr int kMostOfOneName = 1000;

std::string array_point_of(const std::string& lab) {
    const std::string first = first_array_point(lab);
    std::string point = first;
    for (int number = 2; number <= kMostOfOneName; number++) {
        const std::optional<MountEntry> there = mount_at(point);
        if (!there || there->type != kMdscopeType || there->source == lab) return point;
        point = first + "-" + std::to_string(number);
    }
    return first;
}

bool is_array_point_of(const std::string& lab, const std::string& point) {
    const std::string first = first_array_point(lab);
    if (!point.starts_with(first)) return false;
    const std::string rest = point.substr(first.size());
    return rest.empty() ||
           (rest.size() > 1 && rest[0] == '-' && rest.find_first_not_of("0123456789", 1) == std::string::npos);
}

}  // namespace mdscope
