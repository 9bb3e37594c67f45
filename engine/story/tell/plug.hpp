// SPDX-License-Identifier: MIT
// The plug is pulled: what that took away, what was done when the power came back, and what is lost.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/story/record/duel.hpp"

namespace mdscope {

// The step of the last cut up to this tick; nullopt: there was none.
std::optional<std::size_t> step_of_cut(const Duel& duel, Side side, std::size_t tick);
// What the media held when it came. REQUIRES: step_of_cut().
const std::vector<MediumRecord>& media_at_cut(const Duel& duel, Side side, std::size_t tick);

bool is_kill(const Duel& duel);  // no power is cut: the program is killed
// Of the tick of a cut: "sdb loses data 0-1, which was on its way".
std::string cut_losses(const Duel& duel, Side side, std::size_t tick);
// At a tick after it: how far it is, and when all is over what is lost, or that nothing is. Sentences; empty: it was
// never cut.
std::string after_cut(const Duel& duel, Side side, std::size_t tick);
// The same of both, with A and B before what is said of one of them only.
std::string both_after_cut(const Duel& duel, std::size_t tick);
// What a resync has compared since the cut, of each member.
std::uint64_t compared_kib(const Duel& duel, Side side, std::size_t tick);
bool is_data_lost(const Duel& duel, Side side, std::size_t tick);

// Of a row of the table: "new, on its way: lost". Empty: nothing is unsure. Without the last word if it is not cut yet.
std::string unsure_words(const MediaRow& row, bool is_cut = true);

}  // namespace mdscope
