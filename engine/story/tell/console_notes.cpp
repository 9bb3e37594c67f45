// A console line by line. The table says how a line begins and what it means; where its cause lies is looked up in the
// recording. A line that no row knows stands for itself: the sentences at the end, and what crash> has printed.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "engine/story/tell/scene.hpp"

namespace mdscope {

namespace {

struct Crash {
    const Duel& duel;
    Side side;
    const SnapshotOops& oops;
    std::string bio;     // whose completion crashed; empty: it was no completion
    Calls calls;         // of the stop
    std::string dumped;  // the member that crash> is printing

    [[nodiscard]] const Tape& tape() const { return duel.tape(side); }
    [[nodiscard]] bool is_null_mddev() const { return oops.object == "rdev->mddev"; }
    [[nodiscard]] bool is_md_error() const {
        return oops.function == "md_error" || std::ranges::find(oops.stack, "md_error") != oops.stack.end();
    }
};

// ---- causes

using Cause = std::optional<std::size_t> (*)(const Crash& crash);

std::optional<std::size_t> nowhere(const Crash& /*crash*/) {
    return std::nullopt;
}
std::optional<std::size_t> the_end(const Crash& crash) {
    return crash.duel.tick_of(crash.side, crash.tape().size() - 1);
}
std::optional<std::size_t> submission(const Crash& crash) {
    return tick_submitted(crash.duel, crash.side, crash.bio);
}

std::optional<std::size_t> unbinding_of(const Crash& crash, const std::string& member) {
    for (std::size_t step = 1; step < crash.tape().size(); step++)
        for (const std::string& unbound : unbound_members(crash.tape(), step))
            if (unbound == member) return crash.duel.tick_of(crash.side, step);
    return std::nullopt;
}
std::optional<std::size_t> unbinding(const Crash& crash) {
    return unbinding_of(crash, crash.dumped);
}

// Who set the pointer to NULL, or destroyed the pool.
std::optional<std::size_t> taking(const Crash& crash) {
    if (crash.oops.function != "mempool_free") return unbinding_of(crash, member_of(crash.bio));
    for (std::size_t step = 1; step < crash.tape().size(); step++)
        if (crash.tape().step(step).pools_gone) return crash.duel.tick_of(crash.side, step);
    return std::nullopt;
}

// Where the stop went on and should have waited: the end of the flush.
std::optional<std::size_t> forgotten_wait(const Crash& crash) {
    for (const Call& call : crash.calls)
        if (call.is("md_bitmap_flush") && call.left) return crash.duel.tick_of(crash.side, *call.left);
    return std::nullopt;
}
std::optional<std::size_t> end_of_bitmap(const Crash& crash) {
    for (const Call& call : crash.calls)
        if (call.is("md_bitmap_free") && call.left) return crash.duel.tick_of(crash.side, *call.left);
    return std::nullopt;
}

// ---- meanings

using Meaning = std::string (*)(const Crash& crash, std::string_view line);

std::string null_pointer(const Crash& crash, std::string_view line) {
    const std::size_t colon = line.rfind(": ");
    std::string address(colon == std::string_view::npos ? "0" : line.substr(colon + 2));
    address.erase(0, std::min(address.find_first_not_of('0'), address.size() - 1));
    if (crash.is_null_mddev())
        return fmt::format(
            "A small address is a member of a struct whose pointer is NULL: {} is at +0x{} in struct mddev, and "
            "rdev->mddev is NULL since the member was unbound.",
            crash.is_md_error() ? "pers" : "pending_writes", address);
    if (crash.oops.function == "mempool_free")
        return "Address 0 is the first element of an array that is gone: the pool was destroyed by __md_stop.";
    return "A small address is a member of a struct whose pointer is NULL.";
}
std::string access(const Crash& /*crash*/, std::string_view line) {
    return line.find("write") != std::string_view::npos ? "The kernel's own code wrote there."
                                                        : "The kernel's own code read there.";
}
std::string error_code(const Crash& /*crash*/, std::string_view /*line*/) {
    return "Nothing is ever mapped at the lowest addresses, so that a NULL pointer is caught.";
}
std::string first_oops(const Crash& /*crash*/, std::string_view /*line*/) {
    return "The first fault since this kernel was booted.";
}
std::string who(const Crash& crash, std::string_view /*line*/) {
    return crash.oops.in_irq ? "An idle CPU that a disk interrupted: not the task that stops the array."
                             : "The task that ran into it.";
}
std::string where(const Crash& crash, std::string_view /*line*/) {
    const std::string owner = crash.bio.empty() ? "" : fmt::format(" of {}", crash.bio);
    return fmt::format("The innermost function: {}.", crash_clause(crash.oops)) +
           (owner.empty() ? "" : fmt::format(" It runs in the completion{}.", owner));
}
std::string same_address(const Crash& /*crash*/, std::string_view /*line*/) {
    return "The CPU's own note of the address that faulted.";
}
std::string interrupt(const Crash& /*crash*/, std::string_view /*line*/) {
    return "A disk interrupt, not the stopping thread.";
}
std::string ended_bio(const Crash& crash, std::string_view /*line*/) {
    return fmt::format("The disk ended {}; this is where it was submitted.", crash.bio);
}
std::string panic(const Crash& /*crash*/, std::string_view /*line*/) {
    return "In an interrupt there is no task to be killed in the kernel's stead, so the whole machine halts.";
}
std::string use_after_free(const Crash& crash, std::string_view /*line*/) {
    return fmt::format("Memory was touched that had been freed: {}.", crash_clause(crash.oops));
}
std::string dump_of_array(const Crash& /*crash*/, std::string_view /*line*/) {
    return "The array as it was found. Its bitmap is gone, and its pending_writes is not 0 unless a completion counted "
           "down too early.";
}
std::string bitmap_gone(const Crash& /*crash*/, std::string_view /*line*/) {
    return "The bitmap is freed: md_bitmap_free waited for bitmap->pending_writes only.";
}
std::string still_counted(const Crash& crash, std::string_view /*line*/) {
    const int count = crash.tape().last().snapshot.array.pending_writes;
    if (count == 0) return "mddev->pending_writes is 0: the stop was let go before the completion was done.";
    return fmt::format("mddev->pending_writes is {}: so many writes the stop should have waited for, here.", count);
}
std::string null_in_member(const Crash& crash, std::string_view /*line*/) {
    return fmt::format("unbind_rdev_from_array set rdev->mddev of {} to NULL.", crash.dumped);
}

struct Note {
    std::string_view begins;  // behind the time
    Meaning meaning;
    Cause cause;
    bool (*applies)(const Crash& crash);
};
bool always(const Crash& /*crash*/) {
    return true;
}
bool of_bio(const Crash& crash) {
    return !crash.bio.empty();
}
bool has_no_bitmap(const Crash& crash) {
    return !crash.tape().last().snapshot.bitmap;
}
constexpr std::array kNotes = {
    Note{"BUG: kernel NULL pointer dereference", null_pointer, taking, always},
    Note{"BUG: KASAN: use-after-free", use_after_free, taking, always},
    Note{"#PF: supervisor", access, nowhere, always},
    Note{"#PF: error_code", error_code, nowhere, always},
    Note{"Oops: ", first_oops, nowhere, always},
    Note{"CPU: ", who, nowhere, always},
    Note{"RIP: ", where, the_end, always},
    Note{"CR2: ", same_address, taking, always},
    Note{" <IRQ>", interrupt, nowhere, always},
    Note{" bio_endio", ended_bio, submission, of_bio},
    Note{"Kernel panic", panic, nowhere, always},
    Note{"crash> struct mddev.", dump_of_array, nowhere, always},
    Note{"  bitmap = 0x0", bitmap_gone, end_of_bitmap, has_no_bitmap},
    Note{"  pending_writes = {", still_counted, forgotten_wait, always},
    Note{"  mddev = 0x0", null_in_member, unbinding, always},
};

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
    Crash crash{duel, side, *oops, crashed_bio(duel, side), past_stop_calls(duel, side, duel.end()), ""};
    std::istringstream text(duel.tape(side).console());
    for (std::string line; std::getline(text, line);) {
        Annotation annotation;
        const std::string_view bare = without_time(line);
        if (bare.starts_with(kMemberDump)) crash.dumped = member_of(std::string(bare.substr(kMemberDump.size())));
        const auto note = std::ranges::find_if(
            kNotes, [&](const Note& one) { return bare.starts_with(one.begins) && one.applies(crash); });
        if (note != kNotes.end()) {
            annotation.meaning = note->meaning(crash, bare);
            annotation.tick = note->cause(crash);
        }
        annotation.line = std::move(line);
        lines.push_back(std::move(annotation));
    }
    return lines;
}

}  // namespace mdscope
