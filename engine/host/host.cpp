// SPDX-License-Identifier: MIT
// Plain POSIX files for mdadm's part. Opening looks at the kind of a file first: opening a FIFO waits for a writer, and
// opening some devices does something. O_NONBLOCK covers the moment between looking and opening.
#include "engine/host/host.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <system_error>

#include "engine/kernel/shown.hpp"

namespace mdscope {

namespace {

constexpr mode_t kOwnersAlone = 0600;

const char* kind_of(mode_t mode) {
    if (S_ISDIR(mode)) return "a folder";
    if (S_ISFIFO(mode)) return "a FIFO";
    if (S_ISSOCK(mode)) return "a socket";
    if (S_ISCHR(mode)) return "a character device";
    return "of an unknown kind";
}

Error cannot(const char* what, const std::string& path, int error) {
    return {error, fmt::format("Cannot {} {}: {}.", what, shown(path), host_error_text(error))};
}

bool can_be_a_member(mode_t mode) {
    return S_ISREG(mode) || S_ISBLK(mode);
}

}  // namespace

Result<HostFile> HostFile::open_to_read(const std::string& path) {
    struct stat status {};
    if (stat(path.c_str(), &status) != 0) return cannot("open", path, errno);
    if (can_be_a_member(status.st_mode)) {
        HostFile file(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC), 0);
        if (file.fd_ < 0 || fstat(file.fd_, &status) != 0) return cannot("open", path, errno);
        if (S_ISBLK(status.st_mode)) {
            if (ioctl(file.fd_, BLKGETSIZE64, &file.size_) != 0) return cannot("get the size of", path, errno);
            return file;
        }
        if (S_ISREG(status.st_mode)) {
            file.size_ = static_cast<std::uint64_t>(status.st_size);
            return file;
        }
    }
    return Error{EINVAL, fmt::format("{} is {}; a file or a block device is wanted.", path, kind_of(status.st_mode))};
}

Result<HostFile> HostFile::create(const std::string& path) {
    HostFile file(open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kOwnersAlone), 0);
    if (file.fd_ < 0) return cannot("create", path, errno);
    return file;
}

Result<HostFile> HostFile::create_unnamed(const std::string& folder) {
    HostFile file(open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, kOwnersAlone), 0);
    if (file.fd_ < 0) return cannot("create a file in", folder, errno);
    file.has_name_ = false;
    return file;
}

int HostFile::give_name(const std::string& path) {
    if (has_name_) return 0;
    const std::string opened = fmt::format("/proc/self/fd/{}", fd_);  // linkat by descriptor alone is root's
    if (linkat(AT_FDCWD, opened.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) != 0) return -errno;
    has_name_ = true;
    return 0;
}

HostFile::~HostFile() {
    if (fd_ >= 0) close(fd_);
}

std::int64_t HostFile::read_at(std::uint64_t offset, std::span<std::byte> buffer) const {
    std::size_t done = 0;
    while (done < buffer.size()) {
        const ssize_t n = pread(fd_, buffer.data() + done, buffer.size() - done, static_cast<off_t>(offset + done));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return -errno;
        if (n == 0) break;
        done += static_cast<std::size_t>(n);
    }
    return static_cast<std::int64_t>(done);
}

int HostFile::write_at(std::uint64_t offset, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t n = pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return -errno;
        if (n == 0) return -EIO;
        offset += static_cast<std::uint64_t>(n);
        bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
    return 0;
}

int HostFile::set_size(std::uint64_t bytes) {
    if (static_cast<std::int64_t>(bytes) < 0) return -EFBIG;
    int result = 0;
    do {
        result = ftruncate(fd_, static_cast<off_t>(bytes));
    } while (result != 0 && errno == EINTR);
    if (result != 0) return -errno;
    size_ = bytes;
    return 0;
}

int HostFile::sync() {
    return fsync(fd_) == 0 ? 0 : -errno;
}

bool HostFile::in_use() const {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    if (fcntl(fd_, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK) return true;
    if (flock(fd_, LOCK_EX | LOCK_NB) != 0) return errno == EWOULDBLOCK;
    flock(fd_, LOCK_UN);
    return false;
}

Result<FolderLock> FolderLock::take(const std::string& path) {
    const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return cannot("open the folder", path, errno);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        close(fd);
        return Error{EBUSY, fmt::format("another mdscope is at work on {}", shown(path))};
    }
    return FolderLock(fd);
}

void FolderLock::let_go() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
}

int host_sync_folder(const std::string& path) {
    const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return -errno;
    const int result = fsync(fd) == 0 ? 0 : -errno;
    close(fd);
    return result;
}

void host_random_bytes(std::span<std::uint8_t> bytes) {
    while (!bytes.empty()) {
        const ssize_t n = getrandom(bytes.data(), bytes.size(), 0);
        if (n < 0 && errno == EINTR) continue;
        // Linux has had it since 3.17; a uuid that is not random would mix up two arrays.
        if (n <= 0) throw std::system_error(errno, std::generic_category(), "getrandom");
        bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
}

std::uint64_t host_seconds() {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(since).count());
}

std::string host_error_text(int error) {
    return std::generic_category().message(error < 0 ? -error : error);
}

std::uint64_t host_resident_bytes() {
    std::uint64_t size = 0, resident = 0;
    std::ifstream("/proc/self/statm") >> size >> resident;
    return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::uint64_t host_available_bytes() {
    std::ifstream file("/proc/meminfo");
    for (std::string line; std::getline(file, line);) {
        std::uint64_t kib = 0;
        if (std::sscanf(line.c_str(), "MemAvailable: %" SCNu64, &kib) == 1) return kib * 1024;
    }
    return 0;
}

double host_monotonic_seconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace mdscope
