// SPDX-License-Identifier: MIT
// When a write that failed on one member is acknowledged.
//
// Up to 4.3 raid1d ended it as soon as it had failed the member in memory: a crash before the superblocks were written
// brought that member back as a good one, without the write. Since 55ce74d4bfe1 (4.4) it waits on bio_end_io_list.
#pragma once

#include "engine/md/raid1/raid1.hpp"
#include "engine/md/variant.hpp"

namespace mdscope {

struct FailedWrite : VariantRow {
    void (*finish)(R1conf&, R1bio*);  // in raid1d, the members that failed it are Faulty
};

namespace variants {

struct failed_write {
    using Row = FailedWrite;
    static constexpr EraRow kEras[] = {{"3.15", "at-once"}, {"4.4", "recorded"}};
    static constexpr VariantFacts facts = {20,
                                           "failed-write",
                                           "A write that failed on a member",
                                           "When a write that failed on a member is acknowledged",
                                           "recorded",
                                           Told::IfAsked,
                                           true,
                                           kEras};
    static void end_at_once(R1conf&, R1bio* r1_bio) {
        close_write(*r1_bio);
        raid_end_bio_io(r1_bio);
    }
    static constexpr FailedWrite kRows[] = {
        {{"at-once", "a write that failed on a member is acknowledged before that is on record"}, end_at_once},
        {{"recorded", "a write that failed on a member is acknowledged when that is on record"}, queue_until_recorded},
    };
    static constexpr std::span<const FailedWrite> rows() { return kRows; }
};

}  // namespace variants

}  // namespace mdscope
