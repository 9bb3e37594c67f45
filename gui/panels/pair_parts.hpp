// SPDX-License-Identifier: MIT
// What the page of a pair is made of. Only for its files.
#pragma once

#include "gui/panels/page_pen.hpp"
#include "gui/panels/panel_live.hpp"

namespace mdscope::gui::live {

inline std::string id_of(const PairArray& array) {
    return "pair/" + array.letter;
}

// What is pressed next, as far as one can say.
enum class PairVerb { Write, Hold, Stop, Release, Assemble };
PairVerb next_verb(const PairPage& pair);
const char* verb_words(PairVerb verb);  // "Release on both"
bool can_do(const PairPage& pair, PairVerb verb);
void do_verb(PairPage& pair, PairVerb verb);

// Between the stages: the verbs, the workload, and the stop line by line, or why.
void draw_pair_middle(PairPage& pair, const ui::Rect& rect);
// The worse of both, why it is so.
void draw_pair_why(const PairPage& pair);
void draw_pair_workload(PairPage& pair);  // in a flow of widgets
void draw_pair_progress(PairPage& pair);

// Both on one axis of real time, with what is now at its right. `strip_height` in pixels.
// Short: of each array one counter and one member.
float pair_strip_height(bool is_short);
void draw_pair_strip(const PairPage& pair, bool is_short);

}  // namespace mdscope::gui::live
