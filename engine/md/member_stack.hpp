// One member's disks, from the image up:  PauseDisk -> DelayDisk -> FaultDisk -> FileDisk (or RamDisk).
//
// md submits to the top. A stack must outlive every bio that is held or in flight in it, and in the teardown race that
// is longer than md knows the member: so the Array keeps stacks after md has exported the member, until drained() is
// true.
#pragma once

#include <memory>
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

}  // namespace mdscope
