// SPDX-License-Identifier: MIT
// Whether a write that ends with an error on a member which has failed already counts as degraded.
//
// If it does not, it counts as one that all members have got: its bit is cleared, and the chunk is not owed to the
// member that has missed it. From 5.2 on that was not noted; 2417b9869b81 (5.13) notes it again.
#pragma once

#include "engine/md/variant.hpp"

namespace mdscope {

struct DegradedWrite : VariantRow {
    bool marks_degraded;  // so that the chunk stays marked
};

namespace variants {

struct degraded_write {
    using Row = DegradedWrite;
    static constexpr EraRow kEras[] = {{"3.15", "marked"}, {"5.2", "unmarked"}, {"5.13", "marked"}};
    static constexpr VariantFacts facts = {26,
                                           "degraded-write",
                                           "A write that a failed member missed",
                                           "Whether what a failed member missed stays marked",
                                           "marked",
                                           Told::IfAsked,
                                           true,
                                           kEras};
    static constexpr DegradedWrite kRows[] = {
        {{"unmarked", "a write that a failed member missed counts as one that all members have got"}, false},
        {{"marked", "a write that a failed member missed leaves its chunk marked"}, true},
    };
    static constexpr std::span<const DegradedWrite> rows() { return kRows; }
};

}  // namespace variants

}  // namespace mdscope
