// SPDX-License-Identifier: MIT
// /sys/block/mdX/md as tables: one row a file, with md's show and store. fs mounts the rows; mdmon and mdadm's part of
// the emulator call them, as the real ones read and write sysfs.
//
// show takes only SpinLocks and never sleeps. store may sleep as md's do, and returns 0 or -errno; its text has no
// trailing newline. mode is as in sysfs (0444, 0644, 0200).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/md/md.hpp"

namespace mdscope {

struct MdAttr {
    const char* name;
    unsigned mode;
    std::string (*show)(Mddev&);                   // text with its newline; nullptr: write-only
    int (*store)(Mddev&, std::string_view value);  // nullptr: read-only
    bool redundancy_only;                          // there only while running (sync_action, degraded, ...)
    SysfsNotifier Mddev::*notifier;                // nullptr: never announces itself
};
std::span<const MdAttr> md_attrs();         // md/NAME
std::span<const MdAttr> md_bitmap_attrs();  // md/bitmap/NAME

struct RdevAttr {
    const char* name;
    unsigned mode;
    std::string (*show)(Rdev&);
    int (*store)(Rdev&, std::string_view value);
};
std::span<const RdevAttr> rdev_attrs();  // md/dev-sda/NAME

const MdAttr* find_md_attr(std::string_view name);  // "array_state", "bitmap/location"
const RdevAttr* find_rdev_attr(std::string_view name);
// As a write to the file: md_attr_store takes what md takes, then calls store. -ENOENT, -EACCES, or store's answer.
int md_attr_store(Mddev& mddev, std::string_view name, std::string_view value);
int rdev_attr_store(Rdev& rdev, std::string_view name, std::string_view value);
bool md_attr_visible(const Mddev& mddev, const MdAttr& attr);

// mdmon's answer to what it read in array_state: as a write to the file, but an array that was stopped since is not
// started by it: -ENODEV.
int answer_array_state(Mddev& mddev, std::string_view word);

const char* array_state_word(const Mddev& mddev);  // "clean", "write-pending", ...
void trace_array_state(const Mddev& mddev);        // for the observer of sysfs_state
std::string rdev_state_words(const Rdev& rdev);    // "in_sync,write_mostly", no newline
const char* sync_action_word(const Mddev& mddev);

std::string mdstat(const std::vector<const Mddev*>& arrays);  // the text of /proc/mdstat

}  // namespace mdscope
