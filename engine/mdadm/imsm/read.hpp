// SPDX-License-Identifier: MIT
// Finding IMSM metadata at the end of a disk. What is read is bounded by what mdadm keeps free there, and by the disk.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "engine/mdadm/imsm/anchor.hpp"

namespace mdscope {

// Whole sectors into `bytes`; 0 or -errno.
using ReadSectors = std::function<int(std::uint64_t sector, std::span<std::byte> bytes)>;

// The whole block, as it is on the disk; empty: there is no signature. Errors: it cannot be read, is of a disk with
// sectors of another size, or says that it is larger than there is room for.
Result<std::vector<std::byte>> read_imsm_block(std::uint64_t disk_sectors, const ReadSectors& read);
// The same, decoded; nothing: there is no signature.
Result<std::optional<ImsmAnchor>> read_imsm(std::uint64_t disk_sectors, const ReadSectors& read);

// One disk's copy, for an assembly. `cut_short`: the block has several sectors and its sum is wrong, as when the power
// went between the extended part and the anchor. Then only what its first sector says before the disks is there.
struct ImsmCopy {
    ImsmAnchor anchor;
    bool cut_short = false;
};
Result<std::optional<ImsmCopy>> read_imsm_copy(std::uint64_t disk_sectors, const ReadSectors& read);

}  // namespace mdscope
