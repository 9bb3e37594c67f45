// SPDX-License-Identifier: MIT
// What both kernels put into an Oops and on the log when a task meets a fault.
#pragma once

#include "engine/kernel/kernel.hpp"

namespace mdscope {

// Fills in what the one who raised it left open: the task, its context, the frames, the innermost function, the time.
void complete_fault(Oops& fault, std::uint64_t now_ns);

// The line on the log, "BUG: kernel NULL pointer dereference at super_written", and the event.
void announce_fault(Kernel& kernel, const Oops& fault);

}  // namespace mdscope
