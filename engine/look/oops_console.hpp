// SPDX-License-Identifier: MIT
// An Oops as a kernel's console and crash(8) would show it, and what it means.
//
//   BUG: kernel NULL pointer dereference, address: 00000000000003a8
//   ...
//   RIP: 0010:super_written
//   Call Trace:
//    <IRQ>
//    bio_endio
//    </IRQ>
//   ---[ end trace 0000000000000000 ]---
//
//   crash> bt 7                                       the task that stops the array, if one is asleep
//   crash> struct mddev.bitmap_info.external,...      the fields of the report, and those of each member
//
//   Three sentences: what happened, who should have waited (or not), and on which counter.
//
// Addresses are offsets in our own structs, so they differ from build to build; nothing else does.
#pragma once

#include <string>

#include "engine/kernel/kernel.hpp"
#include "engine/md/md.hpp"

namespace mdscope {

// Only looks (fields are peeked, no lock is taken, nothing that may be gone is followed), so it is no step of a
// schedule. REQUIRES: mddev's kernel was halted by this Oops. Call it before anything else happens there: the tasks
// unwind in their next steps, and then their stacks are gone.
std::string oops_console(const Mddev& mddev, const Oops& oops);

// The three sentences alone, one a line.
std::string oops_sentences(const Mddev& mddev, const Oops& oops);

}  // namespace mdscope
