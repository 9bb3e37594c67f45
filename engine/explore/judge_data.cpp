// SPDX-License-Identifier: MIT

#include "engine/explore/judge_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "engine/kernel/hash.hpp"
#include "engine/md/bitmap/bitmap.hpp"
#include "engine/md/format/format.hpp"
#include "engine/mdadm/container.hpp"
#include "engine/mdadm/imsm/read.hpp"
#include "engine/mdadm/imsm/state.hpp"

namespace mdscope::judge_data {

namespace {

bool is_power_cut(const SimLab& lab) {
    return lab.after_cut()->crash == CutKind::PowerCut;
}

const RamImage* medium_of(const SimLab& lab, const std::string& path) {
    const auto found = lab.kernel.images().find(path);
    return found == lab.kernel.images().end() ? nullptr : found->second.get();
}

bool is_running(const Mddev& mddev) {
    return mddev.pers.peek() != nullptr;
}

// A write may be acknowledged before this member has it. Who reads it waits for such writes to end.
bool is_written_behind(const Mddev& mddev, const Rdev& rdev) {
    return (rdev.flags.peek() >> WriteMostly & 1U) != 0 && mddev.bitmap_info.max_write_behind.load() != 0;
}

bool has_writes_behind(const Mddev& mddev) {
    const Bitmap* const bitmap = mddev.bitmap.peek();
    return bitmap != nullptr && bitmap->behind_writes.peek() != 0;
}

// As raid1 reads: members in sync, and what is rebuilt of others.
Sector readable_sectors(const Mddev& mddev, const Rdev& rdev) {
    const std::uint64_t flags = rdev.flags.peek();
    if ((flags >> Faulty & 1U) != 0 || rdev.raid_disk.peek() < 0) return 0;
    if (is_written_behind(mddev, rdev) && has_writes_behind(mddev)) return 0;
    const Sector all = mddev.dev_sectors.load();
    return (flags >> In_sync & 1U) != 0 ? all : std::min(all, rdev.recovery_offset.peek());
}

// Nobody reads what the bad-block table says could not be written.
bool is_bad(const Rdev& rdev, Sector sector) {
    const Sector at = rdev.data_offset + sector;
    return rdev.badblocks.count.peek() != 0 &&
           std::ranges::any_of(rdev.badblocks.ranges_at_rest(), [at](const Badblocks::Range& range) {
               return range.start <= at && at < range.start + range.length;
           });
}

// ---- what lies in the data areas

struct WrongSector {
    const Rdev* rdev;
    Sector sector;
    WriteNumber number;
};

std::optional<WrongSector> wrong_sector_of(const SimLab& lab, const Rdev& rdev, Sector end) {
    const RamImage* const medium = medium_of(lab, rdev.path);
    if (medium == nullptr) return std::nullopt;
    for (Sector sector = 0; sector < end; sector++) {
        const auto bytes = medium->sector(rdev.data_offset + sector, false);
        const WriteNumber number = Ledger::read_stamp(bytes, sector);
        if (!lab.ledger().may_be_read(sector, number) && !is_bad(rdev, sector))
            return WrongSector{&rdev, sector, number};
    }
    return std::nullopt;
}

// Looks at a member again only if something of it has changed since it was found right.
std::optional<WrongSector> find_wrong_sector(const SimLab& lab) {
    const Mddev& mddev = lab.mddev();
    if (!is_running(mddev)) return std::nullopt;
    std::size_t number = 0;
    for (const Rdev* rdev : mddev.disks) {
        const Sector end = readable_sectors(mddev, *rdev);
        const RamImage* const medium = medium_of(lab, rdev->path);
        std::uint64_t seen = mix(mix(lab.ledger().changes(), medium != nullptr ? medium->changes() : 0), end);
        seen = mix(seen, rdev->path);
        seen = mix(seen, static_cast<std::uint64_t>(rdev->badblocks.count.peek()));
        auto& right = lab.found_right[std::min<std::size_t>(number++, kMaxMembers - 1)];
        if (right == seen) continue;
        if (auto wrong = wrong_sector_of(lab, *rdev, end)) return wrong;
        right = seen;
    }
    return std::nullopt;
}

std::optional<Superblock1> superblock_of(const SimLab& lab, const Rdev& rdev) {
    const RamImage* const medium = medium_of(lab, rdev.path);
    if (medium == nullptr) return std::nullopt;
    std::array<std::byte, kPageSize> page{};
    const std::uint64_t at = rdev.sb_start * kSectorSize;
    is_power_cut(lab) ? medium->read_durable(at, page) : medium->read(at, page);
    return decode_super_1(page);
}

// ---- bits

// A bitmap that is out of date, by its header or because a superblock is newer: an assembly takes all bits as set.
bool is_stale_bitmap(const SimLab& lab, const RamImage& medium, std::uint64_t begin) {
    const auto bytes = medium.sector((begin - kBitmapSuperSize) / kSectorSize, is_power_cut(lab));
    const BitmapSuper header = decode_bitmap_super(bytes.subspan((begin - kBitmapSuperSize) % kSectorSize));
    if (header.magic != BITMAP_MAGIC) return false;
    return (header.state >> BITMAP_STALE & 1U) != 0 || std::ranges::any_of(lab.mddev().disks, [&](const Rdev* rdev) {
               const bool is_faulty = (rdev->flags.peek() >> Faulty & 1U) != 0;
               const auto sb = is_faulty ? std::nullopt : superblock_of(lab, *rdev);
               return sb && sb->events > header.events;
           });
}

// Whether the bit of a chunk is set in the bitmap that an assembly would read from this medium.
bool is_bit_set(const RamImage& medium, std::uint64_t begin, std::uint64_t chunk, bool durable) {
    const std::uint64_t byte = begin + chunk / 8;
    const auto bytes = medium.sector(byte / kSectorSize, durable);
    return (std::to_integer<unsigned>(bytes[byte % kSectorSize]) >> chunk % 8 & 1U) != 0;
}

struct MissingIntent {
    std::string disk, medium;
    std::uint64_t chunk;
};

// The media that an assembly would read the bits of this array from, each with the byte at which they begin.
template <class Visit>
void for_each_bitmap(const SimLab& lab, Visit visit) {
    const Mddev& mddev = lab.mddev();
    if (mddev.bitmap_info.file.load() != nullptr) {
        if (const RamImage* medium = medium_of(lab, "lab/bitmap")) visit(*medium, kBitmapSuperSize);
        return;
    }
    const std::uint64_t header = mddev.bitmap_info.external.load() ? 0 : kBitmapSuperSize;
    for (const Rdev* rdev : mddev.disks) {
        const std::uint64_t flags = rdev->flags.peek();
        if ((flags >> Faulty & 1U) != 0 || (flags >> In_sync & 1U) == 0) continue;
        const auto sector = static_cast<std::int64_t>(rdev->sb_start) + mddev.bitmap_info.offset.load();
        if (const RamImage* medium = medium_of(lab, rdev->path))
            visit(*medium, (static_cast<std::uint64_t>(sector) << kSectorShift) + header);
    }
}

const Rdev* member_on(const Mddev& mddev, const RamImage& medium) {
    const auto found = std::ranges::find_if(mddev.disks, [&](const Rdev* rdev) { return rdev->path == medium.path(); });
    return found == mddev.disks.end() ? nullptr : *found;
}

std::optional<MissingIntent> find_missing_intent(const SimLab& lab) {
    const Mddev& mddev = lab.mddev();
    const Bitmap* const bitmap = mddev.bitmap.peek();
    if (!is_running(mddev) || bitmap == nullptr) return std::nullopt;
    std::optional<MissingIntent> missing;
    lab.kernel.for_each_write_in_flight([&](const Bio& bio, const RamImage& medium) {
        const Rdev* const rdev = member_on(mddev, medium);
        if (bio.bi_kind != BioKind::Data || rdev == nullptr || bio.bi_sector < rdev->data_offset || missing) return;
        const std::uint64_t chunk = ((bio.bi_sector - rdev->data_offset) << kSectorShift) / mddev.bitmap_info.chunksize;
        for_each_bitmap(lab, [&](const RamImage& holder, std::uint64_t begin) {
            if (is_bit_set(holder, begin, chunk, is_power_cut(lab))) return;
            const bool has_header = !mddev.bitmap_info.external.load();
            if (!has_header || !is_stale_bitmap(lab, holder, begin))
                missing = MissingIntent{medium.name(), holder.name(), chunk};
        });
    });
    return missing;
}

// ---- failures on record

bool says_failed(const SimLab& lab, const Rdev& survivor, const Rdev& failed) {
    const auto sb = superblock_of(lab, survivor);
    if (!sb) return false;
    const auto number = static_cast<std::size_t>(failed.desc_nr);
    return number >= sb->dev_roles.size() || sb->dev_roles[number] >= MD_DISK_ROLE_FAULTY;
}

// What it says itself: it is a spare, or it is being rebuilt and has not come as far. Whoever assembles it goes on
// there.
bool says_it_is_behind(const SimLab& lab, const Rdev& rdev, Sector sector) {
    if (says_failed(lab, rdev, rdev)) return true;
    const auto sb = superblock_of(lab, rdev);
    return sb && (sb->feature_map & MD_FEATURE_RECOVERY_OFFSET) != 0 && sb->recovery_offset <= sector;
}

// By the copies of those that are left: an assembly takes the newest one, which one of them has.
bool anchor_says_failed(const SimLab& lab, const Rdev& survivor, const Rdev& failed) {
    const RamImage* const medium = medium_of(lab, survivor.path);
    if (medium == nullptr) return false;
    const auto copy = read_imsm_copy(medium->size_bytes() / kSectorSize, [&](Sector sector, std::span<std::byte> to) {
        is_power_cut(lab) ? medium->read_durable(sector * kSectorSize, to) : medium->read(sector * kSectorSize, to);
        return 0;
    });
    if (!copy || !*copy || (*copy)->cut_short || (*copy)->anchor.volumes.empty()) return false;
    const Container state = imsm_state((*copy)->anchor, 0);
    const ContainerMember* const member = find_member(state, failed.label_uuid);
    return member == nullptr || member->state != "in_sync";  // one that has failed has another serial there
}

bool sidecar_says_failed(const SimLab& lab, const Rdev& failed) {
    const auto file = lab.kernel.files().find(container_path("lab"));
    if (file == lab.kernel.files().end()) return false;
    const auto container = container_from_json(file->second);
    if (!container) return false;
    const auto member = std::ranges::find(container->members, failed.name, &ContainerMember::name);
    return member == container->members.end() || member->state != "in_sync";
}

const Rdev* find_unrecorded(const SimLab& lab) {
    const Mddev& mddev = lab.mddev();
    if (!is_running(mddev)) return nullptr;
    const auto is_in_sync = [](const Rdev* rdev) {
        return (rdev->flags.peek() >> In_sync & 1U) != 0 && (rdev->flags.peek() >> Faulty & 1U) == 0;
    };
    if (std::ranges::none_of(mddev.disks, is_in_sync)) return nullptr;  // nobody is left to keep a record
    for (const Rdev* rdev : mddev.disks) {
        if (is_written_behind(mddev, *rdev)) continue;  // what it has not got is marked, and was promised by the others
        if ((rdev->flags.peek() >> Faulty & 1U) == 0) continue;
        const auto wrong = wrong_sector_of(lab, *rdev, mddev.dev_sectors.load());
        if (!wrong) continue;
        const bool is_external = mddev.external.load();
        if (!is_external && says_it_is_behind(lab, *rdev, wrong->sector)) continue;
        const auto says_so = lab.has_anchors() ? anchor_says_failed : says_failed;
        const bool is_recorded = is_external && !lab.has_anchors()
                                     ? sidecar_says_failed(lab, *rdev)
                                     : std::ranges::any_of(mddev.disks, [&](const Rdev* survivor) {
                                           return is_in_sync(survivor) && says_so(lab, *survivor, *rdev);
                                       });
        if (!is_recorded) return rdev;
    }
    return nullptr;
}

// ---- equal

struct Difference {
    const Rdev *one, *other;
    Sector sector;
};

// A bit alone is no excuse: at rest nobody is there to copy its chunk.
bool is_owed(const Mddev& mddev, Sector sector) {
    return mddev.recovery_cp.peek() <= sector;
}

std::optional<Difference> find_difference(const SimLab& lab) {
    const Mddev& mddev = lab.mddev();
    constexpr std::uint64_t kBusy = std::uint64_t{1} << MD_RECOVERY_RUNNING | std::uint64_t{1} << MD_RECOVERY_NEEDED;
    if (!is_running(mddev) || mddev.ro.peek() == MD_RDONLY || (mddev.recovery.peek() & kBusy) != 0) return std::nullopt;
    const Rdev* first = nullptr;
    for (const Rdev* rdev : mddev.disks) {
        if (readable_sectors(mddev, *rdev) != mddev.dev_sectors.load()) continue;
        if (first == nullptr) {
            first = rdev;
            continue;
        }
        const RamImage* const a = medium_of(lab, first->path);
        const RamImage* const b = medium_of(lab, rdev->path);
        for (Sector sector = 0; sector < mddev.dev_sectors.load(); sector++) {
            const auto one = a->sector(first->data_offset + sector, false);
            const auto other = b->sector(rdev->data_offset + sector, false);
            if (!std::ranges::equal(one, other) && !is_owed(mddev, sector) && !is_bad(*first, sector) &&
                !is_bad(*rdev, sector))
                return Difference{first, rdev, sector};
        }
    }
    return std::nullopt;
}

std::string number_text(const Ledger& ledger, WriteNumber number) {
    if (number == Ledger::kBlank) return "zeros";
    if (ledger.is_discard(number)) return fmt::format("write {}, a discard", number);
    if (number == Ledger::kGarbled) return "bytes of no write";
    return number == Ledger::kBeginning ? "what was there at the beginning" : fmt::format("write {}", number);
}

}  // namespace

bool is_intent_missing(const Sight& sight) {
    return find_missing_intent(sight.lab).has_value();
}

std::string intent_text(const Sight& sight) {
    const MissingIntent missing = *find_missing_intent(sight.lab);
    return fmt::format("data of chunk {} is in flight to {}, and its bit is not set on {}", missing.chunk, missing.disk,
                       missing.medium);
}

bool is_failure_unrecorded(const Sight& sight) {
    const auto changes = sight.lab.ledger().changes();
    auto& asked = sight.lab.found_right[kMaxMembers];
    if (asked == changes) return false;  // nothing was acknowledged since
    if (find_unrecorded(sight.lab) != nullptr) return true;
    asked = changes;
    return false;
}

std::string recorded_text(const Sight& sight) {
    return fmt::format("a write was acknowledged that {} has not got, and nothing on disk says that it has failed",
                       find_unrecorded(sight.lab)->name);
}

bool is_stale(const Sight& sight) {
    return sight.lab.life() == 1 && (sight.lab.wrong_read() || find_wrong_sector(sight.lab));
}

bool is_lost(const Sight& sight) {
    if (sight.lab.life() == 1) return false;
    return !sight.lab.start_error().empty() || sight.lab.wrong_read() || find_wrong_sector(sight.lab);
}

std::string data_text(const Sight& sight) {
    const SimLab& lab = sight.lab;
    if (!lab.start_error().empty()) return "the array does not start: " + lab.start_error();
    if (lab.wrong_read())
        return fmt::format("sector {} was read and gave {}; the last acknowledged is {}", lab.wrong_read()->sector,
                           number_text(lab.ledger(), lab.wrong_read()->number),
                           number_text(lab.ledger(), lab.ledger().acknowledged(lab.wrong_read()->sector)));
    const WrongSector wrong = *find_wrong_sector(lab);
    return fmt::format("{} may be read, and its sector {} has {}; the last acknowledged is {}", wrong.rdev->name,
                       wrong.sector, number_text(lab.ledger(), wrong.number),
                       number_text(lab.ledger(), lab.ledger().acknowledged(wrong.sector)));
}

bool are_unequal(const Sight& sight) {
    return find_difference(sight.lab).has_value();
}

std::string unequal_text(const Sight& sight) {
    const Difference difference = *find_difference(sight.lab);
    return fmt::format("{} and {} may both be read, differ in sector {}, and no bit says so", difference.one->name,
                       difference.other->name, difference.sector);
}

}  // namespace mdscope::judge_data
