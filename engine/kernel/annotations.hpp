// SPDX-License-Identifier: MIT
// Clang's thread-safety annotations under their usual names; g++ sees nothing. CI compiles with -Wthread-safety.
#pragma once

#if defined(__clang__)
#define MD_TSA(x) __attribute__((x))
#else
#define MD_TSA(x)
#endif

#define CAPABILITY(x) MD_TSA(capability(x))
#define SCOPED_CAPABILITY MD_TSA(scoped_lockable)
#define GUARDED_BY(x) MD_TSA(guarded_by(x))
#define PT_GUARDED_BY(x) MD_TSA(pt_guarded_by(x))
#define REQUIRES(...) MD_TSA(requires_capability(__VA_ARGS__))
#define ACQUIRE(...) MD_TSA(acquire_capability(__VA_ARGS__))
#define RELEASE(...) MD_TSA(release_capability(__VA_ARGS__))
#define TRY_ACQUIRE(...) MD_TSA(try_acquire_capability(__VA_ARGS__))
#define EXCLUDES(...) MD_TSA(locks_excluded(__VA_ARGS__))
#define NO_THREAD_SAFETY_ANALYSIS MD_TSA(no_thread_safety_analysis)
