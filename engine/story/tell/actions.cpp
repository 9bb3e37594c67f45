// SPDX-License-Identifier: MIT
// What is worth telling of a step, the weightiest first: a fault, bios, a member, the pools, the bitmap, the end of a
// task, sleep. Only if none of them happened, that it went on. Counters that moved come last.
#include "engine/story/tell/actions.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/md/frames.hpp"
#include "engine/story/tell/plug.hpp"
#include "engine/story/tell/scene.hpp"

namespace mdscope {

namespace {

class Action {
   public:
    Action(const Duel& duel, Side side, std::size_t tick)
        : duel_(duel),
          side_(side),
          tick_(tick),
          tape_(duel.tape(side)),
          step_(duel.tick(tick).step[side]),
          now_(tape_.step(step_)),
          before_(tape_.step(step_ - 1)) {}

    std::string text() {
        switch (now_.order.how) {
            case Choice::Kind::Run:
            case Choice::Kind::Grace:
            case Choice::Kind::Timeout:
                tell_of_task();
                break;
            case Choice::Kind::Complete:
                tell_of_bio("ends");
                break;
            case Choice::Kind::Fail:
                tell_of_bio("fails");
                break;
            case Choice::Kind::Fire:
                phrases_.emplace_back("fires");
                break;
            case Choice::Kind::Cut:
                phrases_.push_back("takes the power: " + cut_losses(duel_, side_, tick_));
                break;
        }
        return list_of(phrases_) + counters();
    }

   private:
    [[nodiscard]] std::string task_name() const { return now_.order.name.substr(0, now_.order.name.find('#')); }

    // Contexts of completions share a name; those of the scenario and of md do not.
    [[nodiscard]] static const SnapshotTask* named(const Snapshot& snapshot, const std::string& name) {
        const auto found = std::ranges::find(snapshot.tasks, name, &SnapshotTask::comm);
        return found != snapshot.tasks.end() ? &*found : nullptr;
    }

    void tell_of_task() {
        tell_of_crash();
        tell_of_bios();
        for (const std::string& member : unbound_members(tape_, step_))
            phrases_.push_back(fmt::format("sets rdev->mddev of {} to NULL", member));
        if (now_.pools_gone && !before_.pools_gone) phrases_.emplace_back("destroys the bio pools");
        if (before_.snapshot.bitmap && !now_.snapshot.bitmap) phrases_.emplace_back("takes the bitmap from the array");
        tell_of_rest();
    }

    void tell_of_crash() {
        if (now_.moment == Moment::Crash && now_.snapshot.oops)
            phrases_.push_back("crashes in " + now_.snapshot.oops->function);
    }

    void tell_of_bios() {
        std::vector<std::string> bios = new_bios(tape_, step_);
        if (bios.empty()) return;
        const std::size_t count = bios.size();
        if (count > 3) bios.resize(2);
        phrases_.push_back("submits " + list_of(bios) + (count > 3 ? fmt::format(" and {} more", count - 2) : ""));
    }

    // Where the task stands now.
    void tell_of_rest() {
        if (now_.moment == Moment::Crash) return;
        const SnapshotTask* task = named(now_.snapshot, task_name());
        const SnapshotTask* was = named(before_.snapshot, task_name());
        if (task == nullptr) {
            phrases_.emplace_back("is done");
        } else if (is_asleep(*task) && !task->stack.empty()) {
            phrases_.push_back(sleep_of(*task, was));
        } else if (is_asleep(*task)) {
            phrases_.emplace_back("falls asleep");
        } else if (phrases_.empty()) {
            phrases_.push_back(task->stack.empty() ? "goes on" : "goes on in " + task->stack.front());
        }
    }

    [[nodiscard]] std::string sleep_of(const SnapshotTask& task, const SnapshotTask* was) const {
        if (task.stack.front() == frames::kMdThread || task.stack.front() == "wait_and_act") return "has nothing to do";
        const bool is_same = was != nullptr && was->stack == task.stack && was->condition == task.condition;
        const bool is_other_call = std::ranges::find(now_.frames, task.pid, &FrameEvent::pid) != now_.frames.end();
        return (is_same && !is_other_call ? "sleeps on in " : "falls asleep in ") + task.stack.front();
    }

