// SPDX-License-Identifier: MIT
// The line of __md_stop that moved five times: the bitmap is destroyed, then the md thread detached, or the reverse.
// 48df498daf62 (4.12) brought bd, e151db8ecfb0 (6.0-rc1) db and its revert bd again, 7.x has db.
#pragma once

#include "engine/md/bitmap/bitmap.hpp"
#include "engine/md/md.hpp"
#include "engine/md/variant.hpp"

namespace mdscope {

struct StopOrder : VariantRow {
    void (*first)(Mddev&);
    void (*second)(Mddev&);
};

namespace variants {

struct stop_order {
    using Row = StopOrder;
    static constexpr EraRow kEras[] = {
        {"3.15", "db"}, {"4.12", "bd"}, {"6.0-rc1", "db"}, {"6.1", "bd"}, {"7.3.4", "db"}};
    static constexpr VariantFacts facts = {
        4,    "stop-order", "Order in __md_stop", "Order of the first two steps of __md_stop", "bd", Told::IfUnusual,
        true, kEras};
    static constexpr StopOrder kRows[] = {
        {{"bd", "the bitmap is destroyed, then the md thread is ended"}, md_bitmap_destroy, mddev_detach},
        {{"db", "the md thread is ended, then the bitmap is destroyed"}, mddev_detach, md_bitmap_destroy},
    };
    static constexpr std::span<const StopOrder> rows() { return kRows; }
};

}  // namespace variants

}  // namespace mdscope
