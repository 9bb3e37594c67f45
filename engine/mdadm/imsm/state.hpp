// SPDX-License-Identifier: MIT
// A volume's state, between the two ways to say it: the maps of IMSM, and the Container that md is told of an external
// array and mdmon keeps (container.hpp). There a member is who its uuid says; here that is its serial, byte for byte.
//
//   maps                                             Container
//   no migration, clean / dirty                      resync_start none / 0
//   INIT, REPAIR at a checkpoint                     resync_start there; 0 if dirty
//   REBUILD at a checkpoint, slot out of sync in     "rebuilding", recovery_start there; 0 if dirty
//     map 1 only
//   slot out of sync in the goal, disk not failed    "rebuilding", recovery_start 0
//   disk failed                                      "faulty"
//
// Dirty, mdadm goes on from the checkpoint: what was being written in front of it when the power went may differ from
// member to member, and stays so. Here it starts again; with a bitmap that is quick.
#pragma once

#include <set>

#include "engine/mdadm/container.hpp"
#include "engine/mdadm/imsm/anchor.hpp"

namespace mdscope {

// Names are serials without "/dev/"; whoever knows better takes his. REQUIRES: why_volume_is_refused says nothing.
Container imsm_state(const ImsmAnchor& anchor, std::uint32_t volume);

// A disk that may come into the table.
struct ImsmNewDisk {
    Uuid serial{};
    std::uint64_t sectors = 0;
};

// The anchor that says this of the volume, as mdmon would write it: a member that is faulty is marked failed, in the
// other volumes as well; one that fills a slot and is not in the table takes the place of who was there, and the family
// changes. The generation is as it was.
struct ImsmChange {
    std::set<Uuid> absent;               // who is faulty because it was not there
    std::vector<ImsmNewDisk> new_disks;  // who may come in
    std::uint32_t random = 1;            // added to the family, where it changes
};
ImsmAnchor imsm_with_state(ImsmAnchor anchor, std::uint32_t volume, const Container& state, const ImsmChange& change);

// Its own record, as the disk of this serial has it while it is in the container and in no volume.
ImsmAnchor imsm_spare_record(const ImsmNewDisk& disk);

}  // namespace mdscope
