// SPDX-License-Identifier: MIT
// What a mounted array did lately: its events, and what can be drawn from them, in bounded memory.
//
//   lab/trace_pipe lines --add_lines--> events (compact)  --> bars of bios, bars of sleeps and daemon passes,
//   lab/snapshot         --add_sample-> samples               steps of both counters, marks
//
// Everything lies in rings of blocks (block_ring.hpp). The oldest go first, and what has gone is counted. A reader
// takes a HistoryWindow: a value that shares the blocks, so taking one a frame is cheap, and it never changes under the
// reader.
//
// Times are nanoseconds of the array's kernel clock (`at_ns`), which begins anew with each mount process: restart()
// forgets everything then. Texts are kept once and named by number; their number is bounded, too (kOtherName stands for
// those that did not fit).
//
// A bar is known from two events. When one of them was lost, or the array died in between, the bar ends where that
// became known and says `cut`. Where events are missing nothing is known of any bar: all that are open end there, and
// the gap itself is kept, to be drawn as not recorded. What is in flight behind it is known from snapshots.
//
// Threads: everything may be called from any thread; nothing here waits for I/O.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/look/snapshot.hpp"
#include "engine/trace/trace_points.hpp"
#include "gui/live/block_ring.hpp"

namespace mdscope::gui {

using NameId = std::uint16_t;
inline constexpr NameId kNoName = 0;     // ""
inline constexpr NameId kOtherName = 1;  // "(one name too many)"
inline constexpr NameId kEmptyName = 2;  // "" that was said, where kNoName stands for a number

inline constexpr std::uint64_t kStillOpen = ~std::uint64_t{0};  // end_ns of a bar that has no end yet
inline constexpr std::uint8_t kUnknownPoint = 255;              // a point that a newer mdscope traced

struct HistoryEvent {
    std::uint64_t seq = 0;
    std::uint64_t at_ns = 0;
    std::array<std::int64_t, 3> numbers{};  // a, b, c where they are numbers
    std::array<NameId, 3> names{};          // a, b, c where they are strings, else kNoName
    NameId task = kNoName;
    NameId other = kNoName;  // of an unknown point: its name
    std::int32_t pid = 0;
    std::uint8_t point = kUnknownPoint;

    [[nodiscard]] bool is(trace::Point wanted) const { return point == static_cast<std::uint8_t>(wanted); }
};

// A bio from submitted to ended. Data bios are traced when they are held only: theirs begin there.
struct BioBar {
    std::uint64_t begin_ns = 0;
    std::uint64_t end_ns = kStillOpen;
    std::uint64_t held_ns = 0;      // when it was held; 0: never
    std::uint64_t released_ns = 0;  // when it was let go; 0: not held, or held to the end
    std::uint64_t sector = 0;
    std::uint64_t seq = 0;  // of the event it began with
    NameId member = kNoName;
    NameId kind = kNoName;  // "data", "superblock", "bitmap", ...
    bool is_data = false;
    bool cut = false;
    [[nodiscard]] bool is_held() const { return held_ns != 0 && released_ns == 0 && end_ns == kStillOpen; }
};

enum class TaskBarKind : std::uint8_t { Wait, Daemon };

// A sleep (label: the queue, detail: the condition) or a pass of the bitmap's daemon.
struct TaskBar {
    std::uint64_t begin_ns = 0;
    std::uint64_t end_ns = kStillOpen;
    std::uint64_t seq = 0;
    std::int32_t pid = 0;
    NameId task = kNoName;
    NameId label = kNoName;
    NameId detail = kNoName;
    TaskBarKind kind = TaskBarKind::Wait;
    bool cut = false;
};

// The counter is `value` from at_ns on.
struct CounterStep {
    std::uint64_t at_ns = 0;
    std::int64_t value = 0;
};

// Between these two events others happened that nobody here has seen.
struct HistoryGap {
    std::uint64_t from_ns = 0, to_ns = 0;
    std::uint64_t events = 0;
};

enum class Counter : std::uint8_t { Mddev, Bitmap };  // mddev->pending_writes, bitmap->pending_writes
inline constexpr std::size_t kCounters = 2;

// What a snapshot says, for plots that have to be right also while tracing is off.
struct HistorySample {
    std::uint64_t at_ns = 0;
    std::array<std::int64_t, kCounters> pending{};
    std::int64_t writes_pending = 0;
    std::int64_t active_io = 0;
    std::uint64_t bios = 0;
    std::uint64_t held = 0;
    std::uint64_t chunks_writing = 0;
    std::uint64_t chunks_dirty = 0;  // not clean
    std::uint64_t sync_done = 0;     // sectors; 0 when nothing is synced
    std::uint64_t sync_total = 0;
    std::int32_t degraded = 0;
};

struct HistoryLosses {
    std::uint64_t received = 0;    // events taken in; so many are in `events`, or were in it
    std::uint64_t dropped = 0;     // the array said so: overwritten before they could be read
    std::uint64_t missing = 0;     // gaps in the numbers that nobody announced
    std::uint64_t forgotten = 0;   // taken in, and gone from `events` because newer ones came
    std::uint64_t earlier = 0;     // overwritten before anybody here could have read them
    std::uint64_t repeated = 0;    // read again after the stream was opened anew; not taken in
    std::uint64_t unreadable = 0;  // lines that are no event
    std::uint64_t cut_bars = 0;    // bars whose end was not seen
    std::uint64_t old_bars = 0;    // bars, steps and samples that went because newer ones came
    std::uint64_t restarts = 0;    // another mount process took over
    int refused_version = 0;       // the stream has this version, which is not ours: nothing of it is taken in

