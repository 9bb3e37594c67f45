// SPDX-License-Identifier: MIT

#include "engine/kernel/trace.hpp"

#include "engine/kernel/arena.hpp"

namespace mdscope {

// The log is not a part of what it tells of: when a simulation is put back, what was recorded stays. So neither it nor
// what its listener keeps may lie in the simulation's arena.
void trace_event(Kernel& kernel, trace::Tracer& tracer, trace::Point point, std::array<trace::Arg, 3> args) {
    if (!tracer.wants(point)) return;
    const Arena::Outside outside;
    if (current != nullptr)
        tracer.record(point, kernel.ktime_ns(), current->comm, current->pid, args);
    else
        tracer.record(point, kernel.ktime_ns(), "-", 0, args);
}

void TracedWait::begin(const char* condition) const {
    TRACE(kernel_, wait_begin, queue_, condition);
}

void TracedWait::end() const {
    TRACE(kernel_, wait_end, queue_);
}

}  // namespace mdscope
