// SPDX-License-Identifier: MIT

#include "engine/md/variants/absent_members.hpp"

#include <algorithm>
#include <array>

#include "engine/md/bitmap/bitmap.hpp"
#include "engine/md/md.hpp"

namespace mdscope {

namespace {

// With every slot filled a sync has nobody to keep marks for (`still_degraded` of raid1_sync_request).
bool clears_marks(const Mddev& mddev) {
    const auto fills_a_slot = [](const Rdev* rdev) { return rdev->raid_disk >= 0 && !test_bit(Faulty, rdev->flags); };
    return std::ranges::count_if(mddev.disks, fills_a_slot) >= mddev.raid_disks;
}

void forget_slot(Mddev& mddev, Rdev& rdev) {
    if (clears_marks(mddev)) rdev.saved_raid_disk = -1;
}

// From here on the bitmap is good only for those who are in. The header says so before the first mark is cleared: a
// member that left before this event is refused a re-add, also after a crash.
void forget_absent(Mddev& mddev, Rdev& rdev) {
    if (!clears_marks(mddev)) return;
    for (Rdev* other : mddev.disks)
        if (other != &rdev && other->raid_disk < 0) other->saved_raid_disk = -1;
    // Of two slots there is nobody left who could come back: whoever was out when the last one was filled by a member
    // that knew nothing was refused since, and of the two one is in and the other is this one.
    if (mddev.raid_disks <= 2 && rdev.saved_raid_disk >= 0) return;
    Bitmap* const bitmap = mddev.bitmap;
    if (bitmap == nullptr || mddev.bitmap_info.external || bitmap->events_cleared >= mddev.events) return;
    bitmap->events_cleared = mddev.events.load();
    md_bitmap_update_sb(bitmap);
}

// md: `degraded == 0 || events_cleared == events` starts at recovery_cp. With external metadata both event counts are
// 0, so md forgets which chunks a missing member still needs each time a degraded array is assembled.
bool keeps_as_md(const Bitmap& bitmap) {
    const Mddev& mddev = *bitmap.mddev;
    return mddev.degraded != 0 && bitmap.events_cleared != mddev.events;
}

bool keeps_all(const Bitmap& bitmap) {
    return bitmap.mddev->degraded != 0;
}

constexpr std::array kAbsent = {
    AbsentMembers{{"md", "marks are cleared that a member which is out still needs, and it is not copied to there"},
                  [](Mddev&, Rdev&) {},
                  [](Mddev&, Rdev&) {},
                  [](Mddev&) {},
                  keeps_as_md},
    AbsentMembers{{"kept", "a member that is out comes back by the bitmap only while its marks are kept"},
                  forget_slot,
                  forget_absent,
                  [](Mddev& mddev) { md_bitmap_write_rest(mddev.bitmap); },
                  keeps_all},
};

}  // namespace

std::span<const AbsentMembers> variants::absent_members::rows() {
    return kAbsent;
}

}  // namespace mdscope
