// A scenario's array on a simulated kernel: members in memory, set up, its tasks ready to take their first step.
//
// The array is the one that is mounted: an Array, assembled by the same code from the same bytes that `mdscope create`
// writes, and members go and come back as on a mount. Three things differ:
//
//   what surrounds md    is no part of a schedule (Aside in kernel.hpp): books of the Array, labels read and stamped
//   bind_as_given        native members are bound in the order of their names. mdadm binds slot 0 last; schedules that
//                        were recorded name the writes of the members in this order
//   mdmon                goes to sleep with the setup unless the scenario keeps it
//
// Layers that hold or delay bios are there and idle: a bio stays in flight until it is chosen to end.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/kernel/sim/sim_kernel.hpp"
#include "engine/md/md.hpp"
#include "engine/mdadm/array_impl.hpp"
#include "engine/mdadm/create_plan.hpp"
#include "engine/scenario/scenario.hpp"
#include "engine/trace/call_tree.hpp"

namespace mdscope {

// The bytes of its images, worked out once for all simulations of a scenario.
Result<LabPlan> plan_images(const Scenario& scenario);

class SimLab {
   public:
    // Throws std::runtime_error when the setup fails: an image that cannot be assembled, a statement refused, a hang.
    SimLab(const Scenario& scenario, const LabPlan& plan, bool event_log);
    ~SimLab();
    SimLab(const SimLab&) = delete;
    SimLab& operator=(const SimLab&) = delete;

    SimKernel kernel;
    // As the array is now: another one after it was assembled again.
    [[nodiscard]] Mddev& mddev() { return array_.mddev(); }
    [[nodiscard]] const Mddev& mddev() const { return array_.mddev(); }

    // Of the tasks, as the scenario names them.
    [[nodiscard]] bool tasks_done() const { return running_tasks_ == 0; }
    [[nodiscard]] const std::string& mdstat() const { return mdstat_; }  // when the setup was over
    // What each store of the tasks was answered: 0 or -errno, in the order in which they ended.
    [[nodiscard]] const std::vector<int>& answers() const { return answers_; }
    // The frames of everybody who stops the array, from the first step of the tasks on; nullptr: not wanted.
    void record_calls(trace::FrameSink* sink);
    void watch_tasks(trace::FrameSink* sink);  // of all tasks that the scenario names

    // Time passes only when nothing else can happen; how often in a row it has, without a task ending a statement.
    unsigned idle_periods = 0;

   private:
    void add_images(const LabPlan& plan);
    void assemble();
    void set_up(const Scenario& scenario);
    void start_tasks(const Scenario& scenario);
    void run_statements(const ScenarioTask& task);
    int perform(const Statement& statement);
    int write(const Statement& statement);
    int write_chunk(std::uint64_t chunk);
    void run_daemon();
    void delete_unbound();
    int fail(const std::string& member);
    int remove(const std::string& member);
    int re_add(const std::string& member);
    void was_closed(Rdev& rdev);

    class CallSink;

    ArrayImpl array_;
    unsigned pages_;
    std::string bitmap_;
    std::vector<std::unique_ptr<CallSink>> call_sinks_;  // of tasks_, in their order
    std::vector<Task*> tasks_;
    unsigned running_tasks_ = 0;
    std::vector<int> answers_;
    std::string mdstat_;

    std::vector<Rdev*> closed_;  // members that md has let go of
    std::size_t deleted_ = 0;    // of these
    WaitQueue closed_wait_;
};

}  // namespace mdscope
