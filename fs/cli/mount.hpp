// SPDX-License-Identifier: MIT
// The process behind a mount; see mount.cpp.
#pragma once

#include "fs/cli/commands.hpp"

namespace mdscope {

// Assembles, mounts and serves until the end. Says how it went on `report_fd` (one byte of exit code, then text), or on
// the terminal if that is -1. REQUIRES: no other thread in this process.
int mount_process(const MountRequest& request, int report_fd);

}  // namespace mdscope
