// SPDX-License-Identifier: MIT
// What keeps the daemon from the pages of a bitmap while md_bitmap_resize changes them.
//
// quiesce() stops data, not the md thread: the daemon, which bitmap_info.mutex keeps from a bitmap that is destroyed,
// may be about to write a page that the resize frees. 46ef85f854df takes the mutex there, too.
#pragma once

#include "engine/md/variant.hpp"

namespace mdscope {

struct ResizeLock : VariantRow {
    bool is_held;
};

namespace variants {

struct resize_lock {
    using Row = ResizeLock;
    static constexpr EraRow kEras[] = {{"3.15", "none"}, {"7.2", "held"}};
    static constexpr VariantFacts facts = {35,
                                           "resize-lock",
                                           "Pages of a bitmap that is resized",
                                           "What keeps the daemon from pages that a resize frees",
                                           "held",
                                           Told::IfAsked,
                                           true,
                                           kEras};
    static constexpr ResizeLock kRows[] = {
        {{"none", "a resize frees pages that the daemon may be about to write"}, false},
        {{"held", "a resize waits until the daemon has gone"}, true},
    };
    static constexpr std::span<const ResizeLock> rows() { return kRows; }
};

}  // namespace variants

}  // namespace mdscope
