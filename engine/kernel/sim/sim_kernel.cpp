// SPDX-License-Identifier: MIT
// Stepping the simulation, and what a task of it can do: start, sleep, lock, wait for readers, end.
//
// What can happen next is worked out in sim_choices.cpp; disks, files, log and faults are in sim_world.cpp.
#include "engine/kernel/sim/sim_kernel.hpp"

#include <algorithm>
#include <stdexcept>

#include "engine/kernel/sim/sim_task.hpp"
#include "engine/kernel/trace.hpp"

namespace mdscope {

SimKernel::SimKernel(SimOptions options)
    : options_(std::move(options)),
      stacks_(options_.stacks != nullptr ? options_.stacks : std::make_shared<StackPool>()),
      prng_(options_.seed),
      errors_left_(options_.io_errors),
      timer_done_(std::make_unique<WaitQueue>(*this, "del_timer_sync")) {}

SimKernel::~SimKernel() {
    abandon();
}

// ---- steps

std::span<const Choice> SimKernel::choices() {
    const Entered entered(*this);
    collect();
    return choices_;
}

bool SimKernel::step() {
    if (choices().empty()) return false;
    take(chooser_->choose(choices_));
    return true;
}

void SimKernel::take(std::size_t index) {
    const Choice choice = choices_.at(index);
    const Entered entered(*this);
    now_ns_ = std::max(now_ns_, choice.at_ns);
    steps_++;
    waits_passed_ = 0;
    if (options_.event_log) note_choice(choice);
    switch (choice.kind) {
        case Choice::Kind::Run:
        case Choice::Kind::Timeout:
        case Choice::Kind::Grace:
            resume(static_cast<SimTask&>(*choice.task));
            break;
        case Choice::Kind::Complete:
        case Choice::Kind::Fail:
            end_bio(choice.bio, choice.kind == Choice::Kind::Complete);
            break;
        case Choice::Kind::Fire:
            fire(*choice.timer);
            break;
        case Choice::Kind::Cut:
            throw std::logic_error("a cut is no step of a kernel");
    }
}

void SimKernel::resume(SimTask& task) {
    const Running running(*this, task);
    task.object = nullptr;
    try {
        task.fiber->resume();
    } catch (...) {  // A body's exception that is not the kernel's: the task is over, and the caller hears of it.
        task.state = SimTask::State::Done;
        throw;
    }
}

void SimKernel::end_bio(Bio* bio, bool well) {
    const auto found = std::ranges::find(in_flight_, bio, &InFlight::bio);
    const InFlight ended = *found;
    in_flight_.erase(found);
    if (!well) errors_left_--;
    note_access(&ended.disk->image(), Access::Write);
    SimTask& context = irq_context();
    context.bio = bio;
    context.actor = kBioActor | bio->bi_id;
    context.status = !well ? -EIO : ended.error != 0 ? ended.error : ended.disk->perform(*bio);
    context.reads = mix(hash_of(*bio), static_cast<std::uint64_t>(context.status));
    if (bio->bi_op != BioOp::Read)
        media_changes_++;
    else if (heeds_contents_ && context.status == 0)
        note_contents(ended.pid, contents_of(*bio));
    resume(context);
}

// The task may be gone: nobody waits for a read that was given up.
void SimKernel::note_contents(int pid, std::uint64_t hash) {
    for (const auto& task : tasks_)
        if (task->pid == pid) task->contents = mix(task->contents, hash);
}

void SimKernel::fire(Timer& timer) {
    std::erase_if(timers_, [&](const Armed& armed) { return armed.timer == &timer; });
    timer.expires_ns = 0;
    note_access(&timer, Access::Write);
    SimTask& context = irq_context();
    context.timer = &timer;
    context.actor = kTimerActor;
    context.reads = 1;
    resume(context);
}

// Contexts are used again; more than one exists only when fine steps leave a completion half-way.
SimTask& SimKernel::irq_context() {
    const auto idle =
        std::ranges::find_if(tasks_, [](const auto& task) { return task->state == SimTask::State::Idle; });
    SimTask* context = nullptr;
    if (idle != tasks_.end()) {
        context = idle->get();
    } else {
        context = &add_task("swapper/0");
        context->in_irq = true;
        context->fiber = std::make_unique<Fiber>(*stacks_, [this, context](Fiber&) { irq_loop(*context); });
    }
    context->state = SimTask::State::Ready;
    return *context;
}

void SimKernel::irq_loop(SimTask& task) {
    for (;;) {
        try {
            if (task.bio != nullptr)
                bio_endio(task.bio, task.status);
            else
                task.timer->function();
        } catch (const Halted&) {  // On record; this context is needed for the bios still in flight.
        }
        const bool was_timer = std::exchange(task.timer, nullptr) != nullptr;
        task.bio = nullptr;
        task.reads = 0;
        task.state = SimTask::State::Idle;
        if (was_timer) wake(*timer_done_);
        task.fiber->suspend();
    }
}

// ---- loops of steps

SimKernel::Outcome SimKernel::run_until(const std::function<bool()>& goal, std::uint64_t limit) {
    for (std::uint64_t i = 0; !goal(); i++) {
        if (i == limit) return Outcome::Limit;
        if (!step()) return Outcome::Hang;
    }
    return Outcome::Reached;
}

SimKernel::Outcome SimKernel::run_until_idle(std::uint64_t limit) {
    for (std::uint64_t i = 0;; i++) {
        const auto offered = choices();
        if (std::ranges::all_of(offered, [this](const Choice& choice) { return choice.at_ns > now_ns_; }))
            return Outcome::Reached;
        if (i == limit) return Outcome::Limit;
        take(chooser_->choose(offered));
    }
}

SimKernel::Outcome SimKernel::run_for(std::uint64_t ns, std::uint64_t limit) {
    const std::uint64_t end_ns = now_ns_ + ns;
    for (std::uint64_t i = 0;; i++) {
        const auto offered = choices();
        if (std::ranges::all_of(offered, [end_ns](const Choice& choice) { return choice.at_ns > end_ns; })) break;
        if (i == limit) return Outcome::Limit;
        take(chooser_->choose(offered));
    }
    now_ns_ = std::max(now_ns_, end_ns);
    return Outcome::Reached;
}

void SimKernel::run_task(std::string comm, std::function<void()> body) {
    auto* task = static_cast<SimTask*>(kthread_run(std::move(comm), std::move(body)));
    const Outcome outcome = run_until([task] { return task->state == SimTask::State::Done; });
    if (outcome != Outcome::Reached)
        throw std::runtime_error((outcome == Outcome::Hang ? "hang:\n" : "step limit:\n") + sleepers());
    kthread_join(task);
}

// ---- tasks

SimTask& SimKernel::add_task(std::string comm) {
    tasks_.push_back(std::make_unique<SimTask>(*this, std::move(comm)));
    tasks_.back()->pid = ++last_pid_;
    tasks_.back()->actor = static_cast<std::uint64_t>(last_pid_);
    return *tasks_.back();
}

Task* SimKernel::kthread_run(std::string comm, std::function<void()> body) {
    SimTask& task = add_task(std::move(comm));
    task.fiber = std::make_unique<Fiber>(*stacks_, [this, &task, body = std::move(body)](Fiber&) {
        task.reads = mix(task.reads, 1);  // else a task not begun and one before its first access would look the same
        try {
            body();
        } catch (const Halted&) {  // The Oops is on record; this task simply ends.
        }
        task.state = SimTask::State::Done;
        task.reads = task.contents = 0;
        note_access(&task, Access::Write);
        Line(*this) << "exit " << task;
        wake(task.exited);
    });
    Line(*this) << "start " << task;
    note_access(&tasks_, Access::Write);
    if (running_ != nullptr) yield();
    return &task;
}

void SimKernel::kthread_join(Task* task) {
    auto& target = static_cast<SimTask&>(*task);
    auto has_ended = [this, &target] {
        note_access(&target, Access::Read);
        return target.state == SimTask::State::Done;
    };
    if (running_ != nullptr) {
        if (!has_ended()) wait(target.exited, "the task has ended", has_ended, {.through_halt = true});
    } else {
        while (!has_ended() && step()) {
        }
    }
    unwind_task(target);  // Which only gives the stack back, if it has ended.
    std::erase_if(tasks_, [&target](const auto& entry) { return entry.get() == &target; });
}

void SimKernel::unwind_task(SimTask& task) {
    const Entered entered(*this);
    const Running running(*this, task);
    task.fiber->cancel();
    task.state = SimTask::State::Done;
}

void SimKernel::abandon() {
    in_flight_.clear();
    timers_.clear();
    auto is_left = [](const auto& task) { return task->state != SimTask::State::Done; };
    for (auto task = tasks_.begin(); task != tasks_.end(); task = std::ranges::find_if(tasks_, is_left))
        unwind_task(**task);
}

void SimKernel::interrupt(Task* task) {
    task->signal_pending = true;
    Line(*this) << "interrupt " << *task;
}

SimTask& SimKernel::running_task() {
    if (running_ == nullptr) throw std::logic_error("a task of the SimKernel sleeps; this is called from outside");
    return *running_;
}

void SimKernel::yield() {
    SimTask& task = running_task();
    task.state = SimTask::State::Ready;
    sleep(task);
    task.reads = mix(task.reads, 2);  // else this moment and the one before its next access would look the same
}

void SimKernel::at_call() {
    if (options_.granularity == Granularity::Calls && running_ != nullptr && !running_->in_irq) yield();
}

// Gives the fiber up until it is chosen. False: it is being unwound and is in a destructor, so go on without sleep.
bool SimKernel::sleep(SimTask& task) {
    if (task.fiber->try_suspend()) return true;
    if (std::uncaught_exceptions() > 0) return false;
    Fiber::unwind();
}

// ---- sleep

// The task is on the queue from before its condition is first evaluated, so a wake_up in between is not lost.
class SimKernel::Queued {
   public:
    Queued(SimTask& task, WaitQueue& queue, const char* text, const Condition& condition, const WaitOptions& options,
           std::uint64_t now_ns)
        : task_(task) {
        task_.queue = &queue;
        task_.text = text;
        task_.condition = &condition;
        task_.options = options;
        task_.deadline_ns = options.timeout_ns > kForever - now_ns ? kForever : now_ns + options.timeout_ns;
        task_.since_ns = now_ns;
        queue.sleepers_.fetch_add(1, std::memory_order_relaxed);
    }
    ~Queued() {
        task_.queue->sleepers_.fetch_sub(1, std::memory_order_relaxed);
        task_.queue = nullptr;
        task_.condition = nullptr;
    }
    Queued(const Queued&) = delete;
    Queued& operator=(const Queued&) = delete;

