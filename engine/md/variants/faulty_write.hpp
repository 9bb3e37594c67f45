// Whether a write is acknowledged before it is on record that a member which missed it has failed.
//
// A write that fails on a member waits for that record since 55ce74d4bfe1 (4.4). But where the member has failed
// already, raid1_end_write_request only notes that the array is degraded: the write is acknowledged at once, and the
// record comes milliseconds later. After a crash in between the member comes back as a good one, with the old data.
//
// From 5.2 on not even that was noted: the request counted as one that all members have got, and the chunk was not owed
// to the member that had missed it. 2417b9869b81 (5.13) notes it again.
#pragma once

#include "engine/md/variant.hpp"

namespace mdscope {

struct FaultyWrite : VariantRow {
    bool waits_for_record;
    bool marks_degraded;  // so that the chunk stays marked
};

namespace variants {

struct faulty_write {
    using Row = FaultyWrite;
    static constexpr EraRow kEras[] = {{"4.10", "md"}, {"5.12", "unmarked"}, {"5.13", "md"}};
    static constexpr VariantFacts facts = {14,
                                           "faulty-write",
                                           "A write to a member that has failed",
                                           "What a write waits for that a member missed because it had failed",
                                           "recorded",
                                           Told::IfAsked,
                                           true,
                                           kEras};
    static constexpr FaultyWrite kRows[] = {
        {{"md", "a write that a failed member missed is acknowledged before the failure is on record"}, false, true},
        {{"recorded", "a write that a failed member missed is acknowledged when the failure is on record"}, true, true},
        {{"unmarked", "a write that a failed member missed counts as one that all members have got"}, false, false},
    };
    static constexpr std::span<const FaultyWrite> rows() { return kRows; }
};

}  // namespace variants

}  // namespace mdscope
