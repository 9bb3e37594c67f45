// SPDX-License-Identifier: MIT
// One word for an array. The worst that is true comes first.
#include <algorithm>

#include "engine/story/record/calls.hpp"
#include "engine/story/tell/who_waits.hpp"

namespace mdscope {

namespace {

bool begins(const museum::Act& act, const FrameEvent& frame) {
    return frame.enter && std::ranges::find(act.functions, std::string_view(frame.name), [](const auto& one) {
                              return std::string_view(one.name);
                          }) != act.functions.end();
}

// Sleeping for a lock, for readers or for a thread to end is a part of going on; what is left is waiting for I/O or for
// somebody's answer.
bool is_real_wait(const SnapshotTask& task) {
    return is_asleep(task) && task.condition != "mutex is free" && task.queue != "synchronize_rcu" &&
           task.queue != "kthread_join" && task.queue != "spinlock";
}

struct StopTasks {
    bool are_done = true, one_waits = false;
};
StopTasks stop_tasks_at(const Duel& duel, Side side, std::size_t tick) {
    StopTasks tasks;
    for (const std::string& name : duel.stop_tasks()) {
        const SnapshotTask* task = find_task(duel.at(side, tick).snapshot, pid_of(duel.tape(side), name));
        if (task == nullptr) continue;
        tasks.are_done = false;
        tasks.one_waits |= is_real_wait(*task);
    }
    return tasks;
}

bool in_danger(const std::vector<Cover>& covers, bool has_begun) {
    return std::ranges::any_of(covers,
                               [&](const Cover& cover) { return cover.is_taken || (has_begun && !cover.covered); });
}

bool is_over(const museum::Act& act, const Snapshot& snapshot) {
    return act.end_state.empty() || std::ranges::find(act.end_state, snapshot.array.state) != act.end_state.end();
}

}  // namespace

bool stop_has_begun(const Duel& duel, Side side, std::size_t tick) {
    const Tape& tape = duel.tape(side);
    const std::size_t last = duel.tick(tick).step[side];
    for (std::size_t step = life_begins(tape, last); step <= last; step++)
        if (std::ranges::any_of(tape.step(step).frames,
                                [&](const FrameEvent& frame) { return begins(duel.exhibit().act, frame); }))
            return true;
    return false;
}

Status status_of(const Duel& duel, Side side, std::size_t tick, LookAhead& look_ahead) {
    const TapeStep& now = duel.at(side, tick);
    if (now.moment == Moment::Crash) return Status::Oops;
    if (now.moment == Moment::Violation) return Status::Broken;
    if (now.moment == Moment::Hang) return Status::Hung;
    if (now.life > 1 && now.snapshot.members.empty()) return Status::Off;
    const bool has_begun = stop_has_begun(duel, side, tick);
    if (in_danger(who_waits(duel, side, tick, look_ahead), has_begun) ||
        in_danger(completions(duel, side, tick, look_ahead), has_begun))
        return Status::InDanger;
    const StopTasks tasks = stop_tasks_at(duel, side, tick);
    if (has_begun && tasks.one_waits) return Status::Waiting;
    if (has_begun && (tasks.are_done || now.moment == Moment::Done))
        return is_over(duel.exhibit().act, now.snapshot) ? Status::Stopped : Status::Running;
    return has_begun ? Status::Stopping : Status::Running;
}

const char* status_word(const Exhibit& exhibit, Status status) {
    switch (status) {
        case Status::Running:
            return "RUNNING";
        case Status::Stopping:
            return exhibit.act.status_begun;
        case Status::Waiting:
            return "WAITING";
        case Status::InDanger:
            return "IN DANGER";
        case Status::Stopped:
            return exhibit.act.status_over;
        case Status::Oops:
            return "OOPS";
        case Status::Hung:
            return "HUNG";
        case Status::Off:
            return "OFF";
        case Status::Broken:
            return "RULE BROKEN";
    }
    return "";
}

}  // namespace mdscope
