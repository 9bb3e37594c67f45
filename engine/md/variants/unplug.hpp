// SPDX-License-Identifier: MIT
// Whether a write waits for the page write of another one that its own bit is in.
//
// md_bitmap_unplug takes the DIRTY mark off a page, and then writes the page. A second writer that comes in between
// finds no mark and sends its data, while the page with its bit is still on its way:
//
//   same chunk    the counter was 3 already, so the second one has set no mark of its own
//   own chunk     it has set its bit and the mark, and the first one took the mark
//
// After a crash the members differ, no bit says so, and no resync copies the chunk.
#pragma once

#include "engine/md/bitmap/bitmap.hpp"
#include "engine/md/variant.hpp"

namespace mdscope {

struct Unplug : VariantRow {
    bool (*is_needed)(const Bitmap&);  // a bit that was set may not be on disk yet
};

namespace variants {

struct unplug {
    using Row = Unplug;
    static constexpr EraRow kEras[] = {{"3.15", "md"}};
    static constexpr VariantFacts facts = {13,
                                           "unplug",
                                           "Two writers of one bitmap page",
                                           "Whether a write waits for a page that another one is writing",
                                           "waits",
                                           Told::IfAsked,
                                           true,
                                           kEras};
    static constexpr Unplug kRows[] = {
        {{"md", "a write goes ahead when its page has lost its mark, though the page may be on its way still"},
         [](const Bitmap& bitmap) { return bitmap.marks != 0; }},
        {{"waits", "a write waits for the page that another one has begun to write"},
         // `unplugging` is looked at last: it was raised before the mark was taken.
         [](const Bitmap& bitmap) { return bitmap.marks != 0 || bitmap.unplugging != 0; }},
    };
    static constexpr std::span<const Unplug> rows() { return kRows; }
};

}  // namespace variants

}  // namespace mdscope
