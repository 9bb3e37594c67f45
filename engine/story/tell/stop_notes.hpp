// SPDX-License-Identifier: MIT
// The few words beside a line of a stop's tree: what came of that call. From recorded values only.
#pragma once

#include <string>

#include "engine/story/record/calls.hpp"

namespace mdscope {

struct NoteOf {
    const Duel& duel;
    Side side;
    std::size_t step;    // of the tape: as it was then
    const Calls& calls;  // the whole tree
    std::size_t index;   // of the call among them
};
// Empty: nothing to say.
std::string note_of(const NoteOf& of);
// Of a call in which, or in something below which, its task sleeps: "2 left: sleeps".
std::string sleep_note(const NoteOf& of, const SnapshotTask& task);

// Whether it keeps its note while its task sleeps in it.
bool keeps_note_asleep(const NoteOf& of);

// ---- counters and waits of the exhibit, in a recording

// `member`: whose, of a counter that each member has.
int value_of(const museum::Counter& counter, const Snapshot& snapshot, std::string_view member = "");
// The one that a wait's condition asks for, as it stands in the source; nullptr: it asks for something else.
const museum::Counter* counter_asked(const Exhibit& exhibit, std::string_view condition);
// Whether the call sleeps until that counter is 0; of the empty one: until data and resync requests have ended.
bool is_wait_for(const Exhibit& exhibit, const Call& call, std::string_view counter, const Snapshot& snapshot);

}  // namespace mdscope
