// SPDX-License-Identifier: MIT
// Reading and writing the files of a mount. Each call may take as long as the mount's process likes: only threads that
// may be left behind make them.
#pragma once

#include <string>

#include "engine/kernel/result.hpp"

namespace mdscope::gui {

// The whole file; EFBIG if there is more than `limit`. The error's text is empty: advice.hpp finds the words.
Result<std::string> read_control(const std::string& path, std::size_t limit);
// The first bytes of it, with one read.
std::string read_start(const std::string& path, std::size_t size);
// One write(2), as `echo text > path` does it: 0 or a positive errno.
[[nodiscard]] int write_control(const std::string& path, const std::string& text);

// An open file of the system, closed with its owner.
class Fd {
   public:
    explicit Fd(int fd = -1) : fd_(fd) {}
    ~Fd() { reset(); }
    Fd(Fd&& other) noexcept : fd_(other.release()) {}
    Fd& operator=(Fd&& other) noexcept {
        if (this != &other) reset(other.release());
        return *this;
    }
    [[nodiscard]] int get() const { return fd_; }
    [[nodiscard]] bool is_open() const { return fd_ >= 0; }
    int release() {
        const int fd = fd_;
        fd_ = -1;
        return fd;
    }
    void reset(int fd = -1);

   private:
    int fd_;
};

// Something to poll() for beside another file: another thread rings.
class Bell {
   public:
    Bell();
    void ring() const;
    void quiet() const;
    [[nodiscard]] int fd() const { return fd_.get(); }

   private:
    Fd fd_;
};

}  // namespace mdscope::gui
