// SPDX-License-Identifier: MIT

#include "fs/cli/progress_line.hpp"

#include <unistd.h>

#include <cstdio>

#include "fs/cli/standard_streams.hpp"

namespace mdscope {

ProgressLine::ProgressLine() : can_redraw_(can_redraw(STDERR_FILENO)), is_terminal_(isatty(STDERR_FILENO) != 0) {}

void ProgressLine::show(const std::string& text) {
    if (!can_redraw_) return;
    const std::lock_guard guard(mutex_);
    std::fprintf(stderr, "\r\033[K%s", fit_to_width(STDERR_FILENO, text).c_str());
    std::fflush(stderr);
    drawn_ = true;
}

void ProgressLine::say(const std::string& text) {
    if (is_terminal_) return;
    const std::lock_guard guard(mutex_);
    std::fflush(stdout);
    std::fprintf(stderr, "%s\n", text.c_str());
}

void ProgressLine::clear() {
    const std::lock_guard guard(mutex_);
    if (drawn_) std::fputs("\r\033[K", stderr);
    drawn_ = false;
}

}  // namespace mdscope
