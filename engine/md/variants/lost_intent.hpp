// SPDX-License-Identifier: MIT
// What happens to a write whose bit could not be written to the bitmap file.
//
// md gives up the bitmap (md_bitmap_file_kick) and lets the data go. The file is called out of date in its header, if
// that can still be written, or by the next superblock, whose event count the file has not got. A crash before that
// finds a bitmap that looks good and knows nothing of the write: the members differ, and no bit says so.
//
// Here the superblocks are written at once, and until they are the data waits: as a request that is queued for raid1d,
// so that a freeze, perhaps by somebody who is in the way of the superblocks, does not wait for it. External metadata
// has no event count that could say so; there a page is never given up without its member, whose failure is recorded
// like any other.
#pragma once

#include "engine/md/variant.hpp"

namespace mdscope {

struct LostIntent : VariantRow {
    bool is_recorded_first;  // that the bitmap is out of date, before data goes out without a bit
};

namespace variants {

struct lost_intent {
    using Row = LostIntent;
    static constexpr EraRow kEras[] = {{"3.15", "md"}};
    static constexpr VariantFacts facts = {18,
                                           "lost-intent",
                                           "A bit that cannot be written",
                                           "What a write waits for when its bit cannot be written",
                                           "recorded",
                                           Told::IfAsked,
                                           true,
                                           kEras};
    static constexpr LostIntent kRows[] = {
        {{"md", "data goes out though its bit could not be written, and nothing on disk says so yet"}, false},
        {{"recorded", "data whose bit could not be written goes out when the superblocks have outdated the bitmap"},
         true},
    };
    static constexpr std::span<const LostIntent> rows() { return kRows; }
};

}  // namespace variants

}  // namespace mdscope
