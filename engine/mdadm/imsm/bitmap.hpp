// SPDX-License-Identifier: MIT
// Where IMSM has a volume's bitmap: in the MiB behind its data, the same on each member.
//
//   A = pba + component     A..A+15 reserved | A+16 header, 4096 bytes | A+24 the bits, up to the end of the MiB
//
// The header is md's, version 4, with the volume's UUID. Only mdadm reads it, when it assembles; the kernel is given
// the place of the bits alone, as for every external bitmap. A bit stands for 64 MiB. A new bitmap is all ones, and the
// bits behind the last chunk stay so.
#pragma once

#include "engine/mdadm/imsm/anchor.hpp"

namespace mdscope {

inline constexpr std::uint64_t kImsmBitmapHeader = 16;  // sectors from A
inline constexpr std::uint64_t kImsmBitmapBits = 24;
inline constexpr std::uint64_t kImsmBitmapBytes = (kImsmBehindVolume - kImsmBitmapBits) * kSectorSize;
inline constexpr std::uint64_t kImsmBitmapChunk = 64ULL << 20;
inline constexpr std::uint32_t kImsmBitmapPeriod = 5;  // seconds

inline bool has_imsm_bitmap(const ImsmVolume& volume) {
    return volume.rwh_policy == static_cast<std::uint8_t>(ImsmRwh::Bitmap);
}
// A, as a sector of each member.
inline std::uint64_t imsm_bitmap_area(const ImsmVolume& volume) {
    return volume.map.pba_of_lba0 + volume.component_sectors();
}
// As mdadm writes it.
BitmapSuper imsm_bitmap_header(const ImsmAnchor& anchor, std::uint32_t volume);
// Why mdadm would run the volume without its bitmap; empty: it would not.
std::string why_imsm_bitmap_is_refused(const BitmapSuper& found, const ImsmAnchor& anchor, std::uint32_t volume);

}  // namespace mdscope
