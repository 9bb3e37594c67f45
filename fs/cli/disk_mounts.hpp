// SPDX-License-Identifier: MIT
// Which mounts belong together: a lab, the array that is mounted from it, and the file system on its md0.
//
//   LAB  <- source of -  array's mount (fuse.mdscope)  <- md0, or a loop device on it, is source of -  file system
//
// All of it is read from the kernel's list and from /sys: nothing here touches a mount, which may not answer.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/host/mountinfo.hpp"
#include "engine/kernel/result.hpp"

namespace mdscope {

constexpr const char* kMdscopeType = "fuse.mdscope";

// What is to be seen at this absolute path.
std::optional<MountEntry> mount_at(const std::string& point);
// The disk of an array that is mounted there: POINT/md0, or what mount --device called it.
std::string disk_file(const std::string& point);
// The md0 below a file system: behind its loop device, or what fuse2fs was given. Empty: there is none.
std::string disk_below(const MountEntry& entry);
// The array below a file system; nothing when that is no disk of ours.
std::optional<MountEntry> array_below(const MountEntry& entry);
std::vector<MountEntry> file_systems_on(const std::string& disk);
// The array that is mounted from this lab folder (absolute).
std::optional<MountEntry> mount_of_lab(const std::string& lab);
// Where `disk` mounts the array of a lab: out of the way, found again by the lab's name. Of two labs of one name the
// second gets NAME-2.
std::string array_point_of(const std::string& lab);
// Nobody but the user who has mounted it may look into a FUSE file system, not even root: this process becomes that
// user, if it is root's. Error: it cannot.
Result<bool> become_user_of(const MountEntry& mount);
// Whose it is, for who is not let in.
std::string user_text(const MountEntry& mount);
// Such a place, of this lab.
bool is_array_point_of(const std::string& lab, const std::string& point);

}  // namespace mdscope
