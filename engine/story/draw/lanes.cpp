// SPDX-License-Identifier: MIT
// Bars are opened and closed by one walk over the ticks. Of the scenario's tasks each call is recorded; of md's own
// threads only where they stand after a step, so their bars come from comparing stacks.
//
// What begins and ends in one tick has no bar.
#include "engine/story/draw/lanes.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "engine/md/frames.hpp"
#include "engine/story/draw/bars.hpp"
#include "engine/story/record/calls.hpp"

namespace mdscope {

namespace {

std::vector<std::string> outermost_first(const SnapshotTask& task) {
    std::vector<std::string> stack(task.stack.rbegin(), task.stack.rend());
    if (!stack.empty() && stack.front() == frames::kMdThread) stack.erase(stack.begin());
    return stack;
}

// A thread of md sleeps in md_thread when it has nothing to do.
bool sleeps_in_md_thread(const SnapshotTask& task) {
    return task.stack.empty() || task.stack.front() == frames::kMdThread;
}

class Walk {
   public:
    Walk(const Duel& duel, Side side) : duel_(duel), side_(side), tape_(duel.tape(side)) { name_lanes(); }

    std::vector<Lane> lanes() {
        for (std::size_t tick = 0; tick < duel_.size(); tick++) {
            if (tick == 0 || duel_.tick(tick).done[side_]) follow(duel_.at(side_, tick), tick);
            follow_held(tick);
        }
        return finish();
    }

   private:
    void name_lanes() {
        for (const ScenarioTask& task : tape_.scenario().tasks) {
            recorded_[pid_of(tape_, task.name)] = task.name;
            task_lanes_.push_back(task.name);
        }
        // md0_raid1 and mdmon are there from the beginning; a thread of a resync comes and goes.
        std::vector<std::string> others;
        for (std::size_t i = 0; i < tape_.size(); i++)
            for (const SnapshotTask& task : tape_.step(i).snapshot.tasks)
                if (!recorded_.contains(task.pid) && std::ranges::find(others, task.comm) == others.end())
                    others.push_back(task.comm);
        task_lanes_.insert(task_lanes_.end(), others.begin(), others.end());
        for (const SnapshotMember& member : tape_.step(0).snapshot.members) disks_.push_back(member.name);
        std::ranges::sort(disks_);
        if (tape_.scenario().bitmap == "file") disks_.emplace_back("bitmap");
    }

    void follow(const TapeStep& step, std::size_t tick) {
        for (const FrameEvent& frame : step.frames) {
            if (!recorded_.contains(frame.pid)) continue;
            if (frame.enter)
                bars_of(frame.pid, recorded_[frame.pid]).enter(frame.name, tick);
            else
                bars_of(frame.pid, recorded_[frame.pid]).leave(tick);
        }
        if (step.moment == Moment::Crash) follow_crash(step, tick);
        follow_tasks(step, tick);
        follow_bios(step, tick);
    }

    void follow_tasks(const TapeStep& step, std::size_t tick) {
        std::set<int> alive;
        for (const SnapshotTask& task : step.snapshot.tasks) {
            alive.insert(task.pid);
            TaskBars& bars = bars_of(task.pid, task.comm);
            if (!recorded_.contains(task.pid)) bars.set_stack(outermost_first(task), tick);
            // A task of the scenario that is in no function of md sleeps until what it asked for has ended.
            const bool is_idle = sleeps_in_md_thread(task) && !recorded_.contains(task.pid);
            bars.set_sleep(is_idle ? "" : task.condition, tick);
        }
        for (auto& [pid, bars] : tasks_) {
            if (alive.contains(pid)) continue;
            bars.second.set_sleep("", tick);
            bars.second.set_stack({}, tick);
        }
    }

    void follow_bios(const TapeStep& step, std::size_t tick) {
        if (std::ranges::equal(step.bios, flying_, {}, &BioAt::id, &BioAt::id)) return;
        flying_ = step.bios;
        std::set<std::string> flying;
        for (const BioAt& bio : step.bios) {
            flying.insert(bio.name);
            BioName name;
            if (!read_bio_name(bio.name, &name)) continue;
            DiskBars& disk = disk_of(name.member);
            if (!disk.has(bio.name)) disk.begin(bio.name, name, tick);
        }
        for (auto& [member, disk] : disk_bars_)
            for (const std::string& bio : disk.open())
                if (!flying.contains(bio)) disk.end(bio, tick);
    }

