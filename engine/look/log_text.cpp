// SPDX-License-Identifier: MIT

#include "engine/look/log_text.hpp"

#include <algorithm>

#include "engine/look/lab_words.hpp"

namespace mdscope {

std::uint64_t LogText::size() {
    const HostGuard guard(mutex_);
    look_locked();
    return size_;
}

std::uint64_t LogText::dropped() {
    const HostGuard guard(mutex_);
    look_locked();
    return dropped_;
}

std::string LogText::read(std::uint64_t* place, std::size_t size) {
    const HostGuard guard(mutex_);
    look_locked();
    *place = std::max(*place, dropped_);
    std::string text;
    std::uint64_t begin = dropped_;
    for (const std::string& line : lines_) {
        if (text.size() == size) break;
        const std::uint64_t at = *place + text.size();
        if (at < begin + line.size()) text += line.substr(at - begin, size - text.size());
        begin += line.size();
    }
    return text;
}

void LogText::look_locked() {
    for (const LogLine& line : kernel_.log_since(&next_line_)) {
        lines_.push_back(log_line_text(line) + "\n");
        size_ += lines_.back().size();
    }
    while (lines_.size() > RealKernel::kLogLines) {
        dropped_ += lines_.front().size();
        lines_.pop_front();
    }
}

}  // namespace mdscope
