// SPDX-License-Identifier: MIT
// One array's run under one schedule, with every step recorded: what acted, the array as it was then, the functions
// that were entered and left, what was printed. Whatever is shown of a simulated array is read from here.
//
//   Tape tape(scenario);                        // step 0: the tasks stand before their first step
//   while (tape.moment() == Moment::Open) tape.take(tape.options().front());
//   tape.step(k).snapshot                       // as it was, for ever
//   tape.visit(k).…                             // the array itself, put back to step k
//
// Where the power may be cut (`cut` in schedules), that is a step, too. After it the array is another one: ids of tasks
// and bios of a later life begin anew in the simulation, and are told apart here (kLifePids, kLifeBios).
//
// Going back is running the same picks again from the start, which is a matter of microseconds a step; each time the
// state's hash must be the recorded one, so a look into the past is the past.
//
// Throws std::runtime_error: the scenario cannot be set up; a run drifted from what was recorded (a bug).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include "engine/explore/world.hpp"
#include "engine/look/snapshot.hpp"
#include "engine/scenario/schedule.hpp"
#include "engine/story/record/media_record.hpp"

namespace mdscope {

// A function entered (true) or left by a task of the scenario.
struct FrameEvent {
    const char* name;
    int pid;
    int depth;  // 0: outermost
    bool enter;
    const char* passed = nullptr;  // it returned at once, and why: one that is entered and left, but no frame
};

struct BioAt {
    std::uint64_t id;
    std::string name;  // "sdb bitmap 2"
};

struct TapeStep {
    Order order;                     // what was taken to get here; step 0: nothing
    std::size_t index = 0;           // of it among the choices there were
    std::size_t choices = 0;         // how many there were
    Snapshot snapshot;               // after it
    std::uint64_t state_hash = 0;    // after it
    Moment moment = Moment::Open;    // after it
    const Judge* broken = nullptr;   // whose row does not hold after it
    std::vector<Order> options;      // what could happen next
    std::vector<FrameEvent> frames;  // during it
    std::vector<LogLine> printed;    // during it
    std::vector<BioAt> bios;         // in flight after it, oldest first
    unsigned life = 1;               // after it: one more with each cut
    bool may_be_cut = false;         // after it
    // Of a cut: as they were before it. Of an end in a later life: as they are then. nullptr: of any other.
    std::shared_ptr<const MediaRecord> media;
    bool pools_gone = false;  // after it: the pool that bios of superblock-class writes go back to is destroyed
};
static_assert(std::is_nothrow_move_constructible_v<TapeStep>);  // a tape grows without copying what it holds

class FrameRecorder;

class Tape {
   public:
    static constexpr std::size_t kMostSteps = 20'000;
    // What is added to each pid and each bio's id of a later life.
    static constexpr int kLifePids = 100'000;
    static constexpr std::uint64_t kLifeBios = std::uint64_t{1} << 40;

    explicit Tape(const Scenario& scenario);
    ~Tape();
    Tape(const Tape&) = delete;
    Tape& operator=(const Tape&) = delete;

    [[nodiscard]] const Scenario& scenario() const { return scenario_; }
    [[nodiscard]] std::size_t size() const { return steps_.size(); }  // with step 0; at least 1
    [[nodiscard]] const TapeStep& step(std::size_t number) const { return steps_.at(number); }
    [[nodiscard]] const TapeStep& last() const { return steps_.back(); }
    [[nodiscard]] bool is_full() const { return steps_.size() == kMostSteps; }

    // What can happen next, and whether this can.
    [[nodiscard]] const std::vector<Order>& options() const { return last().options; }
    [[nodiscard]] Moment moment() const { return last().moment; }
    [[nodiscard]] bool can_take(const Order& order) const;
    void take(const Order& order);  // REQUIRES: can_take(order), !is_full()
    void cut(std::size_t size);     // forgets all steps behind the first `size`; REQUIRES: 1 <= size <= size()

    // The array as it was after that step, by running to there again. Only to be looked at, until the
    // next call of anything that is not const; in fine steps with an Onlooker, since a task may rest with a lock held.
    World& visit(std::size_t number);

    [[nodiscard]] const std::string& what() const { return what_; }        // why it ended badly
    [[nodiscard]] const std::string& console() const { return console_; }  // of an Oops, as the kernel prints it
    // What `mdscope replay` needs: where there was a choice, the index of what was chosen. Cuts are none.
    [[nodiscard]] std::vector<std::uint32_t> picks() const;
    [[nodiscard]] std::vector<CutByHand> cuts() const;

   private:
    void record(TapeStep step);
    [[nodiscard]] std::size_t index_of(const Order& order) const;
    void take_in_world(const TapeStep& step);
    void name_bios(TapeStep& step);
    void forget_names();
    [[nodiscard]] Order order_of(const Choice& choice) const;
    [[nodiscard]] std::vector<Order> offered() const;
    void go_to(std::size_t number);

    Scenario scenario_;
    std::unique_ptr<FrameRecorder> sink_;
    std::unique_ptr<World> world_;
    std::vector<TapeStep> steps_;
    std::size_t at_ = 0;                           // the step the world stands at
    std::size_t printed_ = 0;                      // lines of this life's log that are recorded
    std::map<std::uint64_t, std::string> names_;   // of bios by their ids
    std::map<std::string, std::uint64_t> counts_;  // "sdb bitmap": how many there were
    std::string what_, console_;
};

}  // namespace mdscope
