// SPDX-License-Identifier: MIT
// Whether a write that waits for the record of its failure counts as queued for raid1d, as one on retry_list does.
//
// 55ce74d4bfe1 (4.4) brought bio_end_io_list and forgot the count: freeze_array, called by raid1d itself, took such a
// write for one that is on its way, and waited for it; but only raid1d ends it. "include bio_end_io_list in nr_queued"
// mended it.
#pragma once

#include "engine/md/raid1/raid1.hpp"
#include "engine/md/variant.hpp"

namespace mdscope {

struct RecordedQueue : VariantRow {
    int weight;  // of a write on bio_end_io_list in nr_queued
};

namespace variants {

struct recorded_queue {
    using Row = RecordedQueue;
    static constexpr EraRow kEras[] = {{"3.15", "counted"}, {"4.3", "uncounted"}, {"4.10", "counted"}};
    // Not on a running array: what one row has counted the other would not take back.
    static constexpr VariantFacts facts = {21,
                                           "recorded-queue",
                                           "Writes that wait for a record",
                                           "Whether a write that waits for a record counts as queued",
                                           "counted",
                                           Told::IfAsked,
                                           false,
                                           kEras};
    static constexpr RecordedQueue kRows[] = {
        {{"uncounted", "a freeze waits for writes that wait for the record of a failure"}, 0},
        {{"counted", "writes that wait for the record of a failure count as queued, and a freeze passes them"}, 1},
    };
    static constexpr std::span<const RecordedQueue> rows() { return kRows; }
};

}  // namespace variants

}  // namespace mdscope
