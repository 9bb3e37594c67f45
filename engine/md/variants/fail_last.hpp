// SPDX-License-Identifier: MIT
// `faulty` written to the state of the last member in sync. md answers -EBUSY, keeps the member, and from then on every
// write to the array is an error: what was refused has broken it all the same. mdadm looks before it asks (since 4.3,
// "Cannot remove sda from md0, array will be failed"); here md does.
#pragma once

#include "engine/md/md.hpp"
#include "engine/md/variant.hpp"

namespace mdscope {

struct FailLast : VariantRow {
    bool (*is_refused)(const Mddev&, const Rdev&);  // nothing is done then. Called with reconfig_mutex held.
};

namespace variants {

struct fail_last {
    using Row = FailLast;
    static constexpr EraRow kEras[] = {{"3.15", "md"}};
    static constexpr VariantFacts facts = {11,
                                           "fail-last",
                                           "Failing the last member by hand",
                                           "What `faulty` does to the last member",
                                           "refused",
                                           Told::IfAsked,
                                           true,
                                           kEras};
    static bool is_last(const Mddev& mddev, const Rdev& rdev) {
        return test_bit(In_sync, rdev.flags) && mddev.raid_disks - mddev.degraded == 1 && !mddev.fail_last_dev;
    }
    static constexpr FailLast kRows[] = {
        {{"refused", "`faulty` is refused for the last member, and the array goes on as before"}, is_last},
        {{"md", "`faulty` is refused for the last member, and every write is an error from then on"},
         [](const Mddev&, const Rdev&) { return false; }},
    };
    static constexpr std::span<const FailLast> rows() { return kRows; }
};

}  // namespace variants

}  // namespace mdscope
