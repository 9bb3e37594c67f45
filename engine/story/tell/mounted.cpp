// SPDX-License-Identifier: MIT

#include "engine/story/tell/mounted.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "engine/look/waits.hpp"
#include "engine/story/tell/scene.hpp"
#include "engine/story/tell/stop_notes.hpp"

namespace mdscope {

namespace {

bool is_stop(const SnapshotTask& task) {
    return std::ranges::any_of(task.stack, [](const std::string& function) { return begins_an_act(function); });
}

// Only what unbinding takes is to be seen from outside.
bool is_taken(const Exhibit& exhibit, const Snapshot& snapshot, const SnapshotBio& bio, std::string_view counter) {
    const bool can_be = std::ranges::any_of(exhibit.takers, [&](const museum::Taker& taker) {
        return taker.loss == museum::Loss::Pointer && counter == taker.counter &&
               taker.applies(snapshot.variants, false);
    });
    const auto member = std::ranges::find(snapshot.members, bio.member, &SnapshotMember::name);
    return can_be && (member == snapshot.members.end() || !member->bound);
}

MountedWrite write_of(const Exhibit& exhibit, const Snapshot& snapshot, const SnapshotBio& bio) {
    MountedWrite write;
    write.id = bio.id;
    write.member = bio.member;
    write.kind = bio.kind;
    write.sector = bio.sector;
    write.since_ns = bio.since_ns;
    write.held = bio.held;
    write.is_read = bio.op != "write";
    write.counter = exhibit.counted_in({bio.member, bio.kind, bio.id}, write.is_read);
    write.is_taken = is_taken(exhibit, snapshot, bio, write.counter);
    return write;
}

MountedSleeper sleeper_of(const Exhibit& exhibit, const SnapshotTask& task) {
    MountedSleeper sleeper;
    sleeper.pid = task.pid;
    sleeper.task = task.comm;
    sleeper.function = task.stack.empty() ? "" : task.stack.front();
    sleeper.condition = task.condition;
    sleeper.since_ns = task.since_ns;
    sleeper.is_stop = is_stop(task);
    if (const museum::Counter* asked = counter_asked(exhibit, task.condition)) sleeper.counter = asked->name;
    return sleeper;
}

Status status_of(const Exhibit& exhibit, const Snapshot& snapshot, const Mounted& seen) {
    if (snapshot.oops) return Status::Oops;
    if (std::ranges::any_of(seen.writes, &MountedWrite::is_taken)) return Status::InDanger;
    const auto waits = [](const MountedSleeper& one) { return one.is_stop && one.condition != "mutex is free"; };
    if (std::ranges::any_of(seen.sleepers, waits)) return Status::Waiting;
    if (!seen.stop_stack.empty()) return Status::Stopping;
    const auto& ends = exhibit.act.end_state;
    return std::ranges::find(ends, snapshot.array.state) != ends.end() ? Status::Stopped : Status::Running;
}

// ---- in words

// What to call them: reads and writes together are requests.
const char* noun_of(const std::vector<MountedWrite>& writes) {
    const auto reads = std::ranges::count(writes, true, &MountedWrite::is_read);
    return reads == 0 ? "write" : reads == std::ssize(writes) ? "read" : "request";
}

std::string counted_words(const std::vector<MountedWrite>& writes, const std::string& kind) {
    const char* noun = noun_of(writes);
    return writes.size() == 1 ? fmt::format("one {}{}", kind, noun)
                              : fmt::format("{} {}{}s", writes.size(), kind, noun);
}

// The kind that all of them are of; else none is named.
std::string kind_of(const std::vector<MountedWrite>& writes) {
    if (writes.empty()) return "";
    const std::string& kind = writes.front().kind;
    return std::ranges::all_of(writes, [&](const MountedWrite& write) { return write.kind == kind; }) ? kind + " " : "";
}

struct MountedWords {
    const Exhibit& exhibit;
    const Snapshot& snapshot;
    const std::string& name;

    [[nodiscard]] int value(const std::string& counter, const std::string& member = "") const {
        const museum::Counter* found = find_counter(exhibit, counter);
        return found != nullptr ? value_of(*found, snapshot, member) : 0;
    }

