// SPDX-License-Identifier: MIT
// Where a write that is in flight may end, and what comes of it: each end is tried, by playing the run on from the
// playhead with that end and everything else as the schedule has it. One end is one run of some milliseconds, so they
// are tried one at a time, between frames.
//
//   now   +1  +2  +3  ...            +11 +12 ...
//   held  ok  ok  ok                 Oops Oops
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/story/record/duel.hpp"

namespace mdscope::gui {

class EndZones {
   public:
    static constexpr std::size_t kMostEnds = 24;

    // Of which write, from which tick of which run. Begins anew if that is another question than before.
    void ask(std::uint64_t version, std::size_t tick, const std::string& bio);
    // Tries the next end; false: all that matter were tried.
    bool try_next(const Duel& duel);
    void try_all(const Duel& duel) {
        while (try_next(duel)) continue;
    }
    [[nodiscard]] bool is_done() const { return is_done_; }

    struct Zone {
        std::size_t from, to;  // ticks: an end in there
        bool crashes;          // ... is a crash of A
    };
    // Of what was tried so far.
    [[nodiscard]] std::vector<Zone> zones() const;
    // The states of A behind the tick for as long as the write has not ended, as far as ends were tried: by hash.
    [[nodiscard]] const std::vector<std::uint64_t>& states_ahead() const { return ahead_; }

   private:
    bool crashes_if_it_ends_at(const Duel& duel, std::size_t end);

    std::uint64_t version_ = ~std::uint64_t{0};
    std::size_t tick_ = 0;
    std::string bio_;
    std::vector<bool> crashes_;  // of the ends behind the tick
    std::vector<std::uint64_t> ahead_;
    bool is_done_ = true;
};

}  // namespace mdscope::gui
