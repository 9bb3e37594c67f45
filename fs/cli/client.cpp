// SPDX-License-Identifier: MIT

#include "fs/cli/client.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>

#include "engine/look/lab_words.hpp"
#include "engine/md/frames.hpp"
#include "fs/cli/commands.hpp"
#include "fs/cli/disk_mounts.hpp"
#include "fs/mount/openers.hpp"
#include "fs/mount/wait_until.hpp"

namespace mdscope {

namespace stdfs = std::filesystem;

static constexpr int kOnItsWayMs = 5'000;  // for a close to be told to the daemon

// Of what the kernel lets nobody look into but who has mounted it.
static std::string whose_text(const std::string& path) {
    const stdfs::path given = stdfs::absolute(path).lexically_normal();
    const std::optional<MountEntry> entry = mount_at((given.has_filename() ? given : given.parent_path()).string());
    if (!entry || !entry->type.starts_with("fuse")) return {};
    return "; it is a mount of " + user_text(*entry) + ", and nobody else is let in" +
           (entry->user != 0 ? ", not even root" : "");
}

Result<MountedTree> MountedTree::open(const std::string& path) {
    struct stat status {};
    if (stat(path.c_str(), &status) != 0) {
        const int err = errno;
        if (err == ENOTCONN)
            return Error{err, path + " is a mount whose process is gone; take it away with `mdscope umount " +
                                  shell_word(path) + "` and mount the lab again"};
        return Error{err, path + ": " + std::strerror(err) + (err == EACCES ? whose_text(path) : "")};
    }
    std::error_code failed;
    stdfs::path at = stdfs::canonical(path, failed);
    if (failed) return Error{failed.value(), path + ": " + failed.message()};
    for (;; at = at.parent_path()) {
        if (stdfs::exists(at / "lab" / "pid", failed) && stdfs::exists(at / "mdstat", failed))
            return MountedTree(at.string());
        // A folder of `disk`: its array is mounted aside.
        if (const std::optional<MountEntry> entry = mount_at(at.string()))
            if (const std::optional<MountEntry> array = array_below(*entry)) return open(array->point);
        if (at == at.parent_path()) break;
    }
    if (const std::optional<MountEntry> mounted = mount_of_lab(stdfs::canonical(path).string()))
        return Error{EINVAL, path + " is the lab; its array is mounted on " + shell_word(mounted->point)};
    return Error{EINVAL, path + " is not a mounted array; `mdscope mount LAB MNT` mounts one"};
}

Result<std::string> read_whole_file(const std::string& path) {
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return Error{errno, path + ": " + std::strerror(errno)};
    std::string text;
    char buffer[16384];
    ssize_t got = 0;
    while ((got = ::read(fd, buffer, sizeof buffer)) > 0) text.append(buffer, static_cast<std::size_t>(got));
    const int err = got < 0 ? errno : 0;
    close(fd);
    if (err != 0) return Error{err, path + ": " + std::strerror(err)};
    return text;
}

Result<std::string> MountedTree::read(const std::string& name) const {
    Result<std::string> text = read_whole_file(file(name));
    if (text && text->ends_with('\n')) text->pop_back();
    return text;
}

std::string MountedTree::read_or(const std::string& name, const std::string& otherwise) const {
    const Result<std::string> text = read(name);
    return text ? *text : otherwise;
}

Result<bool> MountedTree::write(const std::string& name, const std::string& value) const {
    const int fd = ::open(file(name).c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) return Error{errno, file(name) + ": " + std::strerror(errno)};
    const ssize_t done = ::write(fd, value.data(), value.size());
    const int err = done < 0 ? errno : 0;
    close(fd);
    if (err != 0) return Error{err, std::strerror(err)};
    return true;
}

Result<bool> ask_to_stop(const MountedTree& tree, const std::string& how) {
    Result<bool> stopped = true;
    wait_until(kOnItsWayMs, [&] {
        stopped = tree.write("lab/stop", how);
        return stopped || stopped.error().err != EBUSY || !find_openers(disk_file(tree.root())).empty();
    });
    return stopped;
}

bool stop_is_asleep(const MountedTree& tree) {
    const std::vector<TaskLines> tasks = parse_tasks(tree.read_or("lab/tasks", ""));
    return std::ranges::any_of(
        tasks, [](const TaskLines& task) { return task.is_in(frames::kStop) || task.is_in(frames::kSyncBlockdev); });
}

std::string asleep_text(const MountedTree& tree) {
    return "md0 is being stopped, and the stop is asleep: " + tree.file("lab/tasks") + " says where";
}

std::vector<std::string> MountedTree::members() const {
    std::vector<std::string> names;
    std::error_code failed;
    for (stdfs::directory_iterator at(file("md"), failed), end; !failed && at != end; at.increment(failed)) {
        const std::string name = at->path().filename().string();
        if (name.starts_with("dev-")) names.push_back(name.substr(4));
    }
    std::sort(names.begin(), names.end());
    return names;
}

}  // namespace mdscope
