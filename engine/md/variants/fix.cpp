// SPDX-License-Identifier: MIT
// The variant `fix`: the answers that were given to "who waits for the bitmap writes of the last daemon run of a stop".
//
//   md_bitmap_flush        three daemon runs
//                          before_update_sb      <- v1, upstream
//                          md_bitmap_update_sb
//                          after_update_sb       <- proposal
//   md_bitmap_free         in_bitmap_free        <- proposal
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

constexpr const char* kNone = "Nobody waits for the writes of the last daemon run of an external bitmap.";
constexpr const char* kV1 =
    "The first patch: md_bitmap_flush waits for the page writes before the header is updated, for every bitmap.";
constexpr const char* kProposal =
    "Heming Zhao's: md_bitmap_flush ends with md_super_wait if the bitmap is external, and md_bitmap_free waits for "
    "mddev->pending_writes, too.";
constexpr const char* kUpstream =
    "What was merged (404a8ef51258, Linux 5.13): md_super_wait before the header is updated, if external.";

constexpr std::array<StopFix, 4> kStopFixes{{
    {{"none", kNone}, no_wait, no_wait, no_wait_in_free},
    {{"v1", kV1}, wait_for_page_writes, no_wait, no_wait_in_free},
    {{"proposal", kProposal}, no_wait, super_wait_if_external, wait_for_mddev_writes},
    {{"upstream", kUpstream}, super_wait_if_external, no_wait, no_wait_in_free},
}};

}  // namespace

std::span<const StopFix> variants::fix::rows() {
    return kStopFixes;
}

}  // namespace mdscope
