// SPDX-License-Identifier: MIT
// The trace points, each declared once: its name, and what it means with {a}, {b} and {c} filled in. The enum,
// lab/trace, the filter written to it, trace_pipe and the test that every point is reached by some story are made from
// this list.
//
// A counter is traced just before it moves, by a look that is not a step of a schedule: two tasks that move it at the
// same time may both show the same number.
#pragma once

#include <cstddef>
#include <cstdint>

#define TRACE_POINTS(POINT)                                                                  \
    POINT(bio_submitted, "a {a} write to {b} at sector {c} is submitted")                    \
    POINT(bio_completed, "a {a} write to {b} at sector {c} has ended")                       \
    POINT(bio_held, "a {a} bio to {b} at sector {c} is held")                                \
    POINT(bio_released, "a {a} bio to {b} at sector {c} is let go")                          \
    POINT(pending_up, "{a}->pending_writes goes up from {b}")                                \
    POINT(pending_down, "{a}->pending_writes goes down from {b}")                            \
    POINT(wait_begin, "falls asleep in {a} until {b}")                                       \
    POINT(wait_end, "is awake again in {a}")                                                 \
    POINT(daemon_begin, "the bitmap daemon begins a pass")                                   \
    POINT(daemon_end, "the bitmap daemon ends its pass, nothing left to clean: {a}")         \
    POINT(bit_set, "the bit of chunk {a} is set")                                            \
    POINT(bit_cleared, "the bit of chunk {a} is cleared")                                    \
    POINT(array_state, "array_state reads {a}")                                              \
    POINT(superblock_update, "the superblocks are written, event {a}")                       \
    POINT(bitmap_destroyed, "the bitmap is taken from the array, {a} of its writes are out") \
    POINT(member_unbound, "member {a} is unbound: rdev->mddev is NULL, nr_pending is {b}")   \
    POINT(oops, "BUG: {a} at {b}, in {c}")

namespace mdscope::trace {

enum class Point : std::uint8_t {
#define MDSCOPE_POINT(name, sentence) name,
    TRACE_POINTS(MDSCOPE_POINT)
#undef MDSCOPE_POINT
};

struct PointInfo {
    const char* name;
    const char* sentence;
};

inline constexpr PointInfo kPoints[] = {
#define MDSCOPE_POINT(name, sentence) {#name, sentence},
    TRACE_POINTS(MDSCOPE_POINT)
#undef MDSCOPE_POINT
};
inline constexpr std::size_t kPointCount = sizeof kPoints / sizeof kPoints[0];
static_assert(kPointCount <= 64);  // a filter is one word

}  // namespace mdscope::trace
