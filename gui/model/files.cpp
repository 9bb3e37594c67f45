// SPDX-License-Identifier: MIT

#include "gui/model/files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "engine/host/host.hpp"

namespace mdscope::gui {

namespace {

namespace fs = std::filesystem;

class Descriptor {
   public:
    explicit Descriptor(int fd) : fd_(fd) {}
    ~Descriptor() {
        if (fd_ >= 0) close(fd_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    [[nodiscard]] int get() const { return fd_; }
    int close_now() {
        const int result = close(fd_);
        fd_ = -1;
        return result;
    }

   private:
    int fd_;
};

Error cannot(const char* what, const std::string& path, int error) {
    return {error, fmt::format("Cannot {} {}: {}.", what, path, host_error_text(error))};
}

int write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t n = write(fd, bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return n < 0 ? errno : EIO;
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return 0;
}

Result<bool> write_into(const std::string& path, std::string_view bytes) {
    const Descriptor file(open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
    if (file.get() < 0) return cannot("open", path, errno);
    if (const int error = write_all(file.get(), bytes)) return cannot("write", path, error);
    return true;
}

// 0 or the errno. Closing can be the moment when a network file system tells that the disk is full.
int fill(Descriptor& file, std::string_view bytes, mode_t mode) {
    if (fchmod(file.get(), mode) != 0) return errno;
    if (const int error = write_all(file.get(), bytes)) return error;
    if (fsync(file.get()) != 0 || file.close_now() != 0) return errno;
    return 0;
}

mode_t usual_mode() {
    const mode_t mask = umask(0);
    umask(mask);
    return 0666U & ~mask;
}

}  // namespace

Result<std::string> read_small_file(const std::string& path, std::size_t limit_bytes) {
    const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    struct stat status {};
    if (file.get() < 0 || fstat(file.get(), &status) != 0) return cannot("open", path, errno);
    if (!S_ISREG(status.st_mode)) return Error{EINVAL, path + " is not a regular file."};
    std::string text;
    std::array<char, 4096> part{};
    while (true) {
        const ssize_t n = read(file.get(), part.data(), part.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return cannot("read", path, errno);
        if (n == 0) return text;
        text.append(part.data(), static_cast<std::size_t>(n));
        if (text.size() > limit_bytes)
            return Error{EFBIG, fmt::format("{} has more than {} bytes.", path, limit_bytes)};
    }
}

Result<bool> replace_file(const std::string& path, std::string_view bytes) {
    std::error_code ignored;
    const fs::path real = fs::exists(path, ignored) ? fs::canonical(path, ignored) : fs::path(path);
    if (fs::is_directory(real, ignored)) return cannot("write", path, EISDIR);
    if (fs::exists(real, ignored) && !fs::is_regular_file(real, ignored)) return write_into(path, bytes);
    std::string temporary = real.string() + ".XXXXXX";
    Descriptor file(mkostemp(temporary.data(), O_CLOEXEC));
    if (file.get() < 0) return cannot("write", path, errno);
    int error = fill(file, bytes, usual_mode());
    if (error == 0 && rename(temporary.c_str(), real.c_str()) != 0) error = errno;
    if (error == 0) return true;
    unlink(temporary.c_str());
    return cannot("write", path, error);
}

}  // namespace mdscope::gui
