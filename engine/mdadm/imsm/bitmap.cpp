// SPDX-License-Identifier: MIT
#include "engine/mdadm/imsm/bitmap.hpp"

#include <fmt/format.h>

namespace mdscope {

BitmapSuper imsm_bitmap_header(const ImsmAnchor& anchor, std::uint32_t volume) {
    BitmapSuper header;
    header.uuid = imsm_volume_uuid(anchor, volume);
    header.sync_size = kImsmBitmapBytes;  // bytes of the area, where md means sectors of the array
    header.chunksize = kImsmBitmapChunk;
    header.daemon_sleep = kImsmBitmapPeriod;
    return header;
}

std::string why_imsm_bitmap_is_refused(const BitmapSuper& found, const ImsmAnchor& anchor, std::uint32_t volume) {
    const BitmapSuper expected = imsm_bitmap_header(anchor, volume);
    if (found.magic != expected.magic)
        return fmt::format("its magic is {:08x}, expected {:08x}", found.magic, expected.magic);
    if (found.version != expected.version)
        return fmt::format("its version is {}, expected {}", found.version, expected.version);
    if (found.uuid != expected.uuid)
        return fmt::format("it is of volume {}, expected {}", imsm_uuid_text(found.uuid),
                           imsm_uuid_text(expected.uuid));
    return {};
}

}  // namespace mdscope
