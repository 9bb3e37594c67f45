// SPDX-License-Identifier: MIT
#include "engine/mdadm/imsm/read.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>

namespace mdscope {

namespace {

using ImsmSector = std::array<std::byte, kSectorSize>;

Error cannot_read(std::uint64_t sector, int error) {
    return {-error, fmt::format("IMSM metadata: sector {} cannot be read ({})", sector,
                                std::generic_category().message(-error))};
}

// A disk with sectors of 4096 bytes has it two of those from its end, and every number in it counts in them.
Result<std::vector<std::byte>> refuse_large_sectors(std::uint64_t disk_sectors, const ReadSectors& read) {
    constexpr std::uint64_t kTwoLarge = 16;
    if (disk_sectors < kTwoLarge) return std::vector<std::byte>{};
    ImsmSector sector{};
    if (read(disk_sectors - kTwoLarge, sector) != 0 || !has_imsm_signature(sector)) return std::vector<std::byte>{};
    return Error{EINVAL, fmt::format("IMSM metadata: it is at sector {}, as on a disk with sectors of 4096 bytes; "
                                     "expected at {}, since mdscope has sectors of 512 bytes only",
                                     disk_sectors - kTwoLarge, disk_sectors - 2)};
}

}  // namespace

Result<std::vector<std::byte>> read_imsm_block(std::uint64_t disk_sectors, const ReadSectors& read) {
    if (disk_sectors < 2) return std::vector<std::byte>{};
    ImsmSector anchor{};
    if (const int error = read(disk_sectors - 2, anchor); error != 0) return cannot_read(disk_sectors - 2, error);
    if (!has_imsm_signature(anchor)) return refuse_large_sectors(disk_sectors, read);
    const Result<std::uint32_t> extended = imsm_extended_sectors(anchor, disk_sectors);
    if (!extended) return extended.error();
    std::vector<std::byte> block(anchor.begin(), anchor.end());
    block.resize(block.size() + *extended * kSectorSize);
    if (*extended == 0) return block;
    const std::uint64_t at = disk_sectors - 2 - *extended;
    if (const int error = read(at, std::span(block).subspan(kSectorSize)); error != 0) return cannot_read(at, error);
    return block;
}

Result<std::optional<ImsmAnchor>> read_imsm(std::uint64_t disk_sectors, const ReadSectors& read) {
    const Result<std::vector<std::byte>> block = read_imsm_block(disk_sectors, read);
    if (!block) return block.error();
    if (block->empty()) return std::optional<ImsmAnchor>{};
    Result<ImsmAnchor> anchor = decode_imsm(*block);
    if (!anchor) return anchor.error();
    return std::optional<ImsmAnchor>{std::move(*anchor)};
}

Result<std::optional<ImsmCopy>> read_imsm_copy(std::uint64_t disk_sectors, const ReadSectors& read) {
    const Result<std::vector<std::byte>> block = read_imsm_block(disk_sectors, read);
    if (!block) return block.error();
    if (block->empty()) return std::optional<ImsmCopy>{};
    Result<ImsmAnchor> anchor = decode_imsm(*block);
    if (anchor) return std::optional(ImsmCopy{std::move(*anchor), false});
    ImsmAnchor header = decode_imsm_header(*block);
    const bool is_whole = header.mpb_size % 4 != 0 || header.mpb_size > block->size() ||
                          imsm_checksum(std::span(*block).first(header.mpb_size)) == header.check_sum;
    if (block->size() == kSectorSize || is_whole) return anchor.error();
    return std::optional(ImsmCopy{std::move(header), true});
}

}  // namespace mdscope
