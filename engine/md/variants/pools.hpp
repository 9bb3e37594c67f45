// SPDX-License-Identifier: MIT
// When the array's bio pools die: with the mddev, or already in __md_stop (3e453522593d).
#pragma once

#include "engine/md/variant.hpp"

namespace mdscope {

struct Mddev;

struct PoolLife : VariantRow {
    void (*at_md_stop)(Mddev&);
};

namespace variants {

struct pools {
    using Row = PoolLife;
    static constexpr EraRow kEras[] = {{"3.15", "mddev"}, {"6.1.53", "stop"}, {"6.12.117", "mddev"}};
    static constexpr VariantFacts facts = {
        3, "pools", "Bio pools die with", "What the bio pools die with", "mddev", Told::Always, true, kEras};
    static std::span<const PoolLife> rows();  // mddev, stop
};

}  // namespace variants

}  // namespace mdscope