    void tell_of_bio(const char* how) {
        phrases_.emplace_back(how);
        if (now_.moment == Moment::Crash && now_.snapshot.oops)
            phrases_.push_back("its completion crashes in " + now_.snapshot.oops->function);
        else
            tell_of_woken();
    }

    // Who slept, and can go on now.
    void tell_of_woken() {
        for (const SnapshotTask& task : now_.snapshot.tasks) {
            if (!is_asleep(task) || !can_run(now_, task) || can_run(before_, task)) continue;
            phrases_.push_back("wakes " + mdscope::actor_name(duel_, task.comm));
        }
    }
    static bool can_run(const TapeStep& step, const SnapshotTask& task) {
        return std::ranges::any_of(step.options, [&](const Order& option) {
            return option.how == Choice::Kind::Run && option.name == task.comm;
        });
    }

    [[nodiscard]] std::string counters() const {
        const SnapshotArray& now = now_.snapshot.array;
        const SnapshotArray& before = before_.snapshot.array;
        std::string text;
        if (now.pending_writes != before.pending_writes)
            text +=
                fmt::format("; mddev->pending_writes goes from {} to {}", before.pending_writes, now.pending_writes);
        if (now.bitmap_pending_writes != before.bitmap_pending_writes)
            text += fmt::format("; bitmap->pending_writes goes from {} to {}", before.bitmap_pending_writes,
                                now.bitmap_pending_writes);
        if (now.state != before.state) text += fmt::format("; array_state reads {}", now.state);
        return text;
    }

    const Duel& duel_;
    Side side_;
    std::size_t tick_;
    const Tape& tape_;
    std::size_t step_;
    const TapeStep& now_;
    const TapeStep& before_;
    std::vector<std::string> phrases_;
};

bool is_of_bio(const Order& order) {
    return order.how == Choice::Kind::Complete || order.how == Choice::Kind::Fail;
}

// Of the bio that ends in this tick, on a side where it does.
bool is_write(const Duel& duel, std::size_t tick) {
    const Side side = duel.tick(tick).done[Side::A] ? Side::A : Side::B;
    return !is_read(duel.at(side, tick - 1), duel.tick(tick).order.name);
}

// A context in which something ends that a disk or a timer has begun.
std::string context_name(const Duel& duel, std::size_t tick) {
    const Side side = duel.tick(tick).done[Side::A] ? Side::A : Side::B;
    const std::string bio = bio_of_step(duel.tape(side), duel.tick(tick).step[side]);
    return bio.empty() ? "an interrupt" : "the completion of " + bio;
}

}  // namespace

std::string action(const Duel& duel, Side side, std::size_t tick) {
    if (tick == 0 || !duel.tick(tick).done[side]) return "";
    return Action(duel, side, tick).text();
}

std::string actor_of(const Duel& duel, std::size_t tick) {
    const Order& order = duel.tick(tick).order;
    if (order.how == Choice::Kind::Fire) return order.name;
    if (is_cut(order)) return "the plug";
    if (is_of_bio(order)) return fmt::format("the {} {}", is_write(duel, tick) ? "write" : "read", order.name);
    if (order.name.starts_with("swapper")) return context_name(duel, tick);
    return actor_name(duel, order.name.substr(0, order.name.find('#')));
}

std::string tick_line(const Duel& duel, std::size_t tick) {
    if (tick == 0) return "nothing has happened yet";
    const Order& order = duel.tick(tick).order;
    const std::string a = action(duel, Side::A, tick);
    const std::string b = action(duel, Side::B, tick);
    if (a == b) return order.name + " " + a;
    if (b.empty()) return fmt::format("{} {} (A only)", order.name, a);
    if (a.empty()) return fmt::format("{} {} (B only)", order.name, b);
    return fmt::format("{}: A {}; B {}", order.name, a, b);
}

}  // namespace mdscope
