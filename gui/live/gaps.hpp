// SPDX-License-Identifier: MIT
// Where events are missing: bounded, the oldest are joined when there are too many.
//
// When a stream is opened, what the array had kept comes first: the last events of each of its threads, however old. Of
// such a time a few events are known and many are not, which is one gap after the other.
//
// Not thread-safe: its owner's lock guards it.
#pragma once

#include <algorithm>
#include <deque>
#include <vector>

#include "gui/live/history.hpp"

namespace mdscope::gui {

class Gaps {
   public:
    static constexpr std::size_t kMost = 512;

    void add(const HistoryGap& gap) {
        if (!gaps_.empty() && gap.from_ns <= gaps_.back().to_ns) return widen(gaps_.back(), gap);
        gaps_.push_back(gap);
        if (gaps_.size() <= kMost) return;
        widen(gaps_[1], gaps_[0]);
        gaps_.pop_front();
    }
    void clear() { gaps_.clear(); }
    // Those that end at from_ns or later.
    [[nodiscard]] std::vector<HistoryGap> since(std::uint64_t from_ns) const {
        std::vector<HistoryGap> list;
        for (const HistoryGap& gap : gaps_)
            if (gap.to_ns >= from_ns) list.push_back(gap);
        return list;
    }

   private:
    static void widen(HistoryGap& gap, const HistoryGap& by) {
        gap.from_ns = std::min(gap.from_ns, by.from_ns);
        gap.to_ns = std::max(gap.to_ns, by.to_ns);
        gap.events += by.events;
    }
    std::deque<HistoryGap> gaps_;
};

}  // namespace mdscope::gui
