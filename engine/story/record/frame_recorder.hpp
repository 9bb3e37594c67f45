// SPDX-License-Identifier: MIT
// Writes down which functions the tasks of a simulation enter and leave. What it keeps must not lie in the simulation's
// arena, where going back would undo it.
#pragma once

#include <map>
#include <vector>

#include "engine/kernel/arena.hpp"
#include "engine/kernel/kernel.hpp"
#include "engine/story/record/tape.hpp"

namespace mdscope {

class FrameRecorder : public trace::FrameSink {
   public:
    void enter(const char* name) override {
        const Arena::Outside outside;
        events.push_back({name, pid(), depths_[pid()]++, true});
    }
    void leave(const char* name) override {
        const Arena::Outside outside;
        events.push_back({name, pid(), --depths_[pid()], false});
    }
    void pass(const char* name, const char* why) override {
        const Arena::Outside outside;
        const int depth = depths_[pid()];
        events.push_back({name, pid(), depth, true, why});
        events.push_back({name, pid(), depth, false, why});
    }
    // How deep each task is; to be given back when its simulation is put back.
    [[nodiscard]] const std::map<int, int>& depths() const { return depths_; }
    void go_back(std::map<int, int> depths, unsigned life = 1) {
        events.clear();
        depths_ = std::move(depths);
        life_ = life;
    }
    // What the tasks do from here on is told by pids of this life, as a tape has them.
    void begin_life(unsigned life) { life_ = life; }

    std::vector<FrameEvent> events;  // in the order in which it happened; whoever reads them empties it

   private:
    [[nodiscard]] int pid() const { return current->pid + static_cast<int>(life_ - 1) * Tape::kLifePids; }

    std::map<int, int> depths_;  // by pid
    unsigned life_ = 1;
};

}  // namespace mdscope
