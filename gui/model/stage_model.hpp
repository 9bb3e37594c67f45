// SPDX-License-Identifier: MIT
// The stage of one array, as values: a stop walks through doors, each door asks one counter, and each write comes back
// to a counter. The bug is a door that is not there.
//
//            wait 1              wait 2           taker           doors: functions that sleep until a counter is 0
//   o->      [door]              [door]             %             the act walks from left to right
//   -----------------------------------------------------
//            (gauge 1)           (gauge 2)                        counters
//               ^ completion <-- (write) HELD                     a write comes back to its counter ...
//            [sda]   [sdb] <..... follows                         ... by way of its member
//
// Which doors and counters there are is the exhibit's to say (museum::BlindWait, Counter, WaitSite, Taker): so each bug
// has a stage without a line of drawing code of its own. What they are at a step is read from engine/story.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "engine/story/tell/narration.hpp"
#include "gui/model/phrase.hpp"

namespace mdscope::gui {

struct SideView;

struct StageDoor {
    enum class State {
        Open,     // its counter is 0
        Shut,     // its counter is not 0
        Missing,  // another kernel waits here, this one does not
        Aside,    // this act does not come by here
    };
    std::string function;  // empty: no function of this array waits for that counter
    State state = State::Aside;
    bool is_passed = false;
    [[nodiscard]] bool is_nowhere() const { return function.empty() && state == State::Aside; }
    bool operator==(const StageDoor&) const = default;
};

struct StageGauge {
    std::string counter;  // "mddev->pending_writes"
    int value = 0;
    std::string answer;         // "1 == 0 ? no"
    std::string note;           // "door stays shut"
    bool is_unwatched = false;  // a write is counted here for which nobody waits
    bool operator==(const StageGauge&) const = default;
};

struct StageWrite {
    enum class Place { Disk, Completion };
    std::string bio, member, kind;
    Place place = Place::Disk;
    std::optional<std::size_t> gauge;  // which it is counted in; none: in neither
    bool is_held = false, is_covered = true, is_taken = false, is_waited = false;
    bool is_read = false;  // it is a bio that reads
    bool operator==(const StageWrite&) const = default;
};

struct StageMember {
    enum class State {
        Bound,
        Leaving,  // what a write needs of it is about to go
        Gone,     // rdev->mddev is NULL
        Met,      // ... and a completion followed it
        Off,      // not assembled
    };
    std::string name;
    State state = State::Bound;
    std::string note;  // "write done ✓"
    bool operator==(const StageMember&) const = default;
};

struct StageStopper {
    enum class State { Stands, Walks, Sleeps, Done, Fell };
    // Before the first door, at it, behind it, at the second door, behind it, at the taker, away.
    enum class Station { Start, FirstDoor, Between, SecondDoor, Behind, Taker, Away };
    State state = State::Stands;
    Station station = Station::Start;
    std::string inside;  // the function it is in
    bool operator==(const StageStopper&) const = default;
};

// How a run ended badly: an Oops, or a judge's rule that does not hold.
struct StageCrash {
    bool is_oops = true;
    bool in_completion = false;           // of an Oops: the completion on the stage met it
    std::vector<std::string> console;     // its first three lines that matter; the rule, and what broke it
    std::array<std::string, 2> followed;  // in two lines: what it followed; which rule
    bool operator==(const StageCrash&) const = default;
};

struct StageModel {
    std::string letter, title, rows;  // "A", "without the fix", "fix none"
    Status status = Status::Running;
    std::string word;  // of the chip
    Phrases line;      // below the title: what it waits for, or does not
    std::string noun;  // "stop"
    StageStopper stopper;
    std::array<StageDoor, 2> doors;
    std::array<StageGauge, 2> gauges;
    std::string taker, next;                // "unbind_rdev_from_array", "next: NULL"
    std::optional<std::size_t> taker_tick;  // if that is known
    bool is_taker_near = false;             // it takes what a write in flight needs
    std::string completion;                 // "super_written"
    std::vector<StageWrite> writes;
    std::vector<StageMember> members;
    std::optional<StageCrash> crash;
    [[nodiscard]] bool has_oops() const { return crash && crash->is_oops; }
    std::string end;  // what is said of a good end
    bool hides = false;
    bool operator==(const StageModel&) const = default;

    // The write that is told of: the worst off, else the held one, else the oldest; nullptr: none is in flight.
    [[nodiscard]] const StageWrite* main_write() const;
    // "read" or "write"; "request" of both.
    [[nodiscard]] const char* way_of_writes() const;
    [[nodiscard]] std::size_t writes_counted() const;  // of those that are counted in a gauge
};

// `hides`: what would give an answer away is left out.
StageModel stage_of(const Duel& duel, Side side, std::size_t tick, const SideView& view, bool hides);

// Which counters an exhibit's stage has, left and right: the one that is forgotten, and the one that is looked at.
std::array<const museum::Counter*, 2> stage_counters(const Exhibit& exhibit);
// Whether the doors are what its bug is about: something is taken from under a completion. Where a rule is broken or a
// task hangs, the waits of a stop have nothing to do with it, and the stage has neither doors nor a taker.
bool has_doors(const Exhibit& exhibit);
// Which function waits for the left and the right one; empty: none does.
std::array<std::string, 2> stage_doors(const Exhibit& exhibit);

}  // namespace mdscope::gui
