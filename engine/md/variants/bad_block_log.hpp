// SPDX-License-Identifier: MIT
// Whether a bad-block log is on disk before the superblock that speaks of it. md submits the superblock first and the
// log behind it, and a crash between the two leaves a superblock that says BAD_BLOCKS over a log that does not have
// them: sectors that were never copied are read as good; and where the log was a hole, full of entries of no sectors,
// nothing may start any more.
#pragma once

#include "engine/md/md.hpp"
#include "engine/md/variant.hpp"

namespace mdscope {

struct BadBlockLog : VariantRow {
    void (*before_superblocks)(Mddev&);
};

namespace variants {

struct bad_block_log {
    using Row = BadBlockLog;
    static constexpr EraRow kEras[] = {{"3.15", "md"}};
    static constexpr VariantFacts facts = {8,
                                           "bad-block-log",
                                           "Bad-block log and superblock",
                                           "Whether a bad-block log is on disk before its superblock",
                                           "first",
                                           Told::IfAsked,
                                           true,
                                           kEras};
    static constexpr BadBlockLog kRows[] = {
        {{"md", "the superblock and the bad-block log it speaks of are written side by side"}, [](Mddev&) {}},
        {{"first", "the bad-block log is on disk before the superblock that speaks of it"}, md_write_bad_block_logs},
    };
    static constexpr std::span<const BadBlockLog> rows() { return kRows; }
};

}  // namespace variants

}  // namespace mdscope
