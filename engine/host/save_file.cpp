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

}  // namespace

Result<bool> save_file(const std::string& path, std::string_view text) {
    std::error_code error;
    const std::filesystem::path target = std::filesystem::canonical(path, error);  // a link stays one
    const std::string file = error ? path : target.string();
    struct stat old {};
    const bool is_there = ::stat(file.c_str(), &old) == 0;
    if (is_there && S_ISDIR(old.st_mode)) return cannot_write(path, EISDIR);
    const bool in_place = is_there && !S_ISREG(old.st_mode);
    const int err = in_place ? write_in_place(file, text) : write_and_rename(file, text);
    if (err != 0) return cannot_write(path, err);
    return true;
}

}  // namespace mdscope
