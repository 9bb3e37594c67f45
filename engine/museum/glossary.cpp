// SPDX-License-Identifier: MIT

#include "engine/museum/glossary.hpp"

#include <algorithm>
#include <array>
#include <cctype>

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
    // Words of sentences, of consoles and of chips.
    Term{"Oops", "The kernel followed a pointer that leads nowhere, or touched what was freed. It halts there."},
    Term{"NULL", "A pointer that leads nowhere. Who follows it reads near address 0, and the kernel halts: an Oops."},
    Term{"external", "Metadata that a program keeps and not md: mdmon, for Intel's IMSM. Its bitmap has no header."},
    Term{"internal", "The bitmap lies on each member, behind md's superblock, and has a header that is written too."},
    Term{"IMSM", "The metadata of Intel's firmware RAID, kept by mdmon. To md it is external."},
    Term{"mdmon", "The program that keeps external metadata: it notes what md tells it, and then lets md go on."},
    Term{"superblock", "What an array knows of itself, on each member: who belongs to it, and how fresh that is."},
    Term{"bitmap", "A note for each part of the disk: written to lately, so there the mirrors may differ."},
    Term{"metadata", "What is on the members beside the data: superblocks and the bitmap."},
    Term{"mddev", "The array itself, a struct in the kernel's memory."},
    Term{"rdev", "One disk of the array, a struct in the kernel's memory. rdev->mddev points to its array."},
    Term{"bio", "One request to one disk: what is to be read or written, and what to call when it has ended."},
    Term{"unbind", "To take a member out of its array: from then on its rdev->mddev is NULL."},
    Term{"unbound", "Taken out of its array: its rdev->mddev is NULL."},
    Term{"pools", "Where bios come from and go back to. What ends after its pool was freed crashes."},
    Term{"held", "Somebody keeps this write from its disk until it is released: a slow disk, made by hand."},
    Term{"step", "What happens between two choices of who goes on. Both arrays do one step at a time."},
    Term{"swapper/0", "The idle task of a processor: an interrupt that ends a write came while nothing else ran."},
    Term{"in danger", "A write is on its way that nobody waits for, and what its end needs is about to go, or gone."},
    Term{"waiting", "A task sleeps until a counter is 0; the last write to end wakes it."},
    Term{"hung", "A task sleeps, and nobody is left who could wake it."},
    Term{"rule broken", "No kernel crashed, but something that must hold does not: a judge of the search says so."},
};

bool is_mark(char letter) {
    return std::isalnum(static_cast<unsigned char>(letter)) == 0;
}

bool is_same_word(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](char one, char other) {
        return std::tolower(static_cast<unsigned char>(one)) == std::tolower(static_cast<unsigned char>(other));
    });
}

}  // namespace

std::span<const Term> glossary() {
    return kTerms;
}

const Term* find_term(std::string_view name) {
    const auto found = std::ranges::find(kTerms, name, [](const Term& term) { return std::string_view(term.name); });
    return found != kTerms.end() ? &*found : nullptr;
}

const Term* find_word(std::string_view word) {
    while (!word.empty() && is_mark(word.front()) && word.front() != '_') word.remove_prefix(1);
    while (!word.empty() && is_mark(word.back())) word.remove_suffix(1);
    const auto found = std::ranges::find_if(kTerms, [&](const Term& term) { return is_same_word(term.name, word); });
    return found != kTerms.end() ? &*found : nullptr;
}

}  // namespace mdscope
