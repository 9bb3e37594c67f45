// SPDX-License-Identifier: MIT
#include "engine/mdadm/imsm/choose.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "engine/kernel/shown.hpp"

namespace mdscope {

namespace {

using Disks = std::vector<ImsmDiskFound>;

constexpr std::uint32_t kMostBehind = 1;

Error imsm_unusable(std::string text) {
    return {EINVAL, std::move(text)};
}

bool has_family(const ImsmDiskFound& disk) {
    return disk.copy.cut_short || !disk.copy.anchor.volumes.empty();
}

bool is_of(const ImsmDiskFound& disk, std::uint32_t family) {
    return has_family(disk) && disk.copy.anchor.family_num == family;
}

bool is_spare_record(const ImsmDiskFound& disk) {
    const ImsmAnchor& own = disk.copy.anchor;
    return !has_family(disk) && own.disks.size() == 1 && (own.disks[0].status & IMSM_SPARE) != 0;
}

// ---- the right copy

std::optional<Error> check_serials(const Disks& disks) {
    for (std::size_t i = 0; i < disks.size(); i++)
        for (std::size_t j = 0; j < i; j++)
            if (imsm_text(disks[i].serial) == imsm_text(disks[j].serial))
                return imsm_unusable(fmt::format("{} and {} have the same serial {}: nothing else tells them apart",
                                                 disks[j].name, disks[i].name, shown(disks[i].serial)));
    return {};
}

// The newest of a family, by its place among the disks; nothing: none of its copies can be read whole.
std::optional<std::size_t> champion_of(const Disks& disks, std::uint32_t family) {
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < disks.size(); i++) {
        if (disks[i].copy.cut_short || !is_of(disks[i], family)) continue;
        if (!best || disks[i].copy.anchor.generation_num > disks[*best].copy.anchor.generation_num) best = i;
    }
    return best;
}

// No disk of its table may be of another family.
bool is_alone_in_its_table(const Disks& disks, const ImsmAnchor& anchor) {
    return std::ranges::none_of(disks, [&](const ImsmDiskFound& disk) {
        return has_family(disk) && !is_of(disk, anchor.family_num) && anchor.disk_of(disk.serial);
    });
}

Result<std::size_t> choose_champion(const Disks& disks) {
    std::set<std::uint32_t> families;
    for (const ImsmDiskFound& disk : disks)
        if (has_family(disk)) families.insert(disk.copy.anchor.family_num);
    if (families.empty()) return imsm_unusable("these disks are spares of IMSM: there is no volume on them to be run");
    std::vector<std::size_t> champions;
    for (const std::uint32_t family : families) {
        const std::optional<std::size_t> best = champion_of(disks, family);
        if (best && is_alone_in_its_table(disks, disks[*best].copy.anchor)) champions.push_back(*best);
    }
    if (champions.size() == 1) return champions[0];
    std::string list;
    for (const ImsmDiskFound& disk : disks)
        if (has_family(disk))
            list += fmt::format("{}{} is of family {:08x}{}", list.empty() ? "" : ", ", disk.name,
                                disk.copy.anchor.family_num, disk.copy.cut_short ? " (its checksum is wrong)" : "");
    return imsm_unusable(champions.empty()
                             ? fmt::format("no IMSM metadata of these disks can be used: {}", list)
                             : fmt::format("these are disks of several IMSM containers: {}. Give those of one", list));
}

// ---- who is in

// The disk is in the table as one that has failed, or that was not there.
bool is_excluded(const ImsmAnchor& anchor, const std::string& serial) {
    const auto own = anchor.disk_of(serial);
    if (own) return (anchor.disks[*own].status & IMSM_FAILED) != 0;
    return anchor.disk_of(imsm_failed_serial(serial)) || anchor.disk_of(imsm_missing_serial(serial));
}

ImsmStanding out(std::string why) {
    ImsmStanding standing;
    standing.why = std::move(why);
    return standing;
}

// It is not known to the right copy as a good member.
ImsmStanding stranger(const ImsmDiskFound& disk, const ImsmDiskFound& right) {
    if (is_spare_record(disk)) return {ImsmStanding::Kind::Spare, 0, false, false, {}};
    const ImsmAnchor& anchor = right.copy.anchor;
    const bool excludes =
        !disk.copy.cut_short && is_of(disk, anchor.family_num) && is_excluded(disk.copy.anchor, right.serial);
    ImsmStanding standing = out(
        is_excluded(anchor, disk.serial)
            ? fmt::format("{} has failed, or was missing, according to {}; `add` takes it with a full recovery",
                          disk.name, right.name)
            : fmt::format("{} has the serial {}, which is not in the table of {}; `add` takes it with a full recovery, "
                          "and --serial gives a disk another one",
                          disk.name, shown(disk.serial), right.name));
    standing.went_its_own_way = excludes;
    return standing;
}

// Somewhere in a slot, and being filled.
bool is_to_be_filled(const ImsmAnchor& anchor, std::uint32_t index) {
    return std::ranges::all_of(anchor.volumes, [&](const ImsmVolume& volume) {
        const auto slot = volume.now().slot_of(index);
        return !slot || volume.now().out_of_sync(*slot);
    });
}

ImsmStanding standing_of(const ImsmDiskFound& disk, const ImsmDiskFound& right) {
    const ImsmAnchor& anchor = right.copy.anchor;
    const ImsmAnchor& own = disk.copy.anchor;
    const auto index = anchor.disk_of(disk.serial);
    if (!index || is_excluded(anchor, disk.serial)) return stranger(disk, right);
    ImsmStanding standing{ImsmStanding::Kind::Member, *index, false, false, {}};
    if (!has_family(disk)) {
        standing.is_blank = true;
        if (is_spare_record(disk) && is_to_be_filled(anchor, *index)) return standing;
        return out(
            fmt::format("{} is a spare by its own record, a member by that of {}; `add` takes it with a full "
                        "recovery",
                        disk.name, right.name));
    }
    if (own.family_num != anchor.family_num)
        return out(fmt::format("{} is of family {:08x}, {} of {:08x}; `add` takes it with a full recovery", disk.name,
                               own.family_num, right.name, anchor.family_num));
    if (own.generation_num > anchor.generation_num)
        return out(fmt::format("{} is newer than {} (generation {}, not {}), but its checksum is wrong", disk.name,
                               right.name, own.generation_num, anchor.generation_num));
    if (anchor.generation_num - own.generation_num > kMostBehind)
        return out(
            fmt::format("{} is an old copy, or was not written: its generation is {}, that of {} is {}; `add` "
                        "takes it with a full recovery",
                        disk.name, own.generation_num, right.name, anchor.generation_num));
    return standing;
}

// Copies of one generation are of one write.
std::optional<Error> check_one_truth(const Disks& disks, const ImsmContainer& chosen) {
    for (std::size_t i = 0; i < disks.size(); i++) {
        const ImsmAnchor& own = disks[i].copy.anchor;
        const bool is_twin = !disks[i].copy.cut_short && is_of(disks[i], chosen.anchor.family_num) &&
                             own.generation_num == chosen.anchor.generation_num;
        if (!is_twin || own.check_sum == chosen.anchor.check_sum) continue;
        return imsm_unusable(
            fmt::format("{} and {} have the same generation {} and differ: each was used without the "
                        "other. Give the one whose data is wanted, with --run, and `add` the other",
                        disks[chosen.champion].name, disks[i].name, own.generation_num));
    }
    return {};
}

}  // namespace

std::string imsm_failed_serial(const std::string& serial) {
    constexpr std::size_t kMost = kImsmSerialSize - 1;
    const std::string failed = serial + ":0";
    return failed.size() <= kMost ? failed : failed.substr(failed.size() - kMost);
}

std::string imsm_missing_serial(const std::string& serial) {
    return imsm_failed_serial(serial).substr(1);
}

Result<ImsmContainer> choose_imsm(const std::vector<ImsmDiskFound>& disks) {
    if (auto error = check_serials(disks)) return *error;
    const Result<std::size_t> champion = choose_champion(disks);
    if (!champion) return champion.error();
    const ImsmDiskFound& right = disks[*champion];
    ImsmContainer chosen{right.copy.anchor, *champion, {}};
    if (std::string why = why_imsm_is_refused(chosen.anchor); !why.empty())
        return imsm_unusable(fmt::format("IMSM metadata of {}: {}", right.name, why));
    if (auto error = check_one_truth(disks, chosen)) return *error;
    for (const ImsmDiskFound& disk : disks) chosen.disks.push_back(standing_of(disk, right));
    return chosen;
}

}  // namespace mdscope
