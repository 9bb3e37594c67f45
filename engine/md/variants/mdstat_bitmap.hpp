// SPDX-License-Identifier: MIT
// What /proc/mdstat does about the bitmap of external metadata.
//
// Kernels printed its line until 8d28d0ddb986 (6.1.130) looked for it in a superblock page, which an external bitmap
// lacks. 6ec1f0239485 (6.1.135) mended a crash of another kind and took "external" for "in a file", so that it followed
// that page: NULL. "fix GPF in bitmap_get_stats" (6.1.146) asks for the page first, and prints nothing.
#pragma once

#include "engine/md/bitmap/bitmap.hpp"
#include "engine/md/md.hpp"
#include "engine/md/variant.hpp"

namespace mdscope {

struct MdstatBitmap : VariantRow {
    bool (*shows_external)(const Mddev&);  // may raise an Oops; REQUIRES: no lock is held
};

namespace variants {

struct mdstat_bitmap {
    using Row = MdstatBitmap;
    static constexpr EraRow kEras[] = {{"3.15", "line"},    {"6.1.130", "none"}, {"6.1.135", "crash"},
                                       {"6.1.192", "none"}, {"6.9", "line"},     {"6.12.117", "none"}};
    static constexpr VariantFacts facts = {5,
                                           "mdstat-bitmap",
                                           "mdstat and an external bitmap",
                                           "What mdstat does about an external bitmap",
                                           "line",
                                           Told::IfAsked,
                                           true,
                                           kEras};
    // A task that reads the file runs into it. Who looks from outside does not, nor is there another fault after one.
    static bool follow_sb_page(const Mddev& mddev) {
        MD_FRAME("md_bitmap_get_stats");
        if (mddev.bitmap.peek() != nullptr && current != nullptr && !mddev.kernel.halted())
            kptr_fault(mddev.kernel, "bitmap->storage.sb_page", false);
        return false;
    }
    static constexpr MdstatBitmap kRows[] = {
        {{"line", "mdstat has a line for an external bitmap, too", "yes"}, [](const Mddev&) { return true; }},
        {{"none", "mdstat says nothing about an external bitmap", "no"}, [](const Mddev&) { return false; }},
        {{"crash", "reading mdstat follows the superblock page that an external bitmap lacks"}, follow_sb_page},
    };
    static constexpr std::span<const MdstatBitmap> rows() { return kRows; }
};

}  // namespace variants

}  // namespace mdscope
