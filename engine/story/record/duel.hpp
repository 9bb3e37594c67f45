// SPDX-License-Identifier: MIT
// One schedule, two kernels: two arrays that are driven by the same orders, tick by tick, so that what differs between
// them is what their kernels do and nothing else.
//
//   tick      1         2         3         4            each tick is one order
//   A         stopper   stopper   stopper   sdb bitmap   what A did of it
//   B         stopper   stopper   -         sdb bitmap   nothing: B's stopper sleeps, it cannot go on
//
// Beside steps, a person gives wishes: start a task, hold a bio, let it end at a tick. A wish changes nothing by
// itself; next() heeds it when it says what happens next if nobody chooses: what is due of the disks first, then tasks
// in their order, then the disks. Steps and wishes together are the schedule, which is all that has to be kept.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "engine/museum/exhibit.hpp"
#include "engine/story/record/tape.hpp"

namespace mdscope {

enum Side : std::uint8_t { A = 0, B = 1 };
inline constexpr std::array<Side, 2> kSides = {Side::A, Side::B};

struct Tick {
    Order order;                                   // tick 0: none
    std::array<bool, 2> done{};                    // which side did something
    std::array<std::size_t, 2> step{};             // of the tapes, after it
    std::array<std::vector<std::string>, 2> held;  // names of bios
};

// Why nothing happens by itself.
enum class Standstill : std::uint8_t {
    No,
    Ended,     // both are at an end
    NotBegun,  // a task waits for `start`: the act
    Held,      // nothing but held bios could go on
    Full,      // a tape has no room
};

// A schedule in which a step is possible on neither side: which, what was wanted, what is possible.
class Drift : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

class Duel {
   public:
    // A bio ends so many ticks after it was submitted, unless somebody wishes otherwise. Long enough for a stop to go
    // on meanwhile, short enough to see both ends.
    static constexpr std::uint64_t kLatency = 12;

    // Gives a's schedule. Throws std::runtime_error as Tape does, and Drift.
    Duel(const Scenario& a, const Scenario& b);

    [[nodiscard]] std::size_t size() const { return ticks_.size(); }  // at least 1
    [[nodiscard]] const Tick& tick(std::size_t number) const { return ticks_[number]; }
    [[nodiscard]] Tape& tape(Side side) { return *tapes_[side]; }
    [[nodiscard]] const Tape& tape(Side side) const { return *tapes_[side]; }
    [[nodiscard]] const TapeStep& at(Side side, std::size_t tick) const {
        return tapes_[side]->step(ticks_[tick].step[side]);
    }
    [[nodiscard]] std::size_t end() const { return ticks_.size() - 1; }

    // The order that follows at the end, if nobody chooses; nullopt: see standstill().
    [[nodiscard]] std::optional<Order> next() const;
    [[nodiscard]] Standstill standstill() const;
    // At the end. A step happens where it can; empty, or why it can nowhere. A wish always succeeds.
    std::string give(Order order);  // a value: it may be one of the options of a tape that grows
    bool advance();                 // gives next(); false: there is none
    // Plays to a standstill, at most `most` ticks. What is held at the very end is let go if `release`, so that
    // everything comes to an end.
    void play(std::size_t most, bool release);

    void cut(std::size_t tick);  // forgets what came after it, wishes too
    // As if `wish` had been given at that tick: what came later is played again by itself, with the wishes that were
    // given later at their ticks, to where it went before or to its end.
    void replay_with(std::size_t tick, const Order& wish);

    // Steps and wishes up to and at a tick.
    [[nodiscard]] Schedule schedule(std::size_t tick) const;
    // The first tick after which the two arrays are not the same to look at.
    [[nodiscard]] std::optional<std::size_t> first_difference() const { return first_difference_; }
    [[nodiscard]] std::optional<std::size_t> tick_of(Side side, std::size_t step) const;  // where it was taken
    // The tick at which a bio in flight will end if nobody wishes otherwise.
    [[nodiscard]] std::uint64_t due_of(Side side, const std::string& bio) const;
    // Whose bug the two arrays show: what is said about them.
    [[nodiscard]] const Exhibit& exhibit() const { return exhibit_; }
    // Tasks that wait for a `start`, on any side: those that perform the exhibit's act, which stop the array.
    [[nodiscard]] std::vector<std::string> waiting_tasks() const;
    [[nodiscard]] bool is_started(Side side, const std::string& task) const;
    // Those that perform the act, in the order of the scenario, whether they were started or not.
    [[nodiscard]] std::vector<std::string> stop_tasks() const;

   private:
    struct Wishes {
        std::set<std::string> started;
        std::set<std::string> held_kinds;  // "bitmap", "bitmap sdb", "sdb bitmap 2"
        std::set<std::string> held;
        std::map<std::string, std::uint64_t> due;
        std::map<std::string, std::uint64_t> born;
    };
    struct Entry {
        Order order;
        std::size_t tick;  // a step: this one; a wish: after this one
    };
    void wish(const Order& order);
    void heed_wish(const Order& order);
    void heed_step(std::size_t tick);
    void hold(Side side, const std::string& what);
    void meet_bios(Side side, std::size_t tick);
    void note_difference();
    [[nodiscard]] bool is_allowed(Side side, const Order& option) const;
    [[nodiscard]] std::optional<Order> due_bio(bool ahead_of_time) const;
    [[nodiscard]] std::optional<Order> first_option(std::initializer_list<Choice::Kind> kinds) const;
    [[nodiscard]] std::string possible() const;

    std::array<std::unique_ptr<Tape>, 2> tapes_;
    const Exhibit& exhibit_;
    std::set<std::string> stop_tasks_;
    std::array<Wishes, 2> wishes_;
    std::vector<Tick> ticks_;
    std::vector<Entry> entries_;
    std::optional<std::size_t> first_difference_;
};

// What the second array of a comparison is: what the scenario's `versus` says; without one, the fix of 2021 against
// none, whichever of them the scenario has not.
Scenario opponent_of(const Scenario& scenario);

}  // namespace mdscope
