// SPDX-License-Identifier: MIT

#include "engine/scenario/text_lines.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <limits>

namespace mdscope {

namespace {

constexpr std::string_view kBlanks = " \t";
constexpr std::string_view kUnits = "KMGT";

// A lone carriage return at the end is somebody's editor; any other control character is no text of ours.
std::string control_character(std::string_view line) {
    for (const char c : line) {
        if (c == '\0') return "a NUL byte; this is no text";
        const auto code = static_cast<unsigned char>(c);
        if ((code < ' ' && c != '\t') || code == 0x7f) return fmt::format("a control character (0x{:02x})", code);
    }
    return {};
}

std::string_view without_comment(std::string_view line, bool in_lines) {
    if (!in_lines) return trim(line).starts_with('#') ? std::string_view() : line;
    for (std::size_t i = 0; i < line.size(); i++)
        if (line[i] == '#' && (i == 0 || kBlanks.find(line[i - 1]) != std::string_view::npos)) return line.substr(0, i);
    return line;
}

bool digits(std::string_view text, unsigned base, std::uint64_t* value) {
    constexpr std::string_view kFewDigits = "0123456789abcdef";
    *value = 0;
    for (const char c : text) {
        const std::size_t digit = kFewDigits.substr(0, base).find(c);
        if (digit == std::string_view::npos) return false;
        if (*value > (std::numeric_limits<std::uint64_t>::max() - digit) / base) return false;
        *value = *value * base + digit;
    }
    return !text.empty();
}

}  // namespace

Result<std::vector<TextLine>> split_lines(std::string_view text, const TextForm& form, int first_number) {
    std::vector<TextLine> lines;
    int number = first_number;
    for (std::size_t begin = 0; begin < text.size(); number++) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        std::string_view line = text.substr(begin, end - begin);
        if (line.size() > form.line_bytes)
            return line_error(number, fmt::format("the line has more than {} bytes", form.line_bytes));
        if (end > form.file_bytes)
            return line_error(number, fmt::format("the file has more than {} bytes", form.file_bytes));
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (const std::string what = control_character(line); !what.empty()) return line_error(number, what);
        if (const std::string_view said = trim(without_comment(line, form.comments_in_lines)); !said.empty())
            lines.push_back({number, said, begin});
        begin = end + 1;
    }
    return lines;
}

Error line_error(int line, const std::string& text) {
    return {EINVAL, fmt::format("{}: {}", line, text)};
}

std::string_view trim(std::string_view text) {
    const std::size_t first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::string_view take_word(std::string_view& text) {
    text = trim(text);
    const std::size_t size = std::min(text.find_first_of(kBlanks), text.size());
    const std::string_view word = text.substr(0, size);
    text = trim(text.substr(size));
    return word;
}

bool read_number(std::string_view text, std::uint64_t* value) {
    return digits(text, 10, value);
}

bool read_number(std::string_view text, std::uint64_t least, std::uint64_t most, std::uint64_t* value) {
    return read_number(text, value) && *value >= least && *value <= most;
}

bool read_hex(std::string_view text, std::uint64_t* value) {
    return digits(text, 16, value);
}

bool read_size(std::string_view text, std::uint64_t* bytes) {
    unsigned shift = 0;
    if (const std::size_t unit = text.empty() ? text.npos : kUnits.find(text.back()); unit != kUnits.npos) {
        shift = 10U * (static_cast<unsigned>(unit) + 1);
        text.remove_suffix(1);
    }
    if (!read_number(text, bytes) || *bytes > (std::numeric_limits<std::uint64_t>::max() >> shift)) return false;
    *bytes <<= shift;
    return true;
}

bool read_duration(std::string_view text, std::uint64_t* ms) {
    const std::uint64_t factor = text.ends_with("ms") ? 1 : 1000;
    if (!text.ends_with('s')) return false;
    text.remove_suffix(factor == 1 ? 2 : 1);
    if (!read_number(text, ms) || *ms > std::numeric_limits<std::uint64_t>::max() / factor) return false;
    *ms *= factor;
    return true;
}

std::string exact_size_text(std::uint64_t bytes) {
    std::size_t units = 0;
    for (; units < kUnits.size() && bytes != 0 && bytes % 1024 == 0; units++) bytes /= 1024;
    return std::to_string(bytes) + (units == 0 ? "" : std::string(1, kUnits[units - 1]));
}

std::string exact_duration_text(std::uint64_t ms) {
    return ms % 1000 == 0 ? std::to_string(ms / 1000) + "s" : std::to_string(ms) + "ms";
}

}  // namespace mdscope
