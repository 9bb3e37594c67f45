// SPDX-License-Identifier: MIT
// A discard that fails on a member. Since e3f948cd3283 (4.9) md takes it as done: nobody is promised what a discarded
// sector holds. (Before, it was written again like a failed write, from a buffer that a discard has not got.)
//
// But who punches a hole into md0 counts on zeros: mkfs leaves tables unwritten then. With md's row the member keeps
// what was there, stays in sync, and its chunk is not marked, so a read gives zeros or the old data, as it comes. And
// where the member had failed already, a re-add by the bitmap does not copy the chunk.
#pragma once

#include "engine/md/variant.hpp"

namespace mdscope {

struct DiscardError : VariantRow {
    bool is_a_write_error;
};

namespace variants {

struct discard_error {
    using Row = DiscardError;
    static constexpr EraRow kEras[] = {{"3.15", "md"}};
    static constexpr VariantFacts facts = {33,
                                           "discard-error",
                                           "A discard that fails on a member",
                                           "What becomes of a discard that a member has failed",
                                           "written",
                                           Told::IfAsked,
                                           true,
                                           kEras};
    static constexpr DiscardError kRows[] = {
        {{"md", "a discard that a member has failed is taken as done there"}, false},
        {{"written", "a discard that a member has failed is a failed write: zeros are written to it"}, true},
    };
    static constexpr std::span<const DiscardError> rows() { return kRows; }
};

}  // namespace variants

}  // namespace mdscope
