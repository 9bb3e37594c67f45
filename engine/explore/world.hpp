// A scenario's simulation that can be put back to where its tasks begin, or to any moment kept in between.
//
//   World world(scenario);                 // set up; the tasks stand before their first step
//   while (world.status() == Moment::Open) world.take(pick);
//   world.restart();
//
// A step that is the only one possible is no choice: advance() takes those, up to the next choice or the end. With an
// arena, going back is copying memory; without one (sanitizers) the simulation is built again.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/explore/explorer.hpp"
#include "engine/explore/judge.hpp"
#include "engine/explore/sim_lab.hpp"
#include "engine/kernel/arena.hpp"

namespace mdscope {

Ending ending_of(Moment moment);  // Open counts as Done

class World {
   public:
    struct Options {
        bool event_log = false;
        bool invariants = true;            // ask the judges whose moment is a Violation, too
        bool hashing = false;              // state_hash() will be asked for
        ConflictMap* conflicts = nullptr;  // fine steps only; outlives the world
        // Gets the events of the tasks, not those of the setup; outlives the world. What it has recorded is not taken
        // back by restart() and go_back(): its numbers go on, and the times begin again.
        trace::Tracer* tracer = nullptr;
    };
    // Throws std::runtime_error: the images cannot be planned, or the setup fails.
    World(const Scenario& scenario, Options options);
    ~World();
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    [[nodiscard]] const Scenario& scenario() const { return scenario_; }

    void restart();
    // What can happen now; empty unless the moment is Open. Valid until the next call.
    [[nodiscard]] std::span<const Choice> choices() const { return choices_; }
    [[nodiscard]] Moment moment() const { return moment_; }
    void take(std::size_t index);
    // Steps without a choice, until there is one, or the end.
    void advance();
    [[nodiscard]] std::uint64_t steps() const { return steps_; }  // since restart()
    [[nodiscard]] std::uint64_t state_hash() const;
    [[nodiscard]] std::string describe(std::size_t index) const;
    // What does not hold now; nullptr: all that is asked holds.
    [[nodiscard]] const Judge* broken() const { return broken_; }
    // Why it ended badly, the same words for the same reason. Empty: it did not.
    [[nodiscard]] std::string what() const;

    void set_access_sink(AccessSet* sink);  // gets what each step touches, from now on
    [[nodiscard]] SimLab& lab() { return *lab_; }
    [[nodiscard]] const SimLab& lab() const { return *lab_; }

    // A moment to come back to; only with an arena.
    class Mark {
       private:
        friend class World;
        Checkpoint memory_;
        std::uint64_t steps_ = 0;
    };
    static bool can_mark() { return Arena::available(); }
    void mark(Mark& mark);
    void go_back(const Mark& mark);

   private:
    void build();
    void destroy();
    void look();
    [[nodiscard]] Moment judge();
    [[nodiscard]] Sight sight() const { return {*lab_, choices_}; }

    Scenario scenario_;
    Options options_;
    LabPlan plan_;
    std::unique_ptr<Arena> arena_;
    SimLab* lab_ = nullptr;
    Mark root_;
    std::vector<std::span<std::byte>> stacks_;
    std::span<const Choice> choices_;
    Moment moment_ = Moment::Open;
    std::uint64_t steps_ = 0;
    const Judge* broken_ = nullptr;
    AccessSet* access_sink_ = nullptr;
};

}  // namespace mdscope
