// SPDX-License-Identifier: MIT
#include "engine/mdadm/imsm/sha1.hpp"

#include <bit>
#include <vector>

namespace mdscope {

namespace {

constexpr std::size_t kBlock = 64;
using State = std::array<std::uint32_t, 5>;

std::uint32_t big_endian_word(std::span<const std::byte> block, std::size_t index) {
    std::uint32_t word = 0;
    for (std::size_t i = 0; i < 4; i++) word = word << 8 | std::to_integer<std::uint32_t>(block[4 * index + i]);
    return word;
}

// What round t mixes of b, c and d.
std::uint32_t mixed(std::size_t t, const State& s) {
    if (t < 20) return ((s[1] & s[2]) | (~s[1] & s[3])) + 0x5a827999U;
    if (t < 40) return (s[1] ^ s[2] ^ s[3]) + 0x6ed9eba1U;
    if (t < 60) return ((s[1] & s[2]) | (s[1] & s[3]) | (s[2] & s[3])) + 0x8f1bbcdcU;
    return (s[1] ^ s[2] ^ s[3]) + 0xca62c1d6U;
}

void add_block(State& state, std::span<const std::byte> block) {
    std::array<std::uint32_t, 80> schedule{};
    for (std::size_t t = 0; t < 16; t++) schedule[t] = big_endian_word(block, t);
    for (std::size_t t = 16; t < schedule.size(); t++)
        schedule[t] = std::rotl(schedule[t - 3] ^ schedule[t - 8] ^ schedule[t - 14] ^ schedule[t - 16], 1);
    State s = state;
    for (std::size_t t = 0; t < schedule.size(); t++) {
        const std::uint32_t next = std::rotl(s[0], 5) + mixed(t, s) + s[4] + schedule[t];
        s = {next, s[0], std::rotl(s[1], 30), s[2], s[3]};
    }
    for (std::size_t i = 0; i < state.size(); i++) state[i] += s[i];
}

}  // namespace

std::array<std::uint8_t, 20> sha1(std::span<const std::byte> message) {
    // A one bit, zeroes, and the length in bits as the last eight bytes of a block.
    std::vector<std::byte> padded(message.begin(), message.end());
    padded.push_back(std::byte{0x80});
    while (padded.size() % kBlock != kBlock - 8) padded.push_back(std::byte{0});
    const std::uint64_t bits = std::uint64_t{message.size()} * 8;
    for (unsigned i = 0; i < 8; i++) padded.push_back(static_cast<std::byte>(bits >> (56 - 8 * i) & 0xff));

    State state{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    for (std::size_t at = 0; at < padded.size(); at += kBlock) add_block(state, std::span(padded).subspan(at, kBlock));

    std::array<std::uint8_t, 20> digest{};
    for (std::size_t i = 0; i < digest.size(); i++)
        digest[i] = static_cast<std::uint8_t>(state[i / 4] >> (24 - 8 * (i % 4)) & 0xff);
    return digest;
}

}  // namespace mdscope
