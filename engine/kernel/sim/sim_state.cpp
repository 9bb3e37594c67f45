// SPDX-License-Identifier: MIT
// What tells two moments of a simulation apart: the tasks, the bios in flight, the timers. See "State" in
// sim_kernel.hpp.
//
// Sums instead of sequences, wherever the order says nothing about what can still happen: bios that were submitted in
// another order, completions half-way through on another context.
#include <algorithm>
#include <cstring>

#include "engine/kernel/sim/sim_kernel.hpp"
#include "engine/kernel/sim/sim_task.hpp"

namespace mdscope {

bool AccessSet::conflicts_with(const AccessSet& other) const {
    if (everything_ || other.everything_) return true;
    for (std::size_t i = 0; i < size_; i++)
        for (std::size_t j = 0; j < other.size_; j++)
            if (entries_[i].object == other.entries_[j].object &&
                (entries_[i].access == Access::Write || other.entries_[j].access == Access::Write))
                return true;
    return false;
}

std::uint64_t hash_of(const Bio& bio) {
    std::uint64_t hash = bio.bi_disk != nullptr ? mix(7, std::string_view(bio.bi_disk->name())) : 7;
    hash = mix(hash, static_cast<std::uint64_t>(bio.bi_op) << 8 | static_cast<std::uint64_t>(bio.bi_kind));
    hash = mix(hash, bio.bi_flags);
    hash = mix(hash, bio.bi_sector);
    return mix(hash, bio.bi_size);
}

std::uint64_t contents_of(const Bio& bio) {
    std::uint64_t hash = bio.bi_size;
    for (std::uint32_t at = 0; at + sizeof hash <= bio.bi_size; at += sizeof hash) {
        std::uint64_t word = 0;
        std::memcpy(&word, bio.bi_data + at, sizeof word);
        hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
        hash ^= hash >> 29;
    }
    return hash;
}

static std::uint64_t hash_of(const SimTask& task, std::uint64_t readers_before) {
    std::uint64_t hash = mix(static_cast<std::uint64_t>(task.state), std::string_view(task.comm));
    hash = mix(hash, task.reads);
    if (task.contents != 0) hash = mix(hash, task.contents);
    hash = mix(hash, task.signal_pending.load(std::memory_order_relaxed) ? 1 : 0);
    hash = mix(hash, static_cast<std::uint64_t>(task.rcu_depth));
    if (task.state == SimTask::State::Grace) hash = mix(hash, readers_before);
    if (task.queue != nullptr) {  // on a queue: asleep, or about to be
        hash = mix(hash, std::string_view(task.queue->name()));
        hash = mix(hash, std::string_view(task.text));
        hash = mix(hash, task.deadline_ns);
        hash = mix(hash, task.woken ? 1 : 0);
    }
    return hash;
}

std::uint64_t SimKernel::state_hash() const {
    const auto readers_before = [this](std::uint64_t grace) {
        return static_cast<std::uint64_t>(std::ranges::count_if(
            tasks_, [grace](const auto& task) { return task->rcu_depth > 0 && task->rcu_since < grace; }));
    };
    const auto flying_hash = [this](const Bio& bio) {
        return heeds_contents_ && bio.bi_op == BioOp::Write ? mix(hash_of(bio), contents_of(bio)) : hash_of(bio);
    };
    std::uint64_t sum = 0;
    for (const auto& task : tasks_)
        if (task->state != SimTask::State::Idle && task->state != SimTask::State::Done)
            sum += hash_of(*task, readers_before(task->grace));
    for (const InFlight& flying : in_flight_)
        sum += mix(flying_hash(*flying.bio), static_cast<std::uint64_t>(flying.error) + 1);
    for (const Armed& armed : timers_) sum += mix(3, armed.timer->expires_ns.load(std::memory_order_relaxed));
    sum = mix(sum, now_ns_);
    sum = mix(sum, errors_left_);
    return mix(sum, halted_ ? 1 : 0);
}

void SimKernel::take_coarse_steps(Task& task) {
    static_cast<SimTask&>(task).takes_coarse_steps = true;
}

// Between coarse steps and others the order is explored step by step, so they make no place a conflict.
void SimKernel::note_conflict(const volatile void* object, Access access) {
    if (running_ == nullptr || running_->takes_coarse_steps) return;
    if (lessons_ == nullptr) return conflicts_->note(object, access, running_->actor);
    if (!conflicts_->is_news(object, access, running_->actor)) return;
    const Arena::Outside outside;
    lessons_->push_back({object, access, running_->actor});
}

bool SimKernel::is_place_to_stop(const volatile void* object) {
    if (running_->takes_coarse_steps) return false;
    return conflicts_ == nullptr || conflicts_->is_conflict(object);
}

std::uint64_t SimKernel::actor_of(const Choice& choice) {
    if (choice.bio != nullptr) return kBioActor | choice.bio->bi_id;
    if (choice.kind == Choice::Kind::Cut) return kCutActor;
    return choice.timer != nullptr ? kTimerActor : static_cast<const SimTask&>(*choice.task).actor;
}

std::size_t SimKernel::count_in_flight(void (*end_io)(Bio*)) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        in_flight_, [end_io](const InFlight& flying) { return flying.bio->bi_end_io == end_io; }));
}

void SimKernel::append_stacks(std::vector<std::span<std::byte>>& stacks) const {
    for (const auto& task : tasks_)
        if (task->fiber != nullptr && !task->fiber->finished()) stacks.push_back(task->fiber->live_stack());
}

}  // namespace mdscope
