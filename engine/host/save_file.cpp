// SPDX-License-Identifier: MIT

#include "engine/host/save_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "engine/kernel/shown.hpp"

namespace mdscope {

namespace {

constexpr int kMostTries = 100;

Error cannot_write(const std::string& path, int err) {
    return {err, fmt::format("cannot write {}: {}", shown(path), std::strerror(err))};
}

// 0 or the errno. A full disk may show in any of the three.
int write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t done = ::write(fd, text.data(), text.size());
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return errno;
        text.remove_prefix(static_cast<std::size_t>(done));
    }
    // Pipes and terminals have nothing to sync.
    return ::fsync(fd) == 0 || errno == EINVAL || errno == EROFS ? 0 : errno;
}

int close_with(int fd, int err) {
    const int closed = ::close(fd) == 0 ? 0 : errno;
    return err != 0 ? err : closed;
}

int write_in_place(const std::string& path, std::string_view text) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
    return fd < 0 ? errno : close_with(fd, write_all(fd, text));
}

// A name that nobody has, beside the file: renaming works within one file system only.
int open_temporary(const std::string& path, std::string& temporary) {
    for (int number = 0; number < kMostTries; number++) {
        temporary = fmt::format("{}.{}-{}.new", path, ::getpid(), number);
        const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST) return fd;
    }
    return -1;
}

int write_and_rename(const std::string& path, std::string_view text) {
    std::string temporary;
    const int fd = open_temporary(path, temporary);
    if (fd < 0) return errno;
    struct stat old {};
    // Some file systems have no rights to be kept.
    if (::stat(path.c_str(), &old) == 0) (void)!::fchmod(fd, old.st_mode & 07777);
    int err = close_with(fd, write_all(fd, text));
    if (err == 0 && ::rename(temporary.c_str(), path.c_str()) != 0) err = errno;
    if (err != 0) ::unlink(temporary.c_str());
    return err;
}

// Where a path leads: a link stays one.
struct Target {
    std::string file;
    bool in_place = false;  // no ordinary file
    int err = 0;
};

Target target_of(const std::string& path) {
    std::error_code error;
    const std::filesystem::path canonical = std::filesystem::canonical(path, error);
    Target target{error ? path : canonical.string()};
    struct stat old {};
    const bool is_there = ::stat(target.file.c_str(), &old) == 0;
    target.in_place = is_there && !S_ISREG(old.st_mode);
    if (is_there && S_ISDIR(old.st_mode)) target.err = EISDIR;
    return target;
}

int begin_to_write(const std::string& path) {
    std::string temporary;
    const int fd = open_temporary(path, temporary);
    if (fd < 0) return errno;
    ::close(fd);
    ::unlink(temporary.c_str());
    return 0;
}

}  // namespace

Result<bool> save_file(const std::string& path, std::string_view text) {
    const Target target = target_of(path);
    if (target.err != 0) return cannot_write(path, target.err);
    const int err = target.in_place ? write_in_place(target.file, text) : write_and_rename(target.file, text);
    if (err != 0) return cannot_write(path, err);
    return true;
}

Result<bool> can_save_file(const std::string& path) {
    const Target target = target_of(path);
    const int err = target.err != 0 || target.in_place ? target.err : begin_to_write(target.file);
    if (err != 0) return cannot_write(path, err);
    return true;
}

}  // namespace mdscope
