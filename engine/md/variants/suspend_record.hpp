// SPDX-License-Identifier: MIT
// What a suspended array does about a writer that is inside already and waits for a superblock.
//
// mddev_suspend waits until nobody is inside make_request. A writer in there may wait in md_write_start until the
// superblock says dirty, and md's own thread, which writes it, did nothing while the array was suspended. cc27b0c78c79
// (4.13) sends the writer back to the gate; 35bfc52187f6 (4.15) lets the thread write the superblock meanwhile, which
// those need, too, who wait for the record of a failure.
#pragma once

#include "engine/md/md.hpp"
#include "engine/md/variant.hpp"

namespace mdscope {

struct SuspendRecord : VariantRow {
    void (*wait_until_dirty)(Mddev&);  // in md_write_start
    void (*suspending)(Mddev&);
};

namespace variants {

struct suspend_record {
    using Row = SuspendRecord;
    static constexpr EraRow kEras[] = {{"3.15", "stuck"}, {"4.14", "sent-back"}, {"4.18", "written"}};
    static constexpr VariantFacts facts = {22,
                                           "suspend-record",
                                           "Superblocks of a suspended array",
                                           "What a suspended array does for those who wait for a superblock",
                                           "written",
                                           Told::IfAsked,
                                           true,
                                           kEras};
    static void wait_for_record(Mddev& mddev) {
        wait_event(mddev.sb_wait, !test_bit(MD_SB_CHANGE_PENDING, mddev.sb_flags));
    }
    static void wait_for_record_or_suspender(Mddev& mddev) {
        wait_event(mddev.sb_wait, !test_bit(MD_SB_CHANGE_PENDING, mddev.sb_flags) || is_mddev_suspended(mddev));
    }
    static void go_without(Mddev&) {}
    static void allow_update(Mddev& mddev) { set_bit(MD_ALLOW_SB_UPDATE, mddev.flags); }
    static constexpr SuspendRecord kRows[] = {
        {{"stuck", "a writer that waits for a superblock keeps a suspender waiting, and nobody writes it"},
         wait_for_record,
         go_without},
        {{"sent-back", "a writer that waits for a superblock goes back to the gate; others are stuck"},
         wait_for_record_or_suspender,
         go_without},
        {{"written", "superblocks are written while the array is being suspended"},
         wait_for_record_or_suspender,
         allow_update},
    };
    static constexpr std::span<const SuspendRecord> rows() { return kRows; }
};

}  // namespace variants

}  // namespace mdscope
