// SPDX-License-Identifier: MIT

#include "engine/story/record/close_up.hpp"

#include <algorithm>

#include "engine/kernel/onlooker.hpp"
#include "engine/kernel/sim/ram_disk.hpp"
#include "engine/md/bitmap/bitmap.hpp"

namespace mdscope {

namespace {

constexpr std::uint64_t kBitsOfAByte = 8;

std::uint64_t bitmap_bytes(const Mddev& mddev) {
    const Bitmap* const bitmap = mddev.bitmap.peek();
    return bitmap == nullptr ? 0 : (bitmap->counts.chunks + kBitsOfAByte - 1) / kBitsOfAByte;
}

// A bitmap with a header has its bits behind that.
void place_bitmap(ImageInfo& info, const Mddev& mddev, std::uint64_t start) {
    const std::uint64_t header = mddev.bitmap_info.external ? 0 : kBitmapSuperSize;
    info.bitmap_offset = start + header;
    info.bitmap_bytes = bitmap_bytes(mddev);
}

ImageInfo image_of(SimLab& lab, const Rdev& rdev) {
    ImageInfo info{.name = rdev.name, .path = rdev.path};
    info.data_offset = rdev.data_offset << kSectorShift;
    if (const RamImage* image = lab.kernel.find_ram_disk(rdev.path); image != nullptr) info.bytes = image->size_bytes();
    const auto& place = lab.mddev().bitmap_info;
    if (place.file == nullptr && place.offset != 0)
        place_bitmap(info, lab.mddev(), (rdev.sb_start + static_cast<std::uint64_t>(place.offset)) << kSectorShift);
    return info;
}

}  // namespace

std::vector<ImageInfo> images_at(Tape& tape, std::size_t step) {
    SimLab& lab = tape.visit(step).lab();
    const Onlooker onlooker;
    std::vector<ImageInfo> images;
    for (const auto& rdev : all_rdevs_at_rest(lab.mddev())) images.push_back(image_of(lab, *rdev));
    std::ranges::sort(images, {}, &ImageInfo::name);
    if (const RamImage* file = lab.kernel.find_ram_disk("lab/bitmap"); file != nullptr) {
        images.push_back({.name = file->name(), .path = file->path(), .bytes = file->size_bytes()});
        place_bitmap(images.back(), lab.mddev(), 0);
    }
    return images;
}

MediaRecord media_at(Tape& tape, std::size_t step) {
    return media_record(tape.visit(step).lab(), kCutWord);
}

std::vector<std::byte> bytes_at(Tape& tape, std::size_t step, const std::string& path, std::uint64_t offset,
                                std::size_t size) {
    const RamImage* const image = tape.visit(step).lab().kernel.find_ram_disk(path);
    if (image == nullptr || offset >= image->size_bytes()) return {};
    std::vector<std::byte> bytes(std::min<std::uint64_t>(size, image->size_bytes() - offset));
    image->read(offset, bytes);
    return bytes;
}

std::string struct_text_at(Tape& tape, std::size_t step) {
    const Mddev& mddev = tape.visit(step).lab().mddev();
    const Onlooker onlooker;
    return mddev_struct_text(mddev);
}

std::string chunks_text_at(Tape& tape, std::size_t step, std::uint64_t first, std::uint64_t count) {
    const Mddev& mddev = tape.visit(step).lab().mddev();
    const Onlooker onlooker;
    return chunks_text(mddev, first, count);
}

}  // namespace mdscope
