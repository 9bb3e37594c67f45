// SPDX-License-Identifier: MIT
// Taking a member out of a running array and back in, as far as md is concerned: what mdadm writes where, and when it
// has to refuse. Images are opened and closed around it by whoever has them: the mounted array, and the explorer's lab.
//
//   remove               `remove` to state; what mdmon has removed by itself is out already
//   re-add, still bound  `re-add` to state (, `recover` to sync_action)
//   re-add, native       ADD_NEW_DISK: the image's superblock says which slot it had
//   add, external        new_dev, offset, size; md's thread gives it a slot
//   re-add, external     new_dev, offset, size, then `insync` to state, the slot on record, `recover` to sync_action;
//                        all in one hold of the lock, and refused while a sync runs, since the slot would be
//
// A re-add copies only what the bitmap has marked. That is right only while bits were kept for this member: natively
// its event count must not be below events_cleared, externally nobody else may have filled its slot meanwhile.
//
// All give 0, or -errno with the reason for people in *why. They sleep as md's stores do. REQUIRES, unless it says
// otherwise: reconfig_mutex is not held.
#pragma once

#include <string>
#include <string_view>

#include "engine/md/md.hpp"
#include "engine/mdadm/container.hpp"

namespace mdscope {

// The member that is bound under this name, or nullptr.
[[nodiscard]] Rdev* find_rdev(const Mddev& mddev, std::string_view name);
// Fills in *why and gives err: how each of these, and their callers, refuse.
[[nodiscard]] int refuse(std::string* why, int err, std::string text);

// `recorded`: what the sidecar says; nullptr with native metadata. With 0, *why may say that nothing was left to do. A
// member that has failed may be busy for as long as `patience_ns`: it has I/O in flight, or its recovery is ending.
[[nodiscard]] int manage_remove(Mddev& mddev, const std::string& name, const Container* recorded,
                                std::uint64_t patience_ns, std::string* why);
// A member that has failed and is still bound.
[[nodiscard]] int manage_re_add_bound(Mddev& mddev, Rdev& rdev, std::string* why);

// ---- `rdev` is new, with its bdev open. Where these fail they leave it unbound, and the caller's to close; or, if it
// is bound (rdev.mddev is not NULL), to whoever removes it.

// As the ioctl ADD_NEW_DISK. slot >= 0: a re-add, and the superblock must agree. -1: a spare. REQUIRES: reconfig_mutex.
[[nodiscard]] int manage_add_native(Mddev& mddev, Rdev& rdev, int slot, std::string* why);
[[nodiscard]] int manage_re_add_native(Mddev& mddev, Rdev& rdev, int slot, std::string* why);
// The slot that is on record for the image with this label, to be asked for before anything is done; or -EINVAL.
[[nodiscard]] int manage_slot_on_record(const Mddev& mddev, const Container& container, const LabLabel& label,
                                        const std::string& name, std::string* why);
[[nodiscard]] int manage_add_external(Mddev& mddev, Rdev& rdev, const LabLabel& label, std::string* why);
[[nodiscard]] int manage_re_add_external(Mddev& mddev, Rdev& rdev, const LabLabel& label, int slot, std::string* why);

}  // namespace mdscope
