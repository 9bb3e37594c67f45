// SPDX-License-Identifier: MIT
// An array whose kernel met an Oops: no store and no request is answered any more but by EIO, so commands say what
// happened instead, and what starts the array again.
#pragma once

#include <string>

#include "fs/cli/client.hpp"

namespace mdscope {

[[nodiscard]] bool is_halted(const MountedTree& tree);
// Which one and where, as lab/oops has it: "kernel NULL pointer dereference, address: 0, in super_written".
std::string oops_text(const MountedTree& tree);
// The last line but two of lab/oops: the first of its sentences; empty: there is none.
std::string oops_sentence(const MountedTree& tree);
// One sentence for a command that can do nothing for such an array.
std::string halted_text(const MountedTree& tree);

// The last bitmap writes of a stop that did not wait for them end after it, and that is when they meet the Oops. Waits
// for those that nobody holds.
void wait_for_last_writes(const MountedTree& tree);

}  // namespace mdscope
