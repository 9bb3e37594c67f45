// SPDX-License-Identifier: MIT

#include "engine/kernel/shown.hpp"

#include <algorithm>
#include <cstring>

namespace mdscope {

static std::string written_out(std::string_view text, std::string_view kept) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    unsigned char before = 0;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool is_c1 = before == 0xc2 && byte >= 0x80 && byte < 0xa0;  // U+0080 to U+009F, in UTF-8
        const bool is_control = byte < ' ' || byte == 0x7f || is_c1;
        if (is_c1) {
            out.pop_back();
            out += "\\xc2";
        }
        if (is_control && kept.find(c) == std::string_view::npos)
            out += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
        else
            out += c;
        before = byte;
    }
    return out;
}

std::string shown(std::string_view name) {
    return written_out(name, "");
}

std::string shown_lines(std::string_view text) {
    return written_out(text, "\n\t");
}

std::string shell_word(const std::string& path) {
    const auto is_plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::strchr("/._-+,:=@%", c) != nullptr;
    };
    if (!path.empty() && std::all_of(path.begin(), path.end(), is_plain)) return path;
    // Control characters as no terminal obeys them: $'a\x1bb'.
    const bool is_shown_as_it_is = shown(path) == path;
    std::string word = is_shown_as_it_is ? "'" : "$'";
    for (const char c : path) {
        if (c == '\'')
            word += is_shown_as_it_is ? "'\\''" : "\\'";
        else if (c == '\\' && !is_shown_as_it_is)
            word += "\\\\";
        else
            word += c;
    }
    return shown(word) + "'";
}

}  // namespace mdscope
