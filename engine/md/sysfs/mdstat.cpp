// SPDX-License-Identifier: MIT
// The text of /proc/mdstat.
//
//   Personalities : [raid1]
//   md0 : active raid1 sdb[1] sda[0]
//         1046528 blocks super 1.2 [2/2] [UU]
//         [>....................]  resync =  0.4% (5376/1046528) finish=3.2min speed=5376K/sec
//         bitmap: 1/1 pages [4KB], 65536KB chunk
//
//   unused devices: <none>
//
// Programs parse this, blanks included, so it is md's text byte for byte: the personality line ends with a blank, an
// array without a bitmap ends with a line of six blanks (seven while inactive) instead of an empty one, and the
// progress never reaches 100%. Each array is shown under its own mddev.lock and no other lock that a sleeper could
// hold.
//
// Whether an *external* bitmap has its line is a row of variants/mdstat_bitmap.hpp.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "engine/md/bitmap/bitmap.hpp"
#include "engine/md/sysfs/sysfs.hpp"
#include "engine/md/variants/mdstat_bitmap.hpp"

namespace mdscope {

namespace {

using Out = std::back_insert_iterator<std::string>;

// ---- status_resync

bool has(const Mddev& mddev, RecoveryFlag flag) {
    return test_bit(flag, mddev.recovery);
}

Sector sync_range(const Mddev& mddev) {
    const bool whole_array = has(mddev, MD_RECOVERY_SYNC) || has(mddev, MD_RECOVERY_RESHAPE);
    return whole_array ? mddev.resync_max_sectors : mddev.dev_sectors;
}

std::uint64_t sectors_in_flight(const Mddev& mddev) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(mddev.recovery_active, 0));
}

// What is done, not what was issued; below MD_RESYNC_ACTIVE it is one of the special values.
Sector sync_position(const Mddev& mddev, Sector range) {
    const Sector position = mddev.curr_resync;
    if (position < MD_RESYNC_ACTIVE) return has(mddev, MD_RECOVERY_DONE) ? range : position;
    if (position > range) return range;
    const std::uint64_t in_flight = sectors_in_flight(mddev);
    // A little after the start the difference may be one of the special values; it is still a sync that runs.
    return position < in_flight + MD_RESYNC_ACTIVE ? MD_RESYNC_ACTIVE : position - in_flight;
}

const char* sync_kind(const Mddev& mddev) {
    if (has(mddev, MD_RECOVERY_RESHAPE)) return "reshape";
    if (has(mddev, MD_RECOVERY_CHECK)) return "check";
    return has(mddev, MD_RECOVERY_SYNC) ? "resync" : "recovery";
}

void progress(Out out, const Mddev& mddev, Sector position, Sector range) {
    const std::uint64_t per_milli = (position >> 10) * 1000 / ((range >> 10) + 1);
    const auto done = static_cast<std::size_t>(per_milli / 50);
    fmt::format_to(out, "[{}>{}] ", std::string(done, '='), std::string(20 - done, '.'));
    fmt::format_to(out, " {} ={:3}.{}% ({}/{})", sync_kind(mddev), per_milli / 10, per_milli % 10, position / 2,
                   range / 2);

    const std::uint64_t now = mddev.kernel.ktime_ns();
    const std::uint64_t mark = mddev.resync_mark;
    const std::uint64_t dt = std::max<std::uint64_t>(now > mark ? (now - mark) / kNsPerSec : 0, 1);
    const std::uint64_t behind = sectors_in_flight(mddev) + mddev.resync_mark_cnt;
    const std::uint64_t issued = mddev.curr_mark_cnt;
    const std::uint64_t db = issued >= behind ? issued - behind : 0;
    const std::uint64_t seconds = (range - position) / (db / 32 + 1) * dt / 32;
    fmt::format_to(out, " finish={}.{}min speed={}K/sec", seconds / 60, seconds % 60 / 6, db / 2 / dt);
}

