// SPDX-License-Identifier: MIT
// What can be said after mount's -o, or in MDSCOPE_MOUNT_OPTIONS for every command that mounts: words with commas
// between.
#pragma once

#include <string>

#include "engine/kernel/result.hpp"

namespace mdscope {

enum class Uring { Auto, On, Off };

struct MountOptions {
    Uring uring = Uring::Auto;
};

// The environment's first, then `text`. The error names the word that is none.
Result<MountOptions> mount_options(const std::string& text);
// For --help.
std::string mount_options_text();

// Whether requests are to come over io_uring. The error says why they cannot where they must.
Result<bool> over_uring(const MountOptions& options);

}  // namespace mdscope
