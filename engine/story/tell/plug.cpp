// SPDX-License-Identifier: MIT

#include "engine/story/tell/plug.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "engine/story/record/calls.hpp"
#include "engine/story/tell/scene.hpp"

namespace mdscope {

namespace {

const TapeStep& step_at(const Duel& duel, Side side, std::size_t tick) {
    return duel.at(side, tick);
}

std::string size_words(Sector sectors) {
    return sectors % 2 == 0 ? fmt::format("{} KiB", sectors / 2) : fmt::format("{} bytes", sectors * kSectorSize);
}

// ---- what was compared

struct Compared {
    Sector sectors = 0, all = 0;
};

// Of one member: a resync reads each of them, and writes where they differ.
Compared compared(const Duel& duel, Side side, std::size_t tick) {
    const Tape& tape = duel.tape(side);
    const std::size_t last = duel.tick(tick).step[side];
    std::map<std::string, std::map<std::uint64_t, std::uint64_t>> read;  // by member: from where, how much
    Compared compared;
    for (std::size_t step = life_begins(tape, last); step <= last; step++) {
        const Snapshot& snapshot = tape.step(step).snapshot;
        for (const SnapshotBio& bio : snapshot.bios)
            if (bio.kind == "resync" && bio.op == "read") read[bio.member][bio.sector] = bio.bytes >> kSectorShift;
        for (const SnapshotMember& member : snapshot.members) compared.all = std::max(compared.all, member.sectors);
    }
    for (const auto& [member, ranges] : read) {
        Sector sum = 0;
        for (const auto& [sector, sectors] : ranges) sum += sectors;
        compared.sectors = std::max(compared.sectors, sum);
    }
    return compared;
}

std::string compared_words(const Compared& compared) {
    if (compared.sectors == 0) return "Nothing had to be compared.";
    if (compared.sectors >= compared.all) return fmt::format("All {} had to be compared.", size_words(compared.all));
    return fmt::format("{} of {} had to be compared: what the bitmap had marked.", size_words(compared.sectors),
                       size_words(compared.all));
}

// ---- what is lost

// Sectors that were written, by what has become of them.
struct Fates {
    std::vector<Sector> lost, forgotten, old, there;
};

Fates fates_of(const MediaRecord& before, const MediaRecord& after) {
    Fates fates;
    for (const Ledger::Promise& promise : before.promises) {
        const auto place = std::ranges::find(after.promises, promise.sector, &Ledger::Promise::sector);
        if (place == after.promises.end()) continue;
        const WriteNumber there = after.there[static_cast<std::size_t>(place - after.promises.begin())];
        if (there == Ledger::kGarbled || there < promise.flushed)
            fates.lost.push_back(promise.sector);
        else if (there < promise.acknowledged)
            fates.forgotten.push_back(promise.sector);
        else if (there < promise.newest)
            fates.old.push_back(promise.sector);
        else if (promise.newest > promise.acknowledged)
            fates.there.push_back(promise.sector);
    }
    return fates;
}

std::string sectors_words(const std::vector<Sector>& sectors) {
    if (sectors.size() == 1) return fmt::format("sector {}", sectors[0]);
    if (sectors.back() - sectors.front() + 1 == sectors.size())
        return fmt::format("sectors {} to {}", sectors.front(), sectors.back());
    return fmt::format("{} sectors from {} on", sectors.size(), sectors.front());
}

std::string fates_words(const Fates& fates) {
    std::string text;
    if (!fates.lost.empty())
        return fmt::format("LOST: {} had been promised, and cannot be read any more. ", sectors_words(fates.lost));
    if (!fates.old.empty())
        text +=
            fmt::format("The write of {} had not been acknowledged, and is not there: every member has the old data. ",
                        sectors_words(fates.old));
    if (!fates.there.empty())
        text += fmt::format("The write of {} had not been acknowledged, and is there all the same, on every member. ",
                            sectors_words(fates.there));
    if (fates.forgotten.empty()) return text + "Nothing that was acknowledged is lost. ";
    return text + fmt::format(
                      "The write of {} was acknowledged, but not flushed, and is gone; a disk may do that, and "
                      "who cannot bear it flushes. Nothing that was flushed is lost. ",
                      sectors_words(fates.forgotten));
}

std::string verdict(const Duel& duel, Side side, std::size_t tick) {
    const Tape& tape = duel.tape(side);
    const TapeStep& end = step_at(duel, side, tick);
    if (end.moment == Moment::Violation) return fmt::format("LOST: {}.", tape.what());
    const MediaRecord& before = *tape.step(*step_of_cut(duel, side, tick)).media;
    return (end.media != nullptr ? fates_words(fates_of(before, *end.media)) : "") +
           compared_words(compared(duel, side, tick));
}

}  // namespace

std::optional<std::size_t> step_of_cut(const Duel& duel, Side side, std::size_t tick) {
    const std::size_t step = life_begins(duel.tape(side), duel.tick(tick).step[side]);
    return step == 0 ? std::nullopt : std::optional(step);
}

const std::vector<MediumRecord>& media_at_cut(const Duel& duel, Side side, std::size_t tick) {
    return duel.tape(side).step(*step_of_cut(duel, side, tick)).media->media;
}

bool is_kill(const Duel& duel) {
    return duel.tape(Side::A).scenario().after_cut()->crash == CutKind::Kill;
}

std::string unsure_words(const MediaRow& row, bool is_cut) {
    if (row.unsure.empty()) return "";
    return fmt::format("{}, {}{}", row.unsure, row.is_in_flight ? "on its way" : "in the cache",
                       !is_cut     ? ""
                       : row.stays ? ": kept"
                                   : ": lost");
}

std::string cut_losses(const Duel& duel, Side side, std::size_t tick) {
    std::vector<std::string> losses;
    for (const MediumRecord& medium : media_at_cut(duel, side, tick))
        for (const MediaRow& row : medium.rows)
            if (!row.unsure.empty() && !row.stays)
                losses.push_back(fmt::format("{} loses {}, which was {}", medium.name, row.what,
                                             row.is_in_flight ? "on its way" : "in its cache"));
    return losses.empty() ? "no disk loses anything" : list_of(losses);
}

std::string after_cut(const Duel& duel, Side side, std::size_t tick) {
    if (!step_of_cut(duel, side, tick)) return "";
    const TapeStep& step = step_at(duel, side, tick);
    if (step.moment != Moment::Open) return verdict(duel, side, tick);
    if (step.snapshot.members.empty())
        return fmt::format("{}; the array is being assembled from what the disks hold.",
                           is_kill(duel) ? "The program is started again" : "The power is back");
    const Compared so_far = compared(duel, side, tick);
    if (so_far.sectors == 0) return "It is assembled again.";
    return fmt::format("It is assembled again, and its members are compared: {} so far.", size_words(so_far.sectors));
}

std::string both_after_cut(const Duel& duel, std::size_t tick) {
    const std::string a = after_cut(duel, Side::A, tick);
    const std::string b = after_cut(duel, Side::B, tick);
    if (a == b) return a;
    return fmt::format("A: {} B: {}", a.empty() ? "its power was not cut." : a,
                       b.empty() ? "its power was not cut." : b);
}

std::uint64_t compared_kib(const Duel& duel, Side side, std::size_t tick) {
    return step_of_cut(duel, side, tick) ? compared(duel, side, tick).sectors / 2 : 0;
}

bool is_data_lost(const Duel& duel, Side side, std::size_t tick) {
    return step_of_cut(duel, side, tick) && step_at(duel, side, tick).moment != Moment::Open &&
           verdict(duel, side, tick).starts_with("LOST");
}

}  // namespace mdscope
