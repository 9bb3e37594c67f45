// A message for a person: what was tried, what was found, what to do. Every error of the live layer is one.
#pragma once

#include <string>

namespace mdscope::gui {

struct Advice {
    std::string tried;   // "reading MNT/lab/snapshot"
    std::string found;   // "the mount's process is gone"
    std::string remedy;  // "Take the mount away with `mdscope umount MNT`, then mount the lab again."

    [[nodiscard]] bool empty() const { return tried.empty() && found.empty() && remedy.empty(); }
    [[nodiscard]] std::string text() const;  // "tried: found. remedy"
    bool operator==(const Advice&) const = default;
};

// Reading or writing `file` of the mounted array `mount_point` failed with the errno `err`. `said`: what the array said
// about it in words, if it did.
Advice advice_for_read(const std::string& mount_point, const std::string& file, int err);
Advice advice_for_store(const std::string& mount_point, const std::string& file, const std::string& value, int err,
                        const std::string& said);
// The snapshot was read and is none: another version, or garbage.
Advice advice_for_snapshot(const std::string& mount_point, const std::string& why);

// The mount is gone with this errno, rather than one file of it.
[[nodiscard]] bool means_gone(int err);
std::string errno_words(int err);

}  // namespace mdscope::gui
