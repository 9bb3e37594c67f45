// SPDX-License-Identifier: MIT
// A console line by line. The table says how a line begins and what it means; where its cause lies is looked up in the
// recording. A line that no row knows stands for itself: the sentences at the end, and what crash> has printed.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "engine/story/tell/scene.hpp"

namespace mdscope {

namespace {

using museum::Cause;
using museum::ConsoleFacts;
using museum::ConsoleNote;

struct Crash {
    const Duel& duel;
    Side side;
    Calls calls;  // of the act

    [[nodiscard]] const Tape& tape() const { return duel.tape(side); }
    [[nodiscard]] std::optional<std::size_t> tick_of(std::size_t step) const { return duel.tick_of(side, step); }
};

// ---- causes

std::optional<std::size_t> unbinding_of(const Crash& crash, const std::string& member) {
    for (std::size_t step = 1; step < crash.tape().size(); step++)
        for (const std::string& unbound : unbound_members(crash.tape(), step))
            if (unbound == member) return crash.tick_of(step);
    return std::nullopt;
}

// Who set the pointer to NULL, or destroyed the pool.
std::optional<std::size_t> taking(const Crash& crash, const ConsoleFacts& facts) {
    const museum::Taker* taker = taker_met(crash.duel.exhibit(), facts.oops);
    if (taker == nullptr || taker->loss != museum::Loss::Pools) return unbinding_of(crash, member_of(facts.bio));
    for (std::size_t step = 1; step < crash.tape().size(); step++)
        if (crash.tape().step(step).pools_gone) return crash.tick_of(step);
    return std::nullopt;
}

std::optional<std::size_t> left(const Crash& crash, const char* function) {
    for (const Call& call : crash.calls)
        if (call.is(function) && call.left) return crash.tick_of(*call.left);
    return std::nullopt;
}

std::optional<std::size_t> tick_of(const Cause& cause, const Crash& crash, const ConsoleFacts& facts) {
    switch (cause.kind) {
        case Cause::Kind::None:
            break;
        case Cause::Kind::End:
            return crash.tick_of(crash.tape().size() - 1);
        case Cause::Kind::Submission:
            return tick_submitted(crash.duel, crash.side, facts.bio);
        case Cause::Kind::Unbinding:
            return unbinding_of(crash, facts.dumped);
        case Cause::Kind::Taking:
            return taking(crash, facts);
        case Cause::Kind::Left:
            return left(crash, cause.function);
    }
    return std::nullopt;
}

// ---- what is true of any Oops

std::string null_pointer(const ConsoleFacts& /*facts*/, std::string_view /*line*/) {
    return "A small address is a member of a struct whose pointer is NULL.";
}
std::string access(const ConsoleFacts& /*facts*/, std::string_view line) {
    return line.find("write") != std::string_view::npos ? "The kernel's own code wrote there."
                                                        : "The kernel's own code read there.";
}
std::string error_code(const ConsoleFacts& /*facts*/, std::string_view /*line*/) {
    return "Nothing is ever mapped at the lowest addresses, so that a NULL pointer is caught.";
}
std::string first_oops(const ConsoleFacts& /*facts*/, std::string_view /*line*/) {
    return "The first fault since this kernel was booted.";
}
std::string who(const ConsoleFacts& facts, std::string_view /*line*/) {
    return facts.oops.in_irq ? fmt::format("An idle CPU that a disk interrupted: not the task that {}.", facts.act.does)
                             : "The task that ran into it.";
}
std::string where(const ConsoleFacts& facts, std::string_view /*line*/) {
    return fmt::format("The innermost function: {}.", facts.clause) +
           (facts.bio.empty() ? "" : fmt::format(" It runs in the completion of {}.", facts.bio));
}
std::string same_address(const ConsoleFacts& /*facts*/, std::string_view /*line*/) {
    return "The CPU's own note of the address that faulted.";
}
std::string interrupt(const ConsoleFacts& facts, std::string_view /*line*/) {
    return fmt::format("A disk interrupt, not the {} thread.", facts.act.doing);
}
std::string ended_bio(const ConsoleFacts& facts, std::string_view /*line*/) {
    return fmt::format("The disk ended {}; this is where it was submitted.", facts.bio);
}
std::string panic(const ConsoleFacts& /*facts*/, std::string_view /*line*/) {
    return "In an interrupt there is no task to be killed in the kernel's stead, so the whole machine halts.";
}
std::string use_after_free(const ConsoleFacts& facts, std::string_view /*line*/) {
    return fmt::format("Memory was touched that had been freed: {}.", facts.clause);
}

bool of_bio(const ConsoleFacts& facts) {
    return !facts.bio.empty();
}
constexpr std::array kGeneral = {
    ConsoleNote{"BUG: kernel NULL pointer dereference", null_pointer, {Cause::Kind::Taking}},
    ConsoleNote{"BUG: KASAN: use-after-free", use_after_free, {Cause::Kind::Taking}},
    ConsoleNote{"#PF: supervisor", access},
    ConsoleNote{"#PF: error_code", error_code},
    ConsoleNote{"Oops: ", first_oops},
    ConsoleNote{"CPU: ", who},
    ConsoleNote{"RIP: ", where, {Cause::Kind::End}},
    ConsoleNote{"CR2: ", same_address, {Cause::Kind::Taking}},
    ConsoleNote{" <IRQ>", interrupt},
    ConsoleNote{" bio_endio", ended_bio, {Cause::Kind::Submission}, of_bio},
    ConsoleNote{"Kernel panic", panic},
};

const ConsoleNote* find_note(std::span<const ConsoleNote> notes, std::string_view line, const ConsoleFacts& facts) {
    const auto note = std::ranges::find_if(notes, [&](const ConsoleNote& one) {
        return line.starts_with(one.begins) && (one.applies == nullptr || one.applies(facts));
    });
    return note != notes.end() ? &*note : nullptr;
}

// What stands before a member's name.
constexpr std::string_view kMemberDump = "crash> struct md_rdev.mddev,nr_pending ";

// "[    3.000000] BUG: ..." without the time.
std::string_view without_time(std::string_view line) {
    if (!line.starts_with('[')) return line;
    const std::size_t end = line.find("] ");
    return end == std::string_view::npos ? line : line.substr(end + 2);
}

}  // namespace

std::vector<Annotation> annotated_console(const Duel& duel, Side side) {
    std::vector<Annotation> lines;
    const auto& oops = duel.tape(side).last().snapshot.oops;
    if (!oops) return lines;
    const Exhibit& exhibit = duel.exhibit();
    const Oops fault = oops_of(*oops);
    const Crash crash{duel, side, past_stop_calls(duel, side, duel.end())};
    const Snapshot& last = duel.tape(side).last().snapshot;
    ConsoleFacts facts{exhibit.act,
                       fault,
                       crashed_bio(duel, side),
                       crash_clause(exhibit, fault),
                       last.array.pending_writes,
                       last.bitmap.has_value()};
    std::istringstream text(duel.tape(side).console());
    for (std::string line; std::getline(text, line);) {
        Annotation annotation;
        const std::string_view bare = without_time(line);
        if (bare.starts_with(kMemberDump)) facts.dumped = member_of(std::string(bare.substr(kMemberDump.size())));
        const ConsoleNote* note = find_note(exhibit.console_notes, bare, facts);
        if (note == nullptr) note = find_note(kGeneral, bare, facts);
        if (note != nullptr) {
            annotation.meaning = note->meaning(facts, bare);
            annotation.tick = tick_of(note->cause, crash, facts);
        }
        annotation.line = std::move(line);
        lines.push_back(std::move(annotation));
    }
    return lines;
}

}  // namespace mdscope
