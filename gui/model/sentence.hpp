// SPDX-License-Identifier: MIT
// The one sentence of a step, and the one below it. Made from the state at the playhead and from nothing else, so it is
// true whatever page of whatever lesson is open.
//
// The first: at most 70 letters, at most two clauses, no name of the kernel; the present tense until an outcome is
// reached, then the past; what is worse comes first. The second says which counter was asked, with its number.
#pragma once

#include "gui/model/stage_model.hpp"

namespace mdscope::gui {

struct MomentView;

struct Sentence {
    Phrases first, second;
    std::string press;  // behind the first, where nobody else says it: what to press; empty: nothing to say
};

inline constexpr std::size_t kLongestSentence = 70;

// `stages`: of both, at that tick. `hides`: what will come of it is not told.
Sentence sentence_of(const Duel& duel, std::size_t tick, const MomentView& view,
                     const std::array<StageModel, 2>& stages, bool hides);

}  // namespace mdscope::gui
