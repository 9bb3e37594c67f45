// SPDX-License-Identifier: MIT

#include "engine/story/tell/stop_notes.hpp"

#include <fmt/format.h>

#include <algorithm>

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

// Looked up when a note asks.
class RecordedCall : public museum::CallFacts {
   public:
    explicit RecordedCall(const NoteOf& of) : of_(of) {}

    [[nodiscard]] bool is_left() const override { return call_of(of_).left.has_value(); }
    [[nodiscard]] bool is_leaf() const override { return mdscope::is_leaf(of_); }
    [[nodiscard]] std::size_t bios_submitted() const override { return mdscope::bios_submitted(of_); }
    [[nodiscard]] std::size_t ticks_slept() const override { return mdscope::ticks_slept(of_); }
    [[nodiscard]] std::vector<std::string> unbound_members() const override {
        std::vector<std::string> members;
        const Range range = open_steps(of_);
        for (std::size_t step = range.first; step < range.last; step++)
            for (std::string& member : mdscope::unbound_members(tape(), step)) members.push_back(std::move(member));
        return members;
    }
    [[nodiscard]] bool are_pools_gone() const override { return tape().step(*call_of(of_).left).pools_gone; }
    [[nodiscard]] bool has_printed(std::string_view text) const override {
        for (std::size_t step = open_steps(of_).first; step <= *call_of(of_).left; step++)
            for (const LogLine& line : tape().step(step).printed)
                if (line.text.find(text) != std::string::npos) return true;
        return false;
    }
    [[nodiscard]] const museum::Rows& rows() const override { return tape().step(0).snapshot.variants; }

   private:
    [[nodiscard]] const Tape& tape() const { return of_.duel.tape(of_.side); }
    const NoteOf& of_;
};

const museum::CallNote* find_note(const Exhibit& exhibit, const Call& call) {
    const auto& notes = exhibit.tree.notes;
    const auto row = std::ranges::find_if(notes, [&](const museum::CallNote& one) { return call.is(one.function); });
    return row != notes.end() ? &*row : nullptr;
}

}  // namespace

std::string note_of(const NoteOf& of) {
    const Call& call = call_of(of);
    if (!call.entered) return "";
    if (call.passed != nullptr) return call.passed;
    const museum::CallNote* note = find_note(of.duel.exhibit(), call);
    return note != nullptr ? note->words(RecordedCall(of)) : "";
}

bool keeps_note_asleep(const NoteOf& of) {
    const museum::CallNote* note = find_note(of.duel.exhibit(), call_of(of));
    return note != nullptr && note->keeps_words;
}

// ---- asleep

int value_of(const museum::Counter& counter, const Snapshot& snapshot, std::string_view member) {
    switch (counter.of) {
        case museum::Counter::Of::Array:
            return snapshot.array.pending_writes;
        case museum::Counter::Of::Bitmap:
            return snapshot.array.bitmap_pending_writes;
        case museum::Counter::Of::Member:
            break;
    }
    const auto found = std::ranges::find(snapshot.members, member, &SnapshotMember::name);
    return found != snapshot.members.end() ? found->nr_pending : 0;
}

const museum::Counter* counter_asked(const Exhibit& exhibit, std::string_view condition) {
    const auto row = std::ranges::find_if(exhibit.counters, [&](const museum::Counter& counter) {
        return std::ranges::find(counter.asked, condition) != counter.asked.end();
    });
    return row != exhibit.counters.end() ? &*row : nullptr;
}

bool is_wait_for(const Exhibit& exhibit, const Call& call, std::string_view counter, const Snapshot& snapshot) {
    return call.passed == nullptr && std::ranges::any_of(exhibit.waits, [&](const museum::WaitSite& site) {
               return call.is(site.function) && counter == site.counter &&
                      (site.applies == nullptr || site.applies(snapshot.variants));
           });
}

std::string sleep_note(const NoteOf& of, const SnapshotTask& task) {
    const Exhibit& exhibit = of.duel.exhibit();
    const Snapshot& snapshot = of.duel.tape(of.side).step(of.step).snapshot;
    const std::string innermost = task.stack.empty() ? "" : task.stack.front();
    const museum::Counter* known = counter_asked(exhibit, task.condition);
    const int value = known != nullptr ? value_of(*known, snapshot) : 0;
    const bool is_here = call_of(of).is(innermost);
    const museum::CallNote* note = find_note(exhibit, call_of(of));
    if (is_here && note != nullptr && note->asleep != nullptr)
        return museum::filled(note->asleep, {{"count", std::to_string(value)}});
    if (known != nullptr) {
        const std::string what = fmt::format("{} is {}: sleeps", known->name, value);
        return is_here ? what : fmt::format("{} in {}", what, innermost);
    }
    return is_here ? fmt::format("sleeps in {}", task.queue) : fmt::format("sleeps in {}", innermost);
}

}  // namespace mdscope
