// SPDX-License-Identifier: MIT

#include "engine/story/record/calls.hpp"

#include <algorithm>

#include "engine/md/frames.hpp"

namespace mdscope {

namespace {

// Follows frames as they come, past ones with the step they came in, foreseen ones without.
class Follower {
   public:
    explicit Follower(std::string task) : task_(std::move(task)) {}

    void follow(const FrameEvent& frame, std::optional<std::size_t> step, std::uint64_t when) {
        if (frame.enter) {
            open_.push_back(calls_.size());
            calls_.push_back({frame.name, frame.passed, frame.depth, step, std::nullopt, task_, when});
        } else if (!open_.empty()) {
            calls_[open_.back()].left = step;
            calls_[open_.back()].until = when;
            open_.pop_back();
        }
    }
    Calls take() { return std::move(calls_); }

   private:
    std::string task_;
    Calls calls_;
    std::vector<std::size_t> open_;  // indices of the calls it is in
};

// A number that grows with time, over all tasks.
std::uint64_t when(std::size_t step, std::size_t frame) {
    return (static_cast<std::uint64_t>(step) << 32) + frame;
}

void follow_past(Follower& follower, const Tape& tape, int pid, std::size_t step) {
    for (std::size_t i = life_begins(tape, step); i <= step; i++) {
        const std::vector<FrameEvent>& frames = tape.step(i).frames;
        for (std::size_t frame = 0; frame < frames.size(); frame++)
            if (frames[frame].pid == pid) follower.follow(frames[frame], i, when(i, frame));
    }
}

// After a crash the look-ahead tells of the step before it; what the task still did in the crash's own step is known.
std::size_t known_of_future(const Tape& tape, int pid, std::size_t step) {
    if (tape.step(step).moment != Moment::Crash) return 0;
    return static_cast<std::size_t>(std::ranges::count(tape.step(step).frames, pid, &FrameEvent::pid));
}

void follow_future(Follower& follower, const Tape& tape, int pid, std::size_t step, LookAhead& look_ahead) {
    std::size_t known = known_of_future(tape, pid, step);
    const std::vector<FrameEvent>& frames = look_ahead.after(step);
    for (std::size_t frame = 0; frame < frames.size(); frame++) {
        if (frames[frame].pid != pid) continue;
        if (known > 0)
            known--;
        else
            follower.follow(frames[frame], std::nullopt, when(step + 1, frame));
    }
}

}  // namespace

Calls past_calls(const Tape& tape, const std::string& task, std::size_t step) {
    Follower follower(task);
    follow_past(follower, tape, pid_of(tape, task), step);
    return follower.take();
}

Calls whole_calls(const Tape& tape, const std::string& task, std::size_t step, LookAhead& look_ahead) {
    const int pid = pid_of(tape, task);
    Follower follower(task);
    follow_past(follower, tape, pid, step);
    follow_future(follower, tape, pid, step, look_ahead);
    return follower.take();
}

Calls stop_calls(const Duel& duel, Side side, std::size_t tick, LookAhead& look_ahead) {
    Calls all;
    for (const std::string& task : duel.stop_tasks())
        std::ranges::move(whole_calls(duel.tape(side), task, duel.tick(tick).step[side], look_ahead),
                          std::back_inserter(all));
    return all;
}

Calls past_stop_calls(const Duel& duel, Side side, std::size_t tick) {
    Calls all;
    for (const std::string& task : duel.stop_tasks())
        std::ranges::move(past_calls(duel.tape(side), task, duel.tick(tick).step[side]), std::back_inserter(all));
    return all;
}

// ---- tasks

const SnapshotTask* find_task(const Snapshot& snapshot, int pid) {
    const auto found = std::ranges::find(snapshot.tasks, pid, &SnapshotTask::pid);
    return found != snapshot.tasks.end() ? &*found : nullptr;
}

std::size_t life_begins(const Tape& tape, std::size_t step) {
    while (step > 0 && !is_cut(tape.step(step).order)) step--;
    return step;
}

// The tasks of the scenario are the last that were started before the first step.
int pid_of(const Tape& tape, const std::string& task) {
    int pid = 0;
    for (const SnapshotTask& one : tape.step(0).snapshot.tasks)
        if (one.comm == task) pid = std::max(pid, one.pid);
    return pid;
}

bool is_asleep(const SnapshotTask& task) {
    return !task.queue.empty();
}

bool is_in(const SnapshotTask& task, std::string_view function) {
    return std::ranges::find(task.stack, function) != task.stack.end();
}

bool is_completion(const SnapshotTask& task) {
    return std::ranges::any_of(task.stack, frames::is_metadata_completion);
}

// The step at which the context appeared is the one that ended the bio.
std::string bio_of_completion(const Tape& tape, std::size_t step, int pid) {
    while (step > 0) {
        const SnapshotTask* before = find_task(tape.step(step - 1).snapshot, pid);
        if (before == nullptr || !is_completion(*before)) break;
        step--;
    }
    return tape.step(step).order.name;
}

namespace {

// The context that acts in a step. Those that share a name are told apart by a pid behind it.
int pid_of_context(const Tape& tape, std::size_t step) {
    const std::string& name = tape.step(step).order.name;
    const std::size_t mark = name.find('#');
    for (const SnapshotTask& task : tape.step(step - 1).snapshot.tasks)
        if (is_completion(task) &&
            (mark == std::string::npos ? task.comm == name : name.substr(mark + 1) == std::to_string(task.pid)))
            return task.pid;
    return 0;
}

}  // namespace

std::string bio_of_step(const Tape& tape, std::size_t step) {
    if (step == 0) return "";
    const Order& order = tape.step(step).order;
    if (order.how == Choice::Kind::Complete || order.how == Choice::Kind::Fail) return order.name;
    if (order.how != Choice::Kind::Run) return "";
    const int pid = pid_of_context(tape, step);
    return pid != 0 ? bio_of_completion(tape, step - 1, pid) : "";
}

std::string crashed_bio(const Duel& duel, Side side) {
    const Tape& tape = duel.tape(side);
    return tape.moment() == Moment::Crash ? bio_of_step(tape, tape.size() - 1) : "";
}

bool is_step_of(const TapeStep& step, const std::string& task) {
    switch (step.order.how) {
        case Choice::Kind::Run:
        case Choice::Kind::Grace:
        case Choice::Kind::Timeout:
            return step.order.name.substr(0, step.order.name.find('#')) == task;
        case Choice::Kind::Complete:
        case Choice::Kind::Fail:
        case Choice::Kind::Fire:
        case Choice::Kind::Cut:
            break;
    }
    return false;
}

// ---- what a step has changed

bool is_read(const TapeStep& step, std::string_view bio) {
    const auto named = std::ranges::find(step.bios, bio, &BioAt::name);
    if (named == step.bios.end()) return false;
    const auto& bios = step.snapshot.bios;
    const auto info = std::ranges::find(bios, named->id, &SnapshotBio::id);
    return info != bios.end() && info->op == "read";
}

std::vector<std::string> new_bios(const Tape& tape, std::size_t step) {
    std::vector<std::string> names;
    for (const BioAt& bio : tape.step(step).bios)
        if (step == 0 ||
            std::ranges::find(tape.step(step - 1).bios, bio.id, &BioAt::id) == tape.step(step - 1).bios.end())
            names.push_back(bio.name);
    return names;
}

// A member that was unbound with nothing in flight is no longer listed.
std::vector<std::string> unbound_members(const Tape& tape, std::size_t step) {
    std::vector<std::string> names;
    if (step == 0) return names;
    const std::vector<SnapshotMember>& now = tape.step(step).snapshot.members;
    for (const SnapshotMember& before : tape.step(step - 1).snapshot.members) {
        const auto member = std::ranges::find(now, before.name, &SnapshotMember::name);
        if (before.bound && (member == now.end() || !member->bound)) names.push_back(before.name);
    }
    return names;
}

}  // namespace mdscope
