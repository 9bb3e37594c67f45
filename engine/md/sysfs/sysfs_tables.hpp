// SPDX-License-Identifier: MIT
// Private to the sysfs_*.cpp files: the tables that md_attrs() is put together from, and what their functions share.
#pragma once

#include <fmt/format.h>

#include <span>
#include <string>
#include <string_view>

#include "engine/md/sysfs/sysfs.hpp"

namespace mdscope::sysfs {

std::string array_state_show(Mddev& mddev);
int array_state_store(Mddev& mddev, std::string_view value);

std::span<const MdAttr> md_geometry_attrs();       // level, raid_disks, ... (sysfs_geometry.cpp)
std::span<const MdAttr> md_default_attrs();        // resync_start, array_state, ... (sysfs_array.cpp)
std::span<const MdAttr> md_redundancy_attrs();     // sync_action, ...: there only while running (sysfs_sync.cpp)
std::span<const RdevAttr> rdev_placement_attrs();  // offset, size, ... (sysfs_rdev_place.cpp)

template <class T>
std::string line(const T& value) {
    return fmt::format("{}\n", value);
}

// Sectors where all ones have a word of their own ("none", "max").
inline std::string sectors_or(Sector sectors, const char* word) {
    return sectors == MaxSector ? line(word) : line(sectors);
}

// Runs `body` between mddev_lock and mddev_unlock, as most stores do. Not a guard object: when this kernel met an Oops
// meanwhile, the lock may not be ours any more and is left as it is.
template <class Body>
int with_mddev_lock(Mddev& mddev, Body&& body) {
    if (const int err = mddev_lock(mddev); err != 0) return err;
    const int err = body();
    mddev_unlock(mddev);
    return err;
}

}  // namespace mdscope::sysfs
