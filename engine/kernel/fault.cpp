#include "engine/kernel/fault.hpp"

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

std::string fault_line(const Oops& fault) {
    return "BUG: kernel " + fault.what + " at " + fault.function;
}

}  // namespace mdscope
