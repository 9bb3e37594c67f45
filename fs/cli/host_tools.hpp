// SPDX-License-Identifier: MIT
// What `disk` and `umount` need of the host: other programs, loop devices, unmounting.
#pragma once

#include <string>
#include <vector>

#include "engine/kernel/result.hpp"

namespace mdscope {

// Runs a program from PATH, /usr/sbin or /sbin, without a shell; stdin is empty. Waits for it. The error has the
// program's output; EINTR: an InterruptFlag was raised, and the program was asked to end and has.
Result<bool> run_tool(const std::vector<std::string>& words);
bool have_tool(const std::string& name);

// A loop device on a file, in direct mode where the file can do that. It goes away by itself when the last user closes
// it, which is why it is held open until somebody has mounted it.
class LoopDevice {
   public:
    static Result<LoopDevice> attach(const std::string& file);
    LoopDevice(LoopDevice&& other) noexcept;
    LoopDevice& operator=(LoopDevice&&) = delete;
    ~LoopDevice();
    [[nodiscard]] const std::string& device() const { return device_; }

   private:
    LoopDevice(std::string device, int fd) : device_(std::move(device)), fd_(fd) {}
    std::string device_;
    int fd_;
};

// umount(2) as root, fusermount3 otherwise. `lazy`: out of the name space now, the rest when the last user leaves.
Result<bool> unmount_path(const std::string& point, bool lazy);

}  // namespace mdscope
