// SPDX-License-Identifier: MIT
// What an image holds, as far as its first bytes and the places of superblocks tell: for `create`, which must not
// overwrite anything, and for `examine`, which shows what is there.
//
// Finding is separate from judging. A superblock counts as found when its magic and major version are where its version
// puts them, however wrong the rest of it may be; `refused` then says what check_super_1 thinks of it.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "engine/host/host.hpp"
#include "engine/md/format/format.hpp"
#include "engine/mdadm/imsm/anchor.hpp"

namespace mdscope {

using Page = std::array<std::byte, kPageSize>;

struct FoundSuper1 {
    int minor_version = 0;
    Page page{};
    Superblock1 sb;
    std::string refused;  // why mdscope would not assemble it; empty: it would
    // A copy of a superblock from elsewhere: mdadm does not take it for one.
    [[nodiscard]] bool misplaced(Sector device_sectors) const {
        return sb.super_offset != super_1_sector(minor_version, device_sectors);
    }
};

struct ImageContents {
    Sector sectors = 0;
    std::vector<FoundSuper1> supers;  // of versions 1.0, 1.1, 1.2, in this order
    bool has_super_0 = false;         // version 0.90
    bool has_bitmap_file = false;     // a bitmap superblock at byte 0
    std::optional<std::array<std::byte, 512>> label;
    std::optional<Result<ImsmAnchor>> imsm;  // its signature is there; or why it is of no use
    std::string other;  // "an ext2, ext3 or ext4 file system"; "data (first at byte 4096)"; empty: blank
};

Result<ImageContents> probe_image(const HostFile& file, const std::string& path);

// One clause for people: "an md superblock of version 1.2", or empty when the image is blank.
std::string describe(const ImageContents& contents);

}  // namespace mdscope
