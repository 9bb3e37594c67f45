// TRACE(kernel, point, a, b, c): one event of the list in engine/trace/trace_points.hpp, in the name of the task that
// is running. Nothing is evaluated unless somebody traces this kernel: off costs a load and one predictable branch. It
// yields nowhere and touches no Shared field, so it is never a step of a schedule; its arguments must be peeked.
#pragma once

#include "engine/kernel/bio.hpp"
#include "engine/kernel/kernel.hpp"
#include "engine/trace/tracer.hpp"

namespace mdscope {

void trace_event(Kernel& kernel, trace::Tracer& tracer, trace::Point point, std::array<trace::Arg, 3> args);

// The name of a kind as lab/hold and the event log spell it.
[[nodiscard]] const char* kind_word(BioKind kind);

}  // namespace mdscope

#define TRACE(kernel_, point, ...)                                                                      \
    do {                                                                                                \
        if (::mdscope::trace::Tracer* const tracer_ = (kernel_).tracer.load(std::memory_order_acquire); \
            tracer_ != nullptr) [[unlikely]]                                                            \
            ::mdscope::trace_event((kernel_), *tracer_, ::mdscope::trace::Point::point, {__VA_ARGS__}); \
    } while (false)
