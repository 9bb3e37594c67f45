// SPDX-License-Identifier: MIT
// What a check does to a resync that is still owed. md_do_sync moves recovery_cp behind each part that it has been
// through, and does not ask whether it was a check, which copies nothing. The resync that follows begins there.
#pragma once

#include "engine/md/variant.hpp"

namespace mdscope {

struct CheckCheckpoint : VariantRow {
    bool moves_checkpoint;
};

namespace variants {

struct check_checkpoint {
    using Row = CheckCheckpoint;
    static constexpr EraRow kEras[] = {{"3.15", "md"}};
    static constexpr VariantFacts facts = {28,
                                           "check-checkpoint",
                                           "Checkpoint of a check",
                                           "Whether a check moves the checkpoint of a resync that is owed",
                                           "kept",
                                           Told::IfAsked,
                                           true,
                                           kEras};
    static constexpr CheckCheckpoint kRows[] = {
        {{"md", "a check moves the checkpoint of the resync that is owed, and has copied nothing"}, true},
        {{"kept", "a check leaves the checkpoint of the resync that is owed where it was"}, false},
    };
    static constexpr std::span<const CheckCheckpoint> rows() { return kRows; }
};

}  // namespace variants

}  // namespace mdscope
