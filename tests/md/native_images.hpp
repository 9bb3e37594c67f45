// SPDX-License-Identifier: MIT
// Superblocks, bitmap headers and logs of a lab's images (version 1.2), read and written by hand: what a crash leaves.
#pragma once

#include "engine/md/format/format.hpp"
#include "tests/md/lab.hpp"

namespace mdscope::test {

inline constexpr std::uint64_t kSuperByte = 4096;
inline constexpr std::uint64_t kBitmapByte = 8192;

using PageBytes = std::array<std::byte, kPageSize>;

inline PageBytes page_of(const std::string& path, std::uint64_t at) {
    PageBytes page{};
    std::ifstream file(path, std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at)).read(reinterpret_cast<char*>(page.data()), page.size());
    return page;
}

inline void put_page(const std::string& path, std::uint64_t at, std::span<const std::byte> bytes) {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(at));
    file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    REQUIRE(file.good());
}

inline Superblock1 super_of(const std::string& image) {
    return decode_super_1(page_of(image, kSuperByte));
}

inline void put_super(const std::string& image, const Superblock1& sb) {
    PageBytes page{};
    encode_super_1(sb, page);
    put_page(image, kSuperByte, page);
}

template <class Edit>
void edit_super(const std::string& image, Edit edit) {
    Superblock1 sb = super_of(image);
    edit(sb);
    put_super(image, sb);
}

// `path`: an image, or with at == 0 a bitmap file.
template <class Edit>
void edit_bitmap_header(const std::string& path, Edit edit, std::uint64_t at = kBitmapByte) {
    PageBytes page = page_of(path, at);
    BitmapSuper sb = decode_bitmap_super(page);
    edit(sb);
    encode_bitmap_super(sb, page);
    put_page(path, at, page);
}

}  // namespace mdscope::test
