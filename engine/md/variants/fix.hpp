// SPDX-License-Identifier: MIT
// Where the stop waits for the bitmap writes of its last daemon pass: the answers that were given.
#pragma once

#include "engine/md/variant.hpp"

namespace mdscope {

struct Bitmap;
struct Mddev;

struct StopFix : VariantRow {                   // the functions are never nullptr
    void (*before_update_sb)(Mddev&, Bitmap&);  // in md_bitmap_flush, after the third daemon pass
    void (*after_update_sb)(Mddev&, Bitmap&);   // in md_bitmap_flush, at its end
    void (*in_bitmap_free)(Bitmap&);            // in md_bitmap_free, after its own wait
};

namespace variants {

struct fix {
    using Row = StopFix;
    static constexpr EraRow kEras[] = {
        {"3.15", "none"}, {"5.13", "upstream"}, {"6.1.192-nofix", "none"}, {"6.9", "upstream"}};
    static constexpr VariantFacts facts = {
        1, "fix", "Fix of the stop", "Where the stop waits", "upstream", Told::Always, true, kEras};
    static std::span<const StopFix> rows();  // none, v1, proposal, upstream
};

}  // namespace variants

}  // namespace mdscope
