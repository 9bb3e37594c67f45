// SPDX-License-Identifier: MIT
// What mdadm 4.2 picks when it creates a RAID1 of version 1: where things lie on a member, how large the bitmap's
// chunks are, and how it prints a size. A member made by `mdscope create` must be one that mdadm could have made.
//
//   v1.1, v1.2   superblock | +8 bitmap | bad-block log | headroom ...| data_offset, a multiple of 1 MiB: data
//   v1.0         data, from sector 0 ......................| bitmap | bad-block log (8) | superblock, 8..12 KiB from
//   end
//
// Three rules explain every number. Space for a bitmap is *reserved* by the size of the device (0, 8, 128 or 256
// sectors), whether or not there is one, so that one can be added later. The headroom before the data of 1.1 and 1.2 is
// about a thousandth of the device, at most 128 MiB. The used size is rounded down to 64 KiB.
//
// All numbers are sectors unless a name says otherwise; everything is unsigned and guarded against wrapping before it
// is subtracted, because sizes come from whatever file a person names.
#pragma once

#include <cstdint>
#include <string>

#include "engine/md/format/format.hpp"

namespace mdscope {

// What mdadm 4.2 picks for a RAID1 of version 1.minor on members of `device_sectors`.
struct Geometry1 {
    Sector super_offset = 0, data_offset = 0, data_size = 0, size = 0;  // sectors
    std::int32_t bitmap_offset = 0;                                     // 0: none
    std::uint32_t bitmap_chunk = 0;                                     // bytes
    std::uint32_t bitmap_sectors = 0;                                   // on disk, a multiple of 8
    std::int32_t bblog_offset = 0;
    std::uint32_t max_dev = 128;
};
// chunk: bytes, or 0 for mdadm's own choice (smallest that fits, at least 64 MiB). Errors: device below 24 sectors or
// too small, "Given bitmap chunk size not supported."
Result<Geometry1> mdadm_geometry(int minor_version, Sector device_sectors, int members, bool internal_bitmap,
                                 std::uint64_t chunk);
// Default chunk of a bitmap file: 4096 doubled until at most 2^20 chunks.
std::uint64_t mdadm_bitmap_file_chunk(Sector array_sectors);
inline constexpr std::uint64_t kMostFileChunks = 1ULL << 20;   // of a bitmap file
std::uint64_t chunks_in(Sector sectors, std::uint64_t chunk);  // chunk: bytes

std::string human_size(std::uint64_t kib);  // " (99.00 MiB 103.81 MB)" as mdadm, "" below 5000 KiB
std::string human_size_bytes(std::uint64_t bytes);

}  // namespace mdscope
