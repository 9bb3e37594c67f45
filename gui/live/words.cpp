// SPDX-License-Identifier: MIT

#include "gui/live/words.hpp"

#include <fmt/format.h>

namespace mdscope::gui {

std::string age_words(std::uint64_t ns) {
    constexpr std::uint64_t kMs = 1'000'000, kSecond = 1'000 * kMs, kMinute = 60 * kSecond, kHour = 60 * kMinute;
    if (ns < kSecond) return fmt::format("{} ms", ns / kMs);
    if (ns < kMinute) return fmt::format("{}.{} s", ns / kSecond, ns % kSecond / (kSecond / 10));
    if (ns < kHour) return fmt::format("{} min {:02} s", ns / kMinute, ns % kMinute / kSecond);
    return fmt::format("{} h {:02} min", ns / kHour, ns % kHour / kMinute);
}

std::string age_words(std::uint64_t since_ns, std::uint64_t now_ns) {
    return age_words(now_ns > since_ns ? now_ns - since_ns : 0);
}

}  // namespace mdscope::gui
