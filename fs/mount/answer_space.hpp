// SPDX-License-Identifier: MIT
// Where the data of an answer may be put so that it need not be copied again: set by who lets a request be processed,
// for the time of it, in its own thread. Empty: there is no such place.
#pragma once

#include <cstddef>
#include <span>

namespace mdscope {

inline thread_local constinit std::span<std::byte> answer_space;

}  // namespace mdscope
