// SPDX-License-Identifier: MIT
// What the replies to open hand to the kernel as a number, kept until its RELEASE. An unmount may end the session
// without the RELEASE of what was still open; what is left here goes with the session.
//
// RELEASE comes as soon as the last request of the file has its reply, so whoever still needs the object after a reply
// (or may have been answered with EINTR behind its back) holds it.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace mdscope {

class Handles {
   public:
    // Before the reply: the RELEASE may be on its way as soon as that is sent.
    template <class T>
    std::uint64_t keep(std::shared_ptr<T> object) {
        const auto handle = reinterpret_cast<std::uint64_t>(object.get());
        const std::lock_guard guard(mutex_);
        kept_[handle] = std::move(object);
        return handle;
    }
    template <class T>
    [[nodiscard]] std::shared_ptr<T> hold(std::uint64_t handle) const {
        const std::lock_guard guard(mutex_);
        return std::static_pointer_cast<T>(kept_.at(handle));
    }
    void drop(std::uint64_t handle) {
        std::shared_ptr<void> gone;  // ends after the lock
        const std::lock_guard guard(mutex_);
        const auto found = kept_.find(handle);
        if (found == kept_.end()) return;
        gone = std::move(found->second);
        kept_.erase(found);
    }

   private:
    mutable std::mutex mutex_;
    std::unordered_map<std::uint64_t, std::shared_ptr<void>> kept_;
};

}  // namespace mdscope
