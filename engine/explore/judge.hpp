// SPDX-License-Identifier: MIT
// What must hold in a simulation: a list of rows. A row has a name, a sentence, when it is asked, and the function that
// finds out.
//
//   World::look() asks after each step, so a row only looks: it allocates nothing, takes no lock, and is no step of a
//   schedule. The reason is put into words when somebody wants to read it, while the world still stands there.
//
//   The first row that does not hold is the verdict, and says what kind of moment this is. Rows that are asked after
//   each step come before those that are asked at rest: what has crashed is not said to hang.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "engine/explore/sim_lab.hpp"

namespace mdscope {

enum class Moment : std::uint8_t {
    Open,       // something can happen
    Done,       // the tasks have ended, and nothing is left but the passing of time
    Crash,      // an Oops halted the kernel
    Hang,       // a task will never end
    Violation,  // something else that must hold does not
};

enum class Asked : std::uint8_t {
    EachStep,
    AtRest,  // nothing can happen but the passing of time
};

// What a judge looks at.
struct Sight {
    const SimLab& lab;
    std::span<const Choice> choices;  // what can happen next
};

struct Judge {
    std::string_view name;
    std::string_view must_hold;  // one sentence, as a card prints it
    std::string_view called;     // a run that breaks it: "play the ...", "the shortest ..."
    Asked asked;
    Moment moment;  // one in which it does not hold
    bool (*is_broken)(const Sight& sight);
    // Why, the same words for the same reason. REQUIRES: is_broken.
    std::string (*reason)(const Sight& sight);
    bool is_of_data = false;  // asked only where there may be a cut: the Ledger knows what was promised
};

// In the order in which they are asked.
std::span<const Judge> judges();

// The first row of those asked now that does not hold; nullptr: all hold. Without `invariants` those whose moment would
// be a Violation are left out, and `unasked` is.
const Judge* first_broken(const Sight& sight, Asked when, bool invariants = true, const Judge* unasked = nullptr);
const Judge* find_judge(std::string_view name);  // nullptr: there is none

[[nodiscard]] bool is_at_rest(const Sight& sight);

}  // namespace mdscope
