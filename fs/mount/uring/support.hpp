// SPDX-License-Identifier: MIT
// Whether FUSE requests can come over io_uring here, and in words why not.
#pragma once

#include <string>

namespace mdscope::uring {

inline constexpr const char* kParameter = "/sys/module/fuse/parameters/enable_uring";

// Empty: they can. Otherwise what is missing, and how to turn it on where that can be done.
std::string why_not();

// CPUs that this kernel may ever have: FUSE has a queue for each.
unsigned possible_cpus();

// The calling thread runs there, and only there, from now on. False: it may not.
bool run_on(unsigned cpu);

}  // namespace mdscope::uring
