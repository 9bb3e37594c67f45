// SPDX-License-Identifier: MIT

#include "fs/mount/mount_watch.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <new>
#include <vector>

#include "engine/host/mountinfo.hpp"
#include "engine/kernel/real/real_kernel.hpp"

namespace mdscope {

MountWatch::MountWatch(const std::string& mountpoint, std::function<void()> gone)
    : gone_(std::move(gone)),
      mountinfo_(open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC)),  // changes count from here on
      stop_(eventfd(0, EFD_CLOEXEC)) {
    // As mountinfo has it, without touching the mount itself.
    const std::filesystem::path given(mountpoint);
    std::error_code failed;
    const std::filesystem::path parent = std::filesystem::canonical(given.parent_path(), failed);
    const std::string point = failed ? mountpoint : (parent / given.filename()).string();
    for (const MountEntry& entry : read_mounts())
        if (entry.point == point) device_ = entry.device;  // the last one covers the others
    if (!device_.empty() && mountinfo_ >= 0 && stop_ >= 0)
        thread_ = std::thread([this] { run_or_end("mount_watch", [this] { watch(); }); });
}

MountWatch::~MountWatch() {
    if (thread_.joinable()) {
        eventfd_write(stop_, 1);
        thread_.join();
    }
    if (mountinfo_ >= 0) close(mountinfo_);
    if (stop_ >= 0) close(stop_);
}

void MountWatch::watch() {
    while (is_mounted()) {
        pollfd changes[] = {{mountinfo_, POLLPRI, 0}, {stop_, POLLIN, 0}};
        if (poll(changes, 2, -1) < 0 && errno != EINTR) return;
        if (changes[1].revents != 0) return;
    }
    gone_();
}

// Without the memory to look it is taken to be: the session hears of the end, too.
bool MountWatch::is_mounted() const {
    try {
        const std::vector<MountEntry> mounts = read_mounts();
        return std::ranges::any_of(mounts, [this](const MountEntry& entry) { return entry.device == device_; });
    } catch (const std::bad_alloc&) {
        return true;
    }
}

}  // namespace mdscope
