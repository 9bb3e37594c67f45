// SPDX-License-Identifier: MIT
// The variant `fix`: the answers that were given to "who waits for the bitmap writes of the last daemon run of a stop".
//
//   md_bitmap_flush        three daemon runs     after each: after_run
//                          before_update_sb      <- v1, upstream
//                          md_bitmap_update_sb
//                          after_update_sb       <- proposal
//   md_bitmap_free         in_bitmap_free        <- proposal
//   mddev_detach           after_detach
//   export_array           after_export
//
// A row does what its patch did, its test of bitmap_info.external included; the flow that calls it knows none of them.
#include "engine/md/variants/fix.hpp"

#include <array>

#include "engine/md/bitmap/bitmap.hpp"

namespace mdscope {

namespace {

void no_wait(Mddev&, Bitmap&) {}
void no_wait_in_free(Bitmap&) {}

void wait_for_page_writes(Mddev&, Bitmap& bitmap) {
    md_bitmap_wait_writes(&bitmap);
}

// md_super_wait may ask for the writes to be made again; nobody does. What is lost is the clearing of bits.
void super_wait_if_external(Mddev& mddev, Bitmap&) {
    if (mddev.bitmap_info.external) (void)md_super_wait(mddev);
}

void wait_for_mddev_writes(Bitmap& bitmap) {
    Mddev* mddev = bitmap.mddev;
    wait_event(mddev->sb_wait, mddev->pending_writes == 0);
}

// ---- where nobody proposed to wait

void super_wait_after_first_run(Mddev& mddev, int run) {
    if (run == 0 && mddev.bitmap_info.external) (void)md_super_wait(mddev);
}

void super_wait_after_second_run(Mddev& mddev, int run) {
    if (run == 1 && mddev.bitmap_info.external) (void)md_super_wait(mddev);
}

void super_wait_in_free(Bitmap& bitmap) {
    super_wait_if_external(*bitmap.mddev, bitmap);
}

void super_wait_late(Mddev& mddev) {
    if (mddev.bitmap_info.external) (void)md_super_wait(mddev);
}

void wait_after_no_run(Mddev&, int) {}
void no_late_wait(Mddev&) {}

constexpr const char* kNone = "Nobody waits for the writes of the last daemon run of an external bitmap.";
constexpr const char* kV1 =
    "The first patch: md_bitmap_flush waits for the page writes before the header is updated, for every bitmap.";
constexpr const char* kProposal =
    "Heming Zhao's: md_bitmap_flush ends with md_super_wait if the bitmap is external, and md_bitmap_free waits for "
    "mddev->pending_writes, too.";
constexpr const char* kUpstream =
    "What was merged (404a8ef51258, Linux 5.13): md_super_wait before the header is updated, if external.";

constexpr const char* kRun = "md_bitmap_daemon_work";

constexpr std::array<StopFix, 4> kStopFixes{{
    {{"none", kNone}, no_wait, no_wait, no_wait_in_free, {}},
    {{"v1", kV1}, wait_for_page_writes, no_wait, no_wait_in_free, {}},
    {{"proposal", kProposal}, no_wait, super_wait_if_external, wait_for_mddev_writes, {}},
    {{"upstream", kUpstream}, super_wait_if_external, no_wait, no_wait_in_free, {kRun, 3}},
}};

constexpr std::array<StopFix, 6> kStopTrials{{
    {{"after-run-1", "To try: md_super_wait after the first daemon run, if external."},
     no_wait,
     no_wait,
     no_wait_in_free,
     {kRun, 1},
     super_wait_after_first_run},
    {{"after-run-2", "To try: md_super_wait after the second daemon run, if external."},
     no_wait,
     no_wait,
     no_wait_in_free,
     {kRun, 2},
     super_wait_after_second_run},
    {{"after-header", "To try: md_super_wait after the header is updated, if external."},
     no_wait,
     super_wait_if_external,
     no_wait_in_free,
     {"md_bitmap_update_sb"}},
    {{"in-free", "To try: md_super_wait in md_bitmap_free, if the bitmap is external."},
     no_wait,
     no_wait,
     super_wait_in_free,
     {"md_bitmap_free", 0, true}},
    {{"in-detach", "To try: md_super_wait at the end of mddev_detach, if the bitmap is external."},
     no_wait,
     no_wait,
     no_wait_in_free,
     {"mddev_detach", 0, true},
     wait_after_no_run,
     super_wait_late},
    {{"after-export", "To try: md_super_wait when no member is left, if the bitmap is external."},
     no_wait,
     no_wait,
     no_wait_in_free,
     {"unbind_rdev_from_array"},
     wait_after_no_run,
     no_late_wait,
     super_wait_late},
}};

}  // namespace

std::span<const StopFix> variants::fix::trials() {
    return kStopTrials;
}

std::span<const StopFix> variants::fix::rows() {
    return kStopFixes;
}

}  // namespace mdscope
