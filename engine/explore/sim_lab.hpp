// SPDX-License-Identifier: MIT
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
// Where the program may be killed or the power cut (Scenario::after_cut), nothing that surrounds md is left out of the
// schedule, a Ledger knows what was promised, and there are lives: the first is set up as above; each later one begins
// with what its media hold, and with one task.
//
// Layers that hold or delay bios are there and idle: a bio stays in flight until it is chosen to end.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/explore/ledger.hpp"
#include "engine/explore/platters.hpp"
#include "engine/kernel/sim/sim_kernel.hpp"
#include "engine/md/md.hpp"
#include "engine/mdadm/array_impl.hpp"
#include "engine/mdadm/create_plan.hpp"
#include "engine/scenario/scenario.hpp"
#include "engine/trace/call_tree.hpp"

namespace mdscope {

// The bytes of its images, worked out once for all simulations of a scenario.
Result<LabPlan> plan_images(const Scenario& scenario);

// How a life after a cut begins.
struct LifeStart {
    Platters platters;
    Ledger ledger;
    unsigned life = 2;
    unsigned cuts_left = 0;
    [[nodiscard]] std::uint64_t hash() const;
};

class SimLab {
   public:
    enum class Life : std::uint8_t {
        First,
        Later,  // begin_life() is called before its first step
    };
    // Throws std::runtime_error when the setup fails: an image that cannot be assembled, a statement refused, a hang.
    SimLab(const Scenario& scenario, const LabPlan& plan, bool event_log, Life life = Life::First);
    ~SimLab();
    SimLab(const SimLab&) = delete;
    SimLab& operator=(const SimLab&) = delete;

    SimKernel kernel;
    // As the array is now: another one after it was assembled again.
    [[nodiscard]] Mddev& mddev() { return array_.has_mddev() ? array_.mddev() : *nothing_; }
    [[nodiscard]] const Mddev& mddev() const { return array_.has_mddev() ? array_.mddev() : *nothing_; }

    // Its external metadata is that of IMSM, on its members.
    [[nodiscard]] bool has_anchors() const { return array_.keeps_anchors(); }
    // Of the tasks, as the scenario names them.
    [[nodiscard]] bool tasks_done() const { return running_tasks_ == 0; }
    [[nodiscard]] const std::string& mdstat() const { return mdstat_; }  // when the setup was over
    // What each store of the tasks was answered: 0 or -errno, in the order in which they ended.
    [[nodiscard]] const std::vector<int>& answers() const { return answers_; }
    // The line of the first store of a task that md did not understand; 0: it did.
    [[nodiscard]] int misunderstood_line() const { return misunderstood_line_; }
    // The frames of everybody who stops the array, from the first step of the tasks on; nullptr: not wanted.
    void record_calls(trace::FrameSink* sink);
    void watch_tasks(trace::FrameSink* sink);  // of all tasks that the scenario names

    // ---- lives

    void begin_life(const LifeStart& start);
    [[nodiscard]] unsigned life() const { return life_; }
    [[nodiscard]] const std::optional<Scenario::AfterCut>& after_cut() const { return after_cut_; }
    // A cut may come now.
    [[nodiscard]] bool may_be_cut() const { return cuts_left_ > 0 && (!after_cut_->waits_for_it || waits_for_cut_); }
    // What the next life would begin with; its media are up to who cuts.
    [[nodiscard]] LifeStart next_life(Platters platters) const;
    [[nodiscard]] const Ledger& ledger() const { return ledger_; }
    // Why the array did not start from what its media held; empty: it did, or was not told to.
    [[nodiscard]] const std::string& start_error() const { return start_error_; }
    // A read was given a sector that it must not have been given: which, and from which write.
    struct WrongRead {
        Sector sector;
        WriteNumber number;
    };
    [[nodiscard]] const std::optional<WrongRead>& wrong_read() const { return wrong_read_; }
    // What a judge has looked at and found right (judge_data.cpp); no part of the state.
    mutable std::array<std::uint64_t, kMaxMembers + 2> found_right{};

    // Time passes only when nothing else can happen; how often in a row it has, without a task ending a statement.
    unsigned idle_periods = 0;

   private:
    void add_images(const Scenario& scenario, const LabPlan& plan);
    void assemble();
    void set_up(const Scenario& scenario);
    void start_task(const std::string& name, std::function<void()> body);
    void start_tasks(const Scenario& scenario);
    void answer(const Statement& statement, std::size_t number);
    void run_statements(const ScenarioTask& task);
    int perform(const Statement& statement);
    int write(const Statement& statement);
    int write_chunk(std::uint64_t chunk, std::uint64_t behind);
    int read_chunk(std::uint64_t chunk, std::uint64_t behind);
    int discard(std::uint64_t chunk, std::uint64_t behind);
    int flush();
    int add(const std::string& member);
    int assemble_again();
    void wait_for_syncs();
    void run_after_cut();
    [[nodiscard]] std::uint64_t offset_of(std::uint64_t chunk) const;
    void run_daemon();
    void delete_unbound();
    int fail(const std::string& member);
    int store(const std::string& file, const std::string& value);
    int remove(const std::string& member);
    int re_add(const std::string& member);
    void was_closed(Rdev& rdev);

    class CallSink;

    ArrayImpl array_;
    std::unique_ptr<Mddev> nothing_;  // until there is an array
    std::uint64_t write_size_;
    std::optional<Scenario::AfterCut> after_cut_;
    Ledger ledger_;
    unsigned life_ = 1;
    unsigned cuts_left_ = 0;
    bool waits_for_cut_ = false, power_is_gone_ = false;
    bool is_set_up_ = false;
    std::string start_error_;
    std::optional<WrongRead> wrong_read_;
    WaitQueue cut_wait_;
    unsigned pages_;
    std::string bitmap_;
    std::vector<std::unique_ptr<CallSink>> call_sinks_;  // of tasks_, in their order
    std::vector<Task*> tasks_;
    unsigned running_tasks_ = 0;
    std::vector<int> answers_;
    int misunderstood_line_ = 0;
    std::string mdstat_;

    std::vector<Rdev*> closed_;  // members that md has let go of
    std::size_t deleted_ = 0;    // of these
    WaitQueue closed_wait_;
};

}  // namespace mdscope
