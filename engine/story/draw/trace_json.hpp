// SPDX-License-Identifier: MIT
// A duel as a trace in Chrome's JSON format, for ui.perfetto.dev and chrome://tracing.
//
//   pid 1 and 2   array A and array B
//   tid           a task's pid, or a lane of its own for each disk and for the timers
//   B E           functions that a task is in, and below them its sleeps, named by what they wait for
//   b n e         a bio in flight, from its submission to its end; held and let go are marks on it. Bios overlap
//                 without nesting, so they cannot be B and E
//   C             mddev->pending_writes and bitmap->pending_writes
//   s f           who woke whom: from a completion, or from a function, to the sleep that it ended
//   i             an Oops; the first difference between the two
//
// One tick is one microsecond, since order is all that a schedule has: the tick of a step ends at that many
// microseconds, what is so after it begins there, and the functions of one step are spread over its microsecond.
#pragma once

#include <string>

#include "engine/story/record/duel.hpp"

namespace mdscope {

std::string trace_json(const Duel& duel);  // one JSON object, without a newline at its end

}  // namespace mdscope
