// SPDX-License-Identifier: MIT
// Looking into one image, for `mdscope examine`: which superblock counts, where its bitmap is, how many bits are set.
//
// Where an image holds superblocks of several versions, the one at its right place with the latest creation time
// counts, as with mdadm. One that is in the wrong place (a copy, or an image that was resized) is shown only if there
// is nothing better. The text comes from examine_text.cpp, the JSON from examine_json.cpp.
#include "engine/mdadm/examine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <filesystem>
#include <vector>

#include "engine/kernel/disk.hpp"
#include "engine/mdadm/imsm/bitmap.hpp"

namespace mdscope {

namespace {

constexpr std::uint64_t kMostBits = 1ULL << 32;
constexpr std::size_t kReadBytes = 1U << 20;
constexpr std::uint64_t kMostSidecarBytes = 1ULL << 20;

std::uint64_t bits_of(Sector sectors, std::uint64_t chunk_bytes) {
    const Sector chunk = std::max<Sector>(chunk_bytes >> kSectorShift, 1);
    return sectors / chunk + (sectors % chunk != 0 ? 1 : 0);
}

// A bitmap that ends with its file is counted as far as it goes, as mdadm does.
Result<BitmapBits> count_bits(const HostFile& file, const std::string& path, std::uint64_t offset,
                              std::uint64_t total) {
    BitmapBits bits{total, 0, false};
    if (total > kMostBits) return bits;
    std::vector<std::byte> buffer(std::min<std::uint64_t>(kReadBytes, (total + 7) / 8));
    std::uint64_t counted = 0;
    while (counted < total) {
        const std::int64_t n = file.read_at(offset + counted / 8, buffer);
        if (n < 0)
            return Error{static_cast<int>(-n),
                         fmt::format("Cannot read the bitmap of {}: {}.", path, host_error_text(static_cast<int>(n)))};
        if (n == 0) break;
        for (std::int64_t i = 0; i < n && counted < total; i++, counted += 8) {
            auto byte = std::to_integer<unsigned>(buffer[static_cast<std::size_t>(i)]);
            if (total - counted < 8) byte &= (1U << (total - counted)) - 1;
            bits.dirty += static_cast<std::uint64_t>(std::popcount(byte));
        }
    }
    bits.total = std::min(counted, total);
    bits.counted = true;
    return bits;
}

const FoundSuper1* choose_super(const ImageContents& contents) {
    const FoundSuper1* best = nullptr;
    for (const FoundSuper1& found : contents.supers) {
        const bool placed = !found.misplaced(contents.sectors);
        const bool best_placed = best != nullptr && !best->misplaced(contents.sectors);
        if (best == nullptr || (placed && !best_placed) || (placed == best_placed && found.sb.ctime > best->sb.ctime))
            best = &found;
    }
    return best;
}

// Reads the header at `offset` and counts its bits; an empty text, or the error.
std::optional<Error> look_at_bitmap(const HostFile& file, std::uint64_t offset, Examination& examination) {
    std::array<std::byte, kBitmapSuperSize> header{};
    const std::int64_t n = file.read_at(offset, header);
    if (n < 0)
        return Error{static_cast<int>(-n), fmt::format("Cannot read the bitmap of {}: {}.", examination.path,
                                                       host_error_text(static_cast<int>(n)))};
    examination.bitmap = decode_bitmap_super(header);
    if (!check_bitmap_super(*examination.bitmap).empty()) return {};
    const std::uint64_t total = bits_of(examination.bitmap->sync_size, examination.bitmap->chunksize);
    Result<BitmapBits> bits = count_bits(file, examination.path, offset + kBitmapSuperSize, total);
    if (!bits) return bits.error();
    examination.bits = *bits;
    return {};
}

// The sidecar in the image's folder; nothing when there is none.
std::optional<Result<Container>> read_sidecar(const std::string& image) {
    const std::filesystem::path folder = std::filesystem::path(image).parent_path();
    const std::string path = container_path(folder.empty() ? "." : folder.string());
    std::error_code error;
    if (!std::filesystem::exists(path, error)) return std::nullopt;
    const Result<HostFile> file = HostFile::open_to_read(path);
    if (!file) return file.error();
    if (file->size_bytes() > kMostSidecarBytes) return Error{EINVAL, path + " is too large to be a sidecar."};
    std::vector<std::byte> bytes(file->size_bytes());
    const std::int64_t n = file->read_at(0, bytes);
    if (n < 0) return Error{static_cast<int>(-n), "Cannot read " + path + "."};
    std::string text;
    for (std::int64_t i = 0; i < n; i++) text.push_back(std::to_integer<char>(bytes[static_cast<std::size_t>(i)]));
    return container_from_json(text);
}

std::optional<Error> look_at_label(const HostFile& file, const ImageContents& contents, Examination& examination) {
    examination.label = decode_label(*contents.label);
    if (!*examination.label) return {};
    examination.container = read_sidecar(examination.path);
    if (!examination.container || !*examination.container) return {};
    const Container& container = **examination.container;
    const bool its_own = container.uuid == (*examination.label)->set_uuid;
    if (!its_own || container.bitmap_offset == 0 || examination.bits) return {};
    Result<BitmapBits> bits =
        count_bits(file, examination.path, static_cast<std::uint64_t>(container.bitmap_offset) << kSectorShift,
                   bits_of(container.size, container.bitmap_chunk));
    if (!bits) return bits.error();
    examination.bits = *bits;
    return {};
}

// Of each volume that has a bitmap: its header, and how many bits are set.
std::optional<Error> look_at_imsm_bitmaps(const HostFile& file, Examination& examination) {
    ImsmExamined& imsm = *examination.imsm;
    for (std::uint32_t i = 0; i < imsm.anchor.volumes.size(); i++) {
        const ImsmVolume& volume = imsm.anchor.volumes[i];
        std::optional<ImsmBitmap>& found = imsm.bitmaps.emplace_back();
        if (!has_imsm_bitmap(volume) || !why_volume_is_refused(volume, examination.sectors).empty()) continue;
        const std::uint64_t area = imsm_bitmap_area(volume);
        std::array<std::byte, kBitmapSuperSize> header{};
        if (const std::int64_t n = file.read_at((area + kImsmBitmapHeader) << kSectorShift, header); n < 0)
            return Error{static_cast<int>(-n), fmt::format("Cannot read the bitmap of {}: {}.", examination.path,
                                                           host_error_text(static_cast<int>(n)))};
        const Result<BitmapBits> bits = count_bits(file, examination.path, (area + kImsmBitmapBits) << kSectorShift,
                                                   bits_of(volume.component_sectors(), kImsmBitmapChunk));
        if (!bits) return bits.error();
        found = ImsmBitmap{decode_bitmap_super(header), *bits};
        if (!examination.bits) examination.bits = *bits;
    }
    return {};
}

// What mdadm would ask the disk for, had it one: its name stands in.
std::string serial_by_name(const std::string& path) {
    std::error_code error;
    if (!std::filesystem::is_block_file(path, error)) return "/dev/" + disk_name(path);
    const std::filesystem::path node = std::filesystem::canonical(path, error);
    return "/dev/" + (error ? disk_name(path) : node.filename().string());
}

Result<Examination> look_at_imsm(const HostFile& file, const ImageContents& contents, Examination examination,
                                 const std::string& serial) {
    if (!*contents.imsm)
        return Error{contents.imsm->error().err, fmt::format("{}: {}.", examination.path, contents.imsm->error().text)};
    examination.bitmap.reset();  // a header at the start is data of a volume
    examination.bits.reset();
    examination.imsm = ImsmExamined{**contents.imsm, serial.empty() ? serial_by_name(examination.path) : serial, {}};
    if (auto error = look_at_imsm_bitmaps(file, examination)) return *error;
    return examination;
}

// Where the superblock says its bitmap is, if that is on the image.
std::optional<std::uint64_t> bitmap_byte(const Superblock1& sb, Sector sectors) {
    if ((sb.feature_map & MD_FEATURE_BITMAP_OFFSET) == 0 || sb.super_offset >= sectors) return std::nullopt;
    const auto at = static_cast<std::int64_t>(sb.super_offset) + sb.bitmap_offset;
    if (at < 0 || static_cast<Sector>(at) >= sectors) return std::nullopt;
    return static_cast<std::uint64_t>(at) << kSectorShift;
}

}  // namespace

Result<Examination> examine_image(const std::string& path, const std::string& serial) {
    const Result<HostFile> file = HostFile::open_to_read(path);
    if (!file) return file.error();
    Result<ImageContents> contents = probe_image(*file, path);
    if (!contents) return contents.error();

    Examination examination;
    examination.path = path;
    examination.sectors = contents->sectors;
    std::optional<Error> error;
    if (const FoundSuper1* super = choose_super(*contents)) {
        examination.super = *super;
        if (const auto at = bitmap_byte(super->sb, contents->sectors)) error = look_at_bitmap(*file, *at, examination);
    } else if (contents->has_bitmap_file) {
        error = look_at_bitmap(*file, 0, examination);
    }
    if (!error && contents->label) error = look_at_label(*file, *contents, examination);
    if (error) return *error;
    if (examination.super || examination.label) return examination;
    if (contents->imsm) return look_at_imsm(*file, *contents, std::move(examination), serial);
    if (examination.bitmap) return examination;

    std::string found = describe(*contents);
    if (contents->has_super_0) found += ", which mdscope does not read (mdadm -E does)";
    return Error{ENOENT, fmt::format("{}: no md 1.x superblock, IMSM metadata, external:lab label or bitmap header; it "
                                     "holds {}.",
                                     path, found.empty() ? "nothing at its start" : found)};
}

Result<std::string> examine_text(const std::string& path, const std::string& serial) {
    const Result<Examination> examination = examine_image(path, serial);
    if (!examination) return examination.error();
    return examination_text(*examination);
}

Result<std::string> examine_json(const std::string& path, const std::string& serial) {
    const Result<Examination> examination = examine_image(path, serial);
    if (!examination) return examination.error();
    return examination_json(*examination);
}

}  // namespace mdscope
