// What a stop would still do from a recorded step on, if the disks answered at once: the functions it would enter and
// leave. The engine itself is asked, from that very state, so the answer knows every guard on the way.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "engine/story/tape.hpp"

namespace mdscope {

class Oracle {
   public:
    explicit Oracle(const Tape& tape);  // which outlives it
    ~Oracle();
    Oracle(const Oracle&) = delete;
    Oracle& operator=(const Oracle&) = delete;

    // Frames of the scenario's tasks after that step; tasks that wait for a start are started. The frames of a task
    // that is inside functions begin with leaving them. After a crash: what the step before the crash would have led
    // to. Kept until the tape is cut to fewer steps.
    const std::vector<FrameEvent>& after(std::size_t step);

   private:
    std::vector<FrameEvent> ask(std::size_t step);
    void forget_what_was_cut();

    const Tape& tape_;
    std::unique_ptr<World> world_;
    std::map<std::size_t, std::vector<FrameEvent>> answers_;  // at most a few
    std::vector<std::uint64_t> known_;                        // state hashes of the steps they were given for
};

}  // namespace mdscope
