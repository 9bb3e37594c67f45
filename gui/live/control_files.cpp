// SPDX-License-Identifier: MIT

#include "gui/live/control_files.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>

namespace mdscope::gui {

void Fd::reset(int fd) {
    if (fd_ >= 0) close(fd_);
    fd_ = fd;
}

Result<std::string> read_control(const std::string& path, std::size_t limit) {
    const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!file.is_open()) return Error{errno, ""};
    std::string text;
    std::array<char, 1 << 16> buffer;
    for (;;) {
        const ssize_t got = read(file.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return Error{errno, ""};
        if (got == 0) return text;
        text.append(buffer.data(), static_cast<std::size_t>(got));
        if (text.size() > limit) return Error{EFBIG, ""};
    }
}

std::string read_start(const std::string& path, std::size_t size) {
    const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!file.is_open()) return "";
    std::string text(size, '\0');
    const ssize_t got = read(file.get(), text.data(), text.size());
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return text;
}

int write_control(const std::string& path, const std::string& text) {
    const Fd file(open(path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOCTTY));
    if (!file.is_open()) return errno;
    const ssize_t done = write(file.get(), text.data(), text.size());
    if (done < 0) return errno;
    return static_cast<std::size_t>(done) == text.size() ? 0 : EIO;
}

Bell::Bell() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

void Bell::ring() const {
    const std::uint64_t one = 1;
    if (write(fd_.get(), &one, sizeof one) < 0) return;  // it rings already
}

void Bell::quiet() const {
    std::uint64_t rung = 0;
    if (read(fd_.get(), &rung, sizeof rung) < 0) return;  // it did not ring
}

}  // namespace mdscope::gui
