// SPDX-License-Identifier: MIT
// Looking for superblocks, labels and well-known magics. Reads are bounded: four superblock places, the end (IMSM), and
// the first 8 MiB, where every file system and volume manager leaves something, and where the data of a small 1.x
// member begins.
#include "engine/mdadm/probe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "engine/md/format/bytes.hpp"
#include "engine/mdadm/container.hpp"
#include "engine/mdadm/imsm/read.hpp"

namespace mdscope {

namespace {

constexpr std::uint64_t kStartBytes = 8ULL << 20;
constexpr Sector kSuper0Unit = 128;  // a 0.90 superblock starts the last whole 64 KiB

struct Magic {
    std::uint64_t offset;
    std::string_view bytes;
    const char* what;
};
using namespace std::string_view_literals;
// The first that matches counts, so what lies inside something else comes after it.
constexpr std::array<Magic, 8> kMagics{{
    {0, "XFSB"sv, "an XFS file system"},
    {0x438, "\x53\xef"sv, "an ext2, ext3 or ext4 file system"},
    {65600, "_BHRfS_M"sv, "a btrfs file system"},
    {0, "LUKS\xba\xbe"sv, "a LUKS volume"},
    {4086, "SWAPSPACE2"sv, "swap space"},
    {512, "LABELONE"sv, "an LVM volume"},
    {512, "EFI PART"sv, "a partition table"},
    {510, "\x55\xaa"sv, "a boot sector or partition table"},
}};

bool matches(std::span<const std::byte> start, const Magic& magic) {
    if (start.size() < magic.offset + magic.bytes.size()) return false;
    return std::equal(magic.bytes.begin(), magic.bytes.end(), start.begin() + static_cast<std::ptrdiff_t>(magic.offset),
                      [](char expected, std::byte found) { return static_cast<std::byte>(expected) == found; });
}

std::string find_other(std::span<const std::byte> start) {
    for (const Magic& magic : kMagics)
        if (matches(start, magic)) return magic.what;
    const auto data = std::find_if(start.begin(), start.end(), [](std::byte b) { return b != std::byte{0}; });
    return data == start.end() ? "" : fmt::format("data (first at byte {})", data - start.begin());
}

// A whole page at a sector, or -errno; past the end it reads as zero, as a page of a device never is cut.
int read_page(const HostFile& file, Sector sector, Page& page) {
    page.fill(std::byte{0});
    const std::int64_t n = file.read_at(sector << kSectorShift, page);
    return n < 0 ? static_cast<int>(n) : 0;
}

// At the end of the disk. What cannot be read there is nothing that could be overwritten unseen: create looks at the
// start as well, and examine says so.
void probe_imsm(const HostFile& file, ImageContents& contents) {
    const auto read = [&file](std::uint64_t sector, std::span<std::byte> bytes) {
        const std::int64_t n = file.read_at(sector << kSectorShift, bytes);
        if (n < 0) return static_cast<int>(n);
        return static_cast<std::size_t>(n) == bytes.size() ? 0 : -EIO;
    };
    Result<std::optional<ImsmAnchor>> found = read_imsm(contents.sectors, read);
    if (!found)
        contents.imsm.emplace(found.error());
    else if (*found)
        contents.imsm.emplace(std::move(**found));
}

}  // namespace

Result<ImageContents> probe_image(const HostFile& file, const std::string& path) {
    const auto failed = [&path](std::int64_t error) {
        return Error{static_cast<int>(-error),
                     fmt::format("Cannot read {}: {}.", path, host_error_text(static_cast<int>(error)))};
    };
    ImageContents contents;
    contents.sectors = file.size_bytes() >> kSectorShift;

    std::vector<std::byte> start(std::min(file.size_bytes(), kStartBytes));
    const std::int64_t n = file.read_at(0, start);
    if (n < 0) return failed(n);
    start.resize(static_cast<std::size_t>(n));
    contents.other = find_other(start);
    if (start.size() >= kLabLabelSize && has_label_magic(start)) {
        contents.label.emplace();
        std::copy_n(start.begin(), kLabLabelSize, contents.label->begin());
    }
    contents.has_bitmap_file = start.size() >= kBitmapSuperSize && get_le<std::uint32_t>(start, 0) == BITMAP_MAGIC;

    Page page{};
    for (int minor = 0; minor <= 2 && contents.sectors >= 24; minor++) {
        const Sector at = super_1_sector(minor, contents.sectors);
        if (const int error = read_page(file, at, page); error != 0) return failed(error);
        if (!has_super_1_magic(page)) continue;
        contents.supers.push_back(
            {minor, page, decode_super_1(page), check_super_1(page, at, minor, contents.sectors)});
    }
    if (contents.sectors >= kSuper0Unit) {
        const Sector at = contents.sectors / kSuper0Unit * kSuper0Unit - kSuper0Unit;
        if (const int error = read_page(file, at, page); error != 0) return failed(error);
        contents.has_super_0 = has_super_0_magic(page);
    }
    probe_imsm(file, contents);
    return contents;
}

std::string describe(const ImageContents& contents) {
    if (!contents.supers.empty()) {
        const FoundSuper1& found = contents.supers.front();
        return fmt::format("an md superblock of version 1.{} (array {})", found.minor_version,
                           format_uuid(found.sb.set_uuid));
    }
    if (contents.has_super_0) return "an md superblock of version 0.90";
    if (contents.imsm)
        return !*contents.imsm ? "IMSM metadata that cannot be used"
                               : fmt::format("IMSM metadata (family {:08x})", (*contents.imsm)->family_num);
    if (contents.label) return "the label of an external:lab member";
    if (contents.has_bitmap_file) return "a bitmap file";
    return contents.other;
}

}  // namespace mdscope
