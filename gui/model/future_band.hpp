// SPDX-License-Identifier: MIT
// Of all orders that are left at each moment of the run, how many go wrong: counted behind the window's back, for both
// arrays, once for each pair of kernels and not for each run of them.
//
// Threads: the count is on one of its own, at a lower priority; everything here is called by the owner.
#pragma once

#include <array>
#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/explore/futures.hpp"
#include "engine/story/record/duel.hpp"

namespace mdscope::gui {

class FutureBand {
   public:
    FutureBand() = default;
    ~FutureBand() { cancel(); }
    FutureBand(const FutureBand&) = delete;
    FutureBand& operator=(const FutureBand&) = delete;

    static bool can_count(const Duel& duel);
    // Once a frame that shows it: begins to count, or takes what was counted. `waits`: for a picture.
    void follow(const Duel& duel, std::uint64_t version, bool waits);
    [[nodiscard]] bool is_counting() const { return counting_.valid(); }
    // nullptr: not counted so far, or not known.
    [[nodiscard]] const Futures* at(const Duel& duel, Side side, std::size_t tick) const;
    // Of A, by tick: the share of orders that go wrong, 0 to 1; below 0: not known.
    [[nodiscard]] const std::vector<float>& shares(const Duel& duel);
    // The same of any state of A, by its hash.
    [[nodiscard]] float share(std::uint64_t state_hash) const;

   private:
    using Counts = std::array<std::unique_ptr<FutureCounts>, 2>;
    void begin(const Duel& duel);
    void cancel();

    std::optional<std::uint64_t> version_;
    std::array<Scenario, 2> kernels_;
    Counts counts_;
    std::vector<float> shares_;
    bool has_shares_ = false;
    std::future<Counts> counting_;
    std::atomic<bool> is_cancelled_ = false;
};

// "8 of 19 futures crash", "7 in 10 futures crash", "no future crashes", "at least 8 futures crash".
std::string futures_words(const Futures& futures);
// The same in a word or two, of the array beside: "none", "all", "3 in 10".
std::string futures_share(const Futures& futures);

}  // namespace mdscope::gui
