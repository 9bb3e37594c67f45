#include "engine/story/tell/stop_notes.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/md/variants/fix.hpp"

namespace mdscope {

namespace {

const Call& call_of(const NoteOf& of) {
    return of.calls[of.index];
}

bool is_leaf(const NoteOf& of) {
    return of.index + 1 == of.calls.size() || of.calls[of.index + 1].depth <= call_of(of).depth;
}

// The steps from entering the call to leaving it, or to now; `last` is one past them. A bio is submitted at the end of
// a step, so it belongs to the calls that were open then.
struct Range {
    std::size_t first, last;
};
Range open_steps(const NoteOf& of) {
    const Call& call = call_of(of);
    if (!call.entered) return {0, 0};
    return {*call.entered, call.left ? *call.left : of.step + 1};
}

std::size_t bios_submitted(const NoteOf& of) {
    const Tape& tape = of.duel.tape(of.side);
    const Range range = open_steps(of);
    std::size_t count = 0;
    for (std::size_t step = range.first; step < range.last; step++)
        if (is_step_of(tape.step(step), call_of(of).task)) count += new_bios(tape, step).size();
    return count;
}

// For how many ticks the task slept in this call; 0: it did not.
std::size_t ticks_slept(const NoteOf& of) {
    const Tape& tape = of.duel.tape(of.side);
    const int pid = pid_of(tape, call_of(of).task);
    const Range range = open_steps(of);
    for (std::size_t step = range.first; step < range.last; step++) {
        const SnapshotTask* task = find_task(tape.step(step).snapshot, pid);
        if (task != nullptr && is_asleep(*task))
            return of.duel.tick_of(of.side, range.last).value_or(0) - of.duel.tick_of(of.side, step).value_or(0);
    }
    return 0;
}

std::string waited(std::size_t ticks) {
    return fmt::format("waited {} tick{}", ticks, ticks == 1 ? "" : "s");
}

// ---- one function a row

std::string note_of_submitter(const NoteOf& of) {
    const std::size_t count = bios_submitted(of);
    if (count > 0) return fmt::format("{} write{} submitted", count, count == 1 ? "" : "s");
    return call_of(of).left ? "nothing to write" : "";
}

// Where it was left the count was 0: that is its condition.
std::string note_of_wait(const NoteOf& of) {
    if (!call_of(of).left || !is_leaf(of)) return "";
    const std::size_t ticks = ticks_slept(of);
    return ticks > 0 ? waited(ticks) : "0 left: goes on";
}

std::string note_of_bitmap_free(const NoteOf& of) {
    if (!call_of(of).left) return "";
    if (const std::size_t ticks = ticks_slept(of); ticks > 0) return waited(ticks);
    return waits_for_both_counters(of.duel.tape(of.side).step(0).snapshot) ? "both counters are 0: goes on"
                                                                           : "bitmap->pending_writes is 0: goes on";
}

std::string note_of_unbinding(const NoteOf& of) {
    const Range range = open_steps(of);
    for (std::size_t step = range.first; step < range.last; step++)
        for (const std::string& member : unbound_members(of.duel.tape(of.side), step))
            return member + ": rdev->mddev = NULL";
    return "";
}

std::string note_of_md_stop(const NoteOf& of) {
    const Call& call = call_of(of);
    return call.left && of.duel.tape(of.side).step(*call.left).pools_gone ? "the bio pools are destroyed" : "";
}

// A refusal is printed, and nothing else comes of it.
std::string note_of_stop(const NoteOf& of) {
    const Range range = open_steps(of);
    const Tape& tape = of.duel.tape(of.side);
    for (std::size_t step = range.first; call_of(of).left && step <= *call_of(of).left; step++)
        for (const LogLine& line : tape.step(step).printed)
            if (line.text.find("still in use") != std::string::npos) return "the disk is open: refused";
    return "";
}

struct CallNote {
    std::string_view function;
    std::string (*note)(const NoteOf&);
};
constexpr std::array kCallNotes = {
    CallNote{"md_bitmap_daemon_work", note_of_submitter},
    CallNote{"md_super_wait", note_of_wait},
    CallNote{"md_bitmap_wait_writes", note_of_wait},
    CallNote{"md_bitmap_free", note_of_bitmap_free},
    CallNote{"unbind_rdev_from_array", note_of_unbinding},
    CallNote{"__md_stop", note_of_md_stop},
    CallNote{"do_md_stop", note_of_stop},
    CallNote{"md_set_readonly", note_of_stop},
};

}  // namespace

std::string note_of(const NoteOf& of) {
    const Call& call = call_of(of);
    if (!call.entered) return "";
    if (call.passed != nullptr) return call.passed;
    const auto row = std::ranges::find_if(kCallNotes, [&](const CallNote& one) { return call.is(one.function); });
    return row != kCallNotes.end() ? row->note(of) : "";
}

// ---- asleep

namespace {

int mddev_writes(const Snapshot& snapshot) {
    return snapshot.array.pending_writes;
}
int bitmap_writes(const Snapshot& snapshot) {
    return snapshot.array.bitmap_pending_writes;
}
constexpr std::array kKnown = {
    CounterAsked{"mddev.pending_writes == 0", kMddevCounter, mddev_writes},
    CounterAsked{"mddev->pending_writes == 0", kMddevCounter, mddev_writes},
    CounterAsked{"bitmap.pending_writes == 0", kBitmapCounter, bitmap_writes},
    CounterAsked{"bitmap->pending_writes == 0", kBitmapCounter, bitmap_writes},
};

}  // namespace

const CounterAsked* counter_asked(const std::string& condition) {
    const auto row = std::ranges::find(kKnown, condition, &CounterAsked::text);
    return row != kKnown.end() ? &*row : nullptr;
}

bool waits_for_both_counters(const Snapshot& snapshot) {
    const StopFix* const none = find_row<variants::fix>("none");
    return snapshot.variants.row<variants::fix>().in_bitmap_free != none->in_bitmap_free;
}

bool is_wait_for(const Call& call, std::string_view counter, const Snapshot& snapshot) {
    if (counter == kMddevCounter)
        return call.is("md_super_wait") || (call.is("md_bitmap_free") && waits_for_both_counters(snapshot));
    if (counter == kBitmapCounter)
        return call.is("md_bitmap_wait_writes") || call.is("md_bitmap_free") ||
               (call.is("md_bitmap_update_sb") && call.passed == nullptr);
    return call.is("freeze_array");
}

std::string sleep_note(const NoteOf& of, const SnapshotTask& task) {
    const Snapshot& snapshot = of.duel.tape(of.side).step(of.step).snapshot;
    const std::string innermost = task.stack.empty() ? "" : task.stack.front();
    const CounterAsked* known = counter_asked(task.condition);
    const bool is_here = call_of(of).is(innermost);
    if (is_here && innermost == "md_super_wait")
        return fmt::format("{} left: sleeps", known != nullptr ? known->value(snapshot) : 0);
    if (known != nullptr) {
        const std::string what = fmt::format("{} is {}: sleeps", known->counter, known->value(snapshot));
        return is_here ? what : fmt::format("{} in {}", what, innermost);
    }
    return is_here ? fmt::format("sleeps in {}", task.queue) : fmt::format("sleeps in {}", innermost);
}

}  // namespace mdscope
