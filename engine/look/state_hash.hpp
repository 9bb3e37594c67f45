// SPDX-License-Identifier: MIT
// An array as a number, for telling two moments of a simulation apart. Nothing here is a step of a schedule.
#pragma once

#include <cstdint>

#include "engine/md/md.hpp"

namespace mdscope {

// Everything of the array, its members, its bitmap and its personality that can make a difference to what happens next.
std::uint64_t state_hash(const Mddev& mddev);
// Of that, the fields that are read under a lock and are no Shared.
std::uint64_t plain_state_hash(const Mddev& mddev);

}  // namespace mdscope
