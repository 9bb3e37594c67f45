// SPDX-License-Identifier: MIT
// What keeps a member in its slot from when a writer has looked at it until the writer has counted itself.
//
// A member leaves a slot when it is Faulty and nobody has counted himself, and then a grace period is waited for, so
// that who looked under rcu_read_lock has counted by then. 6.9 took the lock away: the writer counts itself on a member
// that is leaving, looks at the slot once more when it makes the clones, and finds NULL there. c7d34d17ea43 (7.3).
#pragma once

#include "engine/md/variant.hpp"

namespace mdscope {

struct SlotPointer : VariantRow {
    bool is_under_rcu;  // in choose_write_targets
};

namespace variants {

struct slot_pointer {
    using Row = SlotPointer;
    static constexpr EraRow kEras[] = {{"3.15", "rcu"}, {"6.9", "bare"}, {"7.3.4", "rcu"}};
    static constexpr VariantFacts facts = {31,
                                           "slot-pointer",
                                           "A member that leaves its slot",
                                           "What keeps a member in its slot while a writer looks at it",
                                           "rcu",
                                           Told::IfAsked,
                                           true,
                                           kEras};
    static constexpr SlotPointer kRows[] = {
        {{"bare", "a member can leave its slot under a writer that has chosen it"}, false},
        {{"rcu", "a member leaves its slot when no writer can have chosen it any more"}, true},
    };
    static constexpr std::span<const SlotPointer> rows() { return kRows; }
};

}  // namespace variants

}  // namespace mdscope
