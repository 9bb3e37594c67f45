// SPDX-License-Identifier: MIT
// Where the write-intent bitmap of an array is: with external metadata on each member (the report's case), on each
// member behind its superblock, in a file of its own, or nowhere. The words are format: scenarios, `--bitmap`, cells of
// the matrix and snapshots spell a home so. Where a file may be named, its path stands instead of `file`.
#pragma once

#include <string_view>

#include "engine/kernel/words.hpp"

namespace mdscope {

enum class BitmapHome { External, Internal, File, None };
inline constexpr Words<BitmapHome, 4> kBitmapHomes{{"external", "internal", "file", "none"}};

// What is no word is the path of a file.
constexpr BitmapHome bitmap_home(std::string_view word_or_path) {
    return kBitmapHomes.find(word_or_path).value_or(BitmapHome::File);
}

}  // namespace mdscope
