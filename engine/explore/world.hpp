// SPDX-License-Identifier: MIT
// A scenario's simulation that can be put back to where its tasks begin, or to any moment kept in between.
//
//   World world(scenario);                 // set up; the tasks stand before their first step
//   while (world.status() == Moment::Open) world.take(pick);
//   world.restart();
//
// A step that is the only one possible is no choice: advance() takes those, up to the next choice or the end. With an
// arena, going back is copying memory; without one (sanitizers) the simulation is built again.
//
// Where the power may be cut, that is a choice like any other, once for each way in which the media may be left; it
// stands behind the kernel's. It is offered when what would be left has changed since it was offered last: at any other
// step it would leave the same. After it lab() is another one.
#pragma once

#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include "engine/explore/cut.hpp"
#include "engine/explore/explorer.hpp"
#include "engine/explore/judge.hpp"
#include "engine/explore/sim_lab.hpp"
#include "engine/kernel/arena.hpp"

namespace mdscope {

// Words for what ended a search in one of its threads, which has to tell the others and not to end the program.
inline std::string why_ended(const std::exception& error) {
    return dynamic_cast<const std::bad_alloc*>(&error) != nullptr ? "not enough memory" : error.what();
}

Ending ending_of(Moment moment);  // Open counts as Done

class World {
   public:
    struct Options {
        bool event_log = false;
        bool invariants = true;            // ask the judges whose moment is a Violation, too
        bool hashing = false;              // state_hash() will be asked for
        ConflictMap* conflicts = nullptr;  // fine steps only; outlives the world
        // Where to put what would be noted there, if others read it meanwhile; outlives the world.
        std::vector<ConflictMap::Lesson>* lessons = nullptr;
        // Offers only what keeps a schedule within so many preemptions; the picks are among those.
        std::optional<unsigned> preemptions = std::nullopt;
        // Gets the events of the tasks, not those of the setup; outlives the world. What it has recorded is not taken
        // back by restart() and go_back(): its numbers go on, and the times begin again.
        trace::Tracer* tracer = nullptr;
        bool offers_cuts = true;  // false: only cut_by_hand() cuts, and a moment without a step is an end
        // Pages of media, shared by worlds; nullptr: the world has its own.
        std::shared_ptr<PageStore> pages = nullptr;
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
    // Something was not offered, since the world was made: there are schedules with more preemptions.
    [[nodiscard]] bool left_out() const { return left_out_; }
    // The index of a choice where all are offered.
    [[nodiscard]] std::size_t unbounded_index(std::size_t index) const {
        return within_.empty() ? index : within_[index];
    }
    [[nodiscard]] std::size_t unbounded_choices() const { return within_.empty() ? choices_.size() : all_choices_; }
    [[nodiscard]] std::uint64_t state_hash() const;

    // ---- lives

    // Begins such a life instead; steps() goes on from what it was.
    void begin_life(const LifeStart& start);
    [[nodiscard]] static bool is_cut(const Choice& choice) { return choice.kind == Choice::Kind::Cut; }
    // The life that this choice would begin. REQUIRES: is_cut.
    [[nodiscard]] LifeStart life_after(std::size_t index) const;
    [[nodiscard]] const CutOptions& cuts() const { return cuts_; }  // those that are offered now
    // What this choice would leave. REQUIRES: is_cut.
    [[nodiscard]] const CutOption& cut_option(std::size_t index) const { return cuts_.list[option_of(index)]; }
    // Cuts now, as these words say (cut_by_hand.hpp); it is a step. REQUIRES: may_be_cut().
    void cut_by_hand(std::string_view words);
    [[nodiscard]] bool may_be_cut() const;
    // The event logs of the lives of before, if they are wanted.
    [[nodiscard]] const std::string& earlier_log() const { return earlier_log_; }