   private:
    SimTask& task_;
};

// A task that finds something to do each time it looks would never end its step.
static constexpr unsigned kMostWaitsOfAStep = 200;

// At the top of its loop a md thread knows nothing of what it did before.
static bool remembers_nothing(const SimTask& task) {
    const trace::Frame* top = task.trace.top;
    return top != nullptr && top->up == nullptr && std::string_view(top->name) == "md_thread";
}

int SimKernel::wait(WaitQueue& queue, const char* text, Condition condition, const WaitOptions& options) {
    SimTask& task = running_task();
    const bool may_halt = !options.through_halt;
    note_access(&queue, Access::Write);
    const Queued queued(task, queue, text, condition, options, now_ns_);
    std::optional<TracedWait> traced;
    const std::uint64_t reads = remembers_nothing(task) ? 0 : task.reads;
    for (;;) {
        task.woken = false;
        task.reads = reads;  // what an evaluation has read that said "not yet" makes no difference
        if (condition()) {
            task.reads = mix(task.reads, 3);  // past the wait, even if the condition has touched nothing
            if (++waits_passed_ > kMostWaitsOfAStep && !task.in_irq) yield();
            return 0;
        }
        if (task.in_irq) throw std::logic_error(std::string("a completion or a timer sleeps in ") + queue.name());
        if (may_halt && halted_) throw Halted();
        if (!traced) traced.emplace(*this, queue.name(), text);
        if (options.interruptible && task.signal_pending.exchange(false)) return -EINTR;
        if (task.deadline_ns <= now_ns_) return -ETIME;
        if (task.woken) continue;  // Fine steps: while the condition was evaluated.
        Line(*this) << "sleep " << task << " in " << queue.name() << " until " << text;
        task.state = SimTask::State::Sleeping;
        task.reads = reads;
        if (!sleep(task)) return 0;
    }
}

void SimKernel::wake(WaitQueue& queue) {
    if (!is_aside()) note_access(&queue, Access::Write);
    if (queue.sleepers_.load(std::memory_order_relaxed) == 0) return;
    for (const auto& task : tasks_)
        if (task->queue == &queue) task->woken = true;
}

void SimKernel::msleep(std::uint64_t ns) {
    WaitQueue nobody_wakes_this(*this, "msleep");
    auto never = [] { return false; };
    static_cast<void>(wait(nobody_wakes_this, "the time has passed", never, {.timeout_ns = ns}));  // Always -ETIME.
}

// ---- fields and locks

// A step is mostly this, so what somebody wants to be told of an access, or to stop before it, is out of the way.
void SimKernel::touch(const volatile void* object, Access access) {
    SimTask* const task = running_;
    if (task == nullptr) return;
    if (options_.granularity == Granularity::Fine || is_watched()) [[unlikely]]
        return touch_watched(object, access);
    if (!task->takes_coarse_steps) accesses_++;
    task->reads = mix(task->reads, static_cast<std::uint64_t>(access));
}

void SimKernel::touch_watched(const volatile void* object, Access access) {
    if (stops_before(object)) yield_before(object, access);
    if (!running_->takes_coarse_steps) accesses_++;
    note_access(object, access);
    running_->reads = mix(running_->reads, static_cast<std::uint64_t>(access));
}

void SimKernel::observed(std::uint64_t value) {
    if (running_ != nullptr) running_->reads = mix(running_->reads, value);
}

void SimKernel::acquired() {
    if (running_ != nullptr && plain_state_) running_->reads = mix(running_->reads, plain_state_());
}

void SimKernel::remember_only(std::uint64_t tag) {
    running_task().reads = tag;
    running_->contents = 0;
}

// Never throws: fields are touched in destructors, too.
void SimKernel::yield_before(const volatile void* object, Access access) {
    SimTask& task = *running_;
    if (task.fiber->unwinding()) return;
    task.state = SimTask::State::Ready;
    task.object = object;
    task.access = access;
    static_cast<void>(task.fiber->try_suspend());
}

namespace {
struct LockIsHeld {};  // Ends the evaluation of a condition between steps; its sleeper would wait for the lock.
}  // namespace

void SimKernel::spin_lock(SpinLock& lock) {
    if (running_ == nullptr) {
        if (lock.state_.load(std::memory_order_relaxed) != SpinLock::kFree) throw LockIsHeld();
    } else {
        SimTask& task = *running_;
        if (stops_before(&lock)) yield_before(&lock, Access::Write);
        accesses_++;
        while (lock.state_.load(std::memory_order_relaxed) != SpinLock::kFree) {
            task.state = SimTask::State::Locking;
            task.lock = &lock;
            if (!task.fiber->try_suspend()) break;  // Unwound; the holder may be gone before us.
        }
    }
    lock.state_.store(SpinLock::kHeld, std::memory_order_relaxed);
    if (running_ == nullptr) return;
    note_access(&lock, Access::Write);
    acquired();
}

void SimKernel::spin_unlock(SpinLock& lock) {
    lock.state_.store(SpinLock::kFree, std::memory_order_relaxed);
}

// Whether a sleeper that was woken may go on. Between steps, so that touching is no step.
bool SimKernel::holds_now(SimTask& task) {
    try {
        if ((*task.condition)()) return true;
        task.woken = false;
        return false;
    } catch (const LockIsHeld&) {
        return false;  // Still woken: asked again when the lock is free.
    } catch (const Halted&) {
        return true;  // The condition ran into an Oops; let the task meet it.
    }
}

// ---- timers

void SimKernel::mod_timer(Timer& timer, std::uint64_t expires_ns) {
    const std::uint64_t stored = std::max<std::uint64_t>(expires_ns, 1);  // 0 means "not pending".
    note_access(&timer, Access::Write);
    if (timer.expires_ns.exchange(stored) == 0) timers_.push_back({&timer, ++last_timer_});
}

bool SimKernel::del_timer_sync(Timer& timer) {
    note_access(&timer, Access::Write);
    const bool was_pending = timer.expires_ns.exchange(0) != 0;
    std::erase_if(timers_, [&](const Armed& armed) { return armed.timer == &timer; });
    auto is_over = [this, &timer] { return !is_firing(timer); };
    if (running_ == nullptr) {
        while (!is_over() && step()) {
        }
    } else if (running_->timer != &timer && !is_over()) {  // A callback does not wait for itself.
        wait(*timer_done_, "the timer's callback is over", is_over, {.through_halt = true});
    }
    return was_pending;
}

bool SimKernel::is_firing(const Timer& timer) const {
    return std::ranges::any_of(tasks_, [&timer](const auto& task) { return task->timer == &timer; });
}

// ---- read-copy-update

void SimKernel::rcu_read_lock() {
    if (running_ == nullptr) return;  // From outside no step lies between lock and unlock.
    if (stops_before(&grace_periods_)) yield_before(&grace_periods_, Access::Read);
    accesses_++;
    note_access(&grace_periods_, Access::Write);
    if (running_->rcu_depth++ == 0) running_->rcu_since = grace_periods_;
    acquired();
}

void SimKernel::rcu_read_unlock() {
    if (running_ == nullptr) return;
    note_access(&grace_periods_, Access::Write);
    running_->rcu_depth--;
}

void SimKernel::synchronize_rcu() {
    SimTask& task = running_task();
    if (halted_) throw Halted();
    note_access(&grace_periods_, Access::Write);
    task.grace = ++grace_periods_;
    const TracedWait traced(*this, "synchronize_rcu", kGraceCondition);
    do {
        task.state = SimTask::State::Grace;
        Line(*this) << "sleep " << task << " in synchronize_rcu";
        if (!sleep(task)) return;
        if (halted_) throw Halted();
    } while (!readers_are_gone(task.grace));
    task.reads = mix(task.reads, 4);
}

bool SimKernel::readers_are_gone(std::uint64_t grace) const {
    return std::ranges::none_of(tasks_,
                                [grace](const auto& task) { return task->rcu_depth > 0 && task->rcu_since < grace; });
}

}  // namespace mdscope
