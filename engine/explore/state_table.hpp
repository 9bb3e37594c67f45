// SPDX-License-Identifier: MIT
// The states of a breadth-first search, and which of them has which hash. Searches are as large as memory is: a state
// takes 32 bytes here, and 6 to 12 of those that its hash leads to.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <vector>

#include "engine/explore/blocks.hpp"

namespace mdscope {

struct State {
    static constexpr std::uint32_t kNone = ~std::uint32_t{0};
    std::uint64_t hash = 0;
    std::uint32_t steps = 0;
    std::uint32_t parent = kNone;
    std::uint32_t kept = kNone;  // where its moment is kept, and by which expander
    std::uint32_t first_edge = 0;
    std::uint16_t pick = 0, edges = 0;
    std::uint8_t keeper = 0;
    bool is_end = false;
    bool is_expanded = false;
};
static_assert(sizeof(State) == 32);

// Open addressing: a search asks this for every step it takes, and the usual map would miss the cache twice as often.
class StateTable {
   public:
    StateTable() : slots_(kFirstSlots, State::kNone) {}

    [[nodiscard]] State& operator[](std::uint32_t number) { return states_[number]; }
    [[nodiscard]] const State& operator[](std::uint32_t number) const { return states_[number]; }
    [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(states_.size()); }

    // Nothing is looked for any more.
    void forget_hashes() { slots_ = {}; }

    // kNone: not met yet.
    [[nodiscard]] std::uint32_t find(std::uint64_t hash) const { return slots_[slot_of(hash)]; }
    // REQUIRES: its hash is not in the table.
    std::uint32_t add(const State& state) {
        if (size() == State::kNone - 1) throw std::runtime_error("the search has more states than can be numbered");
        if ((states_.size() + 1) * 3 > slots_.size() * 2) grow();
        const std::uint32_t number = size();
        slots_[slot_of(state.hash)] = number;
        states_.push_back(state);
        return number;
    }

   private:
    static constexpr std::size_t kFirstSlots = 1024;

    [[nodiscard]] std::size_t slot_of(std::uint64_t hash) const {
        const std::size_t mask = slots_.size() - 1;
        std::size_t at = hash & mask;
        while (slots_[at] != State::kNone && states_[slots_[at]].hash != hash) at = (at + 1) & mask;
        return at;
    }
    void grow() {
        const std::size_t size_before = slots_.size();
        slots_ = {};  // before the new ones are there
        slots_.assign(size_before * 2, State::kNone);
        for (std::uint32_t number = 0; number < size(); number++) slots_[slot_of(states_[number].hash)] = number;
    }

    Blocks<State> states_;
    std::vector<std::uint32_t> slots_;  // numbers of states
};

}  // namespace mdscope