    [[nodiscard]] std::string describe(std::size_t index) const;
    // What does not hold now; nullptr: all that is asked holds.
    [[nodiscard]] const Judge* broken() const { return broken_; }
    // Why it ended badly, the same words for the same reason. Empty: it did not.
    [[nodiscard]] std::string what() const;

    void set_access_sink(AccessSet* sink);  // gets what each step touches, from now on
    [[nodiscard]] SimLab& lab() { return *stage_->lab; }
    [[nodiscard]] const SimLab& lab() const { return *stage_->lab; }

   private:
    struct Stage;

   public:
    // A moment to come back to; only with an arena.
    class Mark {
       public:
        [[nodiscard]] std::size_t bytes_reserved() const { return memory_.bytes_reserved(); }

       private:
        friend class World;
        Checkpoint memory_;
        Stage* stage_ = nullptr;
        std::uint64_t steps_ = 0;
        std::uint64_t offered_before_ = 0;
        // What look() found then; the choices lie in the arena, and are there again.
        std::span<const Choice> choices_;
        Moment moment_ = Moment::Open;
        const Judge* broken_ = nullptr;
        std::uint64_t last_task_ = 0;
        unsigned preemptions_ = 0;
    };
    static bool can_mark() { return Arena::available(); }
    void mark(Mark& mark);
    void go_back(const Mark& mark);

   private:
    // A simulation at its beginning: the first life, or one after a cut. Both stay where they are while the other goes
    // on, in memory of their own.
    struct Stage {
        SimLab::Life life = SimLab::Life::First;
        std::unique_ptr<Arena> arena;
        SimLab* lab = nullptr;
        Mark root;
    };
    void lay_out();
    void find_what_changes();
    void find_what_changes_later();
    [[nodiscard]] Options for_rehearsal() const;
    void rehearse(Prng& prng);
    void note_life_start(Prng& prng);
    void make(Stage& stage);
    void build(Stage& stage);
    void destroy(Stage& stage);
    void tear_down(Stage& stage);
    void rebuild(Stage& stage);
    void enter(Stage& stage);
    void look();
    void offer_cuts();
    void note_preemption(const Choice& choice);
    void keep_within_bound();
    void cut(CutOption option);
    [[nodiscard]] Moment judge();
    [[nodiscard]] Sight sight() const { return {*stage_->lab, choices_}; }
    [[nodiscard]] std::size_t option_of(std::size_t index) const {
        return index - (choices_.size() - cuts_.list.size());
    }

    Scenario scenario_;
    Options options_;
    const Judge* const unasked_;
    LabPlan plan_;
    Arena::Writes changing_;              // of the first life
    Arena::Writes changing_later_;        // of those after a cut
    std::vector<LifeStart> life_starts_;  // what lives begin with in which that is found
    Stage first_, later_{SimLab::Life::Later, nullptr, nullptr, {}};
    Stage* stage_ = &first_;
    std::vector<std::span<std::byte>> stacks_;
    std::vector<Choice> with_cuts_;
    CutOptions cuts_;
    // Of the media and the promises: when cuts were offered last, and the same before this moment's were.
    std::uint64_t offered_changes_ = kNever, offered_before_ = kNever;
    static constexpr std::uint64_t kNever = ~std::uint64_t{0};
    std::string earlier_log_;
    // With a bound: the task that went last, how often one was preempted, and what is offered instead of all.
    std::uint64_t last_task_ = 0;  // 0: it sleeps, or has ended
    unsigned preemptions_ = 0;     // of this life
    bool left_out_ = false;
    std::vector<Choice> offered_;
    std::vector<std::size_t> within_;  // of each that is offered, its index among all; empty: all are
    std::size_t all_choices_ = 0;
    std::span<const Choice> choices_;
    Moment moment_ = Moment::Open;
    std::uint64_t steps_ = 0;
    const Judge* broken_ = nullptr;
    AccessSet* access_sink_ = nullptr;
};

}  // namespace mdscope
