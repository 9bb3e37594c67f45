// SPDX-License-Identifier: MIT
// Killing the program, or cutting the power, at a moment of a simulation: what may be left then.
//
//   kill        what was written stays, for it is in the page cache. Of each write that is in flight there is nothing,
//               its first sector, or all.
//   power-cut   what was flushed stays. Of metadata that was not, or is in flight, any set of sectors; of data all,
//               nothing, or a sector by itself, each for every set of the members. Of sectors that no write has
//               promised anything about, one of each chunk stands for all. A write in flight that flushes its disk
//               first (PREFLUSH) is there only with what it flushed.
//
// A file is replaced as a whole. What would leave equal media counts once.
#pragma once

#include <string>
#include <vector>

#include "engine/explore/platters.hpp"
#include "engine/explore/sim_lab.hpp"

namespace mdscope {

// A sector that may or may not have reached the medium.
struct Unsure {
    std::uint32_t image = 0;
    Sector sector = 0;  // of the image
    const std::byte* bytes = nullptr;
    std::size_t size = kSectorSize;  // less at the end of a bitmap file
    // Cached: when it was written (RamImage::written). In flight: what was written up to then was flushed before it.
    std::uint64_t written = 0, flushes = 0;
    std::string_view what;  // "superblock", "bitmap", "data"
    std::string_view disk;  // "sda"
};

struct CutOption {
    Platters platters;
    std::vector<Unsure> stays;  // of what was unsure; valid until the next step
    std::uint64_t hash = 0;     // of the platters
    bool is_partial = false;    // of some write there is a part
};

struct CutOptions {
    std::vector<CutOption> list;  // all different
    bool is_whole = true;         // false: there were too many; see kMostMetadataSectors
};

// More unsure metadata sectors than this: none of them, all, each alone, all but one.
inline constexpr std::size_t kMostMetadataSectors = 7;

// Whether a member has data there: not all that is behind its beginning is.
bool is_data_sector(const Rdev& rdev, Sector sector);
CutOptions what_may_be_left(const SimLab& lab, CutKind crash, PageStore& store);
// "kill: of what was in flight only sda's bitmap is there"
std::string cut_text(CutKind crash, const CutOption& option);

}  // namespace mdscope
