// SPDX-License-Identifier: MIT
// Notices that our file system has left the name space (umount -l), which nobody tells a FUSE daemon.
//
// After a lazy unmount the connection lives until the last file is closed, and only then is the daemon told. Whoever
// waits meanwhile for something that comes through lab/ would wait for ever, since nobody can write to lab/ any more.
// The kernel does tell who polls /proc/self/mountinfo, at each change of the name space's mounts.
//
// Bind mounts and copies of our mount count: it is gone when no mount of the file system is left. Where mountinfo
// cannot be read, or our mount cannot be found in it, nothing is watched.
#pragma once

#include <functional>
#include <string>
#include <thread>

namespace mdscope {

class MountWatch {
   public:
    // `gone` is called at most once, from a thread of the watch's own.
    MountWatch(const std::string& mountpoint, std::function<void()> gone);
    ~MountWatch();  // Waits for `gone`, if it is being called.
    MountWatch(const MountWatch&) = delete;
    MountWatch& operator=(const MountWatch&) = delete;

   private:
    [[nodiscard]] bool is_mounted() const;
    void watch();

    std::string device_;  // of the file system; empty: not found
    std::function<void()> gone_;
    int mountinfo_;
    int stop_;  // an eventfd
    std::thread thread_;
};

}  // namespace mdscope
