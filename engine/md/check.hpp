// SPDX-License-Identifier: MIT
// MD_CHECK(x): x is true here, always on. What it guards is our own code, never input: input gets a message.
#pragma once

namespace mdscope {

[[noreturn]] void md_check_failed(const char* text, const char* file, int line);

}  // namespace mdscope

#define MD_CHECK(x)                                                   \
    do {                                                              \
        if (!(x)) ::mdscope::md_check_failed(#x, __FILE__, __LINE__); \
    } while (false)
