// SPDX-License-Identifier: MIT
// Questions while somebody plays freely: before a write ends that may decide something, what will come of it? Nothing
// is counted; who answers wrong is told why.
#pragma once

namespace mdscope::gui {

struct State;

// Whether the next step is worth a question that has not been asked about it; then it is asked, and the future is
// hidden until it is answered.
bool ask_about_next_step(State& state);

}  // namespace mdscope::gui
