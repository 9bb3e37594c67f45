// SPDX-License-Identifier: MIT
// Around whatever draws with OpenGL in a test.
#pragma once

#include <doctest/doctest.h>

#include "engine/kernel/sanitizers.hpp"
#ifdef MDSCOPE_ASAN
#include <sanitizer/lsan_interface.h>
#endif

namespace mdscope::gui {

// Mesa's software renderer has threads of its own, which ThreadSanitizer cannot see into:
//   TEST_CASE("..." * with_opengl())
inline doctest::skip with_opengl() {
#ifdef MDSCOPE_TSAN
    return {true};
#else
    return {false};
#endif
}

// Mesa keeps what it allocated when its libraries are unloaded, and then nobody could say whose it was. Leaks of ours
// are found by the tests without OpenGL.
struct [[maybe_unused]] DriverLeaks {
    DriverLeaks() {}  // NOLINT(modernize-use-equals-default): with it g++ calls every variable of this type unused.
#ifdef MDSCOPE_ASAN
    __lsan::ScopedDisabler ignored;
#endif
};

}  // namespace mdscope::gui
