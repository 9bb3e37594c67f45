// SPDX-License-Identifier: MIT
// What a stop would still do from a recorded step on, if the disks answered at once: the functions it would enter and
// leave. The engine itself is asked, from that very state, so the answer knows every guard on the way.
//
// Where a disk that answers at once would be the crash, the answer is what the stop does while the disks are silent.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "engine/story/record/tape.hpp"

namespace mdscope {

class LookAhead {
   public:
    explicit LookAhead(const Tape& tape);  // which outlives it
    ~LookAhead();
    LookAhead(const LookAhead&) = delete;
    LookAhead& operator=(const LookAhead&) = delete;

    // Frames of the scenario's tasks after that step; tasks that wait for a start are started. The frames of a task
    // that is inside functions begin with leaving them. After a crash: what the step before the crash would have led
    // to. Valid until the next call.
    const std::vector<FrameEvent>& after(std::size_t step);

   private:
    struct Answer {
        std::uint64_t state_hash = 0;  // of the step it was given for: after a cut another one may have its number
        std::vector<FrameEvent> frames;
    };
    struct Stop {  // on the way through a long recording, from which a later step is near
        World::Mark mark;
        std::map<int, int> depths;  // of the recorder
        std::uint64_t state_hash = 0;
    };
    std::vector<FrameEvent> ask(std::size_t step);
    void go_to(std::size_t step);
    void take(const TapeStep& step);
    std::size_t go_near(std::size_t step);
    std::vector<FrameEvent> play(std::size_t step, int (*rank)(const Choice& choice), Moment* end);

    const Tape& tape_;
    std::unique_ptr<FrameRecorder> recorder_;
    std::unique_ptr<World> world_;
    std::map<std::size_t, Answer> answers_;  // by step
    std::map<std::size_t, Stop> stops_;      // by step
};

}  // namespace mdscope
