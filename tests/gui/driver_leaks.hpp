// Around whatever draws with OpenGL in a test: Mesa keeps what it allocated when its libraries are unloaded, and then
// nobody could say whose it was. Leaks of ours are found by the tests without OpenGL.
#pragma once

#include "engine/kernel/sanitizers.hpp"
#ifdef MDSCOPE_ASAN
#include <sanitizer/lsan_interface.h>
#endif

namespace mdscope::gui {

struct [[maybe_unused]] DriverLeaks {
    DriverLeaks() {}  // NOLINT(modernize-use-equals-default): with it g++ calls every variable of this type unused.
#ifdef MDSCOPE_ASAN
    __lsan::ScopedDisabler ignored;
#endif
};

}  // namespace mdscope::gui
