// SPDX-License-Identifier: MIT

#include "gui/frame/display_gone.hpp"

#include <dlfcn.h>
#include <unistd.h>

#include <string_view>

#include "gui/frame/signals.hpp"

namespace mdscope::gui {

namespace {

using IoErrorHandler = int (*)(void* display);

int on_display_gone(void* /*display*/) {
    if (SignalWatch::caught()) _exit(0);
    constexpr std::string_view kWhy = "mdscope-gui: the display is gone\n";
    (void)!write(STDERR_FILENO, kWhy.data(), kWhy.size());
    _exit(1);
}

}  // namespace

// SDL has loaded Xlib, if it is used at all; we do not link it.
void end_with_the_display() {
    void* const xlib = dlopen("libX11.so.6", RTLD_LAZY | RTLD_NOLOAD);
    if (xlib == nullptr) return;
    using SetHandler = IoErrorHandler (*)(IoErrorHandler);
    const auto set_handler = reinterpret_cast<SetHandler>(dlsym(xlib, "XSetIOErrorHandler"));
    if (set_handler != nullptr) set_handler(on_display_gone);
    dlclose(xlib);  // SDL keeps it
}

}  // namespace mdscope::gui
