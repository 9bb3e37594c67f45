// SPDX-License-Identifier: MIT
// mdadm's part of starting an array: which images belong together, which of them are fresh enough, and what md is told.
//
// Native images are judged by their superblocks (assemble_native.cpp), external:lab images by their labels against the
// sidecar, disks of IMSM by the newest of their anchors (assemble_imsm.cpp). Nothing is written here.
//
// An array comes together without a member that was in use only if somebody says so (`run`): what was written since may
// be on the missing one alone.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/kernel/kernel.hpp"
#include "engine/kernel/result.hpp"
#include "engine/md/format/format.hpp"
#include "engine/mdadm/container.hpp"
#include "engine/mdadm/imsm/choose.hpp"
#include "engine/mdadm/member_stack.hpp"

namespace mdscope {

struct Mddev;
struct Rdev;

// An opened image that may become a member.
struct MemberImage {
    std::unique_ptr<MemberStack> stack;
    int minor_version = -1;         // 0, 1, 2: has a superblock there
    Superblock1 sb;                 // if so
    std::optional<LabLabel> label;  // external:lab; of a member of IMSM what it would say: who it is, where the data is
    std::vector<ImsmBadBlock> bad_blocks;  // IMSM: on record
};

// What mdadm is told on its command line about disks of IMSM.
struct ImsmWishes {
    std::uint32_t volume = 0;
    std::vector<std::string> serials;  // NAME=SERIAL; the others are "/dev/NAME"
    [[nodiscard]] std::string serial_of(const std::string& name) const;
};

// The container that a volume of IMSM is in.
struct ImsmPlan {
    ImsmAnchor anchor;
    std::uint32_t volume = 0;
    std::map<Uuid, std::uint32_t> generations;  // of the members' own copies, by serial
    std::set<Uuid> absent;                      // members that do not come in
    struct Disk {
        std::string name;
        std::string path;
        Sector sectors = 0;   // of the disk
        Sector reserved = 0;  // of them, at the end
        bool is_spare = false;
    };
    std::vector<Disk> disks;  // of the container, also those that the volume does not use
};

struct Assembly {
    bool external = false;
    int minor_version = 2;             // native
    std::vector<MemberImage> members;  // in the order in which md binds them
    Container container;               // external
    std::optional<ImsmPlan> imsm;      // ... if it is of this kind
    std::vector<std::string> notes;    // what was left out and why, for the log
    std::vector<std::string> missing;  // who was in use and does not come in: "sdb (slot 1)"
};

// Opens and reads one image. Errors name the path, what was found, and what to do.
Result<MemberImage> open_image(Kernel& kernel, const std::string& path, bool read_only);
// Opens all images and decides. `lab` holds the sidecar.
Result<Assembly> plan_assembly(Kernel& kernel, const std::vector<std::string>& paths, const std::string& lab,
                               bool read_only, const ImsmWishes& imsm = {});

// The native part of plan_assembly. REQUIRES: all of `all` have superblocks, at least one.
Result<Assembly> plan_native(std::vector<MemberImage> all);
// The part for IMSM. REQUIRES: each of `all` has a copy, at the same place in `copies`.
Result<Assembly> plan_imsm(Kernel& kernel, std::vector<MemberImage> all, std::vector<ImsmCopy> copies,
                           const ImsmWishes& wishes);
// The disk's copy of IMSM metadata; nothing: it has none. Errors are about the copy, without the path.
Result<std::optional<ImsmCopy>> find_imsm(Kernel& kernel, Disk& disk);
// Why such an array is not started, and what to do.
std::string missing_text(const Assembly& plan);

// What the sidecar says of the array and of one member, into md's structs. REQUIRES: reconfig_mutex is held, or nobody
// else knows them yet.
void describe_external(Mddev& mddev, const Container& container);
void describe_external_member(Rdev& rdev, const LabLabel& label, const ContainerMember& member);
// What a member keeps of itself wherever it is: write-mostly, failfast.
void describe_member_flags(Rdev& rdev, const ContainerMember& member);

}  // namespace mdscope
