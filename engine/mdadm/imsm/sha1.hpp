// SPDX-License-Identifier: MIT
// SHA-1 (FIPS 180-4), for the UUIDs of IMSM arrays, which are not stored but computed. Not for anything secret.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace mdscope {

std::array<std::uint8_t, 20> sha1(std::span<const std::byte> message);

}  // namespace mdscope
