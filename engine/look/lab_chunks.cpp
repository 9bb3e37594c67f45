// SPDX-License-Identifier: MIT

#include "engine/look/lab_chunks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>

#include "engine/look/lab_words.hpp"
#include "engine/md/bitmap/bitmap.hpp"
#include "engine/scenario/text_lines.hpp"

namespace mdscope {

// ---- a line

unsigned ChunkRow::count() const {
    return COUNTER(counter);
}
bool ChunkRow::needed() const {
    return NEEDED(counter);
}
bool ChunkRow::resyncing() const {
    return RESYNC(counter);
}

std::string ChunkRow::words() const {
    std::string words;
    const auto add = [&](std::string_view word) {
        if (!words.empty()) words += ", ";
        words += word;
    };
    if (needed()) add("needed");
    if (resyncing()) add("resync");
    if (count() == 1) add("idle for a period");
    if (count() == 2) add("idle");
    if (count() >= 3) add(fmt::format("{} write{}", count() - 2, count() == 3 ? "" : "s"));
    return words.empty() ? "clean" : words;
}

namespace {

void append_chunk_line(std::string& text, const ChunkRow& row) {
    fmt::format_to(std::back_inserter(text), "{} {:#06x} {}{} {} {} {}", row.chunk, row.counter,
                   row.needed() ? 'N' : '-', row.resyncing() ? 'R' : '-', row.count(), row.bit ? 1 : 0, row.words());
}

}  // namespace

std::string chunk_line(const ChunkRow& row) {
    std::string line;
    append_chunk_line(line, row);
    return line;
}

std::optional<ChunkRow> parse_chunk_line(std::string_view line) {
    std::string_view rest = line;
    ChunkRow row;
    std::uint64_t counter = 0, count = 0, bit = 0;
    const bool has_chunk = read_number(take_word(rest), &row.chunk);
    const std::string_view hex = take_word(rest);
    if (!has_chunk || !hex.starts_with("0x") || !read_hex(hex.substr(2), &counter) ||
        counter > std::numeric_limits<std::uint16_t>::max())
        return std::nullopt;
    take_word(rest);  // the flags
    if (!read_number(take_word(rest), &count) || !read_number(take_word(rest), 0, 1, &bit)) return std::nullopt;
    row.counter = static_cast<std::uint16_t>(counter);
    row.bit = bit == 1;
    if (chunk_line(row) != line) return std::nullopt;
    return row;
}

std::vector<ChunkRow> parse_chunks(std::string_view text) {
    std::vector<ChunkRow> rows;
    while (!text.empty())
        if (const std::optional<ChunkRow> row = parse_chunk_line(take_line(text))) rows.push_back(*row);
    return rows;
}

// ---- a range

std::string chunk_range_text(const ChunkRange& range) {
    return range.clean_ones_too ? fmt::format("{}-{}", range.first, range.last) : "all";
}

std::optional<ChunkRange> parse_chunk_range(std::string_view text) {
    if (text == "all") return ChunkRange();
    ChunkRange range{.clean_ones_too = true};
    if (!parse_span(text, range.first, range.last)) return std::nullopt;
    return range;
}

// ---- the bitmap

namespace {

// A page of counters, or less; none past the end; nullopt without a bitmap.
std::optional<std::vector<BitmapChunkInfo>> page_of_chunks(const Mddev& mddev, std::uint64_t first,
                                                           std::uint64_t count) {
    const SpinGuard guard(mddev.lock);  // keeps the bitmap
    const Bitmap* const bitmap = mddev.bitmap.peek();
    if (bitmap == nullptr) return std::nullopt;
    return md_bitmap_chunks(*bitmap, first, std::min<std::uint64_t>(count, PAGE_COUNTER_RATIO));
}

// Until there are no more, or `see` has seen enough and answers false. False: there is no bitmap.
template <class See>
bool for_each_chunk(const Mddev& mddev, std::uint64_t first, std::uint64_t count, See see) {
    for (bool is_first = true; count != 0; is_first = false) {
        const auto chunks = page_of_chunks(mddev, first, count);
        if (!chunks) return !is_first;
        if (chunks->empty()) break;
        for (const BitmapChunkInfo& info : *chunks)
            if (!see(ChunkRow{info.chunk, info.counter, info.bit})) return true;
        first += chunks->size();
        count -= chunks->size();
    }
    return true;
}

}  // namespace

std::string chunks_file(const Mddev& mddev, const ChunkRange& range) {
    const std::uint64_t count = std::max(range.last - range.first + 1, range.last - range.first);  // all is as good
    std::string text = "chunk counter flags count bit words\n";
    std::size_t lines = 0;
    const bool has_bitmap = for_each_chunk(mddev, range.first, count, [&](const ChunkRow& row) {
        if (!range.clean_ones_too && row.counter == 0 && !row.bit) return true;
        if (++lines > kMostChunkLines) {
            text += "... more; write a range (FIRST-LAST) to see them\n";
            return false;
        }
        append_chunk_line(text, row);
        text += '\n';
        return true;
    });
    return has_bitmap ? text : "no bitmap\n";
}

std::string chunks_text(const Mddev& mddev, std::uint64_t first, std::uint64_t count) {
    std::string text;
    for_each_chunk(mddev, first, count, [&](const ChunkRow& row) {
        append_chunk_line(text, row);
        text += '\n';
        return true;
    });
    return text;
}

}  // namespace mdscope
