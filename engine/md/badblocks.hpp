// SPDX-License-Identifier: MIT
// The bad-block table of one member (block/badblocks.c): ranges of sectors that could not be written, so must not be
// read. Absolute sectors of the device (data_offset included). At most 512 ranges of at most 512 sectors, sorted, not
// overlapping.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/kernel/bio.hpp"
#include "engine/kernel/sync.hpp"

namespace mdscope {

class Badblocks {
   public:
    struct Range {
        Sector start;
        Sector length;
        bool acknowledged;
    };
    static constexpr std::size_t kMaxRanges = 512;
    static constexpr Sector kMaxLength = 512;

    int shift = -1;         // < 0: disabled, every set() fails
    Sector log_sector = 0;  // absolute sector of the on-disk log, 0: none (bblog)
    unsigned log_sectors = 0;
    Shared<bool> changed;  // the log on disk is behind the table
    Shared<bool> unacked_exist;
    Shared<int> count;  // ranges; the fast path looks only here

    // 0 none, 1 acknowledged, -1 some not acknowledged; *first_bad and *bad_sectors describe the first overlap.
    int check(Sector s, Sector sectors, Sector* first_bad, Sector* bad_sectors) const;
    bool set(Sector s, Sector sectors, bool acknowledged);  // false: table full or disabled
    bool clear(Sector s, Sector sectors);                   // false: a range had to be split and there is no room
    void ack_all();
    void clear_all();  // before a log is loaded: nothing is known, and nothing is to be written
    [[nodiscard]] std::vector<Range> ranges() const;
    // For who needs no lock: a simulation is looked at between two steps.
    [[nodiscard]] const std::vector<Range>& ranges_at_rest() const NO_THREAD_SAFETY_ANALYSIS { return ranges_; }

    // The on-disk log: 64-bit little-endian (sector << 10) | length, all ones ends it. `page` is 4096 bytes.
    void store_log(std::byte* page) const;
    bool load_log(const std::byte* page);                            // false: not a bad-block log
    [[nodiscard]] std::string show(bool unacknowledged_only) const;  // sysfs text

   private:
    mutable SpinLock lock_;
    std::vector<Range> ranges_ GUARDED_BY(lock_);
};

}  // namespace mdscope