    // A wish changes what is held without a step of this side.
    void follow_held(std::size_t tick) {
        const std::vector<std::string>& held = duel_.tick(tick).held[side_];
        if (held.empty() && (tick == 0 || duel_.tick(tick - 1).held[side_].empty())) return;
        for (auto& [member, disk] : disk_bars_)
            for (const std::string& bio : disk.open())
                disk.set_held(bio, std::ranges::find(held, bio) != held.end(), tick);
    }

    // Where it happened: in a completion of a bio, or in a task, as it stood before this step: what crashes is in no
    // list of tasks any more. It may have entered the function in this very step.
    void follow_crash(const TapeStep& step, std::size_t tick) {
        const std::string function = step.snapshot.oops ? step.snapshot.oops->function : "";
        BioName name;
        if (read_bio_name(step.order.name, &name)) {
            disk_of(name.member).add_oops(function, tick);
            return;
        }
        TaskBars* crashed = nullptr;
        for (auto& [pid, bars] : tasks_) {
            if (!is_step_of(step, bars.first)) continue;
            if (crashed == nullptr || bars.second.is_in(function) || !crashed->is_in_any()) crashed = &bars.second;
            if (bars.second.is_in(function)) break;
        }
        if (crashed != nullptr) crashed->add_oops(function, tick);
    }

    TaskBars& bars_of(int pid, const std::string& lane) {
        return tasks_.try_emplace(pid, lane, TaskBars(duel_.end())).first->second.second;
    }
    DiskBars& disk_of(const std::string& member) {
        if (std::ranges::find(disks_, member) == disks_.end()) disks_.push_back(member);
        return disk_bars_.try_emplace(member, duel_.end()).first->second;
    }

    std::vector<Lane> finish() {
        std::vector<Lane> lanes;
        for (const std::string& name : task_lanes_) lanes.push_back(task_lane(name));
        for (const std::string& name : disks_) {
            Lane lane;
            lane.name = name;
            lane.is_disk = true;
            lane.rows = std::max(disk_of(name).rows(), 1);
            lane.bars = disk_of(name).finish();
            lanes.push_back(std::move(lane));
        }
        return lanes;
    }

    // Completions that run beside each other share a name: one below the other.
    Lane task_lane(const std::string& name) {
        Lane lane;
        lane.name = name;
        lane.rows = 0;
        for (auto& [pid, bars] : tasks_) {
            if (bars.first != name) continue;
            const int base = lane.rows;
            for (Bar& bar : bars.second.finish()) {
                bar.row += base;
                lane.rows = std::max(lane.rows, bar.row + 1);
                lane.bars.push_back(std::move(bar));
            }
        }
        lane.rows = std::max(lane.rows, 1);
        return lane;
    }

    const Duel& duel_;
    Side side_;
    const Tape& tape_;
    std::map<int, std::string> recorded_;  // tasks of the scenario, by pid
    std::vector<std::string> task_lanes_;
    std::vector<std::string> disks_;
    std::map<int, std::pair<std::string, TaskBars>> tasks_;  // by pid: the lane and its bars
    std::map<std::string, DiskBars> disk_bars_;
    std::vector<BioAt> flying_;  // as of the step before
};

}  // namespace

std::vector<Lane> lanes(const Duel& duel, Side side) {
    return Walk(duel, side).lanes();
}

// ---- counters

int counter_at(const Duel& duel, Side side, std::size_t tick, Counter counter) {
    const SnapshotArray& array = duel.at(side, tick).snapshot.array;
    return counter == Counter::Mddev ? array.pending_writes : array.bitmap_pending_writes;
}

std::vector<CounterStep> counter_steps(const Duel& duel, Side side, Counter counter) {
    std::vector<CounterStep> steps;
    for (std::size_t tick = 0; tick < duel.size(); tick++) {
        const int value = counter_at(duel, side, tick, counter);
        if (steps.empty() || steps.back().value != value) steps.push_back({tick, value});
    }
    return steps;
}

}  // namespace mdscope
