// SPDX-License-Identifier: MIT
// What can happen next in a simulation, and how it is written down.
//
// The order of the choices is part of the contract with choosers: tasks by pid, then bios as they were submitted (each
// well, then badly), then timers as they were armed. When time must pass, the timers and sleeps that are next stand in
// the same order.
#include <algorithm>
#include <charconv>

#include "engine/kernel/sim/sim_kernel.hpp"
#include "engine/kernel/sim/sim_task.hpp"
#include "engine/kernel/trace.hpp"

namespace mdscope {

void SimKernel::collect() {
    choices_.clear();
    std::uint64_t next_ns = kForever;
    for (const auto& task : tasks_)
        if (task->state != SimTask::State::Idle && task->state != SimTask::State::Done) offer_task(*task, &next_ns);
    for (const InFlight& flying : in_flight_) {
        Choice choice{.kind = Choice::Kind::Complete, .id = flying.bio->bi_id, .bio = flying.bio, .at_ns = now_ns_};
        choices_.push_back(choice);
        choice.kind = Choice::Kind::Fail;
        if (errors_left_ > 0) choices_.push_back(choice);
    }
    if (!halted_) {  // A halted kernel fires no timers.
        for (const Armed& armed : timers_) {
            const std::uint64_t expires_ns = armed.timer->expires_ns.load(std::memory_order_relaxed);
            if (expires_ns <= now_ns_)
                choices_.push_back(
                    {.kind = Choice::Kind::Fire, .id = armed.number, .timer = armed.timer, .at_ns = now_ns_});
            else
                next_ns = std::min(next_ns, expires_ns);
        }
    }
    if (next_ns != kForever && (choices_.empty() || options_.time_any_moment)) offer_what_time_brings(next_ns);
}

void SimKernel::offer_task(SimTask& task, std::uint64_t* next_ns) {
    switch (task.state) {
        case SimTask::State::Ready:
            offer(Choice::Kind::Run, task, task.object, task.access);
            break;
        case SimTask::State::Locking:
            if (task.lock->state_.load(std::memory_order_relaxed) == SpinLock::kFree)
                offer(Choice::Kind::Run, task, task.lock, Access::Write);
            break;
        case SimTask::State::Sleeping:
            offer_sleeper(task, next_ns);
            break;
        case SimTask::State::Grace:
            if (halted_ || readers_are_gone(task.grace))
                offer(halted_ ? Choice::Kind::Run : Choice::Kind::Grace, task, task.object, task.access);
            break;
        case SimTask::State::Idle:
        case SimTask::State::Done:
            break;
    }
}

void SimKernel::offer_sleeper(SimTask& task, std::uint64_t* next_ns) {
    const bool is_ended = (halted_ && !task.options.through_halt) ||
                          (task.options.interruptible && task.signal_pending.load(std::memory_order_relaxed)) ||
                          (task.woken && holds_now(task));
    if (is_ended)
        offer(Choice::Kind::Run, task, nullptr, Access::Read);
    else if (task.deadline_ns <= now_ns_)
        offer(Choice::Kind::Timeout, task, nullptr, Access::Read);
    else
        *next_ns = std::min(*next_ns, task.deadline_ns);
}

// `object`: what it is about to touch; nullptr: not known.
void SimKernel::offer(Choice::Kind kind, SimTask& task, const volatile void* object, Access access) {
    choices_.push_back({.kind = kind,
                        .id = static_cast<std::uint64_t>(task.pid),
                        .task = &task,
                        .at_ns = now_ns_,
                        .object = object,
                        .access = access});
}

void SimKernel::offer_what_time_brings(std::uint64_t next_ns) {
    for (const auto& task : tasks_)
        if (task->state == SimTask::State::Sleeping && task->deadline_ns == next_ns)
            choices_.push_back({.kind = Choice::Kind::Timeout,
                                .id = static_cast<std::uint64_t>(task->pid),
                                .task = task.get(),
                                .at_ns = next_ns});
    if (halted_) return;
    for (const Armed& armed : timers_)
        if (armed.timer->expires_ns.load(std::memory_order_relaxed) == next_ns)
            choices_.push_back(
                {.kind = Choice::Kind::Fire, .id = armed.number, .timer = armed.timer, .at_ns = next_ns});
}

// ---- in words

namespace {

std::string_view verb(Choice::Kind kind) {
    switch (kind) {
        case Choice::Kind::Run:
            return "run ";
        case Choice::Kind::Complete:
            return "complete ";
        case Choice::Kind::Fail:
            return "fail ";
        case Choice::Kind::Fire:
            return "fire timer ";
        case Choice::Kind::Timeout:
            return "timeout ";
        case Choice::Kind::Grace:
            return "grace period over for ";
        case Choice::Kind::Cut:
            return "cut ";
    }
    return "";
}

std::string number(std::uint64_t value) {
    return std::to_string(value);
}

}  // namespace

SimKernel::Line& SimKernel::Line::operator<<(std::uint64_t value) {
    if (text_ == nullptr) return *this;
    char digits[20];
    const auto [end, error] = std::to_chars(std::begin(digits), std::end(digits), value);
    return *this << std::string_view(digits, static_cast<std::size_t>(end - digits));
}

void SimKernel::note_choice(const Choice& choice) {
    Line line(*this);
    line << verb(choice.kind);
    if (choice.task != nullptr)
        line << *choice.task;
    else
        line << choice.id;
}

std::string SimKernel::describe(const Choice& choice) const {
    std::string text(verb(choice.kind));
    if (choice.task != nullptr) return text.append(choice.task->comm).append("#").append(number(choice.id));
    text += number(choice.id);
    if (choice.bio == nullptr) return text;
    const Bio& bio = *choice.bio;
    text.append(" (").append(bio.bi_disk != nullptr ? bio.bi_disk->name() : "?").append(" ");
    text.append(kBioKinds[bio.bi_kind]).append(" ").append(kBioOps[bio.bi_op]).append(" ");
    return text.append(number(bio.bi_sector)).append("+").append(number(bio_sectors(bio))).append(")");
}

std::string SimKernel::sleepers() const {
    std::string text;
    for (const SleepInfo& info : tasks()) {
        if (info.queue == nullptr) continue;
        text.append(info.comm)
            .append("#")
            .append(number(static_cast<std::uint64_t>(info.pid)))
            .append(" sleeps in ")
            .append(info.queue)
            .append(" until ")
            .append(info.condition)
            .append("\n");
    }
    return text;
}

std::vector<SleepInfo> SimKernel::tasks() const {
    std::vector<SleepInfo> list;
    for (const auto& task : tasks_) {
        if (task->state == SimTask::State::Idle || task->state == SimTask::State::Done) continue;
        SleepInfo info{
            .comm = task->comm, .pid = task->pid, .stack = {}, .queue = nullptr, .condition = nullptr, .since_ns = 0};
        for (const trace::Frame* frame = task->trace.top; frame != nullptr; frame = frame->up)
            info.stack.push_back(frame->name);
        if (task.get() == running_) {
            // It asks for the list itself; its state still says where it was suspended last.
        } else if (task->state == SimTask::State::Sleeping) {
            info.queue = task->queue->name();
            info.condition = task->text;
            info.since_ns = task->since_ns;
        } else if (task->state == SimTask::State::Grace) {
            info.queue = "synchronize_rcu";
            info.condition = kGraceCondition;
        } else if (task->state == SimTask::State::Locking) {
            info.queue = "spinlock";
            info.condition = "the lock is free";
        }
        list.push_back(std::move(info));
    }
    return list;
}

}  // namespace mdscope
