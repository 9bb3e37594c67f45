// SPDX-License-Identifier: MIT
// Whether a sync request that waits for the users' requests hears that its sync is to end.
//
// Before 4.19 raise_barrier waited for them whatever happened. One of them may wait for the record of a failure, which
// needs reconfig_mutex; who wrote `idle` to sync_action holds it and waits for the sync thread. "exit sync request if
// MD_RECOVERY_INTR is set" lets the sync thread leave.
#pragma once

#include "engine/md/variant.hpp"

namespace mdscope {

struct SyncBarrier : VariantRow {
    bool hears_interrupt;
};

namespace variants {

struct sync_barrier {
    using Row = SyncBarrier;
    static constexpr EraRow kEras[] = {{"3.15", "deaf"}, {"4.20", "interrupted"}};
    static constexpr VariantFacts facts = {25,
                                           "sync-barrier",
                                           "A sync request that waits",
                                           "Whether a sync that waits for requests can be interrupted",
                                           "interrupted",
                                           Told::IfAsked,
                                           true,
                                           kEras};
    static constexpr SyncBarrier kRows[] = {
        {{"deaf", "a sync request waits for the users' requests even if its sync is to end"}, false},
        {{"interrupted", "a sync request leaves its wait when its sync is to end"}, true},
    };
    static constexpr std::span<const SyncBarrier> rows() { return kRows; }
};

}  // namespace variants

}  // namespace mdscope
