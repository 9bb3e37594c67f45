// SPDX-License-Identifier: MIT

#include "engine/story/draw/trace_json.hpp"

#include <algorithm>

#include "engine/story/draw/trace_events.hpp"
#include "engine/story/record/outcome.hpp"

namespace mdscope {

namespace {

using Json = TraceEvents::Json;

constexpr std::uint64_t kTickNs = 1000;
// Within a tick: functions, then who woke whom, then its end.
constexpr std::uint64_t kFramesNs = 990;
constexpr std::uint64_t kWakesNs = 995;

// Whether it is a disk or a timer that acts, and no task.
bool is_no_task(const Order& order) {
    return order.how == Choice::Kind::Complete || order.how == Choice::Kind::Fail || order.how == Choice::Kind::Fire;
}

std::vector<std::string> frames_of(const SnapshotTask& task) {
    return {task.stack.rbegin(), task.stack.rend()};
}

// One array's part of the trace. Events are made tick by tick, so those of a lane are in order.
class SideTrace {
   public:
    SideTrace(Json& events, const Duel& duel, Side side)
        : events_(events, static_cast<int>(side) + 1, side == Side::A ? "A" : "B"), duel_(duel), side_(side) {}

    void write() {
        events_.name_process(side_text(duel_, side_));
        name_disks();
        find_watched();
        settle(0);
        for (std::size_t tick = 1; tick < duel_.size(); tick++) {
            if (duel_.tick(tick).done[side_]) act(tick);
            settle(tick);
        }
        const std::uint64_t end_ns = duel_.end() * kTickNs;
        events_.end_all(end_ns);
        for (const std::string& bio : in_flight_) events_.add_bio("e", bio, end_ns)["args"]["what"] = "still in flight";
    }

   private:
    // In the order of their names, not in that of their first bios.
    void name_disks() {
        std::set<std::string> names;
        for (const SnapshotMember& member : duel_.at(side_, 0).snapshot.members) names.insert(member.name);
        for (const std::string& name : names) events_.disk_of(name);
    }

    // Tasks whose functions are recorded one by one; of the others the stacks after each step are known.
    void find_watched() {
        const Tape& tape = duel_.tape(side_);
        for (std::size_t step = 0; step < tape.size(); step++)
            for (const FrameEvent& frame : tape.step(step).frames) watched_.insert(frame.pid);
    }

    // Of a task as orders name it: "stopper", "swapper/0#12".
    [[nodiscard]] int task_of(const std::string& order) const {
        if (const std::size_t hash = order.find('#'); hash != std::string::npos)
            return std::stoi(order.substr(hash + 1));
        const auto found = pids_.find(order);
        return found == pids_.end() ? TraceEvents::kCounters : found->second;
    }

    int lane_of(const Order& order) {
        if (!is_no_task(order)) return task_of(order.name);
        if (order.how != Choice::Kind::Fire) return events_.disk_of(order.name);
        events_.name_lane(TraceEvents::kTimers, "timers");
        return TraceEvents::kTimers;
    }

    // ---- what happens within a tick

    void act(std::size_t tick) {
        const Order& order = duel_.tick(tick).order;
        const int lane = lane_of(order);
        const std::uint64_t from_ns = (tick - 1) * kTickNs;
        if (is_no_task(order))
            events_.begin(lane, from_ns, order_text(order) + (order.how == Choice::Kind::Complete ? " ends" : ""),
                          "disk");
        else
            end_sleep(lane, from_ns);
        write_frames(tick);
        write_wake_ups(tick, lane);
        if (is_no_task(order)) events_.end(lane, tick * kTickNs);
    }

    void end_sleep(int lane, std::uint64_t at_ns) {
        if (sleeps_.erase(lane) != 0) events_.end(lane, at_ns);
    }

    void write_frames(std::size_t tick) {
        const std::vector<FrameEvent>& frames = duel_.at(side_, tick).frames;
        for (std::size_t i = 0; i < frames.size(); i++) {
            const std::uint64_t at_ns = (tick - 1) * kTickNs + kFramesNs * (i + 1) / (frames.size() + 1);
            end_sleep(frames[i].pid, at_ns);
            if (frames[i].enter)
                events_.begin(frames[i].pid, at_ns, frames[i].name, "function");
            else
                events_.end(frames[i].pid, at_ns);
        }
    }

    // Of tasks that slept and can go on now because of somebody else.
    void write_wake_ups(std::size_t tick, int actor) {
        if (events_.open(actor).empty()) return;  // an arrow begins in something that is open
        const std::set<std::string> before = ready(duel_.tick(tick).step[side_] - 1);
        for (const std::string& task : ready(duel_.tick(tick).step[side_])) {
            const int lane = task_of(task);
            if (before.contains(task) || lane == actor || !sleeps_.contains(lane)) continue;
            events_.add_wake_up(actor, lane, (tick - 1) * kTickNs + kWakesNs);
        }
    }

    [[nodiscard]] std::set<std::string> ready(std::size_t step) const {
        std::set<std::string> names;
        for (const Order& order : duel_.tape(side_).step(step).options)
            if (order.how == Choice::Kind::Run) names.insert(order.name);
        return names;
    }

    // ---- what is so after a tick

