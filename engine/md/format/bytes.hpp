// SPDX-License-Identifier: MIT
// Little-endian numbers at byte offsets, the only way the formats here touch a page.
//
// A layout is written once, as a list of (offset, field) that both directions walk: format.cpp, format_bitmap.cpp and
// container.cpp each have one function template `fields(super, visit)`. ByteReader and ByteWriter are its two visitors,
// so a field cannot be read from one place and written to another.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "engine/md/check.hpp"

namespace mdscope {

template <std::integral T>
T get_le(std::span<const std::byte> bytes, std::size_t offset) {
    MD_CHECK(offset + sizeof(T) <= bytes.size());
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof(T); i++) value |= std::to_integer<std::uint64_t>(bytes[offset + i]) << (8 * i);
    return static_cast<T>(value);
}

template <std::integral T>
void put_le(std::span<std::byte> bytes, std::size_t offset, T number) {
    MD_CHECK(offset + sizeof(T) <= bytes.size());
    const auto value = static_cast<std::uint64_t>(number);
    for (std::size_t i = 0; i < sizeof(T); i++) bytes[offset + i] = static_cast<std::byte>(value >> (8 * i) & 0xff);
}

struct ByteReader {
    std::span<const std::byte> bytes;

    template <std::integral T>
    void operator()(std::size_t offset, T& field) const {
        field = get_le<T>(bytes, offset);
    }
    template <std::size_t N>
    void operator()(std::size_t offset, std::array<std::uint8_t, N>& field) const {
        for (std::size_t i = 0; i < N; i++) field[i] = get_le<std::uint8_t>(bytes, offset + i);
    }
};

struct ByteWriter {
    std::span<std::byte> bytes;

    template <std::integral T>
    void operator()(std::size_t offset, const T& field) const {
        put_le(bytes, offset, field);
    }
    template <std::size_t N>
    void operator()(std::size_t offset, const std::array<std::uint8_t, N>& field) const {
        for (std::size_t i = 0; i < N; i++) put_le(bytes, offset + i, field[i]);
    }
};

}  // namespace mdscope
