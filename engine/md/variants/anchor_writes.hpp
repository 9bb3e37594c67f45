// SPDX-License-Identifier: MIT
// What mdmon makes durable when it keeps the metadata of IMSM, whose anchors lie on the members.
//
// mdmon of mdadm 4.2 writes an anchor's extended part, then the anchor, with O_DIRECT and without a flush; nor does it
// flush the members before an anchor says clean, or in sync. So a power cut may leave an anchor that says clean beside
// data that is gone on one member; or the anchor of before, which knows of no failure, beside a member that has all
// that was written and flushed since, and one that has not.
#pragma once

#include "engine/md/variant.hpp"

namespace mdscope {

struct AnchorWrites : VariantRow {
    bool are_flushed;
};

namespace variants {

struct anchor_writes {
    using Row = AnchorWrites;
    static constexpr EraRow kEras[] = {{"3.15", "md"}};
    static constexpr VariantFacts facts = {34,
                                           "anchor-writes",
                                           "Anchors of IMSM",
                                           "What is flushed when mdmon writes the anchors of IMSM",
                                           "flushed",
                                           Told::IfAsked,
                                           true,
                                           kEras};
    static constexpr AnchorWrites kRows[] = {
        {{"md", "anchors are written without a flush, and so is what they claim of the members"}, false},
        {{"flushed", "members are flushed before an anchor claims more, and each piece of it before the next"}, true},
    };
    static constexpr std::span<const AnchorWrites> rows() { return kRows; }
};

}  // namespace variants

}  // namespace mdscope