    void tell(Mounted& seen) const {
        switch (seen.status) {
            case Status::Oops:
                return crashed(seen);
            case Status::InDanger:
                return in_danger(seen);
            case Status::Waiting:
                return waiting(seen);
            case Status::Stopping:
                seen.sentence = fmt::format("{} is {}.", name, exhibit.act.doing);
                seen.second = fmt::format("It is in {}.", seen.stop_stack.back());
                return;
            case Status::Stopped:
                seen.sentence = fmt::format("{} has {}.", name, exhibit.act.done);
                seen.second = seen.writes.empty() ? "Nothing is in flight." : "";
                return;
            default:
                return running(seen);
        }
    }

   private:
    void crashed(Mounted& seen) const {
        seen.sentence = fmt::format("{} crashed: {} met what was gone.", name,
                                    snapshot.oops->in_irq ? "the end of a write" : "a task");
        seen.second = crash_clause(exhibit, oops_of(*snapshot.oops)) + ".";
        explain_crash(seen);
    }
    // The write is no more, and no snapshot kept which it was: the chain is told of its kind.
    void explain_crash(Mounted& seen) const {
        const museum::BlindWait& blind = exhibit.blind_wait;
        const museum::Taker* met = taker_met(exhibit, oops_of(*snapshot.oops));
        const bool is_forgotten = met != nullptr && met->counter == std::string_view(blind.forgets);
        if (is_forgotten && met->loss == museum::Loss::Pointer)
            seen.why = {
                fmt::format("The {} submitted a write that is counted in {}, and did not wait for it.",
                            exhibit.act.noun, blind.forgets),
                fmt::format("Its last wait, in {}, looks at {}: nothing is counted there.", blind.function,
                            blind.looks_at),
                fmt::format("{} set rdev->mddev to NULL while the write was out.", met->function),
            };
        else if (met != nullptr)
            seen.why = {fmt::format("{} took away what the end of a write still needed.", met->function)};
        seen.why.push_back(fmt::format("Then the write ended: {}", seen.second));
        seen.why.emplace_back("Its kernel has halted. What is on its images is as it was.");
    }

    void in_danger(Mounted& seen) const {
        std::vector<MountedWrite> taken;
        std::ranges::copy_if(seen.writes, std::back_inserter(taken), &MountedWrite::is_taken);
        const MountedWrite& first = taken.front();
        const std::string kind = kind_of(taken);
        seen.sentence =
            taken.size() == 1
                ? fmt::format("{} says it has stopped. One of its {}writes is still out.", name, kind)
                : fmt::format("{} says it has stopped. {} of its {}writes are still out.", name, taken.size(), kind);
        seen.second = fmt::format("Nobody waits for {} ({}): {} has set rdev->mddev of {} to NULL.", first.counter,
                                  value(first.counter, first.member), taker().function, first.member);
        seen.when_released = "Oops: its completion follows rdev->mddev, which is NULL";
        explain(seen, first);
    }
    // The chain of the lab (why.cpp), as far as it is to be seen from outside.
    void explain(Mounted& seen, const MountedWrite& write) const {
        const museum::BlindWait& blind = exhibit.blind_wait;
        seen.why = {
            fmt::format("The {} submitted a {} write to {} and did not wait for it.", exhibit.act.noun, write.kind,
                        write.member),
            fmt::format("It is counted in {}, which is {}.", write.counter, value(write.counter, write.member)),
            fmt::format("The last wait, in {}, looks at {}, which is {}.", blind.function, blind.looks_at,
                        value(blind.looks_at, write.member)),
            fmt::format("{} set rdev->mddev of {} to NULL.", taker().function, write.member),
            fmt::format("When the write ends, {} follows that pointer.", completion_of(write)),
        };
    }
    [[nodiscard]] const char* completion_of(const MountedWrite& write) const {
        const museum::Counter* counter = find_counter(exhibit, write.counter);
        return counter != nullptr ? counter->completion : "its completion";
    }
    // The last of those that take the pointer.
    [[nodiscard]] const museum::Taker& taker() const {
        for (const museum::Taker& one : exhibit.takers)
            if (one.loss == museum::Loss::Pointer) return one;
        return exhibit.takers.back();
    }

