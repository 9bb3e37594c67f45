// SPDX-License-Identifier: MIT
// The array as it was after a step, closer than a snapshot: its fields, each chunk, the bytes of its images. Values
// only; the tape is put to that step for it, which must be exact or throws.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/look/lab_chunks.hpp"
#include "engine/story/record/tape.hpp"

namespace mdscope {

struct ImageInfo {
    std::string name;  // "sda", "bitmap"
    std::string path;
    std::uint64_t bytes = 0;
    // Where the bits of the write-intent bitmap lie in it; 0 bytes: not in this image.
    std::uint64_t bitmap_offset = 0, bitmap_bytes = 0;
    // Where the array's data begins; 0: it has none.
    std::uint64_t data_offset = 0;
};
std::vector<ImageInfo> images_at(Tape& tape, std::size_t step);

// Bytes as the image has them (written, durable or not). Beyond its end there are none.
std::vector<std::byte> bytes_at(Tape& tape, std::size_t step, const std::string& path, std::uint64_t offset,
                                std::size_t size);

// What a cut at that moment would find. REQUIRES: the scenario may be cut.
MediaRecord media_at(Tape& tape, std::size_t step);

std::string struct_text_at(Tape& tape, std::size_t step);  // as lab/mddev
// The lines of lab/chunks, of the chunks from `first` on.
std::string chunks_text_at(Tape& tape, std::size_t step, std::uint64_t first, std::uint64_t count);

}  // namespace mdscope
