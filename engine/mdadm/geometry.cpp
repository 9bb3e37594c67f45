// SPDX-License-Identifier: MIT

#include "engine/mdadm/geometry.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace mdscope {

namespace {

constexpr Sector kSectorsPerMiB = 2048;
constexpr Sector kSectorsPerGiB = kSectorsPerMiB * 1024;
constexpr Sector kSmallestMember = 24;                // mdadm looks at nothing below
constexpr Sector kSizeUnit = 128;                     // 64 KiB
constexpr Sector kLargestMember = Sector{1} << 54;    // 8 EiB: what a file offset can name
constexpr std::uint64_t kSmallestChosenChunk = 4096;  // of what mdadm makes; the kernel goes down to 512
constexpr std::uint64_t kUsualChunk = 64ULL << 20;    // unless one is asked for
constexpr std::uint16_t kBblogSectors = 8;

constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t unit) {
    return (value + unit - 1) / unit * unit;
}

constexpr bool is_power_of_two(std::uint64_t value) {
    return value != 0 && (value & (value - 1)) == 0;
}

// Space left for a bitmap on a device (or for an array) of this size.
Sector choose_bm_space(Sector sectors) {
    constexpr Sector small = 128;
    if (sectors < small) return 0;
    if (sectors - small >= 200 * kSectorsPerGiB) return 256;
    return sectors - 8 > 8 * kSectorsPerGiB ? 128 : 8;
}

Sector choose_data_offset(Sector device_sectors) {
    Sector headroom = 128 * kSectorsPerMiB;
    while (headroom << 10 > device_sectors) headroom >>= 1;
    return round_up(kSmallestMember + choose_bm_space(device_sectors) + headroom, kSectorsPerMiB);
}

// The smallest chunk whose bits fit into the room that was left. mdadm counts one chunk more than it needs.
std::uint64_t smallest_fitting_chunk(Sector size, Sector room) {
    const std::uint64_t max_bits = (room * kSectorSize - kBitmapSuperSize) * 8;
    std::uint64_t chunk = kSmallestChosenChunk;
    std::uint64_t bits = (size >> 3) + 1;
    while (bits > max_bits) {
        chunk *= 2;
        bits = (bits + 1) / 2;
    }
    return chunk;
}

// Empty when the bitmap was placed; else why not.
std::string place_internal_bitmap(Geometry1& geometry, int minor_version, std::uint64_t chunk) {
    const Sector room = choose_bm_space(geometry.size);
    const std::uint64_t smallest = smallest_fitting_chunk(geometry.size, room);
    if (chunk == 0) chunk = std::max(smallest, kUsualChunk);
    if (chunk < smallest || chunk > kLargestChunk || !is_power_of_two(chunk))
        return "Given bitmap chunk size not supported.";

    const auto sectors_for = [](std::uint64_t bits) {
        return static_cast<std::uint32_t>(round_up((bits + 7) / 8 + kBitmapSuperSize, kPageSize) >> kSectorShift);
    };
    geometry.bitmap_chunk = static_cast<std::uint32_t>(chunk);
    geometry.bitmap_sectors = sectors_for(chunks_in(geometry.size, chunk));
    geometry.bitmap_offset = 8;
    if (minor_version == 0) {
        const std::uint32_t before = sectors_for(geometry.size / (chunk >> kSectorShift) + 1);
        geometry.bitmap_offset = -static_cast<std::int32_t>(before) - kBblogSectors;
    }
    return {};
}

// The bad-block log, and for version 1.0 what is left for data, depend on the room the bitmap takes.
void place_bad_block_log(Geometry1& geometry, int minor_version) {
    Sector bitmap_space = geometry.bitmap_offset != 0 ? geometry.bitmap_sectors : choose_bm_space(geometry.size);
    if (minor_version == 0) {
        bitmap_space = std::min(bitmap_space + kBblogSectors, geometry.super_offset - geometry.size);
        geometry.data_size = geometry.super_offset - bitmap_space;
        if (bitmap_space >= kBblogSectors) geometry.bblog_offset = -static_cast<std::int32_t>(kBblogSectors);
        return;
    }
    const Sector behind_bitmap = 8 + bitmap_space;
    if (geometry.data_offset >= geometry.super_offset + behind_bitmap + kBblogSectors)
        geometry.bblog_offset = static_cast<std::int32_t>(behind_bitmap);
    else
        geometry.bblog_offset = static_cast<std::int32_t>(geometry.data_offset - kBblogSectors - geometry.super_offset);
}

