// SPDX-License-Identifier: MIT
// Whom a read is sent to when only a slow member has the data: one that is write-mostly, beside a normal one that is
// still being rebuilt.
//
// 6.9 took read_balance apart into a search for the best member, then for one that is bad in parts, then for a slow
// one. Only the first of them asked whether the member has been recovered as far as that: so the second gave the one
// that is being rebuilt, bad nowhere. c916ca35308d (6.11) asks in all three.
#pragma once

#include "engine/md/variant.hpp"

namespace mdscope {

struct R1bio;
struct R1conf;

struct SlowRead : VariantRow {
    int (*instead)(R1conf&, const R1bio&, int disk);  // the slot to read from, where `disk` was found; -1: none
};

namespace variants {

struct slow_read {
    using Row = SlowRead;
    static constexpr EraRow kEras[] = {{"3.15", "asked"}, {"6.9", "unasked"}, {"6.12.117", "asked"}};
    static constexpr VariantFacts facts = {32,
                                           "slow-read",
                                           "Reads while a normal member is rebuilt",
                                           "Whether a member that is being rebuilt is read before a slow one",
                                           "asked",
                                           Told::IfAsked,
                                           true,
                                           kEras};
    static std::span<const SlowRead> rows();  // unasked, asked
};

}  // namespace variants

}  // namespace mdscope
