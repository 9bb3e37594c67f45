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

// Of a condition that asks for one of the two counters; nullptr: it asks for something else.
struct CounterAsked {
    std::string_view text;  // the condition as it stands in the source
    const char* counter;    // "mddev->pending_writes"
    int (*value)(const Snapshot& snapshot);
};
const CounterAsked* counter_asked(const std::string& condition);
inline constexpr const char* kMddevCounter = "mddev->pending_writes";
inline constexpr const char* kBitmapCounter = "bitmap->pending_writes";
// Whether the call sleeps until that counter is 0; of the empty one: until data and resync requests have ended.
bool is_wait_for(const Call& call, std::string_view counter, const Snapshot& snapshot);
// Whether this kernel's md_bitmap_free waits for mddev->pending_writes, too.
bool waits_for_both_counters(const Snapshot& snapshot);

}  // namespace mdscope
