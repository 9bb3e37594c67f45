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
    for (std::size_t step = 0; step <= duel.tick(tick).step[side]; step++)
        if (std::ranges::any_of(tape.step(step).frames,
                                [&](const FrameEvent& frame) { return begins(duel.exhibit().act, frame); }))
            return true;
    return false;
}

Standing standing_of(const Duel& duel, Side side, std::size_t tick, Oracle& oracle) {
    const TapeStep& now = duel.at(side, tick);
    if (now.moment == Moment::Crash || now.moment == Moment::Violation) return Standing::Oops;
    if (now.moment == Moment::Hang) return Standing::Hung;
    const bool has_begun = stop_has_begun(duel, side, tick);
    if (in_danger(coverage(duel, side, tick, oracle), has_begun) ||
        in_danger(completions(duel, side, tick, oracle), has_begun))
        return Standing::InDanger;
    const StopTasks tasks = stop_tasks_at(duel, side, tick);
    if (has_begun && tasks.one_waits) return Standing::Waiting;
    if (has_begun && (tasks.are_done || now.moment == Moment::Done))
        return is_over(duel.exhibit().act, now.snapshot) ? Standing::Stopped : Standing::Running;
    return has_begun ? Standing::Stopping : Standing::Running;
}

const char* standing_word(const Exhibit& exhibit, Standing standing) {
    switch (standing) {
        case Standing::Running:
            return "RUNNING";
        case Standing::Stopping:
            return exhibit.act.status_begun;
        case Standing::Waiting:
            return "WAITING";
        case Standing::InDanger:
            return "IN DANGER";
        case Standing::Stopped:
            return exhibit.act.status_over;
        case Standing::Oops:
            return "OOPS";
        case Standing::Hung:
            return "HUNG";
    }
    return "";
}

}  // namespace mdscope
