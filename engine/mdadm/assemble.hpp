// SPDX-License-Identifier: MIT
// mdadm's part of starting an array: which images belong together, which of them are fresh enough, and what md is told.
//
// Native images are judged by their superblocks (assemble_native.cpp), external:lab images by their labels against the
// sidecar. Nothing is written here.
//
// An array comes together without a member that was in use only if somebody says so (`run`): what was written since may
// be on the missing one alone.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/kernel/kernel.hpp"
#include "engine/kernel/result.hpp"
#include "engine/md/format/format.hpp"
#include "engine/mdadm/container.hpp"
#include "engine/mdadm/member_stack.hpp"

namespace mdscope {

struct Mddev;
struct Rdev;

// An opened image that may become a member.
struct MemberImage {
    std::unique_ptr<MemberStack> stack;
    int minor_version = -1;         // 0, 1, 2: has a superblock there
    Superblock1 sb;                 // if so
    std::optional<LabLabel> label;  // external:lab
};

struct Assembly {
    bool external = false;
    int minor_version = 2;             // native
    std::vector<MemberImage> members;  // in the order in which md binds them
    Container container;               // external
    std::vector<std::string> notes;    // what was left out and why, for the log
    std::vector<std::string> missing;  // who was in use and does not come in: "sdb (slot 1)"
};

// Opens and reads one image. Errors name the path, what was found, and what to do.
Result<MemberImage> open_image(Kernel& kernel, const std::string& path, bool read_only);
// Opens all images and decides. `lab` holds the sidecar.
Result<Assembly> plan_assembly(Kernel& kernel, const std::vector<std::string>& paths, const std::string& lab,
                               bool read_only);

// The native part of plan_assembly. REQUIRES: all of `all` have superblocks, at least one.
Result<Assembly> plan_native(std::vector<MemberImage> all);
// Why such an array is not started, and what to do.
std::string missing_text(const Assembly& plan);

// What the sidecar says of the array and of one member, into md's structs. REQUIRES: reconfig_mutex is held, or nobody
// else knows them yet.
void describe_external(Mddev& mddev, const Container& container);
void describe_external_member(Rdev& rdev, const LabLabel& label, const ContainerMember& member);
// What a member keeps of itself wherever it is: write-mostly, failfast.
void describe_member_flags(Rdev& rdev, const ContainerMember& member);

}  // namespace mdscope
