// SPDX-License-Identifier: MIT
// What is told of a mounted array, from one look at it: its snapshot. The same tables and the same words as for a
// simulated one (who_waits.hpp, situation.hpp), without a recording behind it and without knowing what will come: a
// write is in danger when what its completion needs is gone, and not before.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/look/snapshot.hpp"
#include "engine/museum/exhibit.hpp"
#include "engine/story/tell/who_waits.hpp"

namespace mdscope {

// A write in flight, or a read that is held.
struct MountedWrite {
    std::string member, kind;
    std::uint64_t id = 0, sector = 0, since_ns = 0;
    bool held = false;
    bool is_read = false;    // for words: it reads
    std::string counter;     // "mddev->pending_writes"; empty: it is counted in none that a stop looks at
    bool is_taken = false;   // what it needs is gone: when it ends, its completion crashes
    bool is_waited = false;  // somebody sleeps until it has ended
};

// Somebody who sleeps in md.
struct MountedSleeper {
    int pid = 0;
    std::string task, function;  // the innermost one it is in; may be empty
    std::string condition, counter;
    std::uint64_t since_ns = 0;
    bool is_stop = false;
};

struct Mounted {
    Status status = Status::Running;
    std::vector<MountedWrite> writes;      // oldest first
    std::vector<MountedSleeper> sleepers;  // those of the stop first
    std::vector<std::string> stop_stack;   // of the stop, outermost first; empty: none is under way
    std::string sentence;                  // what it is up to, for everybody: "A says it has stopped. ..."
    std::string second;                    // the same with the names of functions and counters, and their values
    std::vector<std::string>
        why;                    // from cause to effect, of one that crashes or is about to; empty: nothing to explain
    std::string when_released;  // what becomes of it when the writes that are held end; empty: none is held

    [[nodiscard]] std::size_t held() const;
    [[nodiscard]] std::uint64_t held_since_ns() const;  // of the oldest; 0: none is held
    // Since when all that is held or sleeps does so: of the newest; 0: there is none.
    [[nodiscard]] std::uint64_t unchanged_since_ns() const;
};

// `name`: what it is called in the sentences: "A", "The array".
Mounted look_at(const Snapshot& snapshot, const std::string& name);

}  // namespace mdscope
