// SPDX-License-Identifier: MIT
// Which sanitizer this is compiled for; gcc and clang say it in different ways.
#pragma once

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MDSCOPE_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define MDSCOPE_TSAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define MDSCOPE_ASAN 1
#endif
#if defined(__SANITIZE_THREAD__)
#define MDSCOPE_TSAN 1
#endif
