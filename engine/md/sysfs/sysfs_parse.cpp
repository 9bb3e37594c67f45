// SPDX-License-Identifier: MIT

#include "engine/md/sysfs/sysfs_parse.hpp"

#include <cerrno>
#include <charconv>
#include <limits>

namespace mdscope::sysfs {

namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

}  // namespace

std::string_view without_newline(std::string_view text) {
    if (!text.empty() && text.back() == '\n') text.remove_suffix(1);
    return text;
}

int kstrtoull(std::string_view text, std::uint64_t* result) {
    text = without_newline(text);
    if (!text.empty() && text.front() == '+') text.remove_prefix(1);
    // from_chars accepts neither blanks nor a second sign for an unsigned type, so what it leaves over is junk.
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc::invalid_argument || end != text.data() + text.size()) return -EINVAL;
    if (error == std::errc::result_out_of_range) return -ERANGE;
    *result = value;
    return 0;
}

int kstrtouint(std::string_view text, unsigned* result) {
    std::uint64_t value = 0;
    const int err = kstrtoull(text, &value);
    if (err != 0) return err;
    if (value > std::numeric_limits<unsigned>::max()) return -ERANGE;
    *result = static_cast<unsigned>(value);
    return 0;
}

int kstrtoint(std::string_view text, int* result) {
    const bool negative = !text.empty() && text.front() == '-';
    if (negative) text.remove_prefix(1);
    if (negative && !text.empty() && text.front() == '+') return -EINVAL;
    std::uint64_t value = 0;
    const int err = kstrtoull(text, &value);
    if (err != 0) return err;
    constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<int>::max());
    if (value > kMax + (negative ? 1 : 0)) return -ERANGE;
    const auto magnitude = static_cast<std::int64_t>(value);
    *result = static_cast<int>(negative ? -magnitude : magnitude);
    return 0;
}

int kstrtobool(std::string_view text, bool* result) {
    const char first = text.empty() ? '\0' : text[0];
    const char second = text.size() < 2 ? '\0' : text[1];
    constexpr std::string_view kYes = "yYtT1";
    constexpr std::string_view kNo = "nNfF0";
    const bool is_o = first == 'o' || first == 'O';
    if (kYes.find(first) != std::string_view::npos || (is_o && (second == 'n' || second == 'N'))) {
        *result = true;
        return 0;
    }
    if (kNo.find(first) != std::string_view::npos || (is_o && (second == 'f' || second == 'F'))) {
        *result = false;
        return 0;
    }
    return -EINVAL;
}

bool cmd_match(std::string_view text, const char* cmd) {
    return without_newline(text) == cmd;
}

int strict_blocks_to_sectors(std::string_view text, Sector* sectors) {
    std::uint64_t blocks = 0;
    const int err = kstrtoull(text, &blocks);
    if (err != 0) return err;
    if ((blocks >> 63) != 0) return -EINVAL;
    *sectors = blocks * 2;
    return 0;
}

int strict_strtoul_scaled(std::string_view text, unsigned scale, std::uint64_t* result) {
    text = without_newline(text);
    std::uint64_t value = 0;
    bool in_fraction = false;
    unsigned decimals = 0;
    for (const char c : text) {
        if (c == '.' && !in_fraction) {
            in_fraction = true;
            continue;
        }
        if (!is_digit(c)) return -EINVAL;
        if (in_fraction && decimals == scale) continue;
        if (value > (std::numeric_limits<std::uint64_t>::max() - 9) / 10) return -EINVAL;
        value = value * 10 + static_cast<std::uint64_t>(c - '0');
        if (in_fraction) decimals++;
    }
    for (; decimals < scale; decimals++) {
        if (value > std::numeric_limits<std::uint64_t>::max() / 10) return -EINVAL;
        value *= 10;
    }
    *result = value;
    return 0;
}

bool simple_strtoull(std::string_view* text, std::uint64_t* result) {
    std::string_view digits = *text;
    int base = 10;
    if (digits.size() > 2 && digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X')) {
        base = 16;
        digits.remove_prefix(2);
    } else if (digits.size() > 1 && digits[0] == '0' && is_digit(digits[1])) {
        base = 8;
    }
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
    if (error != std::errc{}) return false;
    *text = digits.substr(static_cast<std::size_t>(end - digits.data()));
    *result = value;
    return true;
}

}  // namespace mdscope::sysfs
