// SPDX-License-Identifier: MIT
// The bitmap superblock (bitmap_super_t): 256 bytes before the bits of an internal bitmap or a bitmap file.
//
//   0 magic "bitm"   8 uuid (the array's)   40 sectors covered     52 chunk, bytes         64 sectors reserved
//   4 version 4      24 events              48 state bits          56 daemon sleep, s      68 nodes
//                    32 events_cleared                             60 write-behind         72 cluster name; 136.. zero
//
// The bits follow at byte 256 of the same page. An external bitmap has no header at all: its bits start at bit 0 of the
// page at `location`. check_bitmap_super uses the kernel's words, because md prints them in "invalid bitmap file
// superblock: REASON" and people search the web for that line.
#include <algorithm>

#include "engine/md/format/bytes.hpp"
#include "engine/md/format/format.hpp"

namespace mdscope {

namespace {

constexpr std::uint32_t BITMAP_MAJOR_LO = 3;
constexpr std::uint32_t BITMAP_MAJOR_CLUSTERED = 5;
constexpr std::uint32_t BITMAP_MAJOR_LOCKLESS = 6;
constexpr std::uint32_t kSmallestReadChunk = 512;
constexpr std::uint32_t COUNTER_LIMIT = 16383;  // write-behind counts in 14 bits

template <class Super, class Visit>
void layout_of_bitmap(Super& sb, const Visit& visit) {
    visit(0, sb.magic);
    visit(4, sb.version);
    visit(8, sb.uuid);
    visit(24, sb.events);
    visit(32, sb.events_cleared);
    visit(40, sb.sync_size);
    visit(48, sb.state);
    visit(52, sb.chunksize);
    visit(56, sb.daemon_sleep);
    visit(60, sb.write_behind);
    visit(64, sb.sectors_reserved);
    visit(68, sb.nodes);
    visit(72, sb.cluster_name);
}

}  // namespace

void encode_bitmap_super(const BitmapSuper& sb, std::span<std::byte> page) {
    MD_CHECK(page.size() >= kBitmapSuperSize);
    const std::span<std::byte> header = page.first(kBitmapSuperSize);
    std::fill(header.begin(), header.end(), std::byte{0});
    layout_of_bitmap(sb, ByteWriter{header});
}

BitmapSuper decode_bitmap_super(std::span<const std::byte> page) {
    MD_CHECK(page.size() >= kBitmapSuperSize);
    BitmapSuper sb;
    layout_of_bitmap(sb, ByteReader{page.first(kBitmapSuperSize)});
    return sb;
}

std::string check_bitmap_super(const BitmapSuper& sb) {
    if (sb.magic != BITMAP_MAGIC) return "bad magic";
    if (sb.version == BITMAP_MAJOR_LOCKLESS) return "a lockless bitmap (llbitmap), which mdscope does not do";
    if (sb.version < BITMAP_MAJOR_LO || sb.version > BITMAP_MAJOR_CLUSTERED) return "unrecognized superblock version";
    if (sb.chunksize < kSmallestReadChunk) return "bitmap chunksize too small";
    if ((sb.chunksize & (sb.chunksize - 1)) != 0) return "bitmap chunksize not a power of 2";
    if (sb.daemon_sleep < 1) return "daemon sleep period out of range";
    if (sb.write_behind > COUNTER_LIMIT) return "write-behind limit out of range (0 - 16383)";
    return {};
}

}  // namespace mdscope
