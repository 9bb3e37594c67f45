// SPDX-License-Identifier: MIT
// A message for a person: what was tried, what was found, what to do. Every error of the live layer is one.
#pragma once

#include <string>

#include "gui/live/mounts.hpp"

namespace mdscope::gui {

struct Advice {
    std::string tried;   // "reading MNT/lab/snapshot"
    std::string found;   // "the process that served the mount is gone"
    std::string remedy;  // "Take the mount away with `mdscope umount MNT`, then mount the lab again."

    [[nodiscard]] bool empty() const { return tried.empty() && found.empty() && remedy.empty(); }
    [[nodiscard]] std::string text() const;  // "tried: found. remedy"
    bool operator==(const Advice&) const = default;
};

// Reading `file` of the mounted array failed with the errno `err`.
Advice advice_for_read(const MountedLab& mount, const std::string& file, int err);
// Writing `value` to `file` did. `said`: what the array said about it in words, if it did. `is_there`: other files of
// the mount answer, so that ENOENT is about this one.
Advice advice_for_store(const MountedLab& mount, const std::string& file, const std::string& value, int err,
                        const std::string& said, bool is_there);
// The snapshot was read and is none: another version, or garbage.
Advice advice_for_snapshot(const MountedLab& mount, const std::string& why);
// A read has not been answered for some time.
Advice advice_for_silence(const MountedLab& mount, int pid);
// The stream came to its end: somebody is unmounting.
Advice advice_for_leaving(const MountedLab& mount);

// The mount is gone with this errno, rather than one file of it.
[[nodiscard]] bool means_gone(int err);
std::string errno_words(int err);

}  // namespace mdscope::gui
