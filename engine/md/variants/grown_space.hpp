// SPDX-License-Identifier: MIT
// What a bitmap says of space that the array has grown by, and that no member was ever compared in.
//
// On Linux 6.1.192 and 7.3.4 the resync of the new part is "done" in 1.5 ms and nothing was copied: no mark for it is
// left when the resync looks. Without a bitmap the part is copied.
#pragma once

#include "engine/md/variant.hpp"

namespace mdscope {

struct GrownSpace : VariantRow {
    bool is_marked;
};

namespace variants {

struct grown_space {
    using Row = GrownSpace;
    static constexpr EraRow kEras[] = {{"3.15", "md"}};
    static constexpr VariantFacts facts = {30,
                                           "grown-space",
                                           "Space the array has grown by",
                                           "Whether a bitmap marks the space that an array has grown by",
                                           "marked",
                                           Told::IfAsked,
                                           true,
                                           kEras};
    static constexpr GrownSpace kRows[] = {
        {{"md", "space that the array has grown by is not marked, and never copied"}, false},
        {{"marked", "space that the array has grown by is marked, on disk before it can be used"}, true},
    };
    static constexpr std::span<const GrownSpace> rows() { return kRows; }
};

}  // namespace variants

}  // namespace mdscope
