// SPDX-License-Identifier: MIT
// Whether a write is acknowledged before it is on record that a member which missed it has failed.
//
// A write that fails on a member waits for that record since 55ce74d4bfe1 (4.4). But where the member has failed
// already, raid1_end_write_request only notes that the array is degraded: the write is acknowledged at once, and the
// record comes milliseconds later. After a crash in between the member comes back as a good one, with the old data.
#pragma once

#include "engine/md/variant.hpp"

namespace mdscope {

struct FaultyWrite : VariantRow {
    bool waits_for_record;
};

namespace variants {

struct faulty_write {
    using Row = FaultyWrite;
    static constexpr EraRow kEras[] = {{"3.15", "md"}};
    static constexpr VariantFacts facts = {14,
                                           "faulty-write",
                                           "A write to a member that has failed",
                                           "What a write waits for that a member missed because it had failed",
                                           "recorded",
                                           Told::IfAsked,
                                           true,
                                           kEras};
    static constexpr FaultyWrite kRows[] = {
        {{"md", "a write that a failed member missed is acknowledged before the failure is on record"}, false},
        {{"recorded", "a write that a failed member missed is acknowledged when the failure is on record"}, true},
    };
    static constexpr std::span<const FaultyWrite> rows() { return kRows; }
};

}  // namespace variants

}  // namespace mdscope