    void waiting(Mounted& seen) const {
        const MountedSleeper& stop = seen.sleepers.front();
        const auto counted =
            std::ranges::count_if(seen.writes, [&](const MountedWrite& write) { return write.is_waited; });
        const std::string what = counted == 1  ? "its last write has ended"
                                 : counted > 1 ? fmt::format("its {} writes have ended", counted)
                                               : condition_words(stop.condition);
        seen.sentence = fmt::format("{} waits: its {} sleeps until {}.", name, exhibit.act.noun, what);
        const std::string in = stop.function.empty() ? "" : " in " + stop.function;
        seen.second = stop.counter.empty()
                          ? fmt::format("It sleeps{} until {}.", in, stop.condition)
                          : fmt::format("It looks at {} ({}){}.", stop.counter, value(stop.counter), in);
        if (seen.held() > 0) seen.when_released = fmt::format("wakes, and the {} goes on", exhibit.act.noun);
    }

    void running(Mounted& seen) const {
        const std::size_t held = seen.held();
        if (held > 0) {
            std::vector<MountedWrite> list;
            std::ranges::copy_if(seen.writes, std::back_inserter(list), &MountedWrite::held);
            seen.sentence =
                fmt::format("{} runs; {} {} held.", name, counted_words(list, kind_of(list)), held == 1 ? "is" : "are");
            seen.when_released = fmt::format("the {}s go on", noun_of(list));
        } else {
            seen.sentence = fmt::format("{} runs; the {} has not begun.", name, exhibit.act.noun);
        }
        if (seen.sleepers.empty()) {
            seen.second = "Nobody sleeps in md.";
            return;
        }
        const MountedSleeper& first = seen.sleepers.front();
        seen.second = fmt::format("{} sleeps{} until {}.", first.task,
                                  first.function.empty() ? "" : " in " + first.function, first.condition);
    }
};

}  // namespace

std::size_t Mounted::held() const {
    return static_cast<std::size_t>(std::ranges::count_if(writes, &MountedWrite::held));
}

std::uint64_t Mounted::held_since_ns() const {
    std::uint64_t since = 0;
    for (const MountedWrite& write : writes)
        if (write.held && (since == 0 || write.since_ns < since)) since = write.since_ns;
    return since;
}

std::uint64_t Mounted::unchanged_since_ns() const {
    std::uint64_t since = 0;
    for (const MountedWrite& write : writes)
        if (write.held) since = std::max(since, write.since_ns);
    for (const MountedSleeper& sleeper : sleepers) since = std::max(since, sleeper.since_ns);
    return since;
}

Mounted look_at(const Snapshot& snapshot, const std::string& name) {
    const Exhibit& exhibit = default_exhibit();
    Mounted seen;
    for (const SnapshotBio& bio : snapshot.bios)
        if (bio.op == "write" || bio.held) seen.writes.push_back(write_of(exhibit, snapshot, bio));
    std::ranges::stable_sort(seen.writes, {}, &MountedWrite::since_ns);
    for (const SnapshotTask& task : snapshot.tasks) {
        if (sleeps_in_md(task)) seen.sleepers.push_back(sleeper_of(exhibit, task));
        if (is_stop(task) && seen.stop_stack.empty()) seen.stop_stack.assign(task.stack.rbegin(), task.stack.rend());
    }
    std::ranges::stable_sort(seen.sleepers, std::greater(), &MountedSleeper::is_stop);  // the stop first
    for (MountedWrite& write : seen.writes)
        write.is_waited = std::ranges::any_of(seen.sleepers, [&](const MountedSleeper& sleeper) {
            return !sleeper.counter.empty() && sleeper.counter == write.counter;
        });
    seen.status = status_of(exhibit, snapshot, seen);
    MountedWords{exhibit, snapshot, name}.tell(seen);
    return seen;
}

}  // namespace mdscope
