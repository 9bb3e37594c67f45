// SPDX-License-Identifier: MIT
// lab/chunks: the bitmap chunk by chunk, printed and parsed here and nowhere else.
//
//   chunk counter flags count bit words
//   0 0x0002 -- 2 1 idle                  counter  as md keeps it: 14 bits of count below RESYNC and NEEDED
//   1 0xc003 NR 3 1 needed, resync, 1 write
//                                         flags    N needs a resync, R is being resynced, - not
//                                         count    0 clean, 1 no write for a period, 2 idle, n: n - 2 writes
//                                         bit      in the cached page of the bitmap on disk
//
// Flags, count and words say again, for people, what the counter says; a line in which they do not agree is none. The
// file shows the chunks that are not clean, or all of a range: `FIRST-LAST` or one number is written into it for that,
// and `all` for the former.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mdscope {

struct Mddev;

struct ChunkRow {
    std::uint64_t chunk = 0;
    std::uint16_t counter = 0;  // all 16 bits
    bool bit = false;

    [[nodiscard]] unsigned count() const;
    [[nodiscard]] bool needed() const;
    [[nodiscard]] bool resyncing() const;
    [[nodiscard]] std::string words() const;  // "needed, 2 writes"
    bool operator==(const ChunkRow&) const = default;
};
std::string chunk_line(const ChunkRow& row);  // no newline
std::optional<ChunkRow> parse_chunk_line(std::string_view line);
std::vector<ChunkRow> parse_chunks(std::string_view text);  // lines that are none are left out

struct ChunkRange {
    std::uint64_t first = 0, last = ~std::uint64_t{0};
    bool clean_ones_too = false;
    bool operator==(const ChunkRange&) const = default;
};
std::string chunk_range_text(const ChunkRange& range);
std::optional<ChunkRange> parse_chunk_range(std::string_view text);

inline constexpr std::size_t kMostChunkLines = 16'384;  // what one read of the file shows

// The file. Takes the locks that keep the bitmap, for a page of counters at a time.
std::string chunks_file(const Mddev& mddev, const ChunkRange& range);
// Only its lines, for chunks first .. first + count - 1 as far as there are any. Empty without a bitmap.
std::string chunks_text(const Mddev& mddev, std::uint64_t first, std::uint64_t count);

}  // namespace mdscope
