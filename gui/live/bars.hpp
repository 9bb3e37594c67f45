// SPDX-License-Identifier: MIT
// Bars from pairs of events: bios from submitted (or held) to ended, sleeps, passes of the bitmap's daemon.
//
// Events may be missing and arrays may die in the middle, so every rule here has an answer for a second beginning
// without an end (the first bar is cut there), for an end without a beginning (there is no bar), and for a bio that the
// array has forgotten (a snapshot that lists all bios does not have it: cut). Where events are missing all bars are
// cut. What is open is bounded; the oldest half
// is cut when there is too much of it.
//
// Not thread-safe: its owner's lock guards it.
#pragma once

#include <cstdint>
#include <map>
#include <tuple>
#include <vector>

#include "engine/look/snapshot.hpp"
#include "gui/live/block_ring.hpp"
#include "gui/live/history.hpp"
#include "gui/live/names.hpp"

namespace mdscope::gui {

class Bars {
   public:
    static constexpr std::size_t kBioBlocks = 16;
    static constexpr std::size_t kTaskBlocks = 16;
    static constexpr std::size_t kMostOpen = 4096;

    void add(const HistoryEvent& event);
    // Bios that the snapshot should list and does not have ended without being seen.
    void compare(const Snapshot& snapshot, Names& names);
    // Events are missing from here on: whatever is open may have ended.
    void cut_all(std::uint64_t at_ns);
    void clear();

    [[nodiscard]] BlockView<BioBar> bios() const { return bios_.view(); }
    [[nodiscard]] BlockView<TaskBar> tasks() const { return tasks_.view(); }
    [[nodiscard]] std::vector<BioBar> open_bios() const;
    [[nodiscard]] std::vector<TaskBar> open_tasks() const;
    [[nodiscard]] std::uint64_t cut() const { return cut_; }
    [[nodiscard]] std::uint64_t gone() const { return gone_; }
    [[nodiscard]] std::size_t bytes() const;
    [[nodiscard]] static std::size_t max_bytes();

   private:
    using BioKey = std::tuple<NameId, NameId, std::uint64_t>;  // kind, member, sector
    using TaskKey = std::pair<std::int32_t, TaskBarKind>;      // pid
    using OpenBios = std::multimap<BioKey, BioBar>;            // equal ones: the oldest first
    using OpenTasks = std::map<TaskKey, TaskBar>;

    void begin_bio(const HistoryEvent& event, bool is_data);
    void end_bio(OpenBios::iterator open, std::uint64_t at_ns, bool cut);
    void hold_bio(const HistoryEvent& event);
    void release_bio(const HistoryEvent& event);
    void begin_task(const HistoryEvent& event, TaskBarKind kind);
    void end_task(OpenTasks::iterator open, std::uint64_t at_ns, bool cut);
    void make_room(std::uint64_t at_ns);

    OpenBios open_bios_;
    OpenTasks open_tasks_;
    BlockRing<BioBar> bios_{kBioBlocks};
    BlockRing<TaskBar> tasks_{kTaskBlocks};
    std::uint64_t cut_ = 0;
    std::uint64_t gone_ = 0;
};

}  // namespace mdscope::gui
