// SPDX-License-Identifier: MIT
// Where the stop waits for the bitmap writes of its last daemon pass: the answers that were given.
#pragma once

#include "engine/md/variant.hpp"

namespace mdscope {

struct Bitmap;
struct Mddev;

// A line of the stop's call tree; a row that waits once does so behind it, or inside at its end.
struct StopLine {
    const char* function = nullptr;  // nullptr: it is behind no single line
    int call = 0;                    // which of its calls; 0: the last
    bool is_inside = false;
};

struct StopFix : VariantRow {                   // the functions are never nullptr
    void (*before_update_sb)(Mddev&, Bitmap&);  // in md_bitmap_flush, after the third daemon pass
    void (*after_update_sb)(Mddev&, Bitmap&);   // in md_bitmap_flush, at its end
    void (*in_bitmap_free)(Bitmap&);            // in md_bitmap_free, after its own wait
    StopLine behind = {};
    void (*after_run)(Mddev&, int run) = [](Mddev&, int) {};  // in md_bitmap_flush, after each daemon pass, from 0
    void (*after_detach)(Mddev&) = [](Mddev&) {};             // in mddev_detach, at its end
    void (*after_export)(Mddev&) = [](Mddev&) {};             // in export_array, when no member is left
};

namespace variants {

struct fix {
    using Row = StopFix;
    static constexpr EraRow kEras[] = {
        {"3.15", "none"}, {"5.13", "upstream"}, {"6.1.192-nofix", "none"}, {"6.9", "upstream"}};
    static constexpr VariantFacts facts = {
        1, "fix", "Fix of the stop", "Where the stop waits", "upstream", Told::Always, true, kEras};
    static std::span<const StopFix> rows();  // none, v1, proposal, upstream
    // The same line at every other place: nobody proposed one of these. They are to be tried, so they are known by
    // name and listed nowhere.
    static std::span<const StopFix> trials();
    static constexpr const char* kWait = "md_super_wait";  // what a row with a single place calls there
};

}  // namespace variants

}  // namespace mdscope
