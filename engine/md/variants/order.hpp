// SPDX-License-Identifier: MIT
// The order of the lines in super_written's second half: 2021 counts down first, 2022 (341097ee5357) last.
#pragma once

#include "engine/md/variant.hpp"

namespace mdscope {

struct Bio;
struct Mddev;

struct WrittenOrder : VariantRow {
    void (*finish)(Bio*, Mddev*);  // mddev is what rdev->mddev was; may be NULL
};

namespace variants {

struct order {
    using Row = WrittenOrder;
    static constexpr EraRow kEras[] = {{"3.15", "2021"}, {"6.1.3", "2022"}};
    static constexpr VariantFacts facts = {
        2, "order", "Order in super_written", "Order of the lines in super_written", "2022", Told::Always, true, kEras};
    static std::span<const WrittenOrder> rows();  // 2021, 2022
};

}  // namespace variants

}  // namespace mdscope
