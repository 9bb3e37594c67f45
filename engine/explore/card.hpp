// SPDX-License-Identifier: MIT
// What a search found, for people and for programs.
//
//   verdict_card    configuration, numbers, verdict, ways to crash, the shortest schedule in one line and as lanes
//   lanes_text      swim-lanes: a column an actor, a row a step, both counters beside; at most 100 columns wide
//   verdict_json    the same as one JSON object, versioned
//
// A text ends with a newline unless it is called a line.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/explore/explorer.hpp"

namespace mdscope {

inline constexpr int kCardVersion = 1;  // of the JSON objects; fields may be added within one

std::string_view strategy_name(Strategy strategy);  // "breadth-first"
std::string grouped(std::uint64_t number);          // "1,234,567"

// Whether what was found is what the scenario expects. Known is what was met: a crash, or, when a search has come to
// its end, that there is none. Any holds, unless an invariant of the engine broke; but a search that ended early and
// met nothing bad has told nothing.
enum class Held : std::uint8_t { Yes, No, NotKnown };
Held expectation_of(const Verdict& verdict);
std::string_view held_word(Held held);  // "holds", "does not hold", "not known"
inline bool expectation_holds(const Verdict& verdict) {
    return expectation_of(verdict) == Held::Yes;
}
bool expectation_holds(const Scenario& scenario, const Run& run);
// Without a schedule a scenario says what the search meets: that one run ended well does not tell.
Held expectation_of(const Scenario& scenario, const Run& run);

// "safe", "crashes", "hangs", "violates an invariant"; "no crash met" when the search is not complete.
std::string verdict_word(const Verdict& verdict);

// `replay_path`: where the shortest schedule was saved; empty: nowhere.
std::string verdict_card(const Verdict& verdict, const std::string& replay_path);
std::string progress_line(const Verdict& verdict);
std::string verdict_json(const Verdict& verdict, const std::string& replay_path);

// Who acts how often in turn: "stopper x14, sdb bio 9".
std::string schedule_line(const std::vector<ScheduleStep>& steps);
std::string lanes_text(const std::vector<ScheduleStep>& steps);

// `mdscope run` and `replay`: one schedule.
std::string run_card(const Scenario& scenario, const Run& run);
std::string run_json(const Scenario& scenario, const Run& run);

}  // namespace mdscope
