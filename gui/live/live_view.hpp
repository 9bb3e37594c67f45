// SPDX-License-Identifier: MIT
// What is known of a mounted array at one moment, as an immutable value: the window draws from this and from a
// HistoryWindow, and from nothing else.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/look/lab_chunks.hpp"
#include "engine/look/snapshot.hpp"
#include "gui/live/advice.hpp"

namespace mdscope::gui {

using LiveClock = std::chrono::steady_clock;

enum class LiveState {
    Connecting,  // nothing was read so far
    Live,        // snapshots come
    Silent,      // a read has not been answered for a second: the mount's process is stopped, or very busy
    Gone,  // no mount, no process, or nothing that can be understood; `problem` says what to do. Tried again by itself
};
const char* live_state_word(LiveState state);

// Files that are read only while somebody wants them. Oops is read by itself when there is one.
enum class Part { Mddev, Oops, PendingWrites, Fix, Order, Pools, Hold, Delay, Fail, Log, Tasks, Mdstat };
inline constexpr std::size_t kParts = 12;
const char* part_file(Part part);  // "lab/mddev"

struct LivePart {
    std::string text;  // the file as it was read, without the last newline
    Advice problem;    // it could not be read; `text` is the last that could
    LiveClock::time_point read_at;
};

// lab/fix, lab/order, lab/pools: "[none] v1 proposal upstream".
struct AxisRows {
    std::vector<std::string> names;
    std::string chosen;
};
AxisRows parse_axis_rows(const std::string& text);

// A range of lab/chunks.
struct LiveChunks {
    std::uint64_t first = 0, last = 0;  // as asked for
    std::vector<ChunkRow> chunks;       // those of the range, as far as there are any
    Advice problem;
    bool operator==(const LiveChunks&) const = default;
};
struct LiveRunning {
    std::uint64_t id = 0;
    std::string label, file, text;
    LiveClock::time_point queued_at;
    std::optional<LiveClock::time_point> started_at;                // none: it waits for its turn
    std::string behind;                                             // the label of what it waits for
    [[nodiscard]] double seconds(LiveClock::time_point now) const;  // running, or waiting
};

struct LiveResult {
    std::uint64_t id = 0;
    std::string label, file, text;
    bool ok = false;
    int err = 0;         // positive errno, 0 if it went well
    std::string answer;  // what the array said to it in words; may be empty
    Advice advice;       // not ok: tried, found, do
    double seconds = 0;
    LiveClock::time_point at;
};

struct LiveView {
    LiveState state = LiveState::Connecting;
    Advice problem;         // Silent, Gone: what happened and what to do
    Advice stream_problem;  // snapshots come, events do not
    Advice space_problem;   // the images' file system is full, or a member failed because it was

    std::string mount_point;
    std::string lab_folder;  // where the images are; empty when it is not a mount of mdscope
    int pid = 0;             // of the mount's process

    std::shared_ptr<const Snapshot> snapshot;  // the last one that was understood; kept when the array is gone
    LiveClock::time_point answered_at;         // when it came
    std::array<std::shared_ptr<const LivePart>, kParts> parts;
    std::shared_ptr<const LiveChunks> chunks;

    double snapshots_per_second = 0;
    double events_per_second = 0;
    std::uint64_t snapshots = 0;  // in all

    std::vector<LiveRunning> running;  // oldest first, those that wait included
    std::vector<LiveResult> results;   // oldest first, at most kMaxResults
    std::uint64_t results_dropped = 0;
    std::uint64_t serial = 0;  // grows with each view

    static constexpr std::size_t kMaxResults = 64;

    [[nodiscard]] const LivePart* part(Part part) const { return parts[static_cast<std::size_t>(part)].get(); }
    // How old the snapshot is.
    [[nodiscard]] double age_seconds(LiveClock::time_point now) const;
};

}  // namespace mdscope::gui