    void settle(std::size_t tick) {
        const std::uint64_t at_ns = tick * kTickNs;
        settle_tasks(tick, at_ns);
        settle_bios(tick, at_ns);
        settle_counters(tick, at_ns);
        settle_oops(tick, at_ns);
        if (side_ == Side::A && duel_.first_difference() == tick)
            events_.add("i", TraceEvents::kCounters, at_ns, "first difference")["s"] = "g";
    }

    void settle_tasks(std::size_t tick, std::uint64_t at_ns) {
        std::set<int> here;
        for (const SnapshotTask& task : duel_.at(side_, tick).snapshot.tasks) {
            here.insert(task.pid);
            pids_.insert_or_assign(task.comm, task.pid);
            tasks_.insert(task.pid);
            events_.name_lane(task.pid, task.comm);
            settle_task(task, at_ns);
        }
        for (const int pid : tasks_)  // one that has ended, or has no work, is in nothing
            if (!here.contains(pid)) {
                sleeps_.erase(pid);
                events_.end_all(pid, at_ns);
            }
    }

    // Functions first, then the sleep in the innermost of them.
    void settle_task(const SnapshotTask& task, std::uint64_t at_ns) {
        const std::string sleep = task.queue.empty() ? "" : "sleeps: " + task.condition;
        const auto slept = sleeps_.find(task.pid);
        const bool is_moving = !watched_.contains(task.pid) && stack_of(task.pid) != frames_of(task);
        if (slept != sleeps_.end() && (slept->second != sleep || is_moving)) end_sleep(task.pid, at_ns);
        if (is_moving) settle_stack(task, at_ns);
        if (sleep.empty() || sleeps_.contains(task.pid)) return;
        events_.begin(task.pid, at_ns, sleep, "sleep")["args"]["queue"] = task.queue;
        sleeps_[task.pid] = sleep;
    }

    void settle_stack(const SnapshotTask& task, std::uint64_t at_ns) {
        const std::vector<std::string> frames = frames_of(task);
        const std::vector<std::string> open = stack_of(task.pid);
        const auto differs = std::ranges::mismatch(open, frames);
        for (auto at = differs.in1; at != open.end(); at++) events_.end(task.pid, at_ns);
        for (auto at = differs.in2; at != frames.end(); at++) events_.begin(task.pid, at_ns, *at, "function");
    }

    std::vector<std::string> stack_of(int lane) {
        std::vector<std::string> open = events_.open(lane);
        if (sleeps_.contains(lane)) open.pop_back();
        return open;
    }

    void settle_bios(std::size_t tick, std::uint64_t at_ns) {
        std::set<std::string> now;
        for (const BioAt& bio : duel_.at(side_, tick).bios) now.insert(bio.name);
        for (const std::string& bio : in_flight_)
            if (!now.contains(bio)) events_.add_bio("e", bio, at_ns);
        for (const std::string& bio : now)
            if (!in_flight_.contains(bio)) events_.add_bio("b", bio, at_ns);
        in_flight_ = std::move(now);
        const std::vector<std::string>& held = duel_.tick(tick).held[side_];
        for (const std::string& bio : in_flight_) {
            const bool is_held = std::ranges::find(held, bio) != held.end();
            if (is_held == held_.contains(bio)) continue;
            events_.add_bio("n", bio, at_ns)["name"] = is_held ? "held" : "let go";
            if (is_held)
                held_.insert(bio);
            else
                held_.erase(bio);
        }
    }

    void settle_counters(std::size_t tick, std::uint64_t at_ns) {
        const SnapshotArray& array = duel_.at(side_, tick).snapshot.array;
        const std::pair<int, int> now{array.pending_writes, array.bitmap_pending_writes};
        if (tick != 0 && now == counters_) return;
        for (const auto& [name, value] :
             {std::pair{"mddev->pending_writes", now.first}, std::pair{"bitmap->pending_writes", now.second}})
            events_.add("C", TraceEvents::kCounters, at_ns, name)["args"]["writes"] = value;
        counters_ = now;
    }

    void settle_oops(std::size_t tick, std::uint64_t at_ns) {
        if (duel_.at(side_, tick).moment != Moment::Crash || has_crashed_) return;
        has_crashed_ = true;
        const Tape& tape = duel_.tape(side_);
        Json& event = events_.add("i", lane_of(duel_.tick(tick).order), at_ns, "Oops: " + tape.what());
        event["s"] = "p";
        event["args"]["console"] = tape.console();
    }

    TraceEvents events_;
    const Duel& duel_;
    const Side side_;
    std::set<int> watched_, tasks_;
    std::map<std::string, int> pids_;    // of a name, the latest
    std::map<int, std::string> sleeps_;  // lanes whose innermost is a sleep
    std::set<std::string> in_flight_, held_;
    std::pair<int, int> counters_;
    bool has_crashed_ = false;
};

}  // namespace

std::string trace_json(const Duel& duel) {
    const Scenario& scenario = duel.tape(Side::A).scenario();
    Json trace;
    trace["displayTimeUnit"] = "ns";
    trace["otherData"]["made by"] = "mdscope";
    trace["otherData"]["time"] =
        "1 microsecond is 1 tick of the schedule: an order of steps, not a duration. Functions of one step are spread "
        "over its microsecond.";
    trace["otherData"]["scenario"] = scenario.name;
    trace["otherData"]["title"] = scenario.title;
    Json& events = trace["traceEvents"] = Json::array();
    for (const Side side : kSides) SideTrace(events, duel, side).write();
    return trace.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace mdscope
