// SPDX-License-Identifier: MIT
// How many bits of a bitmap on a disk are set, for examine.
#pragma once

#include <cstdint>

namespace mdscope {

struct BitmapBits {
    std::uint64_t total = 0;
    std::uint64_t dirty = 0;
    bool counted = false;  // false: too many to be believed, dirty says nothing
};

}  // namespace mdscope
