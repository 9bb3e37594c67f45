// SPDX-License-Identifier: MIT

#include "engine/scenario/share.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <cerrno>
#include <new>

namespace mdscope {

namespace {

constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::size_t kLongestSharedText = std::size_t{256} << 10;  // as of a scenario file

Error no_code(const std::string& why) {
    return {EINVAL, "the code cannot be read: " + why};
}

// ---- base64, as it may stand in an address

std::string to_base64(std::string_view bytes) {
    std::string text;
    unsigned bits = 0;
    int count = 0;  // of bits that are not written
    for (const char byte : bytes) {
        bits = bits << 8 | static_cast<unsigned char>(byte);
        for (count += 8; count >= 6; count -= 6) text += kDigits[bits >> (count - 6) & 63U];
    }
    if (count > 0) text += kDigits[bits << (6 - count) & 63U];
    return text;
}

Result<std::string> from_base64(std::string_view text) {
    std::string bytes;
    unsigned bits = 0;
    int count = 0;
    for (std::size_t at = 0; at < text.size(); at++) {
        if (std::string_view(" \t\r\n").find(text[at]) != std::string_view::npos) continue;
        const std::size_t digit = kDigits.find(text[at]);
        if (digit == std::string_view::npos)
            return no_code(
                fmt::format("character {} is none of its letters, digits, '-' and '_'", at + kCodePrefix.size() + 1));
        bits = bits << 6 | static_cast<unsigned>(digit);
        count += 6;
        if (count < 8) continue;
        count -= 8;
        bytes += static_cast<char>(bits >> count & 0xffU);
    }
    return bytes;
}

// ---- zlib

std::string deflated(const std::string& text) {
    uLongf size = compressBound(text.size());
    std::string bytes(size, '\0');
    const auto* const from = reinterpret_cast<const Bytef*>(text.data());
    if (compress2(reinterpret_cast<Bytef*>(bytes.data()), &size, from, text.size(), Z_BEST_COMPRESSION) != Z_OK)
        throw std::bad_alloc();  // the only thing that can go wrong with room enough
    bytes.resize(size);
    return bytes;
}

// There is room for the longest text and no more, so a bomb ends where its text would be too long.
Result<std::string> inflated(const std::string& bytes) {
    std::string text(kLongestSharedText, '\0');
    uLongf size = text.size();
    uLong used = bytes.size();
    const auto* const from = reinterpret_cast<const Bytef*>(bytes.data());
    const int status = uncompress2(reinterpret_cast<Bytef*>(text.data()), &size, from, &used);
    if (status == Z_MEM_ERROR) throw std::bad_alloc();
    if (status == Z_BUF_ERROR) return no_code(fmt::format("its text has more than {} bytes", kLongestSharedText));
    if (status != Z_OK) return no_code("it is damaged or cut short");
    if (used != bytes.size()) return no_code("something follows behind its end");
    text.resize(size);
    return text;
}

}  // namespace

bool is_share_code(std::string_view text) {
    return text.starts_with(kCodePrefix);
}

Result<std::string> share_code(const Scenario& scenario) {
    const std::string text = scenario_text(scenario);
    if (text.size() <= kLongestSharedText) return code_of_text(text);
    return Error{EFBIG, fmt::format("too long for a code: {} bytes; at most {}", text.size(), kLongestSharedText)};
}

Result<Scenario> scenario_from_code(std::string_view code) {
    const Result<std::string> text = text_of_code(code);
    if (!text) return text.error();
    Result<Scenario> scenario = parse_scenario(*text, "shared");
    if (!scenario) return Error{EINVAL, "the code's text is no scenario: " + scenario.error().text};
    return scenario;
}

Result<std::string> code_of_text(const std::string& text) {
    std::string code = std::string(kCodePrefix) + to_base64(deflated(text));
    if (code.size() <= kLongestCode) return code;
    return Error{
        EFBIG, fmt::format("too long for a code: it would have {} characters; at most {}", code.size(), kLongestCode)};
}

Result<std::string> text_of_code(std::string_view code) {
    if (!is_share_code(code)) return no_code(fmt::format("a code begins with '{}'", kCodePrefix));
    if (code.size() > kLongestCode) return no_code(fmt::format("it has more than {} characters", kLongestCode));
    const Result<std::string> bytes = from_base64(code.substr(kCodePrefix.size()));
    return bytes ? inflated(*bytes) : bytes;
}

}  // namespace mdscope
