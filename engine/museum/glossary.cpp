// SPDX-License-Identifier: MIT

#include "engine/museum/glossary.hpp"

#include <algorithm>
#include <array>

namespace mdscope {

namespace {

constexpr std::array kTerms = {
    Term{"mddev->pending_writes",
         "How many superblock and bitmap writes of this array are on their way to its members.", "md_super_write",
         "super_written"},
    Term{"bitmap->pending_writes",
         "How many writes to a bitmap file are on their way. With a bitmap on the members it is always 0.",
         "write_page", "end_bitmap_write"},
    Term{"rdev->nr_pending", "How many requests hold this member, so that it is not removed under them.", "", ""},
    Term{"bitmap write",
         "A page of the write-intent bitmap on its way to a member: it notes where the mirrors may differ."},
    Term{"superblock write", "What the array knows of itself on its way to a member: its state, its event count."},
    Term{"data write", "A write of a user. raid1 counts it itself; neither of the two counters does."},
    Term{"data read", "A read of a user, from one member. raid1 counts it itself; neither of the two counters does."},
    Term{"resync read", "What is to be copied or compared, on its way from a member. Neither counter counts it."},
    Term{"resync write", "A copy from one member to another. Neither of the two counters counts it."},
    Term{"member",
         "One disk of the mirror. Its rdev points to the array it belongs to; unbinding sets that pointer to NULL."},
    Term{"task", "Who takes the array apart, function by function. It may sleep, and then somebody has to wake it."},
    Term{"md_super_wait", "Sleeps until mddev->pending_writes is 0: until all metadata writes have ended."},
    Term{"md_bitmap_wait_writes", "Sleeps until the bitmap's writes have ended: on the counter that its home moves."},
    Term{"md_bitmap_free", "Waits for bitmap->pending_writes to be 0, and frees the bitmap."},
    Term{"md_bitmap_flush", "Three runs of the bitmap daemon, one after the other, so that every page is written."},
    Term{"md_bitmap_daemon_work", "Writes the pages of the bitmap that are due. It does not wait for them."},
    Term{"md_bitmap_update_sb",
         "Writes the bitmap's header and waits. Of external metadata there is none: it returns."},
    Term{"md_bitmap_destroy", "Takes the bitmap from the array, and frees it."},
    Term{"unbind_rdev_from_array", "Takes a member out of its array: from here on rdev->mddev is NULL."},
    Term{"export_array", "Unbinds every member, one after the other."},
    Term{"__md_stop_writes", "Lets the data writes end, and writes the bitmap and the superblocks for the last time."},
    Term{"__md_stop", "From here on things are freed: the bitmap, md's thread, the personality."},
    Term{"do_md_stop", "The stop of an array: no more writes, then it is taken apart."},
    Term{"mddev_detach", "Ends md's own thread."},
    Term{"remove_and_add_spares", "Takes failed members out that nobody holds, and puts spares in."},
    Term{"super_written",
         "What a superblock or bitmap write does when it has ended: counts down, wakes who waits. It goes through its "
         "member to the array."},
    Term{"end_bitmap_write", "What a write to a bitmap file does when it has ended: counts down, wakes who waits."},
    Term{"rdev_delayed_delete", "Frees a member that was unbound, when nobody looks at it any more."},
    Term{"raid1_free", "Frees what raid1 knows of the array."},
};

}  // namespace

std::span<const Term> glossary() {
    return kTerms;
}

const Term* find_term(std::string_view name) {
    const auto found = std::ranges::find(kTerms, name, [](const Term& term) { return std::string_view(term.name); });
    return found != kTerms.end() ? &*found : nullptr;
}

}  // namespace mdscope
