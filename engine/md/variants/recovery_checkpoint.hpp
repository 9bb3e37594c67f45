// SPDX-License-Identifier: MIT
// Where a recovery goes on after a crash. A member that is being rebuilt has a checkpoint in its superblock, and below
// it it is written to as any other member. A write that was in flight there when the machine died may have reached one
// member only, and without a bitmap nothing says so. md goes on at the checkpoint all the same.
#pragma once

#include "engine/md/variant.hpp"

namespace mdscope {

struct RecoveryCheckpoint : VariantRow {
    bool goes_on_after_crash;
};

namespace variants {

struct recovery_checkpoint {
    using Row = RecoveryCheckpoint;
    static constexpr EraRow kEras[] = {{"3.15", "md"}};
    static constexpr VariantFacts facts = {27,
                                           "recovery-checkpoint",
                                           "Checkpoint of a recovery",
                                           "Where a recovery goes on after a crash",
                                           "from-start",
                                           Told::IfAsked,
                                           true,
                                           kEras};
    static constexpr RecoveryCheckpoint kRows[] = {
        {{"md", "after a crash a recovery goes on at its checkpoint, past writes that were in flight below it"}, true},
        {{"from-start", "after a crash a recovery starts over"}, false},
    };
    static constexpr std::span<const RecoveryCheckpoint> rows() { return kRows; }
};

}  // namespace variants

}  // namespace mdscope
