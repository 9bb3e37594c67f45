// SPDX-License-Identifier: MIT
// The files beside lab/snapshot that are read when they are wanted, an Oops when there is one, a range of lab/chunks;
// and whether there is space left for the images. All of it in the poller's thread.
#pragma once

#include <cstdint>
#include <string>

#include "gui/live/live_core.hpp"

namespace mdscope::gui {

class PartReader {
   public:
    explicit PartReader(LiveCore& core) : core_(core) {}

    // What is due at this moment.
    void turn(const Snapshot& snapshot, LiveClock::time_point now);
    // Another process answers from now on.
    void forget();
    // lab/chunks as it is for everybody else.
    void give_back();

   private:
    void read_parts(const Snapshot& snapshot, LiveClock::time_point now);
    void read_part(Part part);
    void read_chunks();
    void look_for_space(const Snapshot& snapshot, LiveClock::time_point now);

    LiveCore& core_;
    LiveClock::time_point parts_at_, space_at_;
    std::uint64_t oops_read_ = 0;  // at_ns of the Oops whose text is there; 0: none
    std::string range_written_;    // into lab/chunks
};

}  // namespace mdscope::gui
