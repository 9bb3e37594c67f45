// SPDX-License-Identifier: MIT
// One member's disks, from the image up:  PauseDisk -> DelayDisk -> FaultDisk -> FileDisk (or RamDisk).
//
// md submits to the top. A stack must outlive every bio that is held or in flight in it, and in the teardown race that
// is longer than md knows the member: so the Array keeps stacks after md has exported the member, until drained() is
// true.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/kernel/disk.hpp"
#include "engine/kernel/kernel.hpp"

namespace mdscope {

struct MemberStack {
    MemberStack(Kernel& kernel, std::unique_ptr<Disk> image, std::string path_)
        : name(image->name()),
          path(std::move(path_)),
          file(std::move(image)),
          fault(*file),
          delay(kernel, fault),
          pause(kernel, delay) {}

    [[nodiscard]] Disk& top() { return pause; }
    [[nodiscard]] std::vector<BioInfo> bios() const {
        std::vector<BioInfo> list = pause.held();
        pause.append_in_flight(list);
        return list;
    }
    [[nodiscard]] bool drained() const { return bios().empty(); }

    std::string name;  // "sda"
    std::string path;
    std::unique_ptr<Disk> file;
    FaultDisk fault;
    DelayDisk delay;
    PauseDisk pause;
};

// The members whose images are open, by name. An image is locked until its stack is gone, and the last to let go of a
// stack may be anybody: so each stack holds on to this list, and takes its name off when its image is closed.
class OpenImages {
   public:
    explicit OpenImages(Kernel& kernel) : closed(kernel, "member image is closed") {}
    void opened(const std::string& name) {
        const SpinGuard guard(lock_);
        names_.insert(name);
    }
    void was_closed(const std::string& name) {
        {
            const SpinGuard guard(lock_);
            names_.erase(names_.find(name));
        }
        wake_up(closed);
    }
    [[nodiscard]] bool contains(const std::string& name) const {
        const SpinGuard guard(lock_);
        return names_.contains(name);
    }
    WaitQueue closed;

   private:
    mutable SpinLock lock_;
    std::multiset<std::string> names_ GUARDED_BY(lock_);
};

}  // namespace mdscope
