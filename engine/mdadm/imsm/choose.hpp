// SPDX-License-Identifier: MIT
// Which of the disks that were given make a container, and which of their copies of the metadata is right.
//
// A disk is who its serial says, in the table of the right copy: that of the highest generation. Families keep apart
// what went apart: with each spare that is taken in the family changes, so the disk that it has replaced is of another
// one. A family counts if no disk of its table is of another family; that has to be true of one alone.
//
// Where this is stricter than mdadm: each write of the metadata goes to every member before the next one begins, so a
// member's copy is at most one generation behind. One that is further behind is an old copy of the image, or could not
// be written; what it holds is old, so it stays out. And two copies of one generation that differ, or that exclude each
// other, are not decided by the order in which they were given. Where it is more lenient: a disk whose copy of several
// sectors has a wrong sum is not a stranger. The others say who it is, and a power cut leaves such a copy.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/mdadm/imsm/read.hpp"

namespace mdscope {

struct ImsmDiskFound {
    std::string name;    // "sda": how it is called in what is said
    std::string serial;  // of the disk itself
    std::uint64_t sectors = 0;
    ImsmCopy copy;
};

struct ImsmStanding {
    enum class Kind : std::uint8_t { Member, Spare, Out } kind = Kind::Out;
    std::uint32_t index = 0;        // of a Member, in the table
    bool is_blank = false;          // of a Member: its own record says spare, so nothing was copied to it yet
    bool went_its_own_way = false;  // of one that is Out: it was used without those that are in
    std::string why;                // it is Out
};

struct ImsmContainer {
    ImsmAnchor anchor;
    std::size_t champion = 0;         // whose copy that is
    std::vector<ImsmStanding> disks;  // in the order in which they were given
};

Result<ImsmContainer> choose_imsm(const std::vector<ImsmDiskFound>& disks);

// How the serial of a disk that has failed is written: its last 15 bytes, ":0" included.
std::string imsm_failed_serial(const std::string& serial);
// ... and of one that was not there: the same without its first character.
std::string imsm_missing_serial(const std::string& serial);

}  // namespace mdscope
