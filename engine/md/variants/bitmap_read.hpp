// SPDX-License-Identifier: MIT
// Whose bits are read when an array is assembled: those of one member, or of all that are in sync.
//
// md takes the first good member's. When the page with a bit reached one member, and failed on another whose failure is
// not on record yet, data is written to the first; after a crash the other's bitmap, which knows of no write, is taken
// for the array's as well as the first one's. What any member has marked is owed.
#pragma once

#include "engine/md/variant.hpp"

namespace mdscope {

struct BitmapRead : VariantRow {
    bool is_of_all;
};

namespace variants {

struct bitmap_read {
    using Row = BitmapRead;
    static constexpr EraRow kEras[] = {{"3.15", "md"}};
    static constexpr VariantFacts facts = {12,
                                           "bitmap-read",
                                           "Bits at assembly",
                                           "Whose bits are read when the array is assembled",
                                           "all",
                                           Told::IfAsked,
                                           true,
                                           kEras};
    static constexpr BitmapRead kRows[] = {
        {{"md", "the bits of one member are read, and taken for those of the array"}, false},
        {{"all", "a bit that is set on any member in sync is set"}, true},
    };
    static constexpr std::span<const BitmapRead> rows() { return kRows; }
};

}  // namespace variants

}  // namespace mdscope
