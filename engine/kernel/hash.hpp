// SPDX-License-Identifier: MIT
// Hashes for states and logs: the same with every compiler, but for one.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace mdscope {

// One more number into a hash (the finalizer of splitmix64 over both).
inline std::uint64_t mix(std::uint64_t hash, std::uint64_t value) {
    std::uint64_t z = (hash ^ (value * 0x9e3779b97f4a7c15ULL)) + 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    return z ^ (z >> 29);
}
inline std::uint64_t mix(std::uint64_t hash, std::string_view text) {
    for (const char letter : text) hash = mix(hash, static_cast<unsigned char>(letter));
    return hash;
}

// Of bytes, eight at a time and in the processor's order: fast, and not to be kept.
inline std::uint64_t hash_of_bytes(std::string_view bytes) {
    std::uint64_t hash = bytes.size();
    for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), sizeof(std::uint64_t)))) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data(), std::min(bytes.size(), sizeof word));
        hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
        hash ^= hash >> 29;
    }
    return hash;
}

// FNV-1a, 64 bits: of event logs, as replay files keep it.
inline std::uint64_t fnv1a(std::string_view text, std::uint64_t hash = 0xcbf29ce484222325ULL) {
    for (const char letter : text) hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001b3ULL;
    return hash;
}

}  // namespace mdscope
