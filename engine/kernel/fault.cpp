// SPDX-License-Identifier: MIT

#include "engine/kernel/fault.hpp"

#include "engine/kernel/trace.hpp"

namespace mdscope {

void complete_fault(Oops& fault, std::uint64_t now_ns) {
    if (current != nullptr) {
        if (fault.comm.empty()) fault.comm = current->comm;
        fault.in_irq = current->in_irq;
    }
    if (fault.stack.empty() && trace::context != nullptr)
        for (const trace::Frame* frame = trace::context->top; frame != nullptr; frame = frame->up)
            fault.stack.emplace_back(frame->name);
    if (fault.function.empty() && !fault.stack.empty()) fault.function = fault.stack.front();
    fault.at_ns = now_ns;
}

void announce_fault(Kernel& kernel, const Oops& fault) {
    kernel.printk(LogLevel::Crit, "BUG: kernel " + fault.what + " at " + fault.function);
    TRACE(kernel, oops, fault.what, fault.object, fault.function);
}

}  // namespace mdscope