// False: there is nothing to say about syncing.
bool status_resync(Out out, const Mddev& mddev) {
    const Sector range = sync_range(mddev);
    const Sector position = sync_position(mddev, range);
    if (position == 0) {
        if (mddev.recovery_cp == MaxSector) return false;
        fmt::format_to(out, "\tresync=PENDING");
        return true;
    }
    if (position < MD_RESYNC_ACTIVE)
        fmt::format_to(out, "\tresync=DELAYED");
    else
        progress(out, mddev, position, range);
    return true;
}

// ---- one array

// The members, newest bound first. Returns the sum of their sectors, failed ones left out.
Sector show_members(Out out, const Mddev& mddev) {
    Sector sectors = 0;
    for (const Rdev* rdev : mddev.disks) {
        fmt::format_to(out, " {}[{}]", rdev->name, rdev->desc_nr);
        if (test_bit(WriteMostly, rdev->flags)) fmt::format_to(out, "(W)");
        if (test_bit(Journal, rdev->flags)) fmt::format_to(out, "(J)");
        if (test_bit(Faulty, rdev->flags)) {
            fmt::format_to(out, "(F)");
            continue;
        }
        if (rdev->raid_disk < 0) fmt::format_to(out, "(S)");
        if (test_bit(Replacement, rdev->flags)) fmt::format_to(out, "(R)");
        sectors += rdev->sectors;
    }
    return sectors;
}

void show_metadata(Out out, const Mddev& mddev) REQUIRES(mddev.lock) {
    if (mddev.persistent) {
        const bool is_0_90 = mddev.major_version == 0 && mddev.minor_version == 90;
        if (!is_0_90) fmt::format_to(out, " super {}.{}", mddev.major_version.load(), mddev.minor_version.load());
    } else if (mddev.external) {
        fmt::format_to(out, " super external:{}", mddev.metadata_type);
    } else {
        fmt::format_to(out, " super non-persistent");
    }
}

void show_bitmap(Out out, const Mddev& mddev, bool is_shown) {
    if (!is_shown) return;
    const std::string status = md_bitmap_status(mddev);
    if (!status.empty()) fmt::format_to(out, "{}\n", status);
}

// Asked before the lock is taken: after a fault here others want to look at the array.
bool shows_bitmap(const Mddev& mddev) {
    return !mddev.bitmap_info.external || mddev.variants.row<variants::mdstat_bitmap>().shows_external(mddev);
}

void md_seq_show(Out out, const Mddev& mddev) {
    MD_FRAME("md_seq_show");
    const bool with_bitmap = shows_bitmap(mddev);
    const SpinGuard guard(mddev.lock);
    const MdPersonality* const pers = mddev.pers;
    if (pers == nullptr && mddev.raid_disks == 0 && mddev.disks.empty()) return;

    fmt::format_to(out, "{} : {}active", mddev.name, pers != nullptr ? "" : "in");
    if (pers != nullptr) {
        constexpr std::array<const char*, 3> kRo = {"", " (read-only)", " (auto-read-only)"};
        fmt::format_to(out, "{} {}", kRo[static_cast<std::size_t>(mddev.ro.load())], pers->name);
    }
    const Sector sum = show_members(out, mddev);
    if (!mddev.disks.empty())
        fmt::format_to(out, "\n      {} blocks", (pers != nullptr ? mddev.array_sectors.load() : sum) / 2);
    show_metadata(out, mddev);
    if (pers != nullptr) {
        fmt::format_to(out, "{}\n      ", pers->status(mddev));
        if (pers->sync_request != nullptr && status_resync(out, mddev)) fmt::format_to(out, "\n      ");
    } else {
        fmt::format_to(out, "\n       ");
    }
    show_bitmap(out, mddev, with_bitmap);
    fmt::format_to(out, "\n");
}

}  // namespace

std::string mdstat(const std::vector<const Mddev*>& arrays) {
    std::string text = "Personalities : [raid1] \n";
    for (const Mddev* mddev : arrays) md_seq_show(std::back_inserter(text), *mddev);
    text += "unused devices: <none>\n";
    return text;
}

}  // namespace mdscope
