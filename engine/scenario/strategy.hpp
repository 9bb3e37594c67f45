// SPDX-License-Identifier: MIT
// How a search chooses what to look at next: the words that scenarios and the command line have for it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace mdscope {

enum class Strategy : std::uint8_t { Bfs, Dfs, Random, Pct };

struct StrategyRow {
    Strategy strategy;
    const char* word;    // "bfs"
    const char* name;    // "breadth-first"
    bool counts_states;  // false: it counts executions
};
inline constexpr std::array kStrategies = {
    StrategyRow{Strategy::Bfs, "bfs", "breadth-first", true},
    StrategyRow{Strategy::Dfs, "dfs", "depth-first", false},
    StrategyRow{Strategy::Random, "random", "at random", false},
    StrategyRow{Strategy::Pct, "pct", "by random priorities (PCT)", false},
};

constexpr const StrategyRow& row_of(Strategy strategy) {
    return kStrategies[static_cast<std::size_t>(strategy)];
}

inline std::optional<Strategy> find_strategy(std::string_view word) {
    for (const StrategyRow& row : kStrategies)
        if (word == row.word) return row.strategy;
    return std::nullopt;
}

}  // namespace mdscope
