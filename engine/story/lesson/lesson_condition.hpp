// SPDX-License-Identifier: MIT
// What lessons ask of two arrays: conditions that are true or not at a tick of a duel, and places, which are ticks.
//
//   entered A unbind_rdev_from_array        a condition: facts with `and` and `or` between them (`and` binds closer)
//   not asleep B md_super_wait
//   finally standing A stopped              at the end of the run, wherever one looks from
//   first-difference                        a place: the first tick at which something holds
//
// A SIDE is A, B or both; OP is one of = != < <= > >=; a BIO is named as in schedules (schedule.hpp).
//
//   standing SIDE WORD       oops hung stopped waiting in-danger stopping running off broken; the words of the cards
//   crashed SIDE FUNCTION    it was halted by an Oops in this function, or in something it called
//   ended SIDE               it comes no further: stopped, Oops or hung
//   counter SIDE WHICH OP N  WHICH is mddev or bitmap: mddev->pending_writes, bitmap->pending_writes
//   peak SIDE WHICH OP N     ... the most it has been up to now
//   entered SIDE FUNCTION N  a task has entered it (N times; once if there is no N); left: ... and left it
//   inside SIDE FUNCTION     a task is in it
//   asleep SIDE FUNCTION     ... and sleeps there, or in something it called
//   in-flight SIDE BIO       held SIDE BIO, finished SIDE BIO (it was in flight, and is not any more)
//   unbound SIDE MEMBER      its rdev->mddev is NULL, or it is gone
//   chunk SIDE N OP M        the chunk's counter; 3 stands for 3 and more
//   cut SIDE                 the power was cut
//   lost SIDE                ... and at the end something that was promised is lost
//   compared SIDE OP N       so many KiB of its members were compared since then
//   tick OP PLACE            where PLACE is a word or a fact
//   still WORD               nothing goes on by itself, because: held, not-begun, ended
//   differs                  the two arrays are not the same to look at any more
//
// Nothing here changes a duel. A fact about a function, a bio or a chunk that there is none of is false.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/kernel/result.hpp"
#include "engine/story/tell/narration.hpp"

namespace mdscope {

struct Place;

struct Fact {
    enum class Kind : std::uint8_t {
        Status,
        Crashed,
        Ended,
        Counter,
        Peak,
        Entered,
        Left,
        Inside,
        Asleep,
        InFlight,
        Held,
        Finished,
        Unbound,
        Chunk,
        Cut,
        Lost,
        Compared,
        Tick,
        Still,
        Differs,
    };
    enum class Compare : std::uint8_t { Equal, Unequal, Less, AtMost, More, AtLeast };

    Kind kind = Kind::Differs;
    unsigned sides = Order::kBoth;
    std::string name;  // a function, bio, member or word
    bool of_bitmap = false;
    Compare compare = Compare::Equal;
    std::uint64_t number = 0, chunk = 0;
    std::shared_ptr<const Place> place;
    bool negated = false;
    bool finally = false;
};

struct When {
    std::vector<std::vector<Fact>> any;  // one of these lists holds as a whole
    std::string text;                    // as it was written
};

struct Place {
    enum class Kind : std::uint8_t { Start, End, First };
    Kind kind = Kind::Start;
    When when;  // of First
};

// Error texts have no line number; the caller knows it.
Result<When> read_condition(std::string_view text);
Result<Place> read_place(std::string_view text);  // start, end, first-difference, or a condition
bool is_function_name(std::string_view word);     // as C spells it; at most 64 characters

struct DuelView {
    const Duel& duel;
    Foresight& foresight;
};
bool holds(const When& condition, DuelView scene, std::size_t tick);
// The first tick of what is recorded at which it is so.
std::optional<std::size_t> tick_of(const Place& place, DuelView scene);

}  // namespace mdscope
