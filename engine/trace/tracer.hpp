// SPDX-License-Identifier: MIT
// The event log: what happened at the trace points, in bounded memory, for any number of readers.
//
//   TRACE (engine/kernel/trace.hpp) --record--> one ring of kShards, by thread --take(from)--> reader, by number
//
// An event has a number that is drawn while its ring is locked, and a reader locks all rings: so it sees every event
// below the next number, or that event was overwritten. What a reader has missed is the gap in the numbers; no counter
// has to be kept for it, and readers do not know of each other.
//
// lab/trace is text for people, one event a line:
//
//   SECONDS COMM[PID] POINT: SENTENCE
//
// lab/trace_pipe is a stream, one JSON object a line. The first says what follows, the others are events or losses:
//
//   {"version":1,"stream":"mdscope trace","points":{"NAME":"SENTENCE",...}}
//   {"seq":N,"at_ns":N,"task":"COMM","pid":N,"point":"NAME","a":X,"b":X,"c":X,"text":"SENTENCE"}
//   {"dropped":N}                       that many events before the next one were overwritten before they were read
//
// a, b and c are numbers or strings; those that the point's sentence does not name are missing. `seq` grows by one an
// event, `at_ns` is the kernel's clock, and neither starts again when the array is stopped and assembled. A reader
// refuses another version and ignores fields it does not know.
//
// Threads: everything may be called from any thread, with SpinLocks held; nothing sleeps.
#pragma once

#include <array>
#include <atomic>
#include <concepts>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "engine/trace/trace_points.hpp"

namespace mdscope::trace {

inline constexpr int kStreamVersion = 1;

// A number, a string that lives for ever (a literal), or a copy of a short one.
class Arg {
   public:
    Arg() = default;
    Arg(std::integral auto number) : number_(static_cast<std::int64_t>(number)) {}  // NOLINT: made where an event is
    Arg(const char* literal) : literal_(literal) {}                                 // NOLINT
    Arg(std::string_view text);                                                     // NOLINT
    Arg(const std::string& text) : Arg(std::string_view(text)) {}                   // NOLINT

    [[nodiscard]] bool is_number() const { return literal_ == nullptr && copy_[0] == '\0'; }
    [[nodiscard]] std::int64_t number() const { return number_; }
    [[nodiscard]] std::string text() const;  // a number in digits

   private:
    std::int64_t number_ = 0;
    const char* literal_ = nullptr;
    std::array<char, 32> copy_{};
};

struct Event {
    std::uint64_t seq = 0;
    std::uint64_t at_ns = 0;
    Point point{};
    int pid = 0;
    std::array<char, 16> comm{};
    std::array<Arg, 3> args{};
};

class Tracer {
   public:
    static constexpr std::size_t kShards = 8;
    static constexpr std::size_t kRing = 1024;  // events a ring keeps

    void record(Point point, std::uint64_t at_ns, std::string_view comm, int pid, std::array<Arg, 3> args);

    // A set bit for each point that is recorded; all at first.
    void set_filter(std::uint64_t points) { filter_.store(points, std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t filter() const { return filter_.load(std::memory_order_relaxed); }
    [[nodiscard]] bool wants(Point point) const { return ((filter() >> static_cast<unsigned>(point)) & 1U) != 0; }

    struct Taken {
        std::vector<Event> events;  // oldest first
        std::uint64_t next = 0;     // where to go on
        std::uint64_t dropped = 0;  // events from `from` to `next` that are not among them
    };
    // At most `most` events from number `from` on and before `end`, of those that are still kept.
    [[nodiscard]] Taken take(std::uint64_t from, std::size_t most, std::uint64_t end = ~std::uint64_t{0}) const;
    // The number of the next event; so many were recorded.
    [[nodiscard]] std::uint64_t next() const { return next_.load(); }

    // Calls `listener` once, in the context of the next event, which may hold SpinLocks. Arm first, then look whether
    // there is something: an event in between calls it.
    void set_listener(std::function<void()> listener) { listener_ = std::move(listener); }  // before the first event
    void arm() { armed_.store(true); }

   private:
    struct Shard {
        mutable std::mutex mutex;
        std::vector<Event> ring;  // grows to kRing, then the oldest is overwritten
        std::size_t at = 0;
    };
    std::array<Shard, kShards> shards_;
    std::atomic<std::uint64_t> next_{0};
    std::atomic<std::uint64_t> filter_{~std::uint64_t{0}};
    std::atomic<bool> armed_{false};
    std::function<void()> listener_;
};

[[nodiscard]] std::string sentence_of(const Event& event);
[[nodiscard]] std::string event_line(const Event& event);  // these four without a newline
[[nodiscard]] std::string event_json(const Event& event);
[[nodiscard]] std::string stream_header_json();
[[nodiscard]] std::string dropped_json(std::uint64_t dropped);

}  // namespace mdscope::trace
