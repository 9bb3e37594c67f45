// SPDX-License-Identifier: MIT
// Whether a recovery waits for older writes before it looks at the bits.
//
// A write that left out a member which was away marks its chunk as owed to it only when the write ends. When the member
// has come back meanwhile, and its recovery looked at the bit before that, the chunk is not copied. "flush writes
// before starting a recovery" (3.16) lets all requests end first.
#pragma once

#include "engine/md/md.hpp"
#include "engine/md/variant.hpp"

namespace mdscope {

struct RecoveryStart : VariantRow {
    void (*before_first_look)(Mddev&);  // in md_do_sync, of an array with a bitmap
};

namespace variants {

struct recovery_start {
    using Row = RecoveryStart;
    static constexpr EraRow kEras[] = {{"3.15", "at-once"}, {"4.3", "flushed"}};
    static constexpr VariantFacts facts = {23,
                                           "recovery-start",
                                           "Older writes and a recovery",
                                           "Whether a recovery waits for older writes before it looks at the bits",
                                           "flushed",
                                           Told::IfAsked,
                                           true,
                                           kEras};
    static void let_requests_end(Mddev& mddev) {
        mddev.pers->quiesce(mddev, 1);
        mddev.pers->quiesce(mddev, 0);
    }
    static constexpr RecoveryStart kRows[] = {
        {{"at-once", "a recovery looks at the bits while older writes may still set them"}, [](Mddev&) {}},
        {{"flushed", "a recovery looks at the bits when all older writes have ended"}, let_requests_end},
    };
    static constexpr std::span<const RecoveryStart> rows() { return kRows; }
};

}  // namespace variants

}  // namespace mdscope
