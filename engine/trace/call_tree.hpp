// SPDX-License-Identifier: MIT
// Records every entry and exit of one task and prints them as an indented tree, as a stop's call tree is compared with
// what the real kernel did.
//
//   md_bitmap_flush
//     md_bitmap_daemon_work
//       md_bitmap_wait_writes
//
// With a set of names only those functions are printed; the children of a left-out function move up to the next one
// that is in. A sink installed in the middle of a call does not know the functions it is in, and ignores their exits.
//
// Threads: one task writes (enter, leave). text() and clear() are for when that task rests, or for the task itself.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/trace/frame.hpp"

namespace mdscope::trace {

class CallTreeSink : public FrameSink {
   public:
    using Names = std::set<std::string, std::less<>>;

    void enter(const char* name) override;
    void leave(const char* name) override;
    void clear();

    // One line a call, two spaces of indent a level. `only`: the names to keep; nullptr keeps all.
    [[nodiscard]] std::string text(const Names* only = nullptr) const;

   private:
    struct Call {
        const char* name;
        std::size_t depth;
    };
    std::vector<Call> calls_;
    std::size_t depth_ = 0;
};

}  // namespace mdscope::trace
