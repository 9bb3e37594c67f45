// SPDX-License-Identifier: MIT
// What becomes of the bits of a recovery's request when its target fails before the copy is sent to it.
//
// From 4.11 on sync_request_write passed over a member that had failed meanwhile, and said nothing of it: the request
// ended as one that was copied, and its bits were cleared. "don't clear bitmap bits on interrupted recovery" (2019)
// gives it up as end_sync_write gives up one that failed.
#pragma once

#include "engine/md/raid1/raid1.hpp"
#include "engine/md/variant.hpp"

namespace mdscope {

struct SyncAbort : VariantRow {
    void (*passed_over)(Mddev&, const R1bio&);
};

namespace variants {

struct sync_abort {
    using Row = SyncAbort;
    static constexpr EraRow kEras[] = {{"3.15", "aborted"}, {"4.11", "silent"}, {"5.2", "aborted"}};
    static constexpr VariantFacts facts = {24,
                                           "sync-abort",
                                           "A recovery whose target fails",
                                           "Whether what was not copied to a failed member stays marked",
                                           "aborted",
                                           Told::IfAsked,
                                           true,
                                           kEras};
    static constexpr SyncAbort kRows[] = {
        {{"silent", "a member that fails before the copy is sent is passed over, and the bits count as copied"},
         [](Mddev&, const R1bio&) {}},
        {{"aborted", "a member that fails before the copy is sent leaves the bits marked"}, abort_sync_write},
    };
    static constexpr std::span<const SyncAbort> rows() { return kRows; }
};

}  // namespace variants

}  // namespace mdscope
