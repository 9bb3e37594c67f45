// SPDX-License-Identifier: MIT
// What may still come of a moment: of all orders from there to an end, how many end well and how many do not.
//
// Orders are paths of the graph of states, so they are counted once a state and not walked one by one: 1,261 states
// have 257,998 orders. A state is known by its hash, which is that of a Tape of the same scenario as well.
//
// Nothing of this for fine steps, whose places are learned as they are met, nor without an arena (sanitizers).
#pragma once

#include <cstdint>
#include <functional>
#include <unordered_map>

#include "engine/scenario/scenario.hpp"

namespace mdscope {

struct Futures {
    double all = 0, crashes = 0, hangs = 0, violations = 0;  // orders; exact up to 2^53
    bool is_whole = true;                                    // false: there are at least so many
    [[nodiscard]] double bad() const { return crashes + hangs + violations; }
};

class FutureCounts {
   public:
    static bool can_count(const Scenario& scenario);
    // All states of the scenario, at most `budget`; `goes_on` is asked now and then, and what was counted when it says
    // no is kept. Throws what World does. REQUIRES: can_count().
    FutureCounts(const Scenario& scenario, std::uint64_t budget, const std::function<bool()>& goes_on);
    // nullptr: no such state was met.
    [[nodiscard]] const Futures* from(std::uint64_t state_hash) const;
    [[nodiscard]] std::size_t states() const { return counts_.size(); }

   private:
    std::unordered_map<std::uint64_t, Futures> counts_;
};

}  // namespace mdscope
