// SPDX-License-Identifier: MIT
// The end of a write to a bitmap file: it counts down and wakes who waits, and both are in the bitmap.
//
// A stop that sees the count at zero between the two frees the bitmap, and the wake-up is a use after free. md has this
// window under every fix of the stop. Here the count and the wake-up are under a lock that whoever frees the bitmap
// takes once, after its wait.
#pragma once

#include "engine/md/bitmap/bitmap.hpp"
#include "engine/md/variant.hpp"

namespace mdscope {

struct FileWritten : VariantRow {
    void (*count_down)(Bitmap&);   // in end_bitmap_write
    void (*before_free)(Bitmap&);  // in md_bitmap_free, when the count was seen at zero
};

namespace variants {

struct file_written {
    using Row = FileWritten;
    static constexpr EraRow kEras[] = {{"3.15", "md"}};
    static constexpr VariantFacts facts = {17,
                                           "file-written",
                                           "End of a write to a bitmap file",
                                           "Whether a bitmap can be freed under the wake-up of its last write",
                                           "locked",
                                           Told::IfAsked,
                                           true,
                                           kEras};
    static void count_down(Bitmap& bitmap) {
        if (!bitmap.pending_writes.dec_and_test()) return;
        if (bitmap.freed) kptr_fault(bitmap.mddev->kernel, "bitmap", true);
        wake_up(bitmap.write_wait);
    }
    static void count_down_locked(Bitmap& bitmap) {
        const SpinGuard guard(bitmap.written_lock);
        count_down(bitmap);
    }
    static void pass_lock(Bitmap& bitmap) { const SpinGuard guard(bitmap.written_lock); }
    static constexpr FileWritten kRows[] = {
        {{"md", "the last write to a bitmap file counts down and then wakes, and the bitmap may be gone by then"},
         count_down,
         [](Bitmap&) {}},
        {{"locked", "a bitmap is freed only when the last write to its file has woken who waits"},
         count_down_locked,
         pass_lock},
    };
    static constexpr std::span<const FileWritten> rows() { return kRows; }
};

}  // namespace variants

}  // namespace mdscope
