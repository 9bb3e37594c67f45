// SPDX-License-Identifier: MIT
// How long raid1's configuration lives: until the stop frees it, or as long as the mddev.
//
// A completion counts a request down and then wakes who waits for the count (allow_barrier, lower_barrier). A stop that
// sees the count at zero goes on to free the conf, and the wake-up is a use after free. No kernel has been seen to
// crash here: the window is a few instructions wide.
#pragma once

#include "engine/md/raid1/raid1.hpp"
#include "engine/md/variant.hpp"

namespace mdscope {

struct ConfLife : VariantRow {
    void (*at_free)(R1conf&);      // in raid1_free
    void (*after_count)(R1conf&);  // by who is about to touch it, a request of his having been counted down
};

namespace variants {

struct conf_life {
    using Row = ConfLife;
    static constexpr EraRow kEras[] = {{"3.15", "stop"}};
    static constexpr VariantFacts facts = {15,
                                           "conf-life",
                                           "Raid1's configuration dies with",
                                           "What raid1's configuration dies with",
                                           "mddev",
                                           Told::IfAsked,
                                           true,
                                           kEras};
    static void check(R1conf& conf) {
        if (conf.freed) kptr_fault(conf.mddev.kernel, "conf", true);
    }
    static constexpr ConfLife kRows[] = {
        {{"stop", "raid1's configuration is freed in __md_stop, and a completion may still be about to wake it"},
         [](R1conf& conf) { conf.freed = true; },
         check},
        {{"mddev", "raid1's configuration lives as long as the array's mddev"}, [](R1conf&) {}, [](R1conf&) {}},
    };
    static constexpr std::span<const ConfLife> rows() { return kRows; }
};

}  // namespace variants

}  // namespace mdscope
