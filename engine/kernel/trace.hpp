// SPDX-License-Identifier: MIT
// TRACE(kernel, point, a, b, c): one event of the list in engine/trace/trace_points.hpp, in the name of the task that
// is running. Nothing is evaluated unless somebody traces this kernel: off costs a load and one predictable branch. It
// yields nowhere, and whatever its arguments touch, they touch under NoStep: so it is never a step of a schedule, and a
// simulation goes the same way with a tracer and without one.
#pragma once

#include "engine/kernel/bio.hpp"
#include "engine/kernel/kernel.hpp"
#include "engine/trace/tracer.hpp"

namespace mdscope {

// Between these braces a look at Shared fields is no step and tells the task nothing, and a SpinLock is passed by: in a
// simulation its holder may be suspended, and while somebody looks nothing moves. On real threads it changes nothing.
class NoStep {
   public:
    NoStep() : outer_(sim_hook) {
        if (outer_ != nullptr) sim_hook = &blind_;
    }
    ~NoStep() { sim_hook = outer_; }
    NoStep(const NoStep&) = delete;
    NoStep& operator=(const NoStep&) = delete;

   private:
    class Blind final : public SimHook {
        void touch(const volatile void* /*object*/, Access /*access*/) override {}
        void observed(std::uint64_t /*value*/) override {}
        void spin_lock(SpinLock& /*lock*/) override {}
        void spin_unlock(SpinLock& /*lock*/) override {}
        void acquired() override {}
        void remember_only(std::uint64_t /*tag*/) override {}
    };
    Blind blind_;
    SimHook* outer_;
};

void trace_event(Kernel& kernel, trace::Tracer& tracer, trace::Point point, std::array<trace::Arg, 3> args);

}  // namespace mdscope

#define TRACE(kernel_, point, ...)                                                                      \
    do {                                                                                                \
        if (::mdscope::trace::Tracer* const tracer_ = (kernel_).tracer.load(std::memory_order_acquire); \
            tracer_ != nullptr) [[unlikely]] {                                                          \
            const ::mdscope::NoStep no_step_;                                                           \
            ::mdscope::trace_event((kernel_), *tracer_, ::mdscope::trace::Point::point, {__VA_ARGS__}); \
        }                                                                                               \
    } while (false)

namespace mdscope {

// wait_begin and wait_end: for as long as a task is on its way to sleep in a queue, asleep, or on its way back, however
// the wait ends. `queue` and `condition` outlive it; the queue itself need not.
class TracedWait {
   public:
    TracedWait(Kernel& kernel, const char* queue, const char* condition) : kernel_(kernel), queue_(queue) {
        if (is_traced()) [[unlikely]]
            begin(condition);
    }
    ~TracedWait() {
        if (is_traced()) [[unlikely]]
            end();
    }
    TracedWait(const TracedWait&) = delete;
    TracedWait& operator=(const TracedWait&) = delete;

   private:
    [[nodiscard]] bool is_traced() const { return kernel_.tracer.load(std::memory_order_acquire) != nullptr; }
    void begin(const char* condition) const;  // out of line: a step of a simulation is a few hundred instructions
    void end() const;

    Kernel& kernel_;
    const char* queue_;
};

}  // namespace mdscope
