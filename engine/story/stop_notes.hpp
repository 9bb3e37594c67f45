// The few words beside a line of a stop's tree: what came of that call. From recorded values only.
#pragma once

#include <string>

#include "engine/story/calls.hpp"

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

// The values in the condition of a sleeper: "2 == 0: false"; empty: they are not known.
std::string values_of(const std::string& condition, const Snapshot& snapshot);

}  // namespace mdscope
