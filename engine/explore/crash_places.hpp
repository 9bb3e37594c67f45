// SPDX-License-Identifier: MIT
// Where cuts come: named places of a write, a sync, a stop, a change of the bitmap, an assembly. A search counts how
// many of its cuts came in each, so that one that was never met is seen.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "engine/explore/cut.hpp"

namespace mdscope {

class CrashFacts;

struct CrashPlace {
    std::string_view id;    // "CP05"
    std::string_view what;  // "page durable on one member only"
    bool (*is)(const CrashFacts& facts);
};
std::span<const CrashPlace> crash_places();
inline constexpr std::size_t kMostCrashPlaces = 64;
using CrashCounts = std::array<std::uint64_t, kMostCrashPlaces>;  // by their places in that list

// Adds the cuts that may come at this moment, each to the places that it comes in.
void count_crash_places(const SimLab& lab, const CutOptions& options, CrashCounts& counts);

}  // namespace mdscope
