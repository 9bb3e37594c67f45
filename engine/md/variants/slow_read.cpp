// SPDX-License-Identifier: MIT

#include "engine/md/variants/slow_read.hpp"

#include <array>

#include "engine/md/raid1/raid1.hpp"

namespace mdscope {

namespace {

bool is_slow(R1conf& conf, int disk) {
    const Rdev* const rdev = conf.mirrors[static_cast<std::size_t>(disk)].rdev;
    return rdev != nullptr && test_bit(WriteMostly, rdev->flags);
}

bool is_bad_nowhere(Rdev& rdev, const R1bio& r1_bio) {
    Sector first_bad = 0;
    Sector bad_sectors = 0;
    return is_badblock(rdev, r1_bio.sector, r1_bio.sectors, &first_bad, &bad_sectors) == 0;
}

// The search for a member that is bad in parts, as 6.9 had it.
int any_that_is_not_slow(R1conf& conf, const R1bio& r1_bio, int disk) {
    if (disk >= 0 && !is_slow(conf, disk)) return disk;
    for (int i = 0; i < conf.raid_disks; i++) {
        const auto slot = static_cast<std::size_t>(i);
        Rdev* const rdev = conf.mirrors[slot].rdev;
        if (rdev == nullptr || r1_bio.bios[slot] == IO_BLOCKED) continue;
        if (!test_bit(Faulty, rdev->flags) && !test_bit(WriteMostly, rdev->flags) && is_bad_nowhere(*rdev, r1_bio))
            return i;
    }
    return disk;
}

constexpr std::array kSlowReads = {
    SlowRead{{"unasked", "a member that is being rebuilt is read before one that is write-mostly"},
             any_that_is_not_slow},
    SlowRead{{"asked", "a member is read as far as it has been rebuilt"},
             [](R1conf&, const R1bio&, int disk) { return disk; }},
};

}  // namespace

std::span<const SlowRead> variants::slow_read::rows() {
    return kSlowReads;
}

}  // namespace mdscope
