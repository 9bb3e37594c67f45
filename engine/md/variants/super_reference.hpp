// SPDX-License-Identifier: MIT
// Whether a metadata write holds a reference to its member until it has ended. Up to 4.10 it did not (ed3b98c71cd9 gave
// it one), so a member could be removed under its own bitmap write.
#pragma once

#include "engine/md/md.hpp"
#include "engine/md/variant.hpp"

namespace mdscope {

struct SuperReference : VariantRow {
    void (*take)(Rdev&);          // in md_super_write
    void (*drop)(Rdev&, Mddev*);  // in super_written; mddev may be NULL
};

namespace variants {

struct super_reference {
    using Row = SuperReference;
    static constexpr EraRow kEras[] = {{"3.15", "none"}, {"4.11", "held"}};
    // Not on a running array: what one row has taken the other would not give back.
    static constexpr VariantFacts facts = {6,
                                           "super-reference",
                                           "A metadata write and its member",
                                           "Whether a metadata write holds its member",
                                           "held",
                                           Told::IfUnusual,
                                           false,
                                           kEras};
    static void take(Rdev& rdev) { rdev.nr_pending.inc(); }
    static void drop(Rdev& rdev, Mddev* mddev) {
        const bool faulty = test_bit(Faulty, rdev.flags);
        if (!faulty) {
            rdev.nr_pending.dec();  // to what, nobody wants to know
        } else if (rdev.nr_pending.dec_and_test()) {
            set_bit(MD_RECOVERY_NEEDED, rdev.mddev.checked(mddev)->recovery);
            md_wakeup_thread(*mddev, mddev->thread);
        }
    }
    static constexpr SuperReference kRows[] = {
        {{"none", "a metadata write holds nothing of its member, which can be removed meanwhile"},
         [](Rdev&) {},
         [](Rdev&, Mddev*) {}},
        {{"held", "a metadata write counts in rdev->nr_pending, so its member is not removed meanwhile"}, take, drop},
    };
    static constexpr std::span<const SuperReference> rows() { return kRows; }
};

}  // namespace variants

}  // namespace mdscope