std::string hundredths(std::uint64_t bytes, std::uint64_t unit) {
    const std::uint64_t halves = bytes / unit * 200 + bytes % unit * 200 / unit;  // of a hundredth, without a wrap
    const std::uint64_t value = (halves + 1) / 2;
    return fmt::format("{}.{:02}", value / 100, value % 100);
}

}  // namespace

std::uint64_t chunks_in(Sector sectors, std::uint64_t chunk) {
    const Sector chunk_sectors = chunk >> kSectorShift;
    return sectors / chunk_sectors + (sectors % chunk_sectors != 0 ? 1 : 0);
}

Result<Geometry1> mdadm_geometry(int minor_version, Sector device_sectors, int members, bool internal_bitmap,
                                 std::uint64_t chunk) {
    if (minor_version < 0 || minor_version > 2)
        return Error{EINVAL, fmt::format("There is no metadata version 1.{}; use 1.0, 1.1 or 1.2.", minor_version)};
    if (members < 1 || members > static_cast<int>(kMaxRoles))
        return Error{EINVAL, fmt::format("A superblock has room for 1 to {} members, not for {}.", kMaxRoles, members)};
    if (device_sectors >= kLargestMember)
        return Error{EFBIG, fmt::format("{} sectors are more than a file can have.", device_sectors)};

    Geometry1 geometry;
    Sector usable = 0;
    if (device_sectors >= kSmallestMember) {
        geometry.super_offset = super_1_sector(minor_version, device_sectors);
        if (minor_version == 0) {
            const Sector overhead = 16 + kBblogSectors + choose_bm_space(device_sectors);
            const Sector rounded = device_sectors / 8 * 8;
            usable = rounded > overhead ? rounded - overhead : 0;
        } else {
            geometry.data_offset = choose_data_offset(device_sectors);
            usable = device_sectors > geometry.data_offset ? device_sectors - geometry.data_offset : 0;
        }
    }
    geometry.size = usable / kSizeUnit * kSizeUnit;
    geometry.data_size = usable;
    if (geometry.size == 0)
        return Error{ENOSPC,
                     fmt::format("A member of {} sectors is too small: metadata 1.{} leaves no 64 KiB for data.",
                                 device_sectors, minor_version)};

    if (internal_bitmap) {
        std::string refused = place_internal_bitmap(geometry, minor_version, chunk);
        if (!refused.empty()) return Error{EINVAL, std::move(refused)};
    }
    place_bad_block_log(geometry, minor_version);
    const auto roles = round_up(256 + 2 * static_cast<std::uint64_t>(members), kSectorSize) - 256;
    geometry.max_dev = std::min(static_cast<std::uint32_t>(roles / 2), std::uint32_t{kMaxRoles});
    return geometry;
}

std::uint64_t mdadm_bitmap_file_chunk(Sector array_sectors) {
    std::uint64_t chunk = kSmallestChosenChunk;
    while (chunk < kLargestChunk && array_sectors > (chunk >> kSectorShift) * kMostFileChunks) chunk *= 2;
    return chunk;
}

std::string human_size_bytes(std::uint64_t bytes) {
    constexpr std::uint64_t too_large = 1ULL << 63;  // mdadm computes with a sign
    if (bytes < 5000 * 1024 || bytes >= too_large) return "";
    const char* letter = "T";
    std::uint64_t binary = 1ULL << 40;
    std::uint64_t decimal = 1'000'000'000'000;
    if (bytes < 2ULL << 30) {
        letter = "M";
        binary = 1ULL << 20;
        decimal = 1'000'000;
    } else if (bytes < 2ULL << 40) {
        letter = "G";
        binary = 1ULL << 30;
        decimal = 1'000'000'000;
    }
    return fmt::format(" ({} {}iB {} {}B)", hundredths(bytes, binary), letter, hundredths(bytes, decimal), letter);
}

std::string human_size(std::uint64_t kib) {
    return kib >= 1ULL << 53 ? "" : human_size_bytes(kib << 10);
}

}  // namespace mdscope
