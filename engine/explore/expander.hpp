// SPDX-License-Identifier: MIT
// One simulation of a breadth-first search, and the moments of it that are kept: given a state, what follows from it.
//
// Several of them share a search out. Each has memory of its own, so a kept moment can be gone back to only by the one
// that kept it; any other one gets there by the picks that lead there, which takes longer and comes to the same.
//
// Threads: one at a time. While several expand, nobody changes what they read: the states, the table of hashes, the
// map of conflicts. What they have to say about these is in the Expansion.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "engine/explore/search.hpp"
#include "engine/explore/state_table.hpp"

namespace mdscope {

struct Follower {  // the state that one choice leads to
    std::uint64_t hash;
    std::uint64_t steps;
    Moment moment;
    std::string what;    // why it ended badly
    std::uint32_t kept;  // where the moment is kept; kNotKept: nowhere
};

struct Expansion {
    std::vector<Follower> followers;  // by pick
    std::vector<ConflictMap::Lesson> lessons;
    std::uint32_t by = 0;   // which expander
    bool left_out = false;  // by it, up to now: something beyond the bound on preemptions
};

class Expander {
   public:
    static constexpr std::uint32_t kNotKept = ~std::uint32_t{0};
    // Throws std::runtime_error: see World.
    Expander(const Scenario& scenario, const ExploreOptions& options, ConflictMap* conflicts);

    // The first state.
    void begin(Expansion& into);
    // `table` says which followers are known already: of those the moment is kept only if this way is shorter.
    // The picks lead to the state `number`; throws std::runtime_error if they do not.
    void expand(const Picks& picks, std::uint32_t number, const StateTable& table, Expansion& into);
    void expand_kept(std::uint32_t kept, const StateTable& table, Expansion& into);
    // From here on other states are expanded: those of before are in the table now.
    void next_batch() { met_.clear(); }
    void forget(std::uint32_t kept) { free_.push_back(kept); }

   private:
    void go_to(const Picks& picks);
    void try_all(const Picks* picks, const World::Mark& here, const StateTable& table, Expansion& into);
    void meet(const StateTable* table, Expansion& into);
    [[nodiscard]] bool is_nearest_yet(std::uint64_t hash, const StateTable& table);
    std::uint32_t keep();

    std::vector<ConflictMap::Lesson> lessons_;
    World world_;
    World::Mark here_;
    std::deque<World::Mark> kept_;
    std::vector<std::uint32_t> free_;
    std::size_t bytes_ = 0;                                 // of what is kept
    std::unordered_map<std::uint64_t, std::uint64_t> met_;  // steps of those met in this batch
};

}  // namespace mdscope
