// SPDX-License-Identifier: MIT
// Shadow call stacks: who is inside which md function, at any instant.
//
// Every md function that a reader of md.c would look for opens with MD_FRAME("its_kernel_name"). The frames form a
// linked list per task, so a paused task can print its stack, and a sink can be told of every entry and exit: that is
// how the call tree of a stop is printed and compared with what the real kernel did.
//
//   task's Context --> top frame --> caller's frame --> ... --> nullptr
//
// A frame lives on the stack of the function it names; it costs two stores and one predictable branch. `context` is per
// OS thread; a simulated kernel re-points it at each switch of fiber. With no context (a bare thread) frames do
// nothing.
#pragma once

namespace mdscope::trace {

struct Frame {
    const char* name;
    Frame* up;
};

// Told of every entry and exit of one task, in the task's own thread. Must not throw and must not take md locks.
class FrameSink {
   public:
    virtual ~FrameSink() = default;
    virtual void enter(const char* name) = 0;
    virtual void leave(const char* name) = 0;
    // A call that returned at once, and why. In the kernel it is inlined, so it is no line of a real call tree.
    virtual void pass(const char* /*name*/, const char* /*why*/) {}
};

struct Context {
    Frame* top = nullptr;
    FrameSink* sink = nullptr;
};

inline thread_local constinit Context* context = nullptr;

class FrameGuard {
   public:
    explicit FrameGuard(const char* name) : context_(context) {
        if (context_ == nullptr) return;
        frame_ = {name, context_->top};
        context_->top = &frame_;
        if (context_->sink != nullptr) [[unlikely]]
            context_->sink->enter(name);
    }
    ~FrameGuard() {
        if (context_ == nullptr) return;
        context_->top = frame_.up;
        if (context_->sink != nullptr) [[unlikely]]
            context_->sink->leave(frame_.name);
    }
    FrameGuard(const FrameGuard&) = delete;
    FrameGuard& operator=(const FrameGuard&) = delete;

   private:
    Context* context_;
    Frame frame_{};
};

inline void pass(const char* name, const char* why) {
    if (context != nullptr && context->sink != nullptr) [[unlikely]]
        context->sink->pass(name, why);
}

}  // namespace mdscope::trace

#define MD_FRAME(name) const ::mdscope::trace::FrameGuard md_frame_guard_(name)
#define MD_PASS(name, why) ::mdscope::trace::pass(name, why)
