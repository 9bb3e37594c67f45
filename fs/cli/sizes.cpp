// SPDX-License-Identifier: MIT
// Numbers with units, read strictly: a sign, a blank, a fraction, an unknown unit or an overflow is an error that says
// so, never a different number.
#include <fmt/format.h>

#include <cctype>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string_view>

#include "fs/cli/commands.hpp"

namespace mdscope {

namespace {

// The leading digits of `text`, and how many there are. False: more than 64 bits.
bool leading_number(const std::string& text, std::uint64_t* value, std::size_t* digits) {
    *value = 0;
    *digits = 0;
    for (; *digits < text.size() && text[*digits] >= '0' && text[*digits] <= '9'; ++*digits) {
        const auto digit = static_cast<std::uint64_t>(text[*digits] - '0');
        if (*value > (std::numeric_limits<std::uint64_t>::max() - digit) / 10) return false;
        *value = *value * 10 + digit;
    }
    return true;
}

Error wrong(const std::string& text, const char* why) {
    return Error{EINVAL, "'" + text + "' " + why};
}

constexpr std::string_view kUnits = "KMGT";

char upper(char c) {
    return static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
}

// `value` times a power of `base`: 1 for K, 2 for M.
Result<std::uint64_t> times(const std::string& text, std::uint64_t value, std::uint64_t base, char unit) {
    for (std::size_t power = kUnits.find(upper(unit)) + 1; power > 0; power--) {
        if (value > std::numeric_limits<std::uint64_t>::max() / base) return wrong(text, "is too large");
        value *= base;
    }
    return value;
}

// "1.5G": said with the unit below, where that is a whole number.
Error fraction(const std::string& text) {
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end) * 1024;
    const std::size_t unit = *end == '\0' ? std::string_view::npos : kUnits.find(upper(*end));
    const bool is_known = unit != std::string_view::npos && end[1] == '\0' && value < 1e15;
    if (!is_known || value != std::floor(value)) return wrong(text, "is not a whole number");
    const std::string smaller = unit == 0 ? std::string() : std::string(1, kUnits[unit - 1]);
    return wrong(text, fmt::format("is a fraction; whole numbers only: {:.0f}{}", value, smaller).c_str());
}

constexpr std::uint64_t kHopelesslySmall = 64 << 10;  // as much has to be left for data alone

}  // namespace

Result<std::uint64_t> parse_member_size(const std::string& text) {
    const Result<std::uint64_t> bytes = parse_size(text);
    if (!bytes || *bytes >= kHopelesslySmall) return bytes;
    const bool has_unit = text.find_first_not_of("0123456789") != std::string::npos;
    return Error{EINVAL, fmt::format("'{}' is too small; a member needs at least 1088K{}", text,
                                     has_unit || *bytes == 0 ? "" : ". Did you mean " + text + "M?")};
}

Result<std::uint64_t> parse_size(const std::string& text) {
    std::uint64_t value = 0;
    std::size_t digits = 0;
    if (text.starts_with('-')) return wrong(text, "is negative; a size is a number of bytes, or one with K, M, G or T");
    if (!leading_number(text, &value, &digits)) return wrong(text, "is too large");
    if (digits == 0) return wrong(text, "is not a size; write a number of bytes, or one with K, M, G or T");
    const std::string unit = text.substr(digits);
    if (unit.empty()) return value;
    if (unit[0] == '.') return fraction(text);
    const std::string behind = unit.substr(1);
    if (kUnits.find(upper(unit[0])) == std::string_view::npos || (!behind.empty() && behind != "iB" && behind != "B"))
        return wrong(text,
                     "has an unknown unit; K, M, G and T are known (also KiB: powers of 1024), and KB, MB, GB and TB "
                     "(powers of 1000)");
    return times(text, value, behind == "B" ? 1000 : 1024, unit[0]);
}

Result<std::uint64_t> parse_count(const std::string& text) {
    std::uint64_t value = 0;
    std::size_t digits = 0;
    if (text.starts_with('-')) return wrong(text, "is negative");
    if (!leading_number(text, &value, &digits)) return wrong(text, "is too large");
    if (digits == 0) return wrong(text, "is not a number; write 20000, 20K or 10M");
    const std::string unit = text.substr(digits);
    if (unit.empty()) return value;
    if (unit.size() != 1 || kUnits.find(upper(unit[0])) == std::string_view::npos)
        return wrong(text, "has an unknown unit; K, M, G and T (powers of 1000) are known");
    return times(text, value, 1000, unit[0]);
}

Result<std::uint64_t> parse_duration_ms(const std::string& text) {
    std::uint64_t value = 0;
    std::size_t digits = 0;
    if (text.starts_with('-')) return wrong(text, "is negative");
    if (!leading_number(text, &value, &digits)) return wrong(text, "is too long");
    if (digits == 0) return wrong(text, "is not a time; write 5s or 500ms");
    const std::string unit = text.substr(digits);
    if (unit == "ms") return value;
    if (!unit.empty() && unit != "s") return wrong(text, "has an unknown unit; s and ms are known");
    if (value > std::numeric_limits<std::uint64_t>::max() / 1000) return wrong(text, "is too long");
    return value * 1000;
}

std::string size_text(std::uint64_t bytes) {
    static constexpr const char* kNames[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    if (bytes < 1024) return fmt::format("{} bytes", bytes);
    double value = static_cast<double>(bytes) / 1024;
    std::size_t unit = 0;
    for (; value >= 1024 && unit + 1 < std::size(kNames); unit++) value /= 1024;
    return fmt::format("{:.1f} {}", value, kNames[unit]);
}

}  // namespace mdscope
