// SPDX-License-Identifier: MIT
// The report of 2021 (404a8ef51258): a stop waits for bitmap writes on the wrong counter.
//
//   counted in               needs                      taken by                      waited for in
//   mddev->pending_writes    the member's mddev         unbind_rdev_from_array        md_super_wait
//                            the bio's pool             __md_stop, if pools=stop      (md_bitmap_free, with one fix)
//   bitmap->pending_writes   the bitmap                 md_bitmap_free                md_bitmap_wait_writes, ...
//   neither (data, resync)   raid1's configuration      raid1_free                    freeze_array
//
// A page of an external bitmap is written to the members as metadata is, so it is counted in the first; the last wait
// of the stop looks at the second.
#include <array>

#include "engine/md/variants/fix.hpp"
#include "engine/museum/stop_bitmap_2021/tables.hpp"

namespace mdscope {

namespace stop_bitmap_2021 {

namespace {

using museum::ActFunction;
using museum::Counter;
using museum::Rows;
using museum::Stage;
using museum::WaitSite;

// ---- the act

bool stops_the_array(const Statement& statement) {
    return statement.kind == Statement::Kind::Stop || statement.kind == Statement::Kind::Reboot ||
           (statement.kind == Statement::Kind::Store && statement.attr == "array_state");
}

constexpr std::array kStops = {
    ActFunction{"do_md_stop", true},
    ActFunction{"md_set_readonly", false},
    ActFunction{"md_notify_reboot", false},
};
constexpr std::array<std::string_view, 2> kStopped = {"clear", "inactive"};

// ---- counters and waits

constexpr std::array kMddevAsked = {"mddev.pending_writes == 0", "mddev->pending_writes == 0"};
constexpr std::array kBitmapAsked = {"bitmap.pending_writes == 0", "bitmap->pending_writes == 0"};

constexpr std::array kCounters = {
    Counter{kMddevCounter, Counter::Of::Array, kMddevAsked, kBitmapCounter, "super_written",
            "super_written counts mddev->pending_writes down to 0 first, and only then lets go of the member and of "
            "the bio.",
            "metadata writes of the array in flight: what md_super_wait waits for"},
    Counter{kBitmapCounter, Counter::Of::Bitmap, kBitmapAsked, kMddevCounter, "end_bitmap_write",
            "end_bitmap_write counts bitmap->pending_writes down to 0 and only then wakes a queue in the bitmap.",
            "writes of a bitmap file in flight: what md_bitmap_free waits for. Moves with a bitmap file only"},
};

const char* counted_in(const BioName& bio, bool is_read) {
    if (is_read || bio.kind == "data" || bio.kind == "resync") return "";
    return bio.member == "bitmap" ? kBitmapCounter : kMddevCounter;  // the disk that the bitmap file is
}

constexpr std::array kWaits = {
    WaitSite{"md_super_wait", kMddevCounter},
    WaitSite{"md_bitmap_free", kMddevCounter, waits_for_both_counters},
    WaitSite{"md_bitmap_wait_writes", kBitmapCounter},
    WaitSite{"md_bitmap_free", kBitmapCounter},
    WaitSite{"md_bitmap_update_sb", kBitmapCounter},
    WaitSite{"freeze_array", ""},
};

// The one of the report; the others that this teardown can meet were found here.
bool was_reported(const Oops& oops) {
    return oops.object == "rdev->mddev" && oops.what.starts_with("NULL");
}

// ---- lanes

constexpr std::array kStages = {
    Stage{"md_bitmap_flush", "md_bitmap_flush"},
    Stage{"__md_stop", "__md_stop"},
    Stage{"unbind_rdev_from_array", "unbind_rdev_from_array"},
    Stage{"md_set_readonly", "md_set_readonly"},
    Stage{"md_notify_reboot", "md_notify_reboot"},
    Stage{"raid1_make_request", "raid1_make_request"},
    Stage{"md_update_sb", "md_update_sb"},
    Stage{"md_bitmap_daemon_work", "daemon_work", true},  // there is little room
};

// ---- the matrix

constexpr std::array kVariants = {"fix", "order", "pools"};
constexpr std::array kHomes = {BitmapHome::External, BitmapHome::Internal, BitmapHome::File};  // of those that have one
constexpr std::array kEntrances = {"STOP_ARRAY", "array_state", "two-step", "readonly"};

}  // namespace

bool waits_for_both_counters(const Rows& rows) {
    return rows.row<variants::fix>().in_bitmap_free != find_row<variants::fix>("none")->in_bitmap_free;
}

}  // namespace stop_bitmap_2021

const Exhibit& stop_bitmap_2021_exhibit() {
    using namespace stop_bitmap_2021;
    static const Exhibit exhibit = {
        .name = "stop_bitmap_2021",
        .title = "A stop that waits for its last bitmap writes on the wrong counter",
        .scenario = "report-2021",
        .lesson = 2,
        .matrix = {.variants = kVariants, .homes = kHomes, .entrances = kEntrances, .scenario = stop_mid_write},
        .act = {.noun = "stop",
                .doing = "stopping",
                .does = "stops the array",
                .done = "stopped cleanly",
                .none = "nobody stops {it} in this scenario",
                .over = "Stopped: every write had ended before its member went.",
                .is = stops_the_array,
                .functions = kStops,
                .end_state = kStopped},
        .counters = kCounters,
        .counted_in = counted_in,
        .waits = kWaits,
        .takers = takers(),
        .blind_wait = {"md_bitmap_free", kBitmapCounter, kMddevCounter},
        .accident = {"md_bitmap_update_sb",
                     "md_bitmap_update_sb writes the bitmap's superblock and waits in {wait} until {counter} is 0: "
                     "the same counter, so that saves {bio}, by accident."},
        .passes = {"md_bitmap_daemon_work", "md_bitmap_flush", "bitmap",
                   "The bitmap page is marked, and daemon pass {number} of md_bitmap_flush submits {bio}{how}."},
        .data_wait =
            "Data requests are counted by raid1 itself, in neither mddev->pending_writes nor "
            "bitmap->pending_writes: the flush of the bitmap begins when they have ended.",
        .tree = tree(),
        .code = code(),
        .stages = kStages,
        .ways = ways(),
        .console_notes = console_notes(),
        .real_console =
            "Emulated. The real one of 2021 had CR2 00000000000002b8 and RIP super_written+0x29; offsets differ "
            "with the kernel's struct layout.",
        .is_real = was_reported,
        .recipe = "Hold a bitmap write, stop the array, let the write go.",
        .page = page(),
    };
    return exhibit;
}

}  // namespace mdscope
