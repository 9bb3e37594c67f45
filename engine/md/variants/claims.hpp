// SPDX-License-Identifier: MIT
// Whether the members' caches are flushed before metadata claims that the members agree: a cleared bit, a superblock
// that says clean or how far a resync has come.
//
// md sends each metadata write with PREFLUSH, which flushes the device that it goes to and no other. So the claim may
// be durable on one member while another still has the data in its cache; after a power cut the two differ, and nothing
// says so. A bitmap file lies on another device, so there nothing is flushed at all. It goes well as a rule because a
// bit is cleared seconds after its data was written.
#pragma once

#include "engine/md/variant.hpp"

namespace mdscope {

struct Claims : VariantRow {
    bool are_flushed_first;
};

namespace variants {

struct claims {
    using Row = Claims;
    static constexpr EraRow kEras[] = {{"3.15", "md"}};
    static constexpr VariantFacts facts = {10,
                                           "claims",
                                           "Claims of the metadata",
                                           "What is flushed before metadata says that members agree",
                                           "flushed",
                                           Told::IfAsked,
                                           true,
                                           kEras};
    static constexpr Claims kRows[] = {
        {{"md", "each metadata write flushes the member it goes to, and no other"}, false},
        {{"flushed", "all members are flushed before a bit is cleared or a superblock says clean"}, true},
    };
    static constexpr std::span<const Claims> rows() { return kRows; }
};

}  // namespace variants

}  // namespace mdscope
