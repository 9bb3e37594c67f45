// SPDX-License-Identifier: MIT
// What the SimKernel keeps of a task, and the guards with which it steps into one. Only for sim_*.cpp.
//
// A task is always in exactly one State; between steps, its fiber is suspended at the place that the state names.
#pragma once

#include "engine/kernel/hash.hpp"
#include "engine/kernel/sim/sim_kernel.hpp"

namespace mdscope {

struct SimTask : Task {
    enum class State : std::uint8_t {
        Ready,     // goes on when chosen
        Sleeping,  // in wait()
        Locking,   // `lock` is held by another task
        Grace,     // in synchronize_rcu(), until the readers from before `grace` are gone
        Idle,      // an irq context without work
        Done,
    };

    SimTask(Kernel& owner, std::string name) : exited(owner, "kthread_join") {
        kernel = &owner;
        comm = std::move(name);
    }

    State state = State::Ready;
    std::unique_ptr<Fiber> fiber;
    WaitQueue exited;

    // What the next step touches (fine steps).
    const volatile void* object = nullptr;
    Access access = Access::Read;

    // In wait(): from before the condition is first evaluated until it returns.
    WaitQueue* queue = nullptr;
    const char* text = nullptr;
    const Condition* condition = nullptr;
    WaitOptions options;
    std::uint64_t deadline_ns = kForever;
    std::uint64_t since_ns = 0;
    bool woken = false;

    SpinLock* lock = nullptr;
    std::uint64_t grace = 0;

    std::uint64_t reads = 0;     // a hash of what it has read since it last had nothing to remember
    std::uint64_t contents = 0;  // ... of what it has read from disks and files since then (heed_contents)

    int rcu_depth = 0;
    std::uint64_t rcu_since = 0;  // the grace periods begun when it became a reader

    bool takes_coarse_steps = false;  // whatever the granularity
    std::uint64_t actor = 0;          // whom it acts for: itself, or the bio or timer that it ends

    // An irq context's work: one of the two.
    Bio* bio = nullptr;
    int status = 0;
    Timer* timer = nullptr;
};

// Between these braces the hook is this kernel's: it is being stepped, or looked at.
class SimKernel::Entered {
   public:
    explicit Entered(SimKernel& kernel) : outer_(sim_hook) { sim_hook = &kernel; }
    ~Entered() { sim_hook = outer_; }
    Entered(const Entered&) = delete;
    Entered& operator=(const Entered&) = delete;

   private:
    SimHook* outer_;
};

// Between these braces `task` is current.
class SimKernel::Running {
   public:
    Running(SimKernel& kernel, SimTask& task)
        : kernel_(kernel), outer_running_(kernel.running_), outer_task_(current), outer_context_(trace::context) {
        kernel_.running_ = &task;
        current = &task;
        trace::context = &task.trace;
    }
    ~Running() {
        kernel_.running_ = outer_running_;
        current = outer_task_;
        trace::context = outer_context_;
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

   private:
    SimKernel& kernel_;
    SimTask* outer_running_;
    Task* outer_task_;
    trace::Context* outer_context_;
};

// One line of the event log: the time, then what is streamed into it. Hand-made, since it is written at every step.
class SimKernel::Line {
   public:
    explicit Line(SimKernel& kernel) : text_(kernel.options_.event_log ? &kernel.event_log_ : nullptr) {
        *this << kernel.now_ns_ << " ";
    }
    ~Line() {
        if (text_ != nullptr) text_->push_back('\n');
    }
    Line(const Line&) = delete;
    Line& operator=(const Line&) = delete;
    Line& operator<<(std::string_view part) {
        if (text_ != nullptr) text_->append(part);
        return *this;
    }
    Line& operator<<(std::uint64_t number);
    Line& operator<<(const Task& task) { return *this << task.comm << "#" << static_cast<std::uint64_t>(task.pid); }

   private:
    std::string* text_;
};

inline constexpr const char* kGraceCondition = "the readers from before are gone";

inline constexpr std::uint64_t kBioActor = std::uint64_t{1} << 32;
inline constexpr std::uint64_t kTimerActor = std::uint64_t{2} << 32;
inline constexpr std::uint64_t kCutActor = std::uint64_t{3} << 32;

[[nodiscard]] std::uint64_t hash_of(const Bio& bio);      // of what it is, not of what it carries
[[nodiscard]] std::uint64_t contents_of(const Bio& bio);  // of what it carries

}  // namespace mdscope
