// SPDX-License-Identifier: MIT
// A cut as a person says it: what stays of what may be lost, in words that mean the same in every array.
//
//   cut                       nothing stays that was not durable
//   cut keeps sda             all that sda was given is there; of every other medium, nothing
//   cut keeps sda sdb:2048    ... and of sdb this sector, and what was flushed before it
//
// A search numbers what may be left (cut.hpp); here it is named, so that two arrays can be cut in the same way.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/explore/cut.hpp"

namespace mdscope {

// What a cut may take away, or leave: first what lies in caches, then what is in flight. `what` tells data from
// "metadata" and, in flight, from the kinds of bios.
struct UnsureSector : Unsure {
    bool is_in_flight = false;
    bool stays = false;
    bool is_data = false;
    Sector place = 0;  // of data: from the beginning of the array
};
std::vector<UnsureSector> unsure_sectors(const SimLab& lab, CutKind crash, std::string_view cut);

inline constexpr std::string_view kCutWord = "cut";
// The words of what stays.
std::string cut_words(const CutOption& option);
CutOption cut_by_hand(const SimLab& lab, CutKind crash, std::string_view cut, PageStore& store);

}  // namespace mdscope
