// SPDX-License-Identifier: MIT
// When a write-behind is acknowledged: when only write-mostly members are left, and one member has it. md does not ask
// whether another member has failed it. The promise of 55ce74d4bfe1 (4.4), that such a failure is on record first, is
// broken as soon as there are three members.
#pragma once

#include "engine/md/variant.hpp"

namespace mdscope {

struct BehindAck : VariantRow {
    bool waits_for_record;
};

namespace variants {

struct behind_ack {
    using Row = BehindAck;
    static constexpr EraRow kEras[] = {{"3.15", "md"}};
    static constexpr VariantFacts facts = {29,
                                           "behind-ack",
                                           "Write-behind and a failed write",
                                           "Whether write-behind acknowledges a write that another member has failed",
                                           "recorded",
                                           Told::IfAsked,
                                           true,
                                           kEras};
    static constexpr BehindAck kRows[] = {
        {{"md", "a write-behind is acknowledged though another member has failed it"}, false},
        {{"recorded", "a write-behind that a member has failed is acknowledged when that is on record"}, true},
    };
    static constexpr std::span<const BehindAck> rows() { return kRows; }
};

}  // namespace variants

}  // namespace mdscope
