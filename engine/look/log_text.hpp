// SPDX-License-Identifier: MIT
// lab/log as a file that grows: a byte has the same place for ever, so that `tail -f` follows it. The oldest lines go,
// as those of the kernel's log do; their places stay theirs, and the size is that of all lines there ever were.
//
//   0          dropped()              size()
//   |  gone    |  the last 4096 lines  |
//
// Who reads an open file from its beginning (`cat`) has the oldest line that is there at offset 0, and reads on from
// it; who looks for the end first (`tail`) has every line at its place.
//
// Threads: any.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "engine/host/threads.hpp"
#include "engine/kernel/real/real_kernel.hpp"

namespace mdscope {

class LogText {
   public:
    explicit LogText(const RealKernel& kernel) : kernel_(kernel) {}

    std::uint64_t size();
    std::uint64_t dropped();
    // From this place on, at most so many bytes. What has gone is left out, and *place moved on.
    std::string read(std::uint64_t* place, std::size_t size);

   private:
    void look_locked();

    const RealKernel& kernel_;
    HostMutex mutex_;
    std::uint64_t next_line_ = 0;  // of the kernel's log
    std::deque<std::string> lines_;
    std::uint64_t dropped_ = 0, size_ = 0;  // bytes
};

}  // namespace mdscope
