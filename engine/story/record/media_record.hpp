// SPDX-License-Identifier: MIT
// What lies on the media of a simulated array, in words: on the platter, and what is in the cache or on its way and may
// be lost when the power goes. Recorded where a tape is cut, and where it ends after that.
//
//   sda   superblock   dirty            =
//         bitmap       chunk 0 marked   =
//         data 0-1     new              =
//   sdb   data 0-1     old              new, in flight
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/explore/cut_by_hand.hpp"

namespace mdscope {

struct MediaRow {
    std::string what;     // "superblock", "bitmap", "data 0-1" (sectors of the array), "metadata"
    std::string platter;  // what is durable
    std::string unsure;   // what is not; empty: nothing
    bool is_in_flight = false;
    bool stays = false;  // of what is unsure, if the cut leaves it
    bool operator==(const MediaRow&) const = default;
};

struct MediumRecord {
    std::string name;  // "sda", "bitmap"
    std::vector<MediaRow> rows;
};

struct MediaRecord {
    std::vector<MediumRecord> media;
    std::vector<Ledger::Promise> promises;
    // Of each promise, in their order: what every member has that may be read; kGarbled: they differ.
    std::vector<WriteNumber> there;
};

// `cut`: the words of the cut that comes. REQUIRES: lab.after_cut().
MediaRecord media_record(const SimLab& lab, std::string_view cut);

}  // namespace mdscope