    // Events that happened and are not in `events` any more.
    [[nodiscard]] std::uint64_t events_lost() const { return dropped + missing + forgotten; }
};

struct HistoryWindow {
    BlockView<HistoryEvent> events;  // by seq
    BlockView<HistoryEvent> marks;   // those that are rare and worth a mark; they outlast the others
    BlockView<BioBar> bios;          // by end
    std::vector<BioBar> open_bios;   // by begin
    BlockView<TaskBar> tasks;        // by end
    std::vector<TaskBar> open_tasks;
    std::array<BlockView<CounterStep>, kCounters> steps;
    BlockView<HistorySample> samples;
    std::vector<HistoryGap> gaps;  // by time; of many the oldest are joined
    HistoryLosses losses;
    std::uint64_t first_ns = 0;  // since when something is known; what is in flight began no earlier
    std::uint64_t last_ns = 0;   // of the newest event or sample
    std::uint64_t version = 0;   // grows with each change

    BlockView<std::string, 256> names;
    std::shared_ptr<const std::map<NameId, NameId>> other_points;  // of unknown points: name -> sentence
    [[nodiscard]] const std::string& name(NameId id) const;
    [[nodiscard]] std::string arg(const HistoryEvent& event, std::size_t index) const;
    [[nodiscard]] std::string sentence(const HistoryEvent& event) const;  // the event's "text"
    [[nodiscard]] std::string point_name(const HistoryEvent& event) const;
};

class LiveHistory {
   public:
    LiveHistory();
    ~LiveHistory();
    LiveHistory(const LiveHistory&) = delete;
    LiveHistory& operator=(const LiveHistory&) = delete;

    // Complete lines of the stream, each ended by '\n'. What is no event is counted and skipped.
    void add_lines(std::string_view lines);
    void add_sample(const Snapshot& snapshot);
    // From then on events are followed: what was overwritten before is no loss.
    void note_attached(std::uint64_t at_ns);
    // A line that was too long to be kept, or the rest of one that never ended.
    void note_unreadable(std::uint64_t lines);
    // Another mount process: its clock and its numbers begin anew.
    void restart();

    // Everything that ends at from_ns or later. The same value again as long as nothing changed.
    [[nodiscard]] std::shared_ptr<const HistoryWindow> window(std::uint64_t from_ns = 0) const;
    // The last `seconds` before the newest event or sample.
    [[nodiscard]] std::shared_ptr<const HistoryWindow> last(double seconds) const;
    [[nodiscard]] HistoryLosses losses() const;
    // How many events there were that anybody would look up for: not waits for work, which come all the time.
    [[nodiscard]] std::uint64_t worth_a_look() const;
    [[nodiscard]] std::size_t memory_bytes() const;
    [[nodiscard]] static std::size_t max_memory_bytes();

   private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace mdscope::gui
