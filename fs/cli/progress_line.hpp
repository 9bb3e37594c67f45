// SPDX-License-Identifier: MIT
// How far a search is: one line on a terminal, drawn over and over; elsewhere what say() is given, a line each.
#pragma once

#include <mutex>
#include <string>

namespace mdscope {

// Its methods may be called by several threads.
class ProgressLine {
   public:
    ProgressLine();
    void show(const std::string& text);
    void say(const std::string& text);
    void clear();

   private:
    const bool can_redraw_, is_terminal_;
    bool drawn_ = false;
    std::mutex mutex_;
};

}  // namespace mdscope
