// SPDX-License-Identifier: MIT
// A metadata write that fails on the last member in sync. That member is kept, whatever its errors; so md goes on as if
// the write had succeeded: the failure of another member is taken as recorded, a bit as set, the superblock as dirty.
// Later writes are errors (MD_BROKEN), but those that were under way are acknowledged, and after a crash their data may
// be gone, or members differ and nothing says so.
#pragma once

#include "engine/md/variant.hpp"

namespace mdscope {

struct LastRecord : VariantRow {
    bool is_needed;  // by the writes that are under way
};

namespace variants {

struct last_record {
    using Row = LastRecord;
    static constexpr EraRow kEras[] = {{"3.15", "md"}};
    static constexpr VariantFacts facts = {19,
                                           "last-record",
                                           "Metadata that the last member does not take",
                                           "What becomes of writes when the last member's metadata cannot be written",
                                           "error",
                                           Told::IfAsked,
                                           true,
                                           kEras};
    static constexpr LastRecord kRows[] = {
        {{"md", "writes under way are acknowledged, though the metadata they waited for could not be written"}, false},
        {{"error", "writes under way are errors when the metadata they wait for cannot be written"}, true},
    };
    static constexpr std::span<const LastRecord> rows() { return kRows; }
};

}  // namespace variants

}  // namespace mdscope
