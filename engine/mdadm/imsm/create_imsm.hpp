// SPDX-License-Identifier: MIT
// `mdscope create --metadata imsm`: a container of two members and spares, with one RAID1 volume over all of it, as
// mdadm 4.2 makes it with --assume-clean. (New images are zeroes, and so equal.)
#pragma once

#include "engine/mdadm/create_plan.hpp"
#include "engine/mdadm/imsm/anchor.hpp"

namespace mdscope {

Result<LabPlan> plan_imsm_lab(const CreateOptions& options);

// Sectors of a volume that takes all of a member, a whole number of MiB; 0: too small for one.
std::uint64_t imsm_volume_sectors(std::uint64_t disk_sectors);
// As mdadm changes what a disk says: no blanks, ';' for ':', and of more than 16 characters the last ones.
std::string imsm_serial(const std::string& said);

}  // namespace mdscope
